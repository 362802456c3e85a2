//! What injects faults, and when (jepsen: `nemesis/combined.clj`): each fault for a random time around the interval, then
//! none of it for as long. Several faults come and go independently of each other.
//!
//! What they do is in three places: `partition` says who does not hear whom, `processes` stops and starts nodes, and the
//! network's rules lose, double and delay messages. `periods` reads back from a history when they were in force.

mod partition;

mod processes;

pub(crate) use processes::{Processes, Spawn};

use crate::{engine::network::rules::Rule, options::Fault, run::test::Test};
use glomers_checkers::history::{Kind, Op, Process};
use glomers_protocol::Json;
use partition::Partition;
use serde_json::json;
use std::{borrow::Cow, time::Duration};

/// When faults begin and end.
pub(crate) struct Cycles(Vec<Cycle>);

struct Cycle {
    fault: Fault,
    is_in_force: bool,
    /// When it begins or ends.
    next: Duration,
}

impl Cycles {
    /// Each of the faults begins `now`.
    pub(crate) fn new(faults: &[Fault], now: Duration) -> Self {
        let mut faults = faults.to_vec();
        faults.sort_unstable();
        faults.dedup();
        Self(faults.into_iter().map(|fault| Cycle { fault, is_in_force: false, next: now }).collect())
    }

    /// None at all.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// When the next fault begins or ends.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.iter().map(|cycle| cycle.next).min()
    }
}

impl Test<'_> {
    /// Begins or ends the fault whose turn it is.
    pub(crate) fn flip(&mut self, cycles: &mut Cycles) {
        let Some(cycle) = cycles.0.iter_mut().min_by_key(|cycle| cycle.next) else { return };
        cycle.is_in_force = !cycle.is_in_force;
        if cycle.is_in_force {
            self.begin(cycle.fault)
        } else {
            self.end(cycle.fault)
        }
        let rest = if cycle.fault == Fault::KillMinority && !cycle.is_in_force {
            self.options.nemesis_interval
        } else {
            Duration::ZERO
        };
        cycle.next = self.now() + rest + self.stagger(self.options.nemesis_interval);
    }

    /// Ends whatever may be in force.
    pub(crate) fn end_all(&mut self) {
        let all = Cycles::new(&self.options.nemesis, Duration::ZERO);
        all.0.into_iter().for_each(|cycle| self.end(cycle.fault));
    }

    fn begin(&mut self, fault: Fault) {
        match rule(fault) {
            _ if fault.stops_nodes() => self.strike(fault),
            Some(rule) => self.set_rule(fault, rule, true),
            None => self.begin_partition(fault),
        }
    }

    fn end(&mut self, fault: Fault) {
        match rule(fault) {
            _ if fault.stops_nodes() => self.restore(fault),
            Some(rule) => self.set_rule(fault, rule, false),
            None => self.end_partition(fault),
        }
    }

    fn begin_partition(&mut self, fault: Fault) {
        let partition = Partition::of(fault, &mut self.rng);
        let grudge = partition.grudge(&self.options.nodes, &mut self.rng);
        self.note(format!("start-{fault}"), Json::from(partition.name()));
        self.note(format!("start-{fault}"), Json::new(&json!(["isolated", grudge])));
        self.world.network.partition(fault, grudge);
    }

    fn end_partition(&mut self, fault: Fault) {
        self.note(format!("stop-{fault}"), Json::null());
        self.world.network.heal(fault);
        self.note(format!("stop-{fault}"), Json::from("network-healed"));
    }

    fn set_rule(&mut self, fault: Fault, rule: Rule, begins: bool) {
        let (verb, outcome) = if begins { ("start", "shaped") } else { ("stop", "reliable") };
        self.note(format!("{verb}-{fault}"), Json::null());
        self.world.network.set_rule(rule, begins);
        self.note(format!("{verb}-{fault}"), Json::from(outcome));
    }

    /// Notes what the nemesis does.
    fn note(&mut self, f: impl Into<Cow<'static, str>>, value: Json) {
        let (time, process, f) = (self.now(), Process::Nemesis, f.into());
        self.history.push(Op { index: 0, time, kind: Kind::Info, process, f, value, error: None, extra: Vec::new() });
    }
}

/// What the network does under a fault.
fn rule(fault: Fault) -> Option<Rule> {
    match fault {
        Fault::Loss => Some(Rule::Loss),
        Fault::Duplicate => Some(Rule::Duplicate),
        Fault::Reorder => Some(Rule::Reorder),
        Fault::Slow => Some(Rule::Slow),
        _ => None,
    }
}
