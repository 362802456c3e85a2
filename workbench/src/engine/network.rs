//! The network as Maelstrom simulates it (Maelstrom: `net.clj`): each message has a latency, each participant an inbox
//! ordered by deadline. A receiver takes the message that is due first, drops it if a partition separates it from the sender
//! at that moment, and else holds it until it is due.
//!
//! Faults that Maelstrom does not have, the [`Rule`]s, act before: a message is lost, doubled, or delayed, after which it
//! comes to the inbox as if it had been sent then. So nothing waits behind a message that a fault delays.

pub(crate) mod delivery;
pub(crate) mod rules;

use crate::{
    engine::{
        network::{delivery::Delivery, rules::Rule},
        services,
    },
    options::{Distribution, Fault, Latency},
};
use glomers_json::{SortedMap, SortedSet};
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;
use std::time::Duration;

/// A partition: for each receiver, the senders whose messages it drops.
pub(crate) type Grudge = SortedMap<String, SortedSet<String>>;

/// Latencies, partitions and counts.
#[derive(Clone)]
pub(crate) struct Network {
    latency: Latency,
    loss: f64,
    /// The partitions in force.
    grudges: SortedMap<Fault, Grudge>,
    /// The rules in force.
    rules: SortedMap<Fault, Rule>,
    counts: Counts,
    /// The number of messages that each fault has affected: those lost, doubled or delayed by it.
    affected: SortedMap<Fault, usize>,
}

/// Counts of messages (Maelstrom: `net/checker.clj`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// All messages.
    pub all: Traffic,
    /// Messages from or to a client.
    pub clients: Traffic,
    /// Messages between nodes, and between nodes and services.
    pub servers: Traffic,
}

/// Messages that were sent, and those of them that arrived.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Traffic {
    /// The number that were sent.
    pub send_count: usize,
    /// The number that arrived.
    pub recv_count: usize,
}

impl Network {
    /// A network with these latencies that loses this fraction of all messages.
    pub(crate) fn new(latency: Latency, loss: f64) -> Self {
        Self {
            latency,
            loss,
            grudges: SortedMap::new(),
            rules: SortedMap::new(),
            counts: Counts::default(),
            affected: SortedMap::new(),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Begins the partition of a fault; each fault has one at a time.
    pub(crate) fn partition(&mut self, fault: Fault, grudge: Grudge) {
        self.grudges.insert(fault, grudge);
    }

    /// Ends the partition of a fault.
    pub(crate) fn heal(&mut self, fault: Fault) {
        self.grudges.remove(&fault);
    }

    /// Puts the rule of a fault into force.
    pub(crate) fn impose(&mut self, fault: Fault, rule: Rule) {
        self.rules.insert(fault, rule);
    }

    /// Ends the rule of a fault.
    pub(crate) fn lift(&mut self, fault: Fault) {
        self.rules.remove(&fault);
    }

    /// The number of messages that a fault has lost, doubled or delayed so far.
    pub(crate) fn affected(&self, fault: Fault) -> usize {
        self.affected.get(&fault).copied().unwrap_or_default()
    }

    /// Accepts a message and returns its deliveries: mostly one, none if it is lost, two if it is doubled. A client sits
    /// next to its node, so its messages have no latency.
    pub(crate) fn send(&mut self, src: &str, dest: &str, rng: &mut Pcg64Mcg) -> [Option<Delivery>; 2] {
        self.count(src, dest, |traffic| traffic.send_count += 1);
        let latency = if involves_client(src, dest) { Duration::ZERO } else { draw(self.latency, rng) };
        let lost = self.loss > 0.0 && rng.random_bool(self.loss.min(1.0));
        let delivery = Delivery { extra_delay: Duration::ZERO, latency };
        if lost {
            return [None; 2];
        }
        if self.rules.is_empty() || involves_client(src, dest) {
            return [Some(delivery), None];
        }
        let between_nodes = !is_service(src) && !is_service(dest);
        let mut deliveries = [Some(delivery), None];
        for (fault, rule) in self.rules.iter().filter(|(_, rule)| between_nodes || rule.concerns_services()) {
            let before = deliveries;
            rule.apply(&mut deliveries, rng);
            if deliveries != before {
                *self.affected.or_insert(*fault, 0) += 1;
            }
        }
        deliveries
    }

    /// Counts a message that is sent while a search decides about its delivery.
    pub(crate) fn sent(&mut self, src: &str, dest: &str) {
        self.count(src, dest, |traffic| traffic.send_count += 1);
    }

    /// Tells whether `dest`, which takes a message of `src` from its inbox, hears it; else the message is dropped.
    pub(crate) fn hears(&mut self, src: &str, dest: &str) -> bool {
        let mut hears = true;
        for (fault, grudge) in self.grudges.iter() {
            if grudge.get(dest).is_some_and(|dropped| dropped.contains(src)) {
                *self.affected.or_insert(*fault, 0) += 1;
                hears = false;
            }
        }
        hears
    }

    /// Counts a message that has arrived.
    pub(crate) fn received(&mut self, src: &str, dest: &str) {
        self.count(src, dest, |traffic| traffic.recv_count += 1);
    }

    fn count(&mut self, src: &str, dest: &str, add: impl Fn(&mut Traffic)) {
        add(&mut self.counts.all);
        add(if involves_client(src, dest) { &mut self.counts.clients } else { &mut self.counts.servers });
    }
}

/// Tells whether one end is a client. Only the ids of clients begin with `c` (Maelstrom: `util.clj`).
fn involves_client(src: &str, dest: &str) -> bool {
    src.starts_with('c') || dest.starts_with('c')
}

/// Tells whether it is one of the services.
fn is_service(id: &str) -> bool {
    services::IDS.contains(&id)
}

/// A latency, in whole milliseconds as in Maelstrom.
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
