//! The network as Maelstrom simulates it (Maelstrom: `net.clj`): each message has a latency, each participant an inbox
//! ordered by deadline. A receiver takes the message that is due first, drops it if it does not hear its sender at that
//! moment, and else holds it until it is due.

use crate::options::{Distribution, Latency};
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
    grudge: Grudge,
    counts: Counts,
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
        Self { latency, loss, grudge: Grudge::new(), counts: Counts::default() }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn partition(&mut self, grudge: Grudge) {
        self.grudge = grudge;
    }

    pub(crate) fn heal(&mut self) {
        self.grudge.clear();
    }

    /// Accepts a message and says how long it takes, unless it is lost. Clients sit next to their nodes: they have no
    /// latency.
    pub(crate) fn send(&mut self, src: &str, dest: &str, rng: &mut Pcg64Mcg) -> Option<Duration> {
        self.count(src, dest, |traffic| traffic.send_count += 1);
        let latency = if involves_client(src, dest) { Duration::ZERO } else { draw(self.latency, rng) };
        let lost = self.loss > 0.0 && rng.random_bool(self.loss.min(1.0));
        (!lost).then_some(latency)
    }

    /// Whether `dest`, which takes a message of `src` from its inbox, hears it.
    pub(crate) fn hears(&self, src: &str, dest: &str) -> bool {
        !self.grudge.get(dest).is_some_and(|dropped| dropped.contains(src))
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
