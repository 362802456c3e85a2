//! Challenge 1: a node that returns each payload.

use super::Chapter;
use glomers_protocol::{
    ErrorCode, RpcError,
    echo::{Echo, EchoOk},
    handler,
};
use glomers_workbench::{Options, Validity, simulate, workload};
use std::time::Duration;

#[derive(Default)]
struct Node;

#[handler(echo)]
impl Node {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn options() -> Options {
    Options::default().node_count(1).rate(5.0).time_limit(Duration::from_secs(10))
}

#[test]
fn challenge_1() {
    let report = simulate::<Node>(workload::named("echo").unwrap(), &options()).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}

#[derive(Default)]
struct Unwritten;

#[handler(echo)]
impl Unwritten {
    fn echo(&self, _: Echo) -> Result<EchoOk, RpcError> {
        Err(RpcError::new(ErrorCode::NotSupported, "`echo` is not written yet"))
    }
}

#[test]
fn the_skeleton_fails() {
    let report = simulate::<Unwritten>(workload::named("echo").unwrap(), &options()).unwrap();
    assert_eq!(report.valid(), Validity::Invalid);
    Chapter::echo.shows(&report);
}
