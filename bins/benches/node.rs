//! The cost of one message in a node, without input and output: `cargo bench --bench node`.

#![expect(clippy::unwrap_used, reason = "a measurement, not part of the product")]

mod caller;

use caller::Caller;
use divan::{Bencher, black_box};
use glomers_handlers::{LastWriterWins, Parrot, StarBroadcast, WatermarkLogs};
use glomers_protocol::{Handler, Message, Node, echo::Echo};
use std::time::Duration;

fn main() {
    divan::main();
}

const ECHO: &str =
    r#"{"id":7,"src":"c2","dest":"n1","body":{"type":"echo","msg_id":1,"echo":"Please echo        61"}}"#;
const READ_OK: &str = r#"{"id":8,"src":"lin-kv","dest":"n1","body":{"type":"read_ok","in_reply_to":MSG_ID,"value":"Please echo        61"}}"#;

fn node<H: Handler>() -> Node {
    let mut node = Node::new::<H>(0);
    let init = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;
    serve(&mut node, init);
    node
}

/// Delivers a line and says how many bytes answered it.
fn serve(node: &mut Node, line: &str) -> usize {
    node.deliver(line.as_bytes(), Duration::ZERO).unwrap();
    let mut written = 0;
    node.drain_bytes(|bytes| {
        written = bytes.len();
        Ok::<(), ()>(())
    })
    .unwrap();
    written
}

/// The same request again and again, decoded, served and answered.
fn requests<H: Handler>(bencher: Bencher, body: &str) {
    let mut node = node::<H>();
    let line = format!(r#"{{"id":7,"src":"c2","dest":"n1","body":{{{body}}}}}"#);
    bencher.counter(divan::counter::ItemsCount::new(1_usize)).bench_local(|| serve(&mut node, black_box(&line)));
}

#[divan::bench]
fn decode_echo(bencher: Bencher) {
    bencher.bench_local(|| Message::parse(black_box(ECHO)).unwrap().payload::<Echo>().unwrap());
}

#[divan::bench]
fn serve_echo(bencher: Bencher) {
    requests::<Parrot>(bencher, r#""type":"echo","msg_id":1,"echo":"Please echo        61""#);
}

#[divan::bench]
fn serve_broadcast(bencher: Bencher) {
    requests::<StarBroadcast>(bencher, r#""type":"broadcast","msg_id":1,"message":61"#);
}

/// The log stays short: every request polls it from one place.
#[divan::bench]
fn serve_poll(bencher: Bencher) {
    requests::<WatermarkLogs>(bencher, r#""type":"poll","msg_id":1,"offsets":{"7":0,"8":10}"#);
}

#[divan::bench]
fn serve_txn(bencher: Bencher) {
    requests::<LastWriterWins>(bencher, r#""type":"txn","msg_id":1,"txn":[["r",3,null],["w",3,61]]"#);
}

/// An async handler that calls a service: two lines in, two lines out.
#[divan::bench]
fn serve_with_call(bencher: Bencher) {
    let mut node = node::<Caller>();
    node.deliver(ECHO.as_bytes(), Duration::ZERO).unwrap();
    let mut last_call = 0;
    node.drain(|_, line| last_call = Message::parse(line).unwrap().msg_id().unwrap());
    bencher.counter(divan::counter::ItemsCount::new(1_usize)).bench_local(move || {
        last_call += 1;
        serve(&mut node, ECHO) + serve(&mut node, &READ_OK.replace("MSG_ID", &last_call.to_string()))
    });
}
