//! Registers in `lin-kv`: the service does exactly what the workload asks for, so each request is forwarded to it, and
//! its response is sent back.
//!
//! The service is linearizable, and every operation is one request to it between the client's request and the client's
//! response. So the registers are linearizable, too. Errors of the service are those of the workload and are sent back
//! unchanged. A missing response becomes an indefinite error: the request may have been executed, or may still be. A
//! write must therefore not be repeated here, because it could undo another write that was executed in between.
//!
//! An operation takes two messages, the minimum for a register that the client's own node does not keep.

use glomers_protocol::{
    CallError, Context, Request, handler,
    lin_kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
    services::kv::{self, LIN_KV},
};
use std::time::Duration;

/// The time limit of a request to the service. Clients wait for a second, or ten latencies if that is more (Maelstrom:
/// `workload/lin_kv.clj`).
const TIMEOUT: Duration = Duration::from_millis(900);

/// Forwards requests to the service `lin-kv`.
#[derive(Debug, Default)]
pub struct ForwardedRegisters;

#[handler(lin_kv, schema)]
impl ForwardedRegisters {
    async fn read(&self, cx: &Context, Read { key }: Read) -> Result<ReadOk, CallError> {
        let kv::ReadOk { value } = forward(cx, &kv::Read { key }).await?;
        Ok(ReadOk { value })
    }

    async fn write(&self, cx: &Context, Write { key, value }: Write) -> Result<WriteOk, CallError> {
        forward(cx, &kv::Write { key, value }).await?;
        Ok(WriteOk {})
    }

    async fn cas(&self, cx: &Context, Cas { key, from, to }: Cas) -> Result<CasOk, CallError> {
        forward(cx, &kv::Cas { key, from, to, create_if_not_exists: None }).await?;
        Ok(CasOk {})
    }
}

async fn forward<R: Request>(cx: &Context, request: &R) -> Result<R::Response, CallError> {
    cx.call(LIN_KV, request).timeout(TIMEOUT).await
}
