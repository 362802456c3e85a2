//! Linearizable key-value store: reads, writes and compare-and-sets of small integers under a few keys at a time
//! (Maelstrom: `workload/lin_kv.clj`; jepsen: `tests/linearizable_register.clj`, `independent.clj`).

use crate::workload::interface::{Connection, Workload, stateless};
use crate::{
    options::Options,
    workload::{
        client::{Client, ClientError, Outcome},
        generator::{Generator, Invocation, Moment, Next},
    },
};
use glomers_checkers::{checker::lin_kv::LinKvChecker, verdict::Checker};
use glomers_protocol::{
    Json,
    lin_kv::{Cas, Read, Write},
};
use rand::{RngExt, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

/// The lin-kv workload.
#[derive(Debug)]
pub struct LinKvWorkload;

/// The number of clients that may use a key before it is replaced by a new one.
const CLIENTS_PER_KEY: usize = 20;

impl Workload for LinKvWorkload {
    fn name(&self) -> &'static str {
        "lin-kv"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["cas", "read", "write"]
    }

    /// Twice as many clients as there are nodes share a key (jepsen: `independent.clj`).
    fn accept(&self, options: &Options) -> Result<(), String> {
        let (clients, group) = (options.clients(), 2 * options.nodes.len());
        if clients.is_multiple_of(group) {
            return Ok(());
        }
        Err(format!(
            "lin-kv works on each key with {group} clients, two a node, so the concurrency must be a multiple of {group}, \
             such as 2n; it is {clients}"
        ))
    }

    fn generator(&self, options: &Options) -> Box<dyn Generator> {
        Box::new(Keys { nodes: options.nodes.len(), groups: Vec::new(), next_key: 0 })
    }

    fn connect(&self, client: Client, options: &Options) -> Connection {
        let timeout = (options.latency.mean * 10).max(Duration::from_secs(1));
        stateless(client, move |client, invocation| async move {
            match invoke(&client, &invocation, timeout).await {
                Ok(value) => Outcome::Ok(value),
                Err(error) => Outcome::failed(&error, invocation.f == "read"),
            }
        })
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(LinKvChecker)
    }
}

/// Performs an operation on `[key, argument]`; the result has the same form.
async fn invoke(client: &Client, invocation: &Invocation, timeout: Duration) -> Result<Json, ClientError> {
    let (key, argument): (Json, Json) = invocation.value.decode().unwrap_or_else(|_| (Json::null(), Json::null()));
    match invocation.f {
        "read" => {
            let response = client.call_within(&Read { key: key.clone() }, timeout).await?;
            return Ok(Json::new(&(key, response.value)));
        }
        "write" => {
            client.call_within(&Write { key, value: argument }, timeout).await?;
        }
        _ => {
            let (from, to) = argument.decode().unwrap_or_else(|_| (Json::null(), Json::null()));
            client.call_within(&Cas { key, from, to }, timeout).await?;
        }
    }
    Ok(invocation.value.clone())
}

/// Threads in groups of twice the number of nodes, each group at a key of its own: one half reads, the other writes and
/// compares. A key to which enough clients have come is left for a new one.
struct Keys {
    nodes: usize,
    groups: Vec<Group>,
    next_key: u64,
}

struct Group {
    key: u64,
    clients: BTreeSet<u64>,
}

impl Keys {
    fn fresh(&mut self) -> Group {
        self.next_key += 1;
        Group { key: self.next_key - 1, clients: BTreeSet::new() }
    }

    /// The key at which a group works.
    fn key(&mut self, group: usize, processes: &[u64]) -> u64 {
        let members = &processes[group * 2 * self.nodes..(group + 1) * 2 * self.nodes];
        self.groups[group].clients.extend(members);
        if self.groups[group].clients.len() > CLIENTS_PER_KEY.max(members.len()) {
            self.groups[group] = self.fresh();
            self.groups[group].clients.extend(members);
        }
        self.groups[group].key
    }
}

impl Generator for Keys {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        let size = 2 * self.nodes;
        while self.groups.len() < moment.processes.len() / size {
            let group = self.fresh();
            self.groups.push(group);
        }
        let Some(&thread) = moment.free.choose(moment.rng) else { return Next::Wait(None) };
        let key = self.key(thread / size, moment.processes);
        Next::Invoke(thread, operation(key, thread % size < self.nodes, moment.rng))
    }
}

fn operation(key: u64, reads: bool, rng: &mut Pcg64Mcg) -> Invocation {
    if reads {
        return Invocation::new("read", json!([key, null]));
    }
    let mut value = || rng.random_range(0..5);
    let (first, second) = (value(), value());
    if rng.random_ratio(1, 3) {
        Invocation::new("write", json!([key, first]))
    } else {
        Invocation::new("cas", json!([key, [first, second]]))
    }
}
