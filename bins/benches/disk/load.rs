//! Clients that each have one request under way, over pipes.

use crate::{
    cluster::{Cluster, request},
    figures::Figures,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A kind of request, made from its number and its client.
pub(crate) type Kind = fn(usize, usize) -> Value;

/// Adds to a counter.
pub(crate) fn add(_: usize, _: usize) -> Value {
    json!({"type": "add", "delta": 1})
}

/// Writes to a key of the client's own.
pub(crate) fn write(number: usize, client: usize) -> Value {
    json!({"type": "write", "key": client, "value": number})
}

/// Has this many requests answered, and measures them.
pub(crate) fn run(cluster: &Cluster, nodes: usize, kind: Kind, clients: usize, count: usize) -> Figures {
    warm_up(cluster, nodes, kind);
    let (begin, mut sent, mut times) = (Instant::now(), 0, Vec::with_capacity(count));
    let mut begins = vec![begin; clients];
    let mut idle: Vec<usize> = (0..clients).collect();
    while times.len() < count {
        let mut lines = vec![String::new(); nodes];
        for client in idle.drain(..).take(count - sent) {
            let mut body = kind(sent, client);
            body["msg_id"] = json!(sent);
            begins[client] = Instant::now();
            lines[client % nodes].push_str(&request(client % nodes, client, &body));
            sent += 1;
        }
        // One write for all that are free, so that the clients do not slow down what they measure.
        lines
            .iter()
            .enumerate()
            .filter(|(_, lines)| !lines.is_empty())
            .for_each(|(node, lines)| cluster.write(node, lines));
        for reply in cluster.replies() {
            assert_ne!(reply.body["type"], "error", "{reply:?}");
            times.push(begins[reply.client()].elapsed());
            idle.push(reply.client());
        }
    }
    Figures::of(times, begin.elapsed())
}

/// Waits until every node serves.
fn warm_up(cluster: &Cluster, nodes: usize, kind: Kind) {
    for node in 0..nodes {
        let mut body = kind(0, 0);
        body["msg_id"] = json!(0);
        loop {
            cluster.send(node, 0, &body);
            if cluster.reply().body["type"] != "error" {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
