//! The network as Maelstrom simulates it (Maelstrom: `net.clj`): each message has a latency, each participant an inbox
//! ordered by deadline. A receiver takes the message that is due first, drops it if it does not hear its sender at that
//! moment, and else holds it until it is due.
//!
//! Faults that Maelstrom does not have, the [`Rule`]s, act before: a message is lost, doubled, or sent on a detour, after
//! which it comes to the inbox as if it had been sent then. So nothing waits behind a message that a fault delays.

mod rules;

pub(crate) use rules::Rule;

use crate::{
    engine::services,
    options::{Distribution, Fault, Latency},
};
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Who does not hear whom: for each receiver, the senders whose messages it drops.
pub(crate) type Grudge = BTreeMap<String, BTreeSet<String>>;

/// Latencies, partitions and counts.
pub(crate) struct Network {
    latency: Latency,
    loss: f64,
    /// The partitions in force.
    grudges: BTreeMap<Fault, Grudge>,
    /// What else is in force.
    rules: BTreeSet<Rule>,
    counts: Counts,
}

/// How a message comes to its receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Way {
    /// How long it takes to the inbox.
    pub(crate) detour: Duration,
    /// How long it is in the inbox before it is due.
    pub(crate) latency: Duration,
}

/// How much went over the network (Maelstrom: `net/checker.clj`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Everything.
    pub all: Traffic,
    /// What involved a client.
    pub clients: Traffic,
    /// What went between nodes, and between nodes and services.
    pub servers: Traffic,
}

/// Messages that were sent, and those of them that arrived.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Traffic {
    /// How many were sent.
    pub send_count: usize,
    /// How many arrived.
    pub recv_count: usize,
}

impl Network {
    /// A network with these latencies, which loses this part of all messages.
    pub(crate) fn new(latency: Latency, loss: f64) -> Self {
        Self { latency, loss, grudges: BTreeMap::new(), rules: BTreeSet::new(), counts: Counts::default() }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Begins a partition; each fault has one at a time.
    pub(crate) fn partition(&mut self, fault: Fault, grudge: Grudge) {
        self.grudges.insert(fault, grudge);
    }

    /// Ends the partition of this fault.
    pub(crate) fn heal(&mut self, fault: Fault) {
        self.grudges.remove(&fault);
    }

    /// Puts a rule into force, or out of it.
    pub(crate) fn set_rule(&mut self, rule: Rule, is_in_force: bool) {
        if is_in_force {
            self.rules.insert(rule);
        } else {
            self.rules.remove(&rule);
        }
    }

    /// Accepts a message and says on which ways it goes: mostly one, none if it is lost, a second one if it is doubled.
    /// Clients sit next to their nodes: they have no latency.
    pub(crate) fn send(&mut self, src: &str, dest: &str, rng: &mut Pcg64Mcg) -> [Option<Way>; 2] {
        self.count(src, dest, |traffic| traffic.send_count += 1);
        let latency = if involves_client(src, dest) { Duration::ZERO } else { draw(self.latency, rng) };
        let lost = self.loss > 0.0 && rng.random_bool(self.loss.min(1.0));
        let way = Way { detour: Duration::ZERO, latency };
        if lost {
            return [None; 2];
        }
        if self.rules.is_empty() || involves_client(src, dest) {
            return [Some(way), None];
        }
        let between_nodes = !is_service(src) && !is_service(dest);
        let mut ways = [Some(way), None];
        self.rules
            .iter()
            .filter(|rule| between_nodes || rule.concerns_services())
            .for_each(|rule| rule.apply(&mut ways, rng));
        ways
    }

    /// Whether `dest`, which takes a message of `src` from its inbox, hears it.
    pub(crate) fn hears(&self, src: &str, dest: &str) -> bool {
        !self.grudges.values().any(|grudge| grudge.get(dest).is_some_and(|dropped| dropped.contains(src)))
    }

    /// Notes that a message has arrived.
    pub(crate) fn received(&mut self, src: &str, dest: &str) {
        self.count(src, dest, |traffic| traffic.recv_count += 1);
    }

    fn count(&mut self, src: &str, dest: &str, add: impl Fn(&mut Traffic)) {
        add(&mut self.counts.all);
        add(if involves_client(src, dest) { &mut self.counts.clients } else { &mut self.counts.servers });
    }
}

/// Whether one end is a client: those, and only those, have ids that begin with `c`.
fn involves_client(src: &str, dest: &str) -> bool {
    src.starts_with('c') || dest.starts_with('c')
}

/// Whether it is one of the services that run beside the nodes.
fn is_service(id: &str) -> bool {
    services::IDS.contains(&id)
}

/// A latency, in whole milliseconds as there.
fn draw(latency: Latency, rng: &mut Pcg64Mcg) -> Duration {
    let mean = latency.mean;
    match latency.distribution {
        Distribution::Constant => mean,
        Distribution::Uniform => Duration::from_millis(rng.random_range(0..(2 * millis(mean)).max(1))),
        Distribution::Exponential => {
            let factor = -(1.0 - rng.random::<f64>()).ln();
            Duration::from_millis(millis(mean.mul_f64(factor)))
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
