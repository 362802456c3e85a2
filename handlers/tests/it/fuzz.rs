//! Whole nodes that receive damaged messages at any time: from clients, from peers, from Maelstrom's recordings. No
//! panic leaves a node, no request is answered twice, the pending output is bounded by the input, and a node still
//! serves its clients after nonsense. CONTRIBUTING.md says how to run a million of each.
//!
//! Peers run the same program and are trusted: nonsense from them may cause a panic, which costs one message. A message
//! that only clients can send must not cause one.

#[path = "../../../protocol/tests/mutations/mod.rs"]
mod mutations;

use glomers_handlers::{
    GCounter, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap, SetUnion, StarBroadcast,
    WatermarkLogs,
};
use glomers_protocol::{Handler, Message, Node};
use glomers_workbench::{Options, options::Concurrency, simulate, workload};
use mutations::{Damaged, lines, mutated, texts};
use proptest::{collection::vec, prelude::*};
use std::{
    cell::Cell,
    collections::BTreeMap,
    panic,
    sync::{LazyLock, Once},
    time::Duration,
};

thread_local! {
    /// The number of panics of a thread that counts them.
    static PANICS: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Counts the panics of this thread instead of reporting them. A hook is for the whole process, and the other tests'
/// threads report theirs.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get().map(|count| count + 1));
            let is_reported =
                PANICS.get().is_none() || info.location().is_some_and(|place| place.file().contains("tests/"));
            if is_reported || std::env::var_os("SHOW_PANICS").is_some() {
                report(info);
            }
        }));
    });
    PANICS.set(Some(0));
}

/// The messages of three nodes, their clients and services in a short run, and the transcript of Maelstrom's demo node.
fn corpus<H: Handler>(name: &str) -> Vec<Vec<u8>> {
    let options = Options::default()
        .node_count(3)
        .time_limit(Duration::from_secs(2))
        .rate(30.0)
        .journal(true)
        .concurrency(Concurrency::PerNode(2));
    let report = simulate::<H>(workload::named(name).unwrap(), &options).unwrap();
    let heard = report.journal.iter().filter(|packet| packet.received).map(|packet| packet.message.to_string());
    let mut all = lines(heard.collect::<Vec<_>>());
    all.extend(lines(texts("protocol/tests/recordings", &format!("{name}.0.in.jsonl"))));
    all.retain(|line| line.len() < 2000);
    all
}

/// Lines, each with the time that passes before.
type Script = Vec<(Damaged, u64)>;

fn script(corpus: &'static [Vec<u8>]) -> impl Strategy<Value = Script> {
    let pause = prop_oneof![8 => 0..2_000_000_000_u64, 1 => any::<u64>(), 2 => Just(0)];
    vec((mutated(corpus), pause), 1..12)
}

/// The number of requests and of answers between a client and the node, by message id.
type Tally = BTreeMap<(String, i64), (usize, usize)>;

struct Driven {
    node: Node,
    now: Duration,
    tally: Tally,
    /// The number of bytes that came in; `given` counts those that went out.
    taken: usize,
    given: usize,
}

impl Driven {
    fn new<H: Handler>() -> Self {
        let mut this = Self { node: Node::new::<H>(7), now: Duration::ZERO, tally: Tally::new(), taken: 0, given: 0 };
        this.deliver(
            br#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0","n1","n2"]}}"#,
        );
        this
    }

    fn deliver(&mut self, line: &[u8]) {
        self.taken += line.len() + 1;
        if let Some(message) = str::from_utf8(line).ok().and_then(|line| Message::parse(line).ok())
            && let (Some(msg_id), None) = (message.msg_id(), message.in_reply_to())
        {
            self.tally.entry((message.src().to_owned(), msg_id)).or_default().0 += 1;
        }
        // Other tests check whether it is refused.
        let _ = self.node.deliver(line, self.now);
        self.hear();
    }

