//! The parameter is not a message: a number, a text, something borrowed, nothing.

use glomers_protocol::{Json, Context, handler, kafka};

#[derive(Default)]
struct Log;

#[handler(kafka)]
impl Log {
    fn send(self, _request: u64) -> u64 {
        0
    }

    fn poll(&self, _request: u64) -> u64 {
        0
    }

    fn commit_offsets(&self, _request: Json) -> kafka::CommitOffsetsOk {
        kafka::CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, _cx: &mut Context, _request: kafka::ListCommittedOffsets) {}

    #[message]
    fn text(&self, _text: &str) {}

    #[message]
    fn nothing(&self) {}

    #[rpc]
    fn two(&self, _both: (u64, u64)) -> u64 {
        0
    }
}

fn main() {}
