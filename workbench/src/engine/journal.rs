//! The journal: every message that was sent or received, in order (Maelstrom: `net/journal.clj`).

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

/// The events of a run, if its options ask for them, and their log.
#[derive(Clone)]
pub(crate) struct Journal {
    events: Option<Vec<Event>>,
    log_send: bool,
    log_receive: bool,
}

impl Journal {
    pub(crate) fn new(keeps_events: bool, log_send: bool, log_receive: bool) -> Self {
        Self { events: keeps_events.then(Vec::new), log_send, log_receive }
    }

    pub(crate) fn sent(&mut self, now: Duration, id: u64, line: &str) {
        if self.log_send {
            tracing::info!(target: "net", id, "send {line}");
        }
        if let Some(events) = &mut self.events {
            events.push(Event { time: now.as_nanos(), received: false, id, message: line.into() });
        }
    }

    pub(crate) fn received(&mut self, now: Duration, id: u64, line: Box<str>) {
        if self.log_receive {
            tracing::info!(target: "net", id, "recv {line}");
        }
        if let Some(events) = &mut self.events {
            events.push(Event { time: now.as_nanos(), received: true, id, message: line });
        }
    }

    /// The number of events so far.
    pub(crate) fn len(&self) -> usize {
        self.events.as_ref().map_or(0, Vec::len)
    }

    /// Takes the events so far; later ones are not kept.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        self.events.take().unwrap_or_default()
    }
}
