//! `seq-kv`: a request that changes nothing may be answered from any of the last states, but never from an older one than
//! the same client has seen; a request that changes something meets the newest.
//!
//! Maelstrom keeps 32 states in a ring and lets a client that lags farther wrap around it, back and forth. Here such a
//! client meets the oldest state that is kept, so each client's order holds always, as the service promises.

use crate::engine::services::{
    kv::{Action, Operation, Store, compare, read},
    request::{Answer, Reply},
    value::{Value, Values},
};
use glomers_json::SortedMap;
use glomers_protocol::NodeId;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::collections::VecDeque;

/// The number of states that are kept, the newest included.
const STATES: usize = 32;

/// The newest state, and the way back to those before it.
#[derive(Default)]
pub(super) struct SeqKv {
    newest: Values<Value>,
    /// The changes that led to the newest state, oldest first: a key and its value before.
    changes: VecDeque<(Value, Option<Value>)>,
    /// The number of the newest state.
    last: u64,
    /// The newest state that each client has met.
    seen: SortedMap<NodeId, u64>,
}

impl SeqKv {
    /// Draws the state that `client` meets.
    fn draw(&self, client: &NodeId, rng: &mut Pcg64Mcg) -> u64 {
        let oldest = self.last - self.changes.len() as u64;
        let seen = self.seen.get(client).copied().unwrap_or(0).max(oldest);
        rng.random_range(seen..=self.last)
    }

    /// The value of `key` in a state.
    fn at(&self, state: u64, key: &Value) -> Option<&Value> {
        let kept = self.changes.len() as u64;
        let later = usize::try_from(state - (self.last - kept)).expect("few states are kept");
        match self.changes.iter().skip(later).find(|(changed, _)| changed == key) {
            Some((_, before)) => before.as_ref(),
            None => self.newest.get(key),
        }
    }

    fn saw(&mut self, client: &NodeId, state: u64) {
        self.seen.insert(client.clone(), state);
    }

    /// Makes a new state, in which `key` has a new value if there is one.
    fn push(&mut self, client: &NodeId, key: Value, value: Option<Value>) {
        let before = self.newest.get(&key).cloned();
        if let Some(value) = value {
            self.newest.insert(key.clone(), value);
        }
        self.changes.push_back((key, before));
        if self.changes.len() == STATES {
            self.changes.pop_front();
        }
        self.last += 1;
        self.saw(client, self.last);
    }
}

impl Store for SeqKv {
    fn serve(&mut self, client: &NodeId, Operation { key, action }: Operation, rng: &mut Pcg64Mcg) -> Reply {
        let state = self.draw(client, rng);
        let past = self.at(state, &key);
        match action {
            Action::Read => {
                let answer = read(past);
                self.saw(client, state);
                answer
            }
            Action::Write { value } => {
                if past == Some(&value) {
                    self.saw(client, state);
                } else {
                    self.push(client, key, Some(value));
                }
                Ok(Answer::Write)
            }
            Action::Cas { from, to, creates } => {
                let answer = compare(past, &from, creates);
                if answer.is_err() || past == Some(&to) {
                    self.saw(client, state);
                    return answer;
                }
                let answer = compare(self.newest.get(&key), &from, creates);
                let value = answer.is_ok().then_some(to);
                self.push(client, key, value);
                answer
            }
        }
    }
}
