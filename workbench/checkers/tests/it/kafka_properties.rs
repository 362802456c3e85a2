//! Right logs, of which a model makes histories at random, are never invalid, and a message missing from them is
//! missed.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::notation::kafka::history;
use glomers_checkers::checker::kafka::{self, Kafka};
use glomers_checkers::validity::Validity;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn judge(text: &str) -> Kafka {
    kafka::check(&history(text))
}

const KEYS: [&str; 3] = ["a", "b", "c"];

/// Right logs and three clients, and what they did so far.
struct Model {
    /// Offsets and messages.
    logs: BTreeMap<&'static str, Vec<(u64, u64)>>,
    clients: [Client; 3],
    messages: u64,
    processes: u64,
    told: Vec<String>,
}

#[derive(Default)]
struct Client {
    process: u64,
    /// The number of messages that it has seen of each log that it follows.
    places: BTreeMap<&'static str, usize>,
}

/// An event on a log; the client and the log are stored beside it.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A message gets an offset, perhaps after a gap.
    Send {
        gap: u64,
        is_open: bool,
    },
    /// A message is refused.
    Refuse,
    Poll,
    Assign,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u64, prop::bool::weighted(0.1)).prop_map(|(gap, is_open)| Step::Send { gap, is_open }),
        1 => Just(Step::Refuse),
        4 => Just(Step::Poll),
        2 => Just(Step::Assign),
        1 => Just(Step::Crash),
    ]
}

impl Model {
    fn new() -> Self {
        let clients = [0, 1, 2].map(|process| Client { process, ..Client::default() });
        let logs = KEYS.map(|key| (key, Vec::new())).into();
        Self { logs, clients, messages: 0, processes: 3, told: Vec::new() }
    }

    fn tell(&mut self, mark: &str, client: usize, what: &str) {
        self.told.push(format!("{mark}{} {what}", self.clients[client].process));
    }

    fn step(&mut self, client: usize, key: &'static str, step: Step) {
        match step {
            Step::Send { gap, is_open } => {
                self.messages += 1;
                let (message, log) = (self.messages, self.logs.get_mut(key).unwrap());
                let offset = gap + log.last().map_or(0, |(last, _)| last + 1);
                log.push((offset, message));
                // A message whose sender never heard of its end is there all the same.
                let (mark, end) = if is_open { ("?", String::new()) } else { ("", format!("@{offset}")) };
                self.tell(mark, client, &format!("send {key} {message}{end}"));
            }
            Step::Refuse => {
                self.messages += 1;
                self.tell("!", client, &format!("send {key} {}", self.messages));
            }
            Step::Poll => self.poll(client),
            Step::Assign => self.assign(client, &[key]),
            Step::Crash => {
                self.tell("", client, "crash");
                self.clients[client] = Client { process: self.processes, ..Client::default() };
                self.processes += 1;
            }
        }
    }

    fn poll(&mut self, client: usize) {
        let mut words = "poll".to_owned();
        for (key, place) in &mut self.clients[client].places {
            let log = &self.logs[key];
            for (count, (offset, message)) in log[*place..].iter().enumerate() {
                words +=
                    &if count == 0 { format!(" {key} {message}@{offset}") } else { format!(" {message}@{offset}") };
            }
            *place = log.len();
        }
        self.tell("", client, &words);
    }

    fn assign(&mut self, client: usize, keys: &[&'static str]) {
        let before = std::mem::take(&mut self.clients[client].places);
        self.clients[client].places =
            keys.iter().map(|key| (*key, before.get(key).copied().unwrap_or_default())).collect();
        self.tell("", client, &format!("assign {}", keys.join(" ")));
    }

    /// In the end everybody polls everything, twice: the last operation sees nothing new.
    fn finish(mut self) -> Vec<String> {
        for client in 0..self.clients.len() {
            self.step(client, "a", Step::Crash);
            self.assign(client, &KEYS);
            self.poll(client);
            self.poll(client);
        }
        self.told
    }
}

/// The operations of clients of correct logs, each in the notation of [`crate::notation::kafka`].
fn right(size: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((0..3_usize, prop::sample::select(&KEYS), step()), size).prop_map(|script| {
        let mut model = Model::new();
        script.into_iter().for_each(|(client, key, step)| model.step(client, key, step));
        model.finish()
    })
}

proptest! {
    #[test]
    fn right_logs_are_never_invalid(told in right(0..100)) {
        let text = told.join("; ");
        let kafka = judge(&text);
        prop_assert_eq!(kafka.valid, Validity::Valid, "{}\n{}", text, json!(kafka));
    }

    /// Whichever message the polls leave out, it is missed.
    #[test]
    fn a_message_that_is_hidden_is_missed(told in right(20..60), which: prop::sample::Index) {
        let sends: Vec<_> = told.iter().filter(|told| told.contains(" send ") && told.contains('@')).collect();
        prop_assume!(!sends.is_empty());
        let hidden = which.get(&sends).split(' ').next_back().unwrap();
        let hide = |told: &String| {
            let is_hidden = |word: &str| told.contains(" poll") && word == hidden;
            told.split(' ').filter(|word| !is_hidden(word)).collect::<Vec<_>>().join(" ")
        };
        let text = told.iter().map(hide).collect::<Vec<_>>().join("; ");
        let kafka = judge(&text);
        prop_assert!(kafka.anomalies.unseen.is_some() && kafka.valid != Validity::Valid, "{}\n{}", text, json!(kafka));
    }
}
