//! An echo that asks a service before it answers: what a call costs, as data and between processes.

use glomers_protocol::{
    Context, Json, RpcError,
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
pub(crate) struct Caller;

#[handler(echo)]
impl Caller {
    async fn echo(&self, cx: &Context, request: Echo) -> Result<EchoOk, RpcError> {
        let echo = cx.lin_kv().read::<Json>("key").await?.unwrap_or(request.echo);
        Ok(EchoOk { echo })
    }
}
