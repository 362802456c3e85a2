//! Faults by `bridge fault`, and the proxy that the bench runs.

use crate::{
    cluster::{Cluster, run},
    engines::Nats,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

fn echo() -> Value {
    json!({ "type": "echo" })
}

#[test]
fn steps_of_the_nemesis_are_done() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    let cluster = Cluster::new("steps", &nats, None, "n1,n2");
    let _nodes = cluster.up();
    let step = |step: Value, expected: &str| assert_eq!(cluster.fault(&step), (true, expected.to_owned()), "{step}");
    let hears = |id: &str| cluster.call_within(id, &echo(), "0.5").0 == 0;
    let relayed = json!({ "type": "relay", "relayed": { "type": "echo", "msg_id": 1 }, "via": "n2" });
    let reaches = || cluster.call_within("n1", &relayed, "0.5").0 == 0;

    step(json!({ "fault": "partition", "grudge": { "n2": ["n1"] } }), r#"{"n1":"done","n2":"done"}"#);
    assert!(!reaches() && hears("n1") && hears("n2"));
    step(json!({ "fault": "heal" }), r#"{"n1":"done","n2":"done"}"#);
    assert!(reaches());

    step(json!({ "fault": "kill", "nodes": ["n2"] }), r#"{"n2":"killed"}"#);
    assert!(!hears("n2") && hears("n1"));
    step(json!({ "fault": "pause", "nodes": ["n2"] }), r#"{"n2":"not-running"}"#);
    step(json!({ "fault": "start", "nodes": ["n1", "n2"] }), r#"{"n1":"already-running","n2":"started"}"#);
    assert!(hears("n2"));

    step(json!({ "fault": "pause", "nodes": ["n2"] }), r#"{"n2":"paused"}"#);
    assert!(!hears("n2"));
    step(json!({ "fault": "resume", "nodes": ["n2"] }), r#"{"n2":"resumed"}"#);
    assert!(hears("n2"));
}

#[test]
fn a_step_that_cannot_be_done_is_an_error() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    let cluster = Cluster::new("cannot", &nats, None, "n1,n2");
    let _node = cluster.start("n1", "1");
    cluster.await_node("n1");
    let (is_done, error) = cluster.fault(&json!({ "fault": "heal" }));
    assert!(!is_done && error.contains("no bridge runs the node n2"), "{error}");
    let (is_done, error) = cluster.fault(&json!({ "fault": "frost" }));
    assert!(!is_done && error.contains("expected a step such as"), "{error}");
}

#[test]
fn a_proxy_begins_a_life_of_its_own() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    let cluster = Cluster::new("proxy", &nats, None, "n1");
    let _nodes = cluster.up();
    for _ in 0..2 {
        let mut proxy = cluster.proxy().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, output) = (proxy.stdin.take().unwrap(), BufReader::new(proxy.stdout.take().unwrap()));
        let mut lines = output.lines();
        let mut ask = |body: Value| {
            writeln!(input, "{}", json!({ "src": "c1", "dest": "n1", "body": body })).unwrap();
            let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            assert_eq!((&line["src"], &line["dest"]), (&json!("n1"), &json!("c1")));
            line["body"].clone()
        };
        let init = json!({ "type": "init", "msg_id": 1, "node_id": "n1", "node_ids": ["n1"] });
        assert_eq!(ask(init), json!({ "type": "init_ok", "in_reply_to": 1, "elsewhere": true }));
        // What somebody else asks is not for the bench.
        assert_eq!(cluster.call("n1", &echo()).0, 0);
        let count = ask(json!({ "type": "count", "msg_id": 2 }));
        assert_eq!(count, json!({ "type": "count_ok", "in_reply_to": 2, "count": 0 }));
        writeln!(input, "{}", json!({ "src": "c1", "dest": "n1", "body": { "type": "add" } })).unwrap();
        let again = json!({ "src": "c1", "dest": "n1", "body": { "type": "count", "msg_id": 3 } });
        writeln!(input, "{again}").unwrap();
        assert!(lines.next().unwrap().unwrap().contains("\"count\":1"));
        drop(input);
        assert!(proxy.wait().unwrap().success());
    }
}

#[test]
fn a_proxy_without_its_node_tells_the_bench() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    let cluster = Cluster::new("alone", &nats, None, "n1");
    let init = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;
    let output = String::from_utf8(run(&mut cluster.proxy(), init).stdout).unwrap();
    assert!(output.contains(r#""code":13"#) && output.contains("no bridge runs the node n1"), "{output}");
}
