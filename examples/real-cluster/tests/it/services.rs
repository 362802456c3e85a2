//! The services from etcd, asked by a node: each request and its answer.

use crate::{
    cluster::Cluster,
    engines::{Etcd, Nats, member},
};
use serde_json::{Value, json};

fn error(code: u32, text: &str) -> Value {
    json!({ "type": "error", "code": code, "text": text })
}

#[test]
fn services_answer_as_maelstrom_does() {
    let (Some(nats), Some(etcd)) = (Nats::start(1 << 20), Etcd::start()) else { return };
    let cluster = Cluster::new("services", &nats, Some(etcd.url()), "n1");
    let _nodes = cluster.up();
    let missing = error(20, "key does not exist");
    for service in ["lin-kv", "seq-kv", "lww-kv"] {
        let check = |request: Value, expected: Value| {
            assert_eq!(cluster.relay(service, &request), expected, "{service} {request}")
        };
        check(json!({ "type": "read", "key": 1 }), missing.clone());
        check(json!({ "type": "cas", "key": 1, "from": 0, "to": 1 }), missing.clone());
        check(json!({ "type": "write", "key": 1, "value": { "a": [1, 2.0] } }), json!({ "type": "write_ok" }));
        check(json!({ "type": "read", "key": 1 }), json!({ "type": "read_ok", "value": { "a": [1, 2.0] } }));
        check(json!({ "type": "read", "key": "1" }), missing.clone());
        check(json!({ "type": "cas", "key": 1, "from": { "a": [1, 2.0] }, "to": null }), json!({ "type": "cas_ok" }));
        check(json!({ "type": "read", "key": 1 }), json!({ "type": "read_ok", "value": null }));
        check(json!({ "type": "cas", "key": 1, "from": 1, "to": 2 }), error(22, "current value null is not 1"));
        check(json!({ "type": "write", "key": 1 }), error(12, "the field `value` is missing"));
        check(json!({ "type": "add", "key": 1 }), error(10, &format!("{service} does not serve `add` here")));
        let create = json!({ "type": "cas", "key": 2, "from": 0, "to": 1, "create_if_not_exists": true });
        check(create, if service == "lww-kv" { missing.clone() } else { json!({ "type": "cas_ok" }) });
    }
    for expected in 0..3 {
        assert_eq!(cluster.relay("lin-tso", &json!({ "type": "ts" })), json!({ "type": "ts_ok", "ts": expected }));
    }
}

#[test]
fn data_of_an_earlier_life_is_not_seen() {
    let (Some(nats), Some(etcd)) = (Nats::start(1 << 20), Etcd::start()) else { return };
    let cluster = Cluster::new("reborn", &nats, Some(etcd.url()), "n1");
    for epoch in ["1", "2"] {
        let _node = cluster.start("n1", epoch);
        cluster.await_node("n1");
        assert_eq!(cluster.relay("lin-kv", &json!({ "type": "read", "key": 1 }))["code"], 20, "{epoch}");
        cluster.relay("lin-kv", &json!({ "type": "write", "key": 1, "value": 1 }));
    }
}

#[test]
fn without_etcd_nothing_has_happened() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    let cluster = Cluster::new("no-etcd", &nats, None, "n1");
    let _nodes = cluster.up();
    for request in [json!({ "type": "read", "key": 1 }), json!({ "type": "write", "key": 1, "value": 1 })] {
        let answer = cluster.relay("lin-kv", &request);
        assert!(answer["code"] == 11 && answer["text"].as_str().unwrap().contains("no etcd member"), "{answer}");
    }
}

#[test]
fn a_change_without_an_answer_may_have_happened() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    let silent = || member(|_| None);
    let cluster = Cluster::new("unknown", &nats, Some(format!("{},{}", silent(), silent())), "n1");
    let _nodes = cluster.up();
    let answer = cluster.relay("lin-kv", &json!({ "type": "write", "key": 1, "value": 1 }));
    assert!(answer["code"] == 0 && answer["text"].as_str().unwrap().contains("may do it yet"), "{answer}");
    // A read changes nothing, so it has not happened.
    assert_eq!(cluster.relay("lin-kv", &json!({ "type": "read", "key": 1 }))["code"], 11);
}

#[test]
fn a_node_never_sees_an_older_state_than_before() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    // The first member has done a write, and lags when it is read.
    let lagging = member(|path| {
        Some(match path {
            "/v3/kv/put" => r#"{"header":{"revision":"9"}}"#,
            _ => r#"{"header":{"revision":"3"},"kvs":[{"mod_revision":"3","version":"1","value":"Im9sZCI="}]}"#,
        })
    });
    let current = member(|_| {
        Some(r#"{"header":{"revision":"9"},"kvs":[{"mod_revision":"9","version":"2","value":"Im5ldyI="}]}"#)
    });
    let cluster = Cluster::new("session", &nats, Some(format!("{lagging},{current}")), "n1");
    let _nodes = cluster.up();
    let read = || cluster.relay("seq-kv", &json!({ "type": "read", "key": 1 }))["value"].clone();
    assert_eq!(read(), "old", "the first read of a session");
    cluster.relay("seq-kv", &json!({ "type": "write", "key": 1, "value": "new" }));
    assert_eq!(read(), "new");
}
