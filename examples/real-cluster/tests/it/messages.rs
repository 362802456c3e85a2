//! Messages between nodes and from the command line, and what happens where NATS carries none.

use crate::{
    cluster::{Cluster, bridge},
    engines::{Nats, eventually},
};
use serde_json::{Value, json};

const USUAL: usize = 1 << 20;

#[test]
fn nodes_hear_each_other_and_the_command_line() {
    let Some(nats) = Nats::start(USUAL) else { return };
    let cluster = Cluster::new("hear", &nats, None, "n1,n2");
    let _nodes = cluster.up();
    assert_eq!(
        cluster.call("n2", &json!({ "type": "echo", "msg_id": 5 })).1,
        json!({ "type": "echo_ok", "in_reply_to": 5 })
    );
    assert_eq!(cluster.relay("n2", &json!({ "type": "echo" })), json!({ "type": "echo_ok" }));
}

#[test]
fn the_exit_code_tells_what_happened() {
    let Some(mut nats) = Nats::start(USUAL) else { return };
    let cluster = Cluster::new("codes", &nats, None, "n1");
    let _nodes = cluster.up();
    assert_eq!(cluster.call("n1", &json!({ "type": "dance" })).0, 1);
    for wrong in [json!({ "key": 1 }), json!([])] {
        let (code, error) = cluster.call("n1", &wrong);
        assert!(code == 2 && error.to_string().contains("expected an object with a `type`"), "{error}");
    }
    let (code, error) = cluster.call("n9", &json!({ "type": "echo" }));
    assert!(code == 3 && error.to_string().contains("no bridge runs the node n9"), "{error}");
    let (code, error) = cluster.call_within("n1", &json!({ "type": "add" }), "0.3");
    assert!(code == 3 && error.to_string().contains("n1 gave no answer within 0.3 s"), "{error}");
    nats.end();
    let (code, error) = cluster.call("n1", &json!({ "type": "echo" }));
    assert!(code == 4 && error.to_string().contains("no NATS server answers"), "{error}");
}

#[test]
fn a_line_that_nats_does_not_carry_is_an_error_to_whoever_waits() {
    let Some(nats) = Nats::start(1000) else { return };
    let cluster = Cluster::new("long", &nats, None, "n1,n2");
    let _nodes = cluster.up();
    let long = json!({ "type": "echo", "text": "x".repeat(2000) });
    let check = |answer: &Value, code: i64| {
        let text = answer["text"].as_str().unwrap();
        assert!(answer["code"] == code && text.contains("longer than the 1000 bytes that NATS carries"), "{answer}");
    };
    let (code, answer) = cluster.call("n1", &long);
    assert_eq!(code, 1);
    check(&answer, 12);
    // The node did its work, so nobody may call it undone.
    let (code, answer) = cluster.call("n1", &json!({ "type": "long" }));
    assert_eq!(code, 1);
    check(&answer, 13);
    check(&cluster.relay("n2", &json!({ "type": "long" })), 13);
}

#[test]
fn nats_may_come_late_and_go() {
    let Some(mut nats) = Nats::planned(USUAL) else { return };
    let cluster = Cluster::new("late", &nats, None, "n1");
    let mut node = cluster.start("n1", "1");
    nats.go();
    cluster.await_node("n1");
    nats.end();
    nats.go();
    cluster.await_node("n1");
    assert!(node.0.try_wait().unwrap().is_none());
}

#[test]
fn two_nodes_with_one_id_are_noticed() {
    let Some(nats) = Nats::start(USUAL) else { return };
    let cluster = Cluster::new("twins", &nats, None, "n1");
    let _nodes = cluster.up();
    let second = cluster.node_command("n1", "1").output().unwrap();
    let error = String::from_utf8_lossy(&second.stderr);
    assert!(second.status.code() == Some(1) && error.contains("another bridge runs n1 in this cluster"), "{error}");
    let stranger = cluster.node_command("n4", "1").output().unwrap();
    let error = String::from_utf8_lossy(&stranger.stderr);
    assert!(error.contains("got the id n4, expected one of --ids n1"), "{error}");
}

#[test]
fn messages_of_an_earlier_life_are_not_heard() {
    let Some(nats) = Nats::start(USUAL) else { return };
    let cluster = Cluster::new("lives", &nats, None, "n1");
    let _node = cluster.start("n1", "2");
    cluster.await_node("n1");
    let add = r#"{"src":"c9","dest":"n1","body":{"type":"add"}}"#;
    nats.publish(&[("glomers.lives.1.node.n1.c9", add), ("glomers.lives.2.node.n1.c9", add)]);
    let count = eventually("the message of this life", || {
        let answer = cluster.call("n1", &json!({ "type": "count" })).1;
        answer["count"].as_u64().filter(|count| *count > 0)
    });
    assert_eq!(count, 1);
}

#[test]
fn a_node_that_ends_ends_its_bridge() {
    let Some(nats) = Nats::start(USUAL) else { return };
    let cluster = Cluster::new("ends", &nats, None, "n1");
    let mut nodes = cluster.up();
    cluster.call_within("n1", &json!({ "type": "quit" }), "0.1");
    let status = eventually("the end of the bridge", || nodes[0].0.try_wait().unwrap());
    assert_eq!(status.code(), Some(1));
}

#[test]
fn names_that_nats_would_split_are_refused() {
    let output =
        bridge().args(["node", "--cluster", "a.b", "--id", "n1", "--ids", "n1", "--", "true"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && error.contains("got the name `a.b`"), "{error}");
}
