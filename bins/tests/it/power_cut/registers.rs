//! `lin-kv`: each client counts up in a key of its own.

use super::{CLIENTS, NODES, Workload, ask};
use crate::cluster::Cluster;
use serde_json::{Value, json};

#[derive(Default)]
pub(super) struct Registers {
    /// The last value that each client has asked to write.
    asked: [u64; CLIENTS],
    /// The last value that each client knows to be written.
    written: [u64; CLIENTS],
    /// The number of checks, each of which asks other nodes.
    checks: usize,
}

impl Workload for Registers {
    const PROGRAM: &str = "lin-kv";

    fn request(&mut self, client: usize) -> Value {
        self.asked[client] += 1;
        json!({"type": "write", "key": client, "value": self.asked[client]})
    }

    fn note(&mut self, client: usize, reply: &Value) -> bool {
        let is_written = reply["type"] == "write_ok";
        if is_written {
            self.written[client] = self.asked[client];
        }
        is_written
    }

    fn check(&mut self, cluster: &Cluster) -> Result<(), String> {
        self.checks += 1;
        for client in 0..CLIENTS {
            let read = json!({"type": "read", "key": client});
            let value = ask(cluster, (client + self.checks) % NODES, &read, value)?;
            let (written, asked) = (self.written[client], self.asked[client]);
            if !(written..=asked).contains(&value) {
                return Err(format!("key {client} is {value}; {written} was acknowledged and {asked} asked for"));
            }
            self.written[client] = value;
        }
        Ok(())
    }
}

/// The value that was read, 0 if there is none.
fn value(reply: &Value) -> Result<u64, String> {
    match (reply["value"].as_u64(), reply["code"].as_u64()) {
        (Some(value), _) => Ok(value),
        (_, Some(20)) => Ok(0),
        _ => Err(format!("no answer but {reply}")),
    }
}
