//! `g-counter`: each client adds one after the other, and a node that has restarted knows at once what it acknowledged.

use super::{NODES, Workload, ask};
use crate::cluster::Cluster;
use serde_json::{Value, json};

#[derive(Default)]
pub(super) struct Counter {
    asked: u64,
    /// The additions that each node has acknowledged.
    added: [u64; NODES],
}

impl Workload for Counter {
    const PROGRAM: &str = "g-counter";

    fn request(&mut self, _: usize) -> Value {
        self.asked += 1;
        json!({"type": "add", "delta": 1})
    }

    fn note(&mut self, client: usize, reply: &Value) -> bool {
        let is_added = reply["type"] == "add_ok";
        self.added[client % NODES] += u64::from(is_added);
        is_added
    }

    fn check(&mut self, cluster: &Cluster) -> Result<(), String> {
        (0..NODES).try_for_each(|node| {
            let value = ask(cluster, node, &json!({"type": "read"}), value)?;
            self.compare(node, value, self.added[node])
        })
    }

    fn check_at_the_end(&mut self, cluster: &Cluster) -> Result<(), String> {
        let all = self.added.iter().sum();
        let whole = |node| {
            let compare = |reply: &Value| self.compare(node, value(reply)?, all);
            ask(cluster, node, &json!({"type": "read"}), compare)
        };
        (0..NODES).try_for_each(whole)
    }
}

impl Counter {
    fn compare(&self, node: usize, value: u64, added: u64) -> Result<(), String> {
        if (added..=self.asked).contains(&value) {
            return Ok(());
        }
        Err(format!("n{node} shows {value}; {added} were acknowledged and {} asked for", self.asked))
    }
}

fn value(reply: &Value) -> Result<u64, String> {
    reply["value"].as_u64().ok_or_else(|| format!("no value but {reply}"))
}