    /// Lets timers fire, as often as a driver would while nothing comes in.
    fn wait(&mut self, nanos: u64) {
        let end = self.now.saturating_add(Duration::from_nanos(nanos));
        for _ in 0..20 {
            let Some(deadline) = self.node.deadline().filter(|deadline| *deadline <= end) else { break };
            self.node.advance(self.now.max(deadline));
            self.now = self.now.max(deadline);
            self.hear();
        }
        self.now = end;
        self.node.advance(end);
        self.hear();
    }

    fn hear(&mut self) {
        let Self { node, tally, given, .. } = self;
        node.drain(|dest, line| {
            *given += line.len() + 1;
            let message = Message::parse(line).unwrap_or_else(|error| panic!("no message: {error}"));
            if let Some(number) = message.in_reply_to() {
                tally.entry((dest.to_string(), number)).or_default().1 += 1;
            }
        });
    }
}

/// Tells whether only a client can have sent it.
fn is_of_client(line: &[u8]) -> bool {
    let message = str::from_utf8(line).ok().and_then(|line| Message::parse(line).ok());
    message.is_none_or(|message| message.src().starts_with('c'))
}

/// Plays a script to a node, which must then serve `request`, if it can without its peers.
fn check<H: Handler>(script: &Script, request: Option<&str>) -> Result<(), TestCaseError> {
    count_panics();
    let mut driven = Driven::new::<H>();
    let mut spoken = 0;
    for (line, pause) in script {
        driven.wait(*pause);
        driven.deliver(line);
        spoken += line.len();
    }
    driven.wait(0);
    if script.iter().all(|(line, _)| is_of_client(line)) {
        prop_assert_eq!(PANICS.get(), Some(0), "clients made a handler panic");
    }
    for ((client, number), (requests, answers)) in &driven.tally {
        prop_assert!(answers <= requests, "{client} asked {number} {requests} times and was answered {answers} times");
    }
    // A tick for each of the times that passed, to each of two peers, of all that is known.
    let bound = 100_000 + 100 * spoken * script.len();
    prop_assert!(driven.given < bound, "{} bytes in, {} bytes out", driven.taken, driven.given);
    if let Some(body) = request {
        let line = format!(r#"{{"src":"c99","dest":"n0","body":{{"msg_id":77,{body}}}}}"#);
        let before = driven.tally.get(&("c99".to_owned(), 77)).map_or(0, |(_, answers)| *answers);
        driven.deliver(line.as_bytes());
        driven.wait(0);
        let after = driven.tally[&("c99".to_owned(), 77)].1;
        prop_assert_eq!(after, before + 1, "a client is not served any more");
    }
    Ok(())
}

macro_rules! fuzz {
    ($($name:ident: $handler:ty, $workload:literal, $request:expr;)*) => {
        proptest! {$(
            #[test]
            fn $name(script in {
                static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| corpus::<$handler>($workload));
                script(&CORPUS)
            }) {
                check::<$handler>(&script, $request)?;
            }
        )*}
    };
}

fuzz! {
    echo: Parrot, "echo", Some(r#""type":"echo","echo":1"#);
    unique_ids: PrefixedIds, "unique-ids", Some(r#""type":"generate""#);
    broadcast: StarBroadcast, "broadcast", Some(r#""type":"broadcast","message":123456"#);
    g_counter: GCounter, "g-counter", Some(r#""type":"read""#);
    pn_counter: PnCounter, "pn-counter", Some(r#""type":"read""#);
    g_set: SetUnion, "g-set", Some(r#""type":"read""#);
    kafka: WatermarkLogs, "kafka", Some(r#""type":"poll","offsets":{"1":0}"#);
    lin_kv: ReplicatedMap, "lin-kv", None;
    txn_list_append: ReplicatedLists, "txn-list-append", None;
    txn_rw_register: LastWriterWins, "txn-rw-register", Some(r#""type":"txn","txn":[["w",1,2],["r",1,null]]"#);
}
