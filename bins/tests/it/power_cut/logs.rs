//! `kafka`: clients send to a key per node, and polls show each acknowledged message at its offset.

use super::{CLIENTS, NODES, Workload, ask};
use crate::cluster::Cluster;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Logs {
    /// The last message of each client. All messages differ.
    sent: [u64; CLIENTS],
    last: u64,
    /// All acknowledged messages by key and offset.
    acknowledged: BTreeMap<Place, u64>,
    /// Those which no poll has shown yet.
    unseen: BTreeMap<Place, u64>,
    /// The number of checks, each of which asks another node.
    checks: usize,
}

/// A key and an offset.
type Place = (String, u64);

impl Workload for Logs {
    const PROGRAM: &str = "kafka";

    fn request(&mut self, client: usize) -> Value {
        self.last += 1;
        self.sent[client] = self.last;
        json!({"type": "send", "key": key(client), "msg": self.last})
    }

    fn note(&mut self, client: usize, reply: &Value) -> bool {
        let Some(offset) = reply["offset"].as_u64() else { return false };
        let (place, message) = ((key(client), offset), self.sent[client]);
        let earlier = self.acknowledged.insert(place.clone(), message);
        assert_eq!(earlier, None, "{place:?} was assigned again");
        self.unseen.insert(place, message);
        true
    }

    fn check(&mut self, cluster: &Cluster) -> Result<(), String> {
        self.checks += 1;
        poll(cluster, self.checks % NODES, &self.unseen)?;
        self.unseen.clear();
        Ok(())
    }

    fn check_at_the_end(&mut self, cluster: &Cluster) -> Result<(), String> {
        (0..NODES).try_for_each(|node| poll(cluster, node, &self.acknowledged))
    }
}

/// Polls a node until it shows these messages.
fn poll(cluster: &Cluster, node: usize, messages: &BTreeMap<Place, u64>) -> Result<(), String> {
    let mut offsets = BTreeMap::new();
    for (key, offset) in messages.keys() {
        offsets.entry(key).or_insert(*offset);
    }
    let poll = json!({"type": "poll", "offsets": offsets});
    let has_all = |reply: &Value| messages.iter().try_for_each(|(place, message)| find(reply, place, *message));
    ask(cluster, node, &poll, has_all)
}

fn key(client: usize) -> String {
    format!("k{}", client % NODES)
}

/// Looks for a message at its place in what a poll returned.
fn find(reply: &Value, (key, offset): &Place, message: u64) -> Result<(), String> {
    let shown = reply["msgs"][key].as_array().into_iter().flatten().find(|shown| shown[0] == *offset);
    match shown {
        Some(shown) if shown[1] == message => Ok(()),
        Some(shown) => Err(format!("{key} has {} at {offset}, where {message} was acknowledged", shown[1])),
        None => Err(format!("{key} has nothing at {offset}, where {message} was acknowledged")),
    }
}
