//! The journal: every message that was sent or received, in order (Maelstrom: `net/journal.clj`).
//!
//! A long test has millions of them, so a recorder may take each at once, and nothing is kept in memory.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A message that was sent, or received.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Nanoseconds since the network was set up.
    pub time: u128,
    /// True if it is received, false if it is sent.
    pub received: bool,
    /// The message's number.
    pub id: u64,
    /// The message as it was written.
    pub message: Box<str>,
}

/// An [`Event`] whose message is not kept. It has the same JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Record<'a> {
    /// Nanoseconds since the network was set up.
    pub time: u128,
    /// True if it is received, false if it is sent.
    pub received: bool,
    /// The message's number.
    pub id: u64,
    /// The message as it was written.
    pub message: &'a str,
}

impl<'a> Record<'a> {
    /// The message that was sent, or received, at this time.
    pub fn new(time: u128, received: bool, id: u64, message: &'a str) -> Self {
        Self { time, received, id, message }
    }
}

impl<'a> From<&'a Event> for Record<'a> {
    fn from(event: &'a Event) -> Self {
        Self::new(event.time, event.received, event.id, &event.message)
    }
}

/// A function that takes each message as it is sent or received.
pub(crate) type Recorder = Box<dyn FnMut(Record<'_>)>;

/// The place where events go.
enum Destination {
    Nowhere,
    Memory(Vec<Event>),
    Recorder(Recorder),
}

/// The events of a run, if its options ask for them, and their log.
#[derive(Clone)]
pub(crate) struct Journal {
    destination: Destination,
    log_send: bool,
    log_receive: bool,
}

/// A copy of a world is another test, which nobody records.
impl Clone for Destination {
    fn clone(&self) -> Self {
        match self {
            Self::Memory(events) => Self::Memory(events.clone()),
            Self::Nowhere | Self::Recorder(_) => Self::Nowhere,
        }
    }
}

impl Journal {
    pub(crate) fn new(keeps_events: bool, log_send: bool, log_receive: bool) -> Self {
        let destination = if keeps_events { Destination::Memory(Vec::new()) } else { Destination::Nowhere };
        Self { destination, log_send, log_receive }
    }

    /// Hands over every later event instead of keeping it.
    pub(crate) fn record(&mut self, recorder: Recorder) {
        self.destination = Destination::Recorder(recorder);
    }

    pub(crate) fn sent(&mut self, now: Duration, id: u64, line: &str) {
        if self.log_send {
            tracing::info!(target: "net", id, "send {line}");
        }
        let time = now.as_nanos();
        match &mut self.destination {
            Destination::Nowhere => {}
            Destination::Memory(events) => events.push(Event { time, received: false, id, message: line.into() }),
            Destination::Recorder(record) => record(Record::new(time, false, id, line)),
        }
    }

    pub(crate) fn received(&mut self, now: Duration, id: u64, line: &str) {
        if self.log_receive {
            tracing::info!(target: "net", id, "recv {line}");
        }
        let time = now.as_nanos();
        match &mut self.destination {
            Destination::Nowhere => {}
            Destination::Memory(events) => events.push(Event { time, received: true, id, message: line.into() }),
            Destination::Recorder(record) => record(Record::new(time, true, id, line)),
        }
    }

    /// The number of events that were kept so far.
    pub(crate) fn len(&self) -> usize {
        match &self.destination {
            Destination::Memory(events) => events.len(),
            Destination::Nowhere | Destination::Recorder(_) => 0,
        }
    }

    /// Takes the events that were kept so far; later ones are not kept.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        match std::mem::replace(&mut self.destination, Destination::Nowhere) {
            Destination::Memory(events) => events,
            Destination::Nowhere | Destination::Recorder(_) => Vec::new(),
        }
    }
}
