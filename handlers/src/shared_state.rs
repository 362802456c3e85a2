//! A durable state that nodes share: each node changes its own copy, and a [replication feed](crate::replication_feed)
//! brings the changes to the others.
//!
//! # With a disk
//!
//! State and feed are one [`Durable`] object, whose inputs are the requests of clients and the batches of other nodes.
//! So the log also has the numbers of the node's own entries, the clock, the incarnation, and how far the node has
//! received the entries of the others. A batch leaves when all of that is durable. Hence a restarted node is the same
//! incarnation, and goes on where it was:
//!
//! - It uses no number again, and none that it has promised not to use.
//! - It has every entry that it has acknowledged, so peers may forget what they have been told is received.
//! - It still has its own entries that not every peer has acknowledged, and sends them.
//!
//! A batch that says nothing new about entries is not written. At worst the node then forgets an acknowledgement that
//! it was sent, and sends entries again.
//!
//! This costs no message. An answer takes one sync more, and so does each hop of an entry.
//!
//! # Without one
//!
//! A restarted node is a new incarnation. The others send it everything that they have.

use crate::{
    durable::{Durable, Journaled, OpenError, decode},
    replication_feed::{Batch, BatchOf, Incarnation, ReplicationFeed},
};
use glomers_protocol::{Context, IntoResult, Json, NodeId, Payload, Reply};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use std::fmt;

/// A node's copy of a shared state.
pub trait Replicated: fmt::Debug + Serialize + DeserializeOwned + 'static {
    /// A client's request that changes the state.
    type Request: Serialize + DeserializeOwned;

    /// The result of a request.
    type Response;

    /// The type as which entries of the feed decode.
    type Entry: DeserializeOwned;

    /// Serves a request, and appends to the feed what the others must know. It depends on nothing else, because it is
    /// repeated after a restart.
    fn execute(&mut self, feed: &mut ReplicationFeed, request: Self::Request) -> Self::Response;

    /// Tells if a request changes anything. If not, it is executed without a trace on the disk.
    fn is_changed_by(&self, request: &Self::Request) -> bool;

    /// Applies an entry of another node.
    fn merge(&mut self, source: &Source<'_>, entry: Self::Entry);

    /// Everything that this node knows, for a node that knows nothing.
    fn all(&self) -> Vec<Json>;

    /// Tells if a node that receives entries must [promise](ReplicationFeed::advance) to use only higher numbers.
    const ADVANCES: bool = false;
}

/// The origin of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The node that appended it to its feed, or that passes on what it knows.
    pub node: &'a NodeId,
    /// The incarnation of that node.
    pub incarnation: Incarnation,
    /// The entry's number.
    pub number: u64,
}

/// A state that this node shares with its peers.
#[derive(Debug)]
pub struct SharedState<S: Replicated>(Durable<Replica<S>>);

/// A state and the feed of its changes.
#[derive(Debug, Serialize)]
#[serde(bound = "")]
struct Replica<S: Replicated> {
    state: S,
    feed: ReplicationFeed,
}

/// A change to a replica.
#[derive(Serialize)]
#[serde(bound = "")]
enum Input<S: Replicated> {
    Request(S::Request),
    Batch(NodeId, Batch),
}

// Their readers are compiled once: the parts of other types are decoded from their encoded forms.

#[derive(Deserialize)]
struct ReadReplica {
    state: Json,
    feed: ReplicationFeed,
}

#[derive(Deserialize)]
enum ReadInput {
    Request(Json),
    Batch(NodeId, Batch),
}

impl<'de, S: Replicated> Deserialize<'de> for Replica<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadReplica { state, feed } = ReadReplica::deserialize(deserializer)?;
        Ok(Self { state: decode(&state)?, feed })
    }
}

impl<'de, S: Replicated> Deserialize<'de> for Input<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ReadInput::deserialize(deserializer)? {
            ReadInput::Request(request) => decode(&request).map(Self::Request),
            ReadInput::Batch(from, batch) => Ok(Self::Batch(from, batch.checked::<S::Entry, _>()?)),
        }
    }
}

impl<S: Replicated> Replica<S> {
    fn receive(&mut self, from: &NodeId, batch: Batch) {
        let Self { state, feed } = self;
        let incarnation = batch.incarnation();
        for (number, entry) in feed.receive(from, batch, &|| state.all()) {
            let entry = entry.decode().expect("a batch is refused if an entry of it does not decode");
            state.merge(&Source { node: from, incarnation, number }, entry);
        }
        if S::ADVANCES {
            feed.advance();
        }
    }
}

impl<S: Replicated> Journaled for Replica<S> {
    type Input = Input<S>;
    /// The response to a request.
    type Output = Option<S::Response>;

    fn apply(&mut self, input: Input<S>) -> Option<S::Response> {
        match input {
            Input::Request(request) => Some(self.state.execute(&mut self.feed, request)),
            Input::Batch(from, batch) => {
                self.receive(&from, batch);
                None
            }
        }
    }
}

impl<S: Replicated> SharedState<S> {
    /// The state that the disk has, or `new`.
    ///
    /// # Errors
    ///
    /// If the disk cannot be used, its data are damaged, or they belong to another node.
    pub fn open(cx: &Context, new: impl FnOnce() -> S) -> Result<Self, OpenError> {
        Durable::open(cx, || Replica { state: new(), feed: ReplicationFeed::new(cx) }).map(Self)
    }

    /// Serves a request, and answers when everything that the response may show is durable.
    pub fn execute<T: 'static, H: IntoResult<T>>(
        &self,
        request: S::Request,
        respond: impl FnOnce(S::Response) -> H,
    ) -> Reply<T> {
        let changes = self.peek(|state, _| state.is_changed_by(&request));
        let input = Input::Request(request);
        let response = if changes { self.0.apply(input) } else { self.0.change(|replica| replica.apply(input)) };
        self.0.answer(respond(response.expect("a request has a response")))
    }

    /// Reads the state, and answers when everything that the response may show is durable.
    pub fn read<T: 'static, H: IntoResult<T>>(&self, read: impl FnOnce(&S, &ReplicationFeed) -> H) -> Reply<T> {
        self.0.answer(self.peek(read))
    }

    fn peek<T>(&self, read: impl FnOnce(&S, &ReplicationFeed) -> T) -> T {
        let replica = self.0.state();
        read(&replica.state, &replica.feed)
    }

    /// Receives a batch.
    pub fn receive(&self, from: &NodeId, batch: Batch) {
        if self.0.state().feed.is_news(from, &batch) {
            self.0.apply(Input::Batch(from.clone(), batch));
        } else {
            self.0.change(|replica| replica.receive(from, batch));
        }
    }

    /// The period in milliseconds for [`Self::flush`], as [`ReplicationFeed::pace`] has it.
    pub fn pace(&self, millis: u64) -> u64 {
        self.0.state().feed.pace(millis)
    }

    /// Sends every peer the entries that it lacks, once they are durable.
    pub async fn flush(&self, cx: &Context)
    where
        BatchOf<S::Entry>: Payload,
    {
        self.0.compact();
        let batches = self.0.change(|replica| replica.feed.batches(cx.now()));
        if !batches.is_empty() {
            self.0.synced().await;
            batches.into_iter().for_each(|(peer, batch)| cx.send(peer, &BatchOf::<S::Entry>::from(batch)));
        }
    }
}
