//! Nodes that are killed and started again, or stand still and go on (jepsen: `nemesis/combined.clj`, `db-package`;
//! Maelstrom's main branch: `db.clj`).
//!
//! A killed node keeps its name on the network: what is sent to it is lost, as is what was on its way to it. It is started
//! again as a new process that knows what is on its disk, if it has one, and is told `init` before anything else; nothing else that a workload says
//! before the first operation, such as a topology, is said again. Whoever begins a fault draws the nodes anew; its end is
//! for all nodes.

use crate::{
    engine::{
        disk::SimulatedDisk,
        host::program::StartError,
        members::Condition,
        participant::Participant,
        violation::{Violation, ViolationKind},
    },
    options::Fault,
    run::{nemesis::targets::Targets, session::Session},
    workload::client::Client,
};
use glomers_json::SortedMap;
use glomers_protocol::{Json, NodeId, init::Init};
use indexmap::IndexMap;
use rand::Rng;
use std::{cell::RefCell, error::Error as _, rc::Rc, time::Duration};

/// The time in which a node must answer `init` (Maelstrom: `db.clj`).
pub(crate) const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes a node's process, the first or a later one, with this seed and, in a simulation, this disk.
pub(crate) type Spawn = Box<dyn Fn(&NodeId, u64, Option<&SimulatedDisk>) -> Result<Box<dyn Participant>, StartError>>;

/// The nodes' processes.
pub(crate) struct Processes {
    spawn: Spawn,
    /// The restarted nodes that have not answered `init` yet, with the times of their restarts.
    starting: Rc<RefCell<IndexMap<NodeId, Duration>>>,
    /// The number of nodes that each fault has stopped.
    stopped: SortedMap<Fault, usize>,
}

/// The timeout for an answer to `init` that nothing waits for.
const NEVER: Duration = Duration::from_secs(1_000_000);

impl Processes {
    pub(crate) fn new(spawn: Spawn) -> Self {
        Self { spawn, starting: Rc::default(), stopped: SortedMap::new() }
    }

    /// Starts every node for the first time.
    pub(crate) fn start_all(&self, session: &mut Session<'_>) -> Result<(), StartError> {
        for id in session.nodes() {
            let process = self.spawn(&id, session)?;
            session.world.join(id, process);
        }
        Ok(())
    }

    /// The nodes that were started again and did not answer `init` in time, and those that stopped although nothing was
    /// wrong with their disks.
    pub(crate) fn unready(&self, session: &Session<'_>) -> Vec<Violation> {
        let (starting, world) = (self.starting.borrow(), &session.world);
        let is_late = |started: Duration| started + INIT_TIMEOUT <= world.now();
        let late = starting.iter().filter(|(id, started)| is_late(**started) && world.stop_reason(id).is_none());
        let unanswered = |id: &NodeId| {
            let reason = format!("{id} was killed and started again, and did not answer `init` in {INIT_TIMEOUT:?}");
            Violation::new(ViolationKind::UnansweredInit, id, "", reason)
        };
        let stopped = |id: NodeId| {
            let reason =
                world.stop_reason(&id).filter(|_| !world.disks.of(&id).is_some_and(SimulatedDisk::was_struck))?;
            let reason = format!("{id} stopped although no fault struck its disk: {reason}");
            Some(Violation::new(ViolationKind::Stopped, &id, "", reason))
        };
        late.map(|(id, _)| unanswered(id)).chain(session.nodes().into_iter().filter_map(stopped)).collect()
    }

    fn spawn(&self, id: &NodeId, session: &mut Session<'_>) -> Result<Box<dyn Participant>, StartError> {
        (self.spawn)(id, session.rng.next_u64(), session.world.disks.of(id))
    }

    /// The number of nodes that a fault has stopped so far.
    pub(super) fn stopped(&self, fault: Fault) -> usize {
        self.stopped.get(&fault).copied().unwrap_or_default()
    }

    /// Kills or pauses some nodes.
    pub(super) fn strike(&mut self, fault: Fault, session: &mut Session<'_>) {
        let targets = Targets::of(fault, &mut session.rng);
        let nodes = targets.draw(&session.options.nodes, &mut session.rng);
        let name = if fault == Fault::Pause { "pause" } else { "kill" };
        *self.stopped.or_insert(fault, 0) += nodes.len();
        session.note(name, targets.name());
        let strike = |id: &NodeId| {
            let outcome = if fault == Fault::Pause { pause(id, session) } else { self.kill(id, session) };
            outcome.to_owned()
        };
        let outcomes = outcomes(&nodes, strike);
        session.note(name, Json::new(&outcomes));
    }

    /// Starts all that are dead, or resumes all that are paused.
    pub(super) fn restore(&self, fault: Fault, session: &mut Session<'_>) {
        let name = if fault == Fault::Pause { "resume" } else { "start" };
        session.note(name, Json::from("all"));
        let nodes = session.nodes();
        let restore =
            |id: &NodeId| if fault == Fault::Pause { resume(id, session).to_owned() } else { self.start(id, session) };
        let outcomes = outcomes(&nodes, restore);
        session.note(name, Json::new(&outcomes));
    }

    pub(super) fn kill(&self, id: &NodeId, session: &mut Session<'_>) -> &'static str {
        self.starting.borrow_mut().swap_remove(id);
        session.world.kill(id);
        "killed"
    }

    /// Starts a dead node again and tells it its id; it hears nothing before. If it cannot be started it stays dead.
    pub(super) fn start(&self, id: &NodeId, session: &mut Session<'_>) -> String {
        if session.world.condition(id) != Condition::Dead {
            return "already-running".to_owned();
        }
        match self.spawn(id, session) {
            Ok(process) => session.world.revive(id, process),
            Err(error) => return format!("{error}: {}", error.source().unwrap_or(&error)),
        }
        let starting = Rc::clone(&self.starting);
        starting.borrow_mut().insert(id.clone(), session.world.now());
        let joined = session.join_client();
        let client = Client::new(joined.endpoint.clone(), id.clone());
        let init = Init { node_id: id.clone(), node_ids: session.nodes() };
        let id = id.clone();
        joined.endpoint.spawn(async move {
            if client.call_within(&init, NEVER).await.is_ok() {
                starting.borrow_mut().swap_remove(&id);
            }
        });
        session.world.wake(joined.id);
        "started".to_owned()
    }
}

/// The outcome of `act` for each node, in their order.
fn outcomes(nodes: &[NodeId], act: impl FnMut(&NodeId) -> String) -> SortedMap<NodeId, String> {
    nodes.iter().cloned().zip(nodes.iter().map(act)).collect()
}

fn pause(id: &NodeId, session: &mut Session<'_>) -> &'static str {
    match session.world.condition(id) {
        Condition::Dead => "not-running",
        Condition::Running | Condition::Paused => {
            session.world.pause(id);
            "paused"
        }
    }
}

fn resume(id: &NodeId, session: &mut Session<'_>) -> &'static str {
    match session.world.condition(id) {
        Condition::Dead => "not-running",
        Condition::Running => "already-running",
        Condition::Paused => {
            session.world.resume(id);
            "resumed"
        }
    }
}
