//! The messages around a finding: the requests and replies of its operations, and the messages between nodes that
//! mention the same element or key meanwhile.
//!
//! A history does not name the network client behind an operation. But a client sends its request at the moment when
//! the operation begins and receives the reply when it ends, which identifies the client.

use crate::explain::{operations::Line, subject::Subject};
use glomers_checkers::{
    history::{Kind, Op},
    text::{find, shorten},
};
use glomers_workbench::journal::Event;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, time::Duration};

/// The most messages shown.
const SHOWN: usize = 16;

/// The most bytes shown of a message.
const BODY: usize = 80;

/// The fields of a body that are addressing.
const ADDRESSING: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// A message in the form shown. Times are seconds since the first operation could begin.
#[derive(Clone, Debug)]
pub(super) struct Message {
    sent: f64,
    received: Option<f64>,
    src: String,
    dest: String,
    kind: String,
    body: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    dest: Cow<'a, str>,
    #[serde(borrow)]
    body: IndexMap<Cow<'a, str>, &'a RawValue>,
}

/// The messages around a finding.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// Those to show, in the order sent.
    pub(super) shown: Vec<Message>,
    /// The number left out.
    pub(super) left_out: usize,
    /// True if a message between nodes mentions the element or key, from then on.
    pub(super) has_told: bool,
}

/// An operation that shows the finding, with times of the journal.
struct Span<'a> {
    begin: u128,
    end: Option<u128>,
    op: &'a Op,
}

/// Collects the messages around the operations that a finding shows.
pub(super) fn around(journal: &[Event], origin: Duration, lines: &[Line<'_>], subject: &Subject) -> Around {
    let spans = spans(lines, origin);
    let last = journal.last().map_or(0, |packet| packet.time);
    let begin = spans.iter().map(|span| span.begin).min().unwrap_or_default();
    let end = spans.iter().map(|span| span.end.unwrap_or(last)).max().unwrap_or_default();
    let from = journal.partition_point(|packet| packet.time < begin);
    let window = &journal[from..journal.partition_point(|packet| packet.time <= end)];
    let clients: Vec<(Cow<'_, str>, &Span<'_>)> =
        spans.iter().filter_map(|span| Some((client(window, span)?, span))).collect();
    let is_theirs = |packet: &Event, envelope: &Envelope<'_>| {
        let speaks = |name: &str| envelope.src == name || envelope.dest == name;
        clients
            .iter()
            .any(|(name, span)| speaks(name) && (span.begin..=span.end.unwrap_or(last)).contains(&packet.time))
    };
    // By their numbers.
    let mut shown: Vec<(u64, Message)> = Vec::new();
    let find = |shown: &[(u64, Message)], id: u64| shown.binary_search_by_key(&id, |(known, _)| *known);
    let mut left_out = 0;
    for packet in window.iter().filter(|packet| !packet.received) {
        let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(&packet.message) else { continue };
        let is_between_nodes = envelope.is_between_nodes();
        if is_theirs(packet, &envelope) || is_between_nodes && envelope.mentions(subject) {
            if shown.len() < SHOWN {
                let message = Message::new(&envelope, seconds(packet.time, origin));
                match find(&shown, packet.id) {
                    Ok(at) => shown[at].1 = message,
                    Err(at) => shown.insert(at, (packet.id, message)),
                }
            } else {
                left_out += 1;
            }
        }
    }
    for packet in journal[from..].iter().filter(|packet| packet.received) {
        if let Ok(at) = find(&shown, packet.id) {
            shown[at].1.received = Some(seconds(packet.time, origin));
        }
    }
    let tells = |packet: &Event| {
        let envelope = serde_json::from_str::<Envelope<'_>>(&packet.message);
        envelope.is_ok_and(|envelope| envelope.is_between_nodes() && envelope.mentions(subject))
    };
    // Also behind the window: a node may tell others later.
    let has_told = journal[from..].iter().any(tells);
    Around { shown: shown.into_iter().map(|(_, message)| message).collect(), left_out, has_told }
}

/// The operations that show the finding.
fn spans<'a>(lines: &[Line<'a>], origin: Duration) -> Vec<Span<'a>> {
    let time = |op: &Op| (origin + op.time).as_nanos();
    let mut spans: Vec<Span<'a>> = Vec::new();
    for line in lines.iter().filter(|line| line.shows_it) {
        if line.op.kind == Kind::Invoke {
            spans.push(Span { begin: time(line.op), end: None, op: line.op });
        } else if let Some(span) = spans.iter_mut().rfind(|span| span.op.process == line.op.process) {
            span.end = Some(time(line.op));
        }
    }
    spans
}

/// The client of an operation: one that sent something when it began and received something when it ended.
fn client<'a>(window: &'a [Event], span: &Span<'_>) -> Option<Cow<'a, str>> {
    let at = |time: u128| {
        let from = window.partition_point(|packet| packet.time < time);
        window[from..].iter().take_while(move |packet| packet.time == time)
    };
    let read = |packet: &'a Event| serde_json::from_str::<Envelope<'a>>(&packet.message).ok();
    let spoke = at(span.begin).filter(|packet| !packet.received).filter_map(read);
    let spoke: Vec<Cow<'a, str>> = spoke.map(|envelope| envelope.src).filter(|src| is_client(src)).collect();
    let heard: Vec<Cow<'a, str>> = match span.end {
        Some(end) => at(end).filter(|packet| packet.received).filter_map(read).map(|envelope| envelope.dest).collect(),
        None => Vec::new(),
    };
    spoke.iter().find(|name| heard.contains(name)).or(spoke.first()).cloned()
}

fn is_client(name: &str) -> bool {
    name.starts_with('c')
}

fn seconds(time: u128, origin: Duration) -> f64 {
    let time = u64::try_from(time).map_or(Duration::MAX, Duration::from_nanos);
    time.as_secs_f64() - origin.as_secs_f64()
}

impl Envelope<'_> {
    fn is_between_nodes(&self) -> bool {
        !is_client(&self.src) && !is_client(&self.dest)
    }

    /// The fields of the body, addressing aside.
    fn content(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.body.iter().map(|(name, value)| (&**name, value.get()));
        all.filter(|(name, _)| !ADDRESSING.contains(name))
    }

    fn mentions(&self, subject: &Subject) -> bool {
        let says = |text: &str| self.content().any(|(_, value)| find(value, text).is_some());
        subject.key.as_ref().is_none_or(|key| says(key)) && subject.values.iter().any(|value| says(value))
    }
}

impl Message {
    fn new(envelope: &Envelope<'_>, sent: f64) -> Self {
        let kind = envelope.body.get("type").map_or("", |kind| kind.get().trim_matches('"'));
        let parts: Vec<_> = envelope.content().map(|(name, value)| format!("{name}: {value}")).collect();
        Self {
            sent,
            received: None,
            src: envelope.src.clone().into_owned(),
            dest: envelope.dest.clone().into_owned(),
            kind: shorten(kind, BODY).into_owned(),
            body: shorten(&parts.join(", "), BODY).into_owned(),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let received = self.received.map_or_else(|| "never".to_owned(), |received| format!("{received:.4}"));
        let ends = format!("{} -> {}", self.src, self.dest);
        let line = format!("  {:>10.4} {received:>10}  {ends:<12} {:<16} {}", self.sent, self.kind, self.body);
        f.write_str(line.trim_end())
    }
}
