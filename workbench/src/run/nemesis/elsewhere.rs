//! Faults of nodes that this program does not host, injected by the user's command (`--nemesis-command`). The nemesis draws
//! what happens and when, as for its own nodes; the command does it.
//!
//! Each step is written down twice, as all of the nemesis: when the command is asked, and with its answer. A command that
//! fails leaves a test that does not say what it seems to say, so that is a strict finding. At the end of a test all
//! faults end, even if the workload has no last operations: the cluster is there for others afterwards.

use crate::{
    engine::{
        host::command::{self, FaultCommand},
        network::Grudge,
        violation::{Violation, ViolationKind},
    },
    options::{Fault, Options, Unsuitable},
    run::{
        nemesis::{partition, targets::Targets},
        session::Session,
    },
};
use glomers_json::{SortedMap, SortedSet};
use glomers_protocol::{Json, NodeId};
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};

/// The time between two looks at a command that runs, while nothing else is to be done.
const POLL: Duration = Duration::from_millis(20);

/// The faults that commands are asked for. The others are about single messages, or about simulated disks.
const KNOWN: [Fault; 7] = [
    Fault::Partition,
    Fault::PartitionOneWay,
    Fault::PartitionBridge,
    Fault::PartitionRing,
    Fault::Kill,
    Fault::KillMinority,
    Fault::Pause,
];

/// Faults that a command injects.
pub(super) struct Elsewhere {
    command: FaultCommand,
    /// The partitions in force.
    grudges: SortedMap<Fault, Grudge>,
    /// The steps that have no answer yet.
    asked: VecDeque<Asked>,
    /// The number of nodes that each fault has struck.
    struck: SortedMap<Fault, usize>,
    failures: Vec<Violation>,
}

/// A step that the command was asked for.
struct Asked {
    /// Its name in the history.
    f: String,
    line: String,
    /// The nodes that do not hear each other, in Jepsen's form.
    isolated: Option<Grudge>,
}

/// Checks that a command which is to inject these faults can do so. It is asked to heal everything, which ends the faults
/// of an earlier test and shows that the command can be run.
///
/// # Errors
///
/// It cannot.
pub(crate) fn accept(options: &Options, is_hosted: bool) -> Result<(), Unsuitable> {
    let Some(command) = &options.nemesis_command else { return Ok(()) };
    let refuse = |reason| Err(Unsuitable::new("nemesis_command", reason));
    if !is_hosted {
        return refuse(format!(
            "the nemesis command `{command}` cannot act on simulated nodes; leave it out, or test a program"
        ));
    }
    if let Some(fault) = options.nemesis.iter().find(|fault| !KNOWN.contains(fault)) {
        return refuse(format!(
            "{fault} cannot be injected by the nemesis command `{command}`, which is asked for partitions, kill, \
             kill-minority and pause only; leave the fault out"
        ));
    }
    let step = json!({ "fault": "heal" }).to_string();
    command::call(command, &step).map(|_| ()).or_else(|error| {
        refuse(format!(
            "the nemesis command `{command}` was asked for {step} before the test, and failed: {error}; it must end with \
             exit code 0"
        ))
    })
}

impl Elsewhere {
    pub(super) fn new(command: &str) -> Self {
        Self {
            command: FaultCommand::new(command),
            grudges: SortedMap::new(),
            asked: VecDeque::new(),
            struck: SortedMap::new(),
            failures: Vec::new(),
        }
    }

    /// Asks for a fault.
    pub(super) fn begin(&mut self, fault: Fault, session: &mut Session<'_>) {
        let nodes = match fault {
            Fault::Kill | Fault::KillMinority | Fault::Pause => {
                let targets = Targets::of(fault, &mut session.rng);
                let nodes = targets.draw(&session.options.nodes, &mut session.rng);
                let name = if fault == Fault::Pause { "pause" } else { "kill" };
                session.note(name, targets.name());
                self.ask(name, &json!({ "fault": name, "nodes": nodes }), None);
                nodes.len()
            }
            _ => {
                let (partition, grudge) = partition::draw(fault, &session.options.nodes, &mut session.rng);
                let f = format!("start-{fault}");
                session.note(f.clone(), Json::from(partition.name()));
                self.grudges.insert(fault, grudge.clone());
                self.ask(&f, &self.partition(), Some(grudge.clone()));
                grudge.values().filter(|dropped| !dropped.is_empty()).count()
            }
        };
        *self.struck.or_insert(fault, 0) += nodes;
    }

