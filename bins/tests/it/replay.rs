//! The built nodes, given what nodes of the real Maelstrom received: each request of a client must be answered exactly
//! once, validly, to the right client.

use glomers_protocol::{DecodeError, Message, broadcast, echo, init, unique_ids};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    thread,
};

#[test]
fn echo() {
    check("echo", env!("CARGO_BIN_EXE_echo"), |reply| echo::Response::decode(reply).map(json), 58);
}

#[test]
fn unique_ids() {
    check("unique-ids", env!("CARGO_BIN_EXE_unique-ids"), |reply| unique_ids::Response::decode(reply).map(json), 39);
}

#[test]
fn broadcast() {
    check("broadcast", env!("CARGO_BIN_EXE_broadcast"), |reply| broadcast::Response::decode(reply).map(json), 17);
}

/// Decodes a reply to a client and encodes it again.
type Recode = fn(&Message<'_>) -> Result<Value, DecodeError>;

fn json(reply: impl Serialize) -> Value {
    serde_json::to_value(reply).unwrap()
}

/// Replays a recording, in which clients make that many requests.
fn check(workload: &str, node: &str, recode: Recode, expected_requests: usize) {
    let received =
        parse(&fs::read_to_string(protocol().join(format!("tests/recordings/{workload}.0.in.jsonl"))).unwrap());
    let sent = replay(workload, node);
    let is_client = |id: &Value| id.as_str().is_some_and(|id| id.starts_with('c'));

    let mut requests = BTreeMap::new();
    for message in received.iter().filter(|message| is_client(&message["src"])) {
        let key = (message["src"].to_string(), message["body"]["msg_id"].as_i64().expect("requests have a msg_id"));
        assert!(requests.insert(key, message).is_none(), "recorded twice: {message}");
    }
    assert_eq!(requests.len(), expected_requests);

    for reply in sent.iter().filter(|message| is_client(&message["dest"])) {
        let key = (reply["dest"].to_string(), reply["body"]["in_reply_to"].as_i64().expect("a reply"));
        let request = requests.remove(&key).unwrap_or_else(|| panic!("no request, or answered before: {reply}"));
        assert_eq!(reply["src"], request["dest"], "{reply}");
        let wire_type = request["body"]["type"].as_str().unwrap();
        assert_eq!(reply["body"]["type"], format!("{wire_type}_ok"), "{reply}");
        let line = reply.to_string();
        let message = Message::parse(&line).unwrap();
        let recoded = if wire_type == "init" { init::Response::decode(&message).map(json) } else { recode(&message) };
        let recoded = recoded.unwrap_or_else(|error| panic!("{error}: {reply}"));
        let mut fields = reply["body"].clone();
        fields.as_object_mut().unwrap().retain(|key, _| !["type", "in_reply_to"].contains(&key.as_str()));
        assert_eq!(recoded, fields, "{reply}");
    }
    assert_eq!(requests.into_values().collect::<Vec<_>>(), [&Value::Null; 0], "unanswered");

    // The demo nodes' own requests are unknown here.
    for message in sent.iter().filter(|message| message["body"]["type"] == "error") {
        assert_eq!((is_client(&message["dest"]), &message["body"]["code"]), (false, &Value::from(10)), "{message}");
    }
}

/// All that the node writes when it is given the recording.
fn replay(workload: &str, node: &str) -> Vec<Value> {
    let input = fs::read(protocol().join(format!("tests/recordings/{workload}.0.in.jsonl"))).unwrap();
    let mut command = Command::new(node);
    // Without a disk: all nodes that a process starts share a folder of data.
    command.env("GLOMERS_DATA", "");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0));
    parse(&String::from_utf8(output.stdout).unwrap())
}

fn parse(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn protocol() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol"))
}
