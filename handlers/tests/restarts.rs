//! Ids stay unique when a node's process starts again: the new one knows nothing of the old one.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_handlers::PrefixedIds;
use glomers_protocol::Node;
use std::{collections::BTreeSet, time::Duration};

const INIT: &str = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;
const GENERATE: &str = r#"{"src":"c1","dest":"n1","body":{"type":"generate","msg_id":2}}"#;

/// The ids that a node gives between two starts.
fn ids(seed: u64) -> BTreeSet<String> {
    let mut node = Node::<PrefixedIds>::new(seed);
    let mut ids = BTreeSet::new();
    for line in std::iter::once(INIT).chain([GENERATE; 100]) {
        node.deliver(line.as_bytes(), Duration::ZERO).unwrap();
    }
    node.drain(|_, line| {
        if let Some((_, id)) = line.split_once(r#""id":"#) {
            ids.insert(id.to_owned());
        }
    });
    ids
}

#[test]
fn ids_are_unique_across_restarts() {
    let all: BTreeSet<_> = (0..50).flat_map(ids).collect();
    assert_eq!(all.len(), 50 * 100);
}
