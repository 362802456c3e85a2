//! Parameters that no message can fill, or not so; all are reported at once.

use glomers_protocol::{Context, NodeId, handler, kafka};

#[derive(Default)]
struct Log;

#[handler(kafka)]
impl Log {
    fn send(&mut self, _request: kafka::Send) -> kafka::SendOk {
        kafka::SendOk { offset: 0 }
    }

    fn poll(&self, _cx: Context, _request: kafka::Poll) -> kafka::PollOk {
        kafka::PollOk { msgs: Default::default() }
    }

    fn commit_offsets(&self, _request: &kafka::CommitOffsets) -> kafka::CommitOffsetsOk {
        kafka::CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, _cx: &Context) -> kafka::ListCommittedOffsetsOk {
        kafka::ListCommittedOffsetsOk { offsets: Default::default() }
    }

    fn next_offset(_key: &str) -> i64 {
        0
    }

    #[message]
    fn two(&self, _from: &NodeId, _one: kafka::Send, _another: kafka::Send) {}

    #[message]
    fn any<T>(&self, _message: T) {}
}

fn main() {}
