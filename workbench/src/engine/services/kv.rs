//! The parts that the key-value services share: the effect of a request on the current value of its key.

use crate::engine::services::{
    request::{Answer, Reply, Request},
    value::Value,
};
use glomers_protocol::{ErrorCode, NodeId, RpcError};
use rand_pcg::Pcg64Mcg;

/// A request to a key-value service.
pub(super) struct Operation {
    pub(super) key: Value,
    pub(super) action: Action,
}

/// The action of a request on its key.
pub(super) enum Action {
    Read,
    Write { value: Value },
    Cas { from: Value, to: Value, creates: bool },
}

/// A key-value store.
pub(super) trait Store {
    /// Serves a request of `client`.
    fn serve(&mut self, client: &NodeId, operation: Operation, rng: &mut Pcg64Mcg) -> Reply;
}

/// The types of requests.
pub(super) const TYPES: [&str; 3] = ["read", "write", "cas"];

impl Operation {
    /// The operation that a request asks for, if its type is known.
    pub(super) fn of(request: &Request<'_>) -> Option<Self> {
        let action = match &*request.kind {
            "read" => Action::Read,
            "write" => Action::Write { value: request.field("value") },
            "cas" => {
                let creates = request.is_set("create_if_not_exists");
                Action::Cas { from: request.field("from"), to: request.field("to"), creates }
            }
            _ => return None,
        };
        Some(Self { key: request.field("key"), action })
    }
}

/// Answers a read.
pub(super) fn read(current: Option<&Value>) -> Reply {
    current.map(|value| Answer::Read(value.text().clone())).ok_or_else(missing)
}

/// Checks that a compare-and-set may go ahead.
pub(super) fn compare(current: Option<&Value>, from: &Value, creates: bool) -> Reply {
    match current {
        None if creates => Ok(Answer::Cas),
        None => Err(missing()),
        Some(current) if current == from => Ok(Answer::Cas),
        Some(current) => {
            let text = format!("current value {current} is not {from}");
            Err(RpcError::new(ErrorCode::PreconditionFailed, text))
        }
    }
}

fn missing() -> RpcError {
    RpcError::new(ErrorCode::KeyDoesNotExist, "key does not exist")
}
