//! The client of the kafka workload: it sends, and it polls the logs assigned to it.

use crate::workload::{
    client::{Client, ClientError, Outcome},
    generator::Invocation,
};
use glomers_protocol::{
    Json,
    kafka::{CommitOffsets, ListCommittedOffsets, OffsetMessage, Poll, Send},
};
use serde::de::IgnoredAny;
use std::{cell::RefCell, collections::BTreeMap};

/// A client with its position in each of its logs.
pub(super) struct Session {
    client: Client,
    /// The offset to poll from next, for each key.
    next: RefCell<BTreeMap<String, i64>>,
}

impl Session {
    /// A client without an assignment.
    pub(super) fn new(client: Client) -> Self {
        Self { client, next: RefCell::default() }
    }

    /// Performs an operation.
    pub(super) async fn invoke(&self, invocation: Invocation) -> Outcome {
        let result = match invocation.f {
            "poll" => self.poll().await,
            "send" => self.send(&invocation.value).await,
            "assign" => self.assign(&invocation).await.map(|()| invocation.value),
            _ => return Outcome::Info(Json::null()),
        };
        // An assignment with an unknown outcome counts as failed: the position in the logs is the client's own.
        result.map_or_else(|error| Outcome::failed(&error, invocation.f == "assign"), Outcome::Ok)
    }

    /// Polls, and commits the offsets before the poll completes.
    ///
    /// If the commit fails, the poll fails, and yet this client goes on after the messages that it received.
    async fn poll(&self) -> Result<Json, ClientError> {
        let offsets = self.next.borrow().clone();
        let messages = self.client.call(&Poll { offsets }).await?.msgs;
        self.advance(&messages);
        // Maelstrom starts at 0 here, and at -1 in `advance`.
        let highest = |messages: &[OffsetMessage]| messages.iter().map(|message| message.0.0.max(0)).max();
        let mut offsets = BTreeMap::new();
        for (key, messages) in &messages {
            if let Some(highest) = highest(messages) {
                offsets.insert(key.clone(), highest);
            }
        }
        if !offsets.is_empty() {
            self.client.call(&CommitOffsets { offsets }).await?;
        }
        Ok(Json::new(&[("poll", messages)]))
    }

    /// Moves past the highest offsets in the result of a poll, and never back. A log that the client did not ask for is
    /// polled from then on.
    fn advance(&self, messages: &BTreeMap<String, Vec<OffsetMessage>>) {
        let mut next = self.next.borrow_mut();
        for (key, messages) in messages {
            let behind = messages.iter().map(|message| message.0.0).fold(-1, i64::max).saturating_add(1);
            let offset = next.entry(key.clone()).or_insert(behind);
            *offset = behind.max(*offset);
        }
    }

    async fn send(&self, value: &Json) -> Result<Json, ClientError> {
        let steps: [(IgnoredAny, String, Json); 1] = value.decode().expect("the generator made this value");
        let [(_, key, msg)] = steps;
        let offset = self.client.call(&Send { key: key.clone(), msg: msg.clone() }).await?.offset;
        Ok(Json::new(&[("send", key, (offset, msg))]))
    }

    /// Polls these logs and no others from now on.
    async fn assign(&self, invocation: &Invocation) -> Result<(), ClientError> {
        let keys: Vec<String> = invocation.value.decode().expect("the generator made this value");
        let seeks = invocation.extra.iter().any(|(key, _)| *key == "seek-to-beginning?");
        if !seeks {
            // Maelstrom asks for the committed offsets, but then looks up each key in the body instead of its
            // `offsets`, and never finds one. So it polls a log that is new to the client from the beginning. Using the
            // reply here would judge nodes by something that Maelstrom ignores.
            self.client.call(&ListCommittedOffsets { keys: keys.clone() }).await?;
        }
        let mut next = self.next.borrow_mut();
        let before = std::mem::take(&mut *next);
        for key in keys {
            let offset = if seeks { 0 } else { before.get(&key).copied().unwrap_or(0) };
            next.insert(key, offset);
        }
        Ok(())
    }
}
