//! What one client does with its operations: it sends, and it follows the logs assigned to it.

use crate::workload::{
    client::{Client, Outcome},
    generator::Invocation,
};
use glomers_protocol::{
    CallError, Json,
    kafka::{CommitOffsets, ListCommittedOffsets, OffsetMessage, Poll, Send},
};
use serde::de::IgnoredAny;
use std::{cell::RefCell, collections::BTreeMap};

/// A client with its place in each log that it follows.
pub(super) struct Session {
    client: Client,
    /// The offset to poll from next, for each key.
    next: RefCell<BTreeMap<String, i64>>,
}

impl Session {
    /// A client that follows nothing yet.
    pub(super) fn new(client: Client) -> Self {
        Self { client, next: RefCell::default() }
    }

    /// Does an operation.
    pub(super) async fn invoke(&self, invocation: Invocation) -> Outcome {
        let result = match invocation.f {
            "poll" => self.poll().await,
            "send" => self.send(&invocation.value).await,
            "assign" => self.assign(&invocation).await.map(|()| invocation.value),
            _ => return Outcome::Info(Json::null()),
        };
        // An assignment that may have happened counts as one that did not: the place in the logs is the client's own.
        result.map_or_else(|error| Outcome::failed(&error, invocation.f == "assign"), Outcome::Ok)
    }

    /// Polls, and commits what it got before anybody hears of it.
    ///
    /// If the commit fails, the poll fails, and yet this client will go on behind what it got.
    async fn poll(&self) -> Result<Json, CallError> {
        let offsets = self.next.borrow().clone();
        let messages = self.client.call(&Poll { offsets }).await?.msgs;
        self.advance(&messages);
        // Maelstrom counts up from 0 here, and from -1 in `advance`.
        let highest = |messages: &[OffsetMessage]| messages.iter().map(|message| message.0.0.max(0)).max();
        let polled = messages.iter().filter_map(|(key, messages)| Some((key.clone(), highest(messages)?)));
        let offsets: BTreeMap<_, _> = polled.collect();
        if !offsets.is_empty() {
            self.client.call(&CommitOffsets { offsets }).await?;
        }
        Ok(Json::new(&[("poll", messages)]))
    }

    /// Moves behind the highest offsets that a poll brought, and never back. A log that nobody asked for is followed from
    /// then on.
    fn advance(&self, messages: &BTreeMap<String, Vec<OffsetMessage>>) {
        let mut next = self.next.borrow_mut();
        for (key, messages) in messages {
            let behind = messages.iter().map(|message| message.0.0).fold(-1, i64::max).saturating_add(1);
            let offset = next.entry(key.clone()).or_insert(behind);
            *offset = behind.max(*offset);
        }
    }

    async fn send(&self, value: &Json) -> Result<Json, CallError> {
        let steps: [(IgnoredAny, String, Json); 1] = value.decode().expect("the generator made this value");
        let [(_, key, msg)] = steps;
        let offset = self.client.call(&Send { key: key.clone(), msg: msg.clone() }).await?.offset;
        Ok(Json::new(&[("send", key, (offset, msg))]))
    }

    /// Follows these logs and no others.
    async fn assign(&self, invocation: &Invocation) -> Result<(), CallError> {
        let keys: Vec<String> = invocation.value.decode().expect("the generator made this value");
        let next = if invocation.extra.iter().any(|(key, _)| *key == "seek-to-beginning?") {
            keys.into_iter().map(|key| (key, 0)).collect()
        } else {
            // Maelstrom asks for the committed offsets and then looks for each key in the body as a whole, not in its
            // `offsets`: it never finds one. So a log that is new to the client is followed from its beginning, and to
            // make use of the answer here would judge nodes by what Maelstrom does not look at.
            self.client.call(&ListCommittedOffsets { keys: keys.clone() }).await?;
            let next = self.next.borrow();
            let place = |key: String| {
                let offset = next.get(&key).copied().unwrap_or(0);
                (key, offset)
            };
            keys.into_iter().map(place).collect()
        };
        self.next.replace(next);
        Ok(())
    }
}
