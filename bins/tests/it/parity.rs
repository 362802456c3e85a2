//! The same node, driven as data and as a process over pipes, gives the same replies to the same requests.

use glomers_handlers::{Parrot, StarBroadcast};
use glomers_protocol::{Handler, Message, Node};
use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

/// The replies to clients when the lines are delivered in virtual time.
fn simulated<H: Handler>(input: &str) -> Vec<String> {
    let mut node = Node::new::<H>(0);
    let mut replies = Vec::new();
    for line in input.lines() {
        // Some messages are those of the node that was recorded; ours does not know them.
        let _ = node.deliver(line.as_bytes(), Duration::ZERO);
        node.drain(|_, line| replies.push(line.to_owned()));
    }
    to_clients(replies)
}

/// The replies to clients when the lines are written to the process.
fn hosted(program: &str, input: &str) -> Vec<String> {
    // Without a disk, as in the simulation.
    let mut command = Command::new(program);
    command.env("GLOMERS_DATA", "").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", output.status);
    to_clients(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

fn to_clients(mut lines: Vec<String>) -> Vec<String> {
    lines.retain(|line| Message::parse(line).unwrap().dest().starts_with('c'));
    lines
}

fn check<H: Handler>(program: &str, input: &str) {
    let (simulated, hosted) = (simulated::<H>(input), hosted(program, input));
    assert!(simulated.len() > 10, "{} replies are too few to tell", simulated.len());
    assert_eq!(simulated, hosted);
}

#[test]
fn echo_answers_alike() {
    check::<Parrot>(env!("CARGO_BIN_EXE_echo"), include_str!("../../../protocol/tests/recordings/echo.0.in.jsonl"));
}

#[test]
fn broadcast_answers_alike() {
    check::<StarBroadcast>(
        env!("CARGO_BIN_EXE_broadcast"),
        include_str!("../../../protocol/tests/recordings/broadcast.0.in.jsonl"),
    );
}
