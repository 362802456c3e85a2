//! The nemesis, which injects faults (jepsen: `nemesis/combined.clj`). Each fault lasts a random time around the
//! interval, followed by a pause of about the same length. Several faults come and go independently of each other.
//!
//! The effects are in four places: `partition` decides which nodes do not hear each other, `processes` stops and
//! starts nodes, `disks` strikes disks, and the network's rules lose, duplicate and delay messages. For nodes that are not
//! hosted here, `elsewhere` has a command of the user's do it.

mod disks;
pub(crate) mod elsewhere;
mod partition;
mod processes;
mod targets;

use glomers_json::SortedSet;
pub(crate) use processes::{INIT_TIMEOUT, Processes, Spawn};

use crate::{
    engine::{network::rules::Rule, violation::Violation},
    options::{Fault, Options},
    run::{effect::Effect, session::Session},
};
use disks::DiskFaults;
use elsewhere::Elsewhere;
use glomers_protocol::Json;
use std::time::Duration;

/// Faults that come and go.
pub(crate) struct Nemesis {
    cycles: Vec<Cycle>,
    processes: Processes,
    disks: DiskFaults,
    /// Set if a command injects the faults.
    elsewhere: Option<Elsewhere>,
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
    pub(crate) fn new(options: &Options, spawn: Spawn) -> Self {
        let faults: SortedSet<Fault> = options.nemesis.iter().copied().collect();
        let cycle = |fault| Cycle { fault, is_in_force: false, next: Duration::ZERO, rounds: 0 };
        let cycles = faults.iter().copied().map(cycle).collect();
        let elsewhere = options.nemesis_command.as_deref().map(Elsewhere::new);
        Self { cycles, processes: Processes::new(spawn), disks: DiskFaults::default(), elsewhere }
    }

    /// The nodes' processes.
    pub(crate) fn processes(&self) -> &Processes {
        &self.processes
    }

    /// The faults and their effects.
    pub(crate) fn effects(&self, session: &Session<'_>) -> Vec<Effect> {
        let affected = |fault: Fault| match fault {
            _ if let Some(elsewhere) = &self.elsewhere => elsewhere.struck(fault),
            _ if is_about_processes(fault) => self.processes.stopped(fault),
            _ if fault.strikes_disks() => session.world.disks.affected(fault),
            _ => session.world.network.affected(fault),
        };
        let effect = |cycle: &Cycle| Effect {
            fault: cycle.fault.to_string(),
            rounds: cycle.rounds,
            affected: affected(cycle.fault),
            elsewhere: self.elsewhere.is_some(),
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
        match &mut self.elsewhere {
            Some(elsewhere) if begins => elsewhere.begin(fault, session),
            Some(elsewhere) => elsewhere.end(fault, session),
            None if begins => begin(fault, processes, disks, session),
            None => end(fault, processes, session),
        }
        cycle.next = session.now() + rest + session.stagger(interval);
    }

    /// The nodes that need not serve any more, because they found damage on their disks.
    pub(crate) fn given_up(&self, session: &Session<'_>) -> Vec<String> {
        self.disks.given_up(session)
    }

    /// Writes down what a command that injects faults has answered.
    pub(crate) fn collect(&mut self, session: &mut Session<'_>) {
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere.collect(session);
        }
    }

    /// The steps that a command did not do.
    pub(crate) fn take_failures(&mut self) -> Vec<Violation> {
        self.elsewhere.as_mut().map(Elsewhere::take_failures).unwrap_or_default()
    }

    /// Ends whatever may be in force.
    pub(crate) fn end_all(&mut self, session: &mut Session<'_>) {
        for cycle in &self.cycles {
            match &mut self.elsewhere {
                Some(elsewhere) => elsewhere.end(cycle.fault, session),
                None => end(cycle.fault, &self.processes, session),
            }
        }
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere.finish(session);
        }
    }

    /// Ends whatever may be in force on nodes that are there after the test.
    pub(crate) fn release(&mut self, session: &mut Session<'_>) {
        if self.elsewhere.is_some() {
            self.end_all(session);
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
    let (partition, grudge) = partition::draw(fault, &session.options.nodes, &mut session.rng);
    session.note(format!("start-{fault}"), Json::from(partition.name()));
    session.note(format!("start-{fault}"), Json::new(&("isolated", &grudge)));
    session.world.network.partition(fault, grudge);
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
