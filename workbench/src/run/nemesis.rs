//! The nemesis, which injects faults (jepsen: `nemesis/combined.clj`). Each fault lasts a random time around the
//! interval, followed by a pause of about the same length. Several faults come and go independently of each other.
//!
//! The effects are in four places: `partition` decides which nodes do not hear each other, `processes` stops and
//! starts nodes, `disks` strikes disks, and the network's rules lose, duplicate and delay messages.

mod disks;
mod partition;
mod processes;
mod targets;

pub(crate) use processes::{INIT_TIMEOUT, Processes, Spawn};

use crate::{
    engine::network::{Grudge, rules::Rule},
    options::Fault,
    run::{effect::Effect, session::Session},
};
use disks::DiskFaults;
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
    disks: DiskFaults,
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
        let cycles = faults.into_iter().map(cycle).collect();
        Self { cycles, processes: Processes::new(spawn), disks: DiskFaults::default() }
    }

    /// The nodes' processes.
    pub(crate) fn processes(&self) -> &Processes {
        &self.processes
    }

    /// The faults and their effects.
    pub(crate) fn effects(&self, session: &Session<'_>) -> Vec<Effect> {
        let affected = |fault: Fault| match fault {
            _ if is_about_processes(fault) => self.processes.stopped(fault),
            _ if fault.strikes_disks() => session.world.disks.affected(fault),
            _ => session.world.network.affected(fault),
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
        }
        let interval = session.options.nemesis_interval;
        // Replicated data has time to be copied before the next nodes lose theirs.
        let rests = matches!(fault, Fault::KillMinority | Fault::DiskCorrupt) && !begins;
        let rest = if rests { interval } else { Duration::ZERO };
        let (processes, disks) = (&mut self.processes, &mut self.disks);
        if begins {
            begin(fault, processes, disks, session)
        } else {
            end(fault, processes, session)
        }
        cycle.next = session.now() + rest + session.stagger(interval);
    }

    /// The nodes that need not serve any more, because they found damage on their disks.
    pub(crate) fn given_up(&self, session: &Session<'_>) -> Vec<String> {
        self.disks.given_up(session)
    }

    /// Ends whatever may be in force.
    pub(crate) fn end_all(&mut self, session: &mut Session<'_>) {
        for cycle in &self.cycles {
            end(cycle.fault, &self.processes, session);
        }
    }
}

fn begin(fault: Fault, processes: &mut Processes, disks: &mut DiskFaults, session: &mut Session<'_>) {
    match rule(fault) {
        _ if is_about_processes(fault) => processes.strike(fault, session),
        _ if fault.strikes_disks() => disks.strike(fault, processes, session),
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
        _ if is_about_processes(fault) => processes.restore(fault, session),
        _ if fault.strikes_disks() => DiskFaults::restore(fault, processes, session),
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

fn is_about_processes(fault: Fault) -> bool {
    matches!(fault, Fault::Kill | Fault::KillMinority | Fault::Pause)
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
