//! Registers in `lin-kv`: the service does what the workload asks for, so each request is passed on to it, and its answer
//! back.
//!
//! The service is linearizable and every operation is one request to it, between the client's request and the client's
//! answer; so the registers are linearizable, too. Errors of the service are those of the workload, and go back as they
//! are. An answer that is missing is told as an indefinite error: the request may have been carried out, or will be. A
//! write must therefore not be repeated here: another one may have come in between, and would be undone.
//!
//! It takes two messages an operation, the fewest that any register needs that is not kept by the client's own node.

use glomers_protocol::{
    CallError, Context, Request, handler,
    lin_kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
    services::kv::{self, LIN_KV},
};
use std::time::Duration;

/// How long the service may take. Clients wait for a second, or ten latencies if that is more (Maelstrom:
/// `workload/lin_kv.clj`).
const PATIENCE: Duration = Duration::from_millis(900);

/// Passes requests on to the service `lin-kv`.
#[derive(Default)]
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
    cx.call(LIN_KV, request).timeout(PATIENCE).await
}
