//! `seq-kv`: requests that change nothing may be answered from any of the last states, but never from an older one than
//! the same client has seen; a request that changes something meets the newest.
//!
//! Maelstrom keeps 32 states in a ring and lets a client that lags farther wrap around it, back and forth. Here such a
//! client meets the oldest state that is kept, so each client's order holds always, as the service promises.

use super::kv;
use glomers_protocol::{
    Context, Json, NodeId, RpcError, handler,
    rand::RngExt,
    services::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
};
use std::{
    cell::{RefCell, RefMut},
    collections::{BTreeMap, VecDeque},
};

/// How many states are kept, the newest included.
const STATES: usize = 32;

#[derive(Default)]
pub(super) struct SeqKv(RefCell<Timeline>);

/// The newest state, and how to get back to those before it.
#[derive(Default)]
struct Timeline {
    newest: BTreeMap<Json, Json>,
    /// The changes that led to the newest state, oldest first: a key and what it was.
    changes: VecDeque<(Json, Option<Json>)>,
    /// The number of the newest state.
    last: u64,
    /// The newest state that each client has met.
    seen: BTreeMap<NodeId, u64>,
}

impl Timeline {
    /// Draws the state that `client` meets.
    fn draw(&self, client: &NodeId, cx: &Context) -> u64 {
        let oldest = self.last - self.changes.len() as u64;
        let seen = self.seen.get(client).copied().unwrap_or(0).max(oldest);
        cx.rng().random_range(seen..=self.last)
    }

    /// The value of `key` in a state.
    fn at(&self, state: u64, key: &Json) -> Option<&Json> {
        let kept = self.changes.len() as u64;
        let later = usize::try_from(state - (self.last - kept)).expect("few states are kept");
        match self.changes.iter().skip(later).find(|(changed, _)| changed == key) {
            Some((_, before)) => before.as_ref(),
            None => self.newest.get(key),
        }
    }

    /// Makes a new state, in which `key` has a new value if there is one.
    fn push(&mut self, client: &NodeId, key: Json, value: Option<Json>) {
        let before = self.newest.get(&key).cloned();
        if let Some(value) = value {
            self.newest.insert(key.clone(), value);
        }
        self.changes.push_back((key, before));
        if self.changes.len() == STATES {
            self.changes.pop_front();
        }
        self.last += 1;
        self.seen.insert(client.clone(), self.last);
    }
}

#[handler(glomers_protocol::services::kv)]
impl SeqKv {
    fn read(&self, cx: &Context, from: &NodeId, request: Read) -> Result<ReadOk, RpcError> {
        let mut timeline = self.timeline();
        let state = timeline.draw(from, cx);
        timeline.seen.insert(from.clone(), state);
        kv::read(timeline.at(state, &request.key))
    }

    fn write(&self, cx: &Context, from: &NodeId, request: Write) -> WriteOk {
        let mut timeline = self.timeline();
        let state = timeline.draw(from, cx);
        if timeline.at(state, &request.key) == Some(&request.value) {
            timeline.seen.insert(from.clone(), state);
        } else {
            timeline.push(from, request.key, Some(request.value));
        }
        WriteOk {}
    }

    fn cas(&self, cx: &Context, from: &NodeId, request: Cas) -> Result<CasOk, RpcError> {
        let mut timeline = self.timeline();
        let state = timeline.draw(from, cx);
        let past = timeline.at(state, &request.key);
        let answer = kv::compare(past, &request, true);
        if answer.is_err() || past == Some(&request.to) {
            timeline.seen.insert(from.clone(), state);
            return answer.map(|()| CasOk {});
        }
        let answer = kv::compare(timeline.newest.get(&request.key), &request, true);
        timeline.push(from, request.key, answer.is_ok().then_some(request.to));
        answer.map(|()| CasOk {})
    }
}

impl SeqKv {
    fn timeline(&self) -> RefMut<'_, Timeline> {
        self.0.borrow_mut()
    }
}
