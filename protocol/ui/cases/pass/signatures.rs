//! Every signature that a handler function may have.
#![deny(warnings, missing_docs, unreachable_pub, clippy::all)]

use glomers_protocol::{Context, ErrorCode, NodeId, RpcError, handler, kafka};
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, future, rc::Rc, time::Duration};

/// A node.
pub struct Log<T> {
    spare: T,
    period: u64,
}

/// A message between nodes.
#[derive(Serialize, Deserialize)]
pub struct Rumour {}

/// Another, whose name is a keyword.
#[derive(Serialize, Deserialize)]
pub struct Yield {}

/// A request between nodes.
#[derive(Serialize, Deserialize)]
pub struct Pull {}

/// Its response.
#[derive(Serialize, Deserialize)]
pub struct Pulled {}

/// Another request between nodes.
#[derive(Serialize, Deserialize)]
pub struct Ask {}

/// Its response.
#[derive(Serialize, Deserialize)]
pub struct Told {}

/// An error of one's own.
struct Full;

impl From<Full> for RpcError {
    fn from(_: Full) -> Self {
        RpcError::new(ErrorCode::TemporarilyUnavailable, "full")
    }
}

#[handler(kafka)]
impl<T> Log<T>
where
    T: Default + Clone + 'static,
{
    const OFFSET: i64 = 7;

    #[init]
    fn new(_: &Context) -> Self {
        Self { spare: T::default(), period: 50 }
    }

    fn send(&self, cx: &Context, from: &NodeId, _: kafka::Send) -> Result<kafka::SendOk, RpcError> {
        cx.send(from, &Rumour {});
        Ok(kafka::SendOk { offset: Self::OFFSET })
    }

    async fn poll(&self, request: kafka::Poll, from: &NodeId, cx: &Context) -> Result<kafka::PollOk, Full> {
        let _: (&T, Pulled) = (&self.spare, cx.call(from, &Pull {}).await.map_err(|_| Full)?);
        let msgs = request.offsets.into_keys().map(|key| (key, Vec::new())).collect();
        Ok(kafka::PollOk { msgs })
    }

    async fn commit_offsets(self: &Rc<Self>, cx: &Context, _: kafka::CommitOffsets) -> kafka::CommitOffsetsOk {
        let this = Rc::clone(self);
        cx.spawn(async move { drop(this) });
        cx.sleep(Duration::from_millis(5)).await;
        kafka::CommitOffsetsOk {}
    }

    /// Documented, with an attribute that is not ours.
    #[inline]
    fn list_committed_offsets(&self, _: kafka::ListCommittedOffsets) -> Result<kafka::ListCommittedOffsetsOk, Full> {
        Err(Full)
    }

    #[message]
    fn rumour(&self, _: Rumour) {}

    #[message]
    async fn r#yield(&self, from: &NodeId, _: Yield) -> Result<(), Full> {
        future::ready(from).await;
        Ok(())
    }

    #[rpc]
    fn pull(&self, _: Pull) -> Pulled {
        Pulled {}
    }

    #[rpc]
    async fn ask(self: &Rc<Self>, cx: &Context, _: Ask) -> Result<Told, RpcError> {
        cx.call("n1", &Ask {}).await?;
        Ok(Told {})
    }

    #[every(millis = self.period)]
    fn tick(&self, cx: &Context) {
        cx.send("n1", &Rumour {});
    }

    #[every(secs = 1)]
    async fn slow_tick(self: &Rc<Self>) -> Result<(), Full> {
        future::pending::<Infallible>().await;
        Ok(())
    }
}

fn main() {
    let _ = glomers_protocol::run::<Log<u8>>;
}