    /// Asks for the end of a fault.
    pub(super) fn end(&mut self, fault: Fault, session: &mut Session<'_>) {
        let name = match fault {
            Fault::Kill | Fault::KillMinority => "start",
            Fault::Pause => "resume",
            _ => {
                let f = format!("stop-{fault}");
                session.note(f.clone(), Json::null());
                self.grudges.remove(&fault);
                return self.ask(&f, &self.partition(), None);
            }
        };
        session.note(name, Json::from("all"));
        self.ask(name, &json!({ "fault": name, "nodes": session.options.nodes }), None);
    }

    /// The step after which exactly the partitions in force are: a node does not hear those that it does not hear in any
    /// of them.
    fn partition(&self) -> Value {
        let mut all = Grudge::new();
        for (node, dropped) in self.grudges.values().flat_map(|map| map.iter()) {
            all.or_insert(node.clone(), SortedSet::new()).extend(dropped.iter().cloned());
        }
        if all.is_empty() { json!({ "fault": "heal" }) } else { json!({ "fault": "partition", "grudge": all }) }
    }

    fn ask(&mut self, f: &str, step: &Value, isolated: Option<Grudge>) {
        let line = step.to_string();
        self.command.ask(&line);
        self.asked.push_back(Asked { f: f.to_owned(), line, isolated });
    }

    /// Writes down the answers that have come.
    pub(super) fn collect(&mut self, session: &mut Session<'_>) {
        self.collect_within(Duration::ZERO, session);
    }

    fn collect_within(&mut self, timeout: Duration, session: &mut Session<'_>) {
        while !self.asked.is_empty()
            && let Some(answer) = self.command.answer(timeout)
        {
            let Some(Asked { f, line, isolated }) = self.asked.pop_front() else { return };
            let note = match (&answer, isolated) {
                (Ok(answer), Some(grudge)) => Json::new(&("isolated", grudge, answer)),
                (Ok(answer), None) => answer.clone(),
                (Err(error), _) => Json::new(&("failed", error.to_string())),
            };
            session.note(f, note);
            if let Err(error) = answer {
                let reason = format!("the nemesis command was asked for {line}, and failed: {error}");
                let violation = Violation::new(ViolationKind::FaultNotInjected, &NodeId::from("nemesis"), "", reason);
                self.failures.push(violation);
            }
        }
    }

    /// Waits for all answers, while the test goes on.
    pub(super) fn finish(&mut self, session: &mut Session<'_>) {
        while !self.asked.is_empty() {
            if session.is_halted() {
                self.collect_within(POLL, session);
            } else {
                session.step_before(Some(session.now() + POLL));
                self.collect(session);
            }
        }
    }

    /// The number of nodes that a fault has struck so far.
    pub(super) fn struck(&self, fault: Fault) -> usize {
        self.struck.get(&fault).copied().unwrap_or_default()
    }

    /// The steps that the command did not do.
    pub(super) fn take_failures(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_nodes_are_not_elsewhere() {
        let options = Options::default().nemesis_command(Some("true".to_owned()));
        let reason = accept(&options, false).unwrap_err().reason;
        assert!(reason.starts_with("the nemesis command `true` cannot act on simulated nodes"), "{reason}");
        assert_eq!(accept(&options, true), Ok(()));
        assert_eq!(accept(&Options::default(), false), Ok(()));
    }

    #[test]
    fn partitions_in_force_are_joined() {
        let mut elsewhere = Elsewhere::new("true");
        let grudge = |node: &str, dropped: &str| {
            Grudge::from_iter([(node.to_owned(), SortedSet::from_iter([dropped.to_owned()]))])
        };
        elsewhere.grudges.insert(Fault::Partition, grudge("n1", "n2"));
        elsewhere.grudges.insert(Fault::PartitionRing, grudge("n1", "n3"));
        assert_eq!(elsewhere.partition(), json!({ "fault": "partition", "grudge": { "n1": ["n2", "n3"] } }));
        elsewhere.grudges.clear();
        assert_eq!(elsewhere.partition(), json!({ "fault": "heal" }));
    }
}
