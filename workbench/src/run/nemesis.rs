//! The nemesis, which injects faults (jepsen: `nemesis/combined.clj`). Each fault lasts a random time around the
//! interval, followed by a pause of about the same length. Several faults come and go independently of each other.
//!
//! The effects are in three places: `partition` decides which nodes do not hear each other, `processes` stops and
//! starts nodes, and the network's rules lose, duplicate and delay messages. `periods` reads the times of faults from a
//! history.

mod partition;
mod processes;

pub(crate) use processes::{INIT_TIMEOUT, Processes, Spawn};

use crate::{
    engine::network::{Grudge, rules::Rule},
    options::Fault,
    run::{effect::Effect, session::Session},
};
use glomers_protocol::Json;
use partition::Partition;
use rand_pcg::Pcg64Mcg;
use serde_json::json;
use std::time::Duration;

/// The number of partitions drawn, at most, until one isolates somebody.
const DRAWS: usize = 32;

/// Faults that come and go.
pub(crate) struct Nemesis {
    cycles: Vec<Cycle>,
    processes: Processes,
}

struct Cycle {
    fault: Fault,
    is_in_force: bool,
    /// The time at which it begins or ends.
    next: Duration,
    /// The number of times it has begun.
    rounds: usize,
}

impl Nemesis {
    /// Each of these faults, from the beginning of the operations on.
    pub(crate) fn new(faults: &[Fault], spawn: Spawn) -> Self {
        let mut faults = faults.to_vec();
        faults.sort_unstable();
        faults.dedup();
        let cycle = |fault| Cycle { fault, is_in_force: false, next: Duration::ZERO, rounds: 0 };
        Self { cycles: faults.into_iter().map(cycle).collect(), processes: Processes::new(spawn) }
    }

    /// The nodes' processes.
    pub(crate) fn processes(&self) -> &Processes {
        &self.processes
    }

    /// The faults and their effects.
    pub(crate) fn effects(&self, session: &Session<'_>) -> Vec<Effect> {
        let affected = |fault: Fault| {
            if fault.stops_nodes() { self.processes.stopped(fault) } else { session.world.network.affected(fault) }
        };
        let effect = |cycle: &Cycle| Effect {
            fault: cycle.fault.to_string(),
            rounds: cycle.rounds,
            affected: affected(cycle.fault),
        };
        self.cycles.iter().map(effect).collect()
    }

    /// The time at which the next fault begins or ends.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.cycles.iter().map(|cycle| cycle.next).min()
    }

    /// Begins or ends the fault whose turn it is.
    pub(crate) fn flip(&mut self, session: &mut Session<'_>) {
        let Some(cycle) = self.cycles.iter_mut().min_by_key(|cycle| cycle.next) else { return };
        cycle.is_in_force = !cycle.is_in_force;
        let (fault, begins) = (cycle.fault, cycle.is_in_force);
        if begins {
            cycle.rounds += 1;
            begin(fault, &mut self.processes, session);
        } else {
            end(fault, &self.processes, session);
        }
        let interval = session.options.nemesis_interval;
        let rest = if fault == Fault::KillMinority && !begins { interval } else { Duration::ZERO };
        cycle.next = session.now() + rest + session.stagger(interval);
    }

    /// Ends whatever may be in force.
    pub(crate) fn end_all(&mut self, session: &mut Session<'_>) {
        for cycle in &self.cycles {
            end(cycle.fault, &self.processes, session);
        }
    }
}

fn begin(fault: Fault, processes: &mut Processes, session: &mut Session<'_>) {
    match rule(fault) {
        _ if fault.stops_nodes() => processes.strike(fault, session),
        Some(rule) => {
            session.note(format!("start-{fault}"), Json::null());
            session.world.network.impose(fault, rule);
            session.note(format!("start-{fault}"), Json::from("shaped"));
        }
        None => begin_partition(fault, session),
    }
}

fn end(fault: Fault, processes: &Processes, session: &mut Session<'_>) {
    match rule(fault) {
        _ if fault.stops_nodes() => processes.restore(fault, session),
        Some(_) => {
            session.note(format!("stop-{fault}"), Json::null());
            session.world.network.lift(fault);
            session.note(format!("stop-{fault}"), Json::from("reliable"));
        }
        None => end_partition(fault, session),
    }
}

fn begin_partition(fault: Fault, session: &mut Session<'_>) {
    let (partition, grudge) = draw_partition(fault, &session.options.nodes, &mut session.rng);
    session.note(format!("start-{fault}"), Json::from(partition.name()));
    session.note(format!("start-{fault}"), Json::new(&json!(["isolated", grudge])));
    session.world.network.partition(fault, grudge);
}

/// A partition that isolates somebody, if one can be drawn. Of two nodes, a ring of majorities isolates nobody, nor do
/// fewer than a third of them; a single node cannot be cut off from others.
fn draw_partition(fault: Fault, nodes: &[String], rng: &mut Pcg64Mcg) -> (Partition, Grudge) {
    for _ in 1..DRAWS {
        let partition = Partition::of(fault, rng);
        let grudge = partition.grudge(nodes, rng);
        if nodes.len() < 2 || grudge.values().any(|dropped| !dropped.is_empty()) {
            return (partition, grudge);
        }
    }
    let partition = Partition::of(fault, rng);
    (partition, partition.grudge(nodes, rng))
}

fn end_partition(fault: Fault, session: &mut Session<'_>) {
    session.note(format!("stop-{fault}"), Json::null());
    session.world.network.heal(fault);
    session.note(format!("stop-{fault}"), Json::from("network-healed"));
}

/// The network's rule under a fault.
fn rule(fault: Fault) -> Option<Rule> {
    match fault {
        Fault::Loss => Some(Rule::Loss),
        Fault::Duplicate => Some(Rule::Duplicate),
        Fault::Reorder => Some(Rule::Reorder),
        Fault::Slow => Some(Rule::Slow),
        _ => None,
    }
}
