//! What the key-value services have in common: what a request makes of the current value of its key.

use glomers_protocol::{
    ErrorCode, Json, RpcError,
    services::kv::{Cas, ReadOk},
};

/// Answers a read.
pub(super) fn read(current: Option<&Json>) -> Result<ReadOk, RpcError> {
    current.map(|value| ReadOk { value: value.clone() }).ok_or_else(missing)
}

/// Whether a compare-and-set may go ahead. Not every service creates missing keys.
pub(super) fn compare(current: Option<&Json>, request: &Cas, creates: bool) -> Result<(), RpcError> {
    match current {
        None if creates && request.create_if_not_exists == Some(true) => Ok(()),
        None => Err(missing()),
        Some(current) if *current == request.from => Ok(()),
        Some(current) => {
            let text = format!("current value {current} is not {}", request.from);
            Err(RpcError::new(ErrorCode::PreconditionFailed, text))
        }
    }
}

fn missing() -> RpcError {
    RpcError::new(ErrorCode::KeyDoesNotExist, "key does not exist")
}
