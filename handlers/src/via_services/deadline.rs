//! The time limit of an operation, within which its client still waits, and the repetition of unanswered requests.

use futures_util::future::{Either, select};
use glomers_protocol::{CallError, Context, ErrorCode, RpcError};
use std::{pin::pin, time::Duration};

/// The time limit of an operation. Clients wait for five seconds (Maelstrom: `client.clj`, `default-timeout`).
pub(super) const TIMEOUT: Duration = Duration::from_secs(4);

/// Stops waiting for `work` after `timeout`. Requests that it has sent to a service may still be executed.
pub(super) async fn within<T>(
    cx: &Context,
    timeout: Duration,
    work: impl Future<Output = Result<T, RpcError>>,
) -> Result<T, RpcError> {
    match select(pin!(work), cx.sleep(timeout)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => {
            Err(RpcError::new(ErrorCode::Timeout, format!("the service did not answer within {timeout:?}")))
        }
    }
}

/// Repeats `work`, which must be idempotent, until it is answered.
pub(super) async fn answered<T>(work: impl AsyncFn() -> Result<T, CallError>) -> Result<T, RpcError> {
    loop {
        match work().await {
            Err(CallError::Timeout { .. }) => {}
            done => return Ok(done?),
        }
    }
}
