//! Nodes that are killed and started again, or stand still and go on (jepsen: `nemesis/combined.clj`, `db-package`;
//! Maelstrom's main branch: `db.clj`).
//!
//! A killed node keeps its name on the network: what is sent to it is lost, as is what was on its way to it. It is started
//! again as a new process that knows nothing, and is told `init` before anything else; nothing else that a workload says
//! before the first operation, such as a topology, is said again. Whoever begins a fault draws the nodes anew; its end is
//! for all nodes.

use crate::{
    engine::{
        host::program::StartError,
        members::Condition,
        participant::Participant,
        violation::{Violation, ViolationKind},
    },
    options::Fault,
    run::test::{INIT_TIMEOUT, Test},
    workload::client::Client,
};
use glomers_protocol::{Json, NodeId, init::Init};
use indexmap::IndexMap;
use rand::{
    Rng, RngExt,
    seq::{IndexedRandom, SliceRandom},
};
use rand_pcg::Pcg64Mcg;
use std::{cell::RefCell, collections::BTreeMap, error::Error as _, rc::Rc, time::Duration};

/// Makes a node's process, the first or a later one, with this seed.
pub(crate) type Spawn = Box<dyn Fn(&NodeId, u64) -> Result<Box<dyn Participant>, StartError>>;

/// The nodes' processes.
pub(crate) struct Processes {
    spawn: Spawn,
    /// Who was started again, when, and has not answered `init` yet.
    starting: Rc<RefCell<IndexMap<NodeId, Duration>>>,
}

/// How long an answer to `init` may take: nobody waits for it.
const NEVER: Duration = Duration::from_secs(1_000_000);

/// Which nodes a fault strikes (jepsen: `db-nodes`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Targets {
    /// Any of them, at least one.
    Some,
    One,
    MinorityThird,
    Minority,
    Majority,
    All,
    /// Some of them, but fewer than half.
    FewerThanHalf,
}

impl Targets {
    /// What may be drawn.
    const ALL: [Self; 6] = [Self::Some, Self::One, Self::MinorityThird, Self::Minority, Self::Majority, Self::All];

    fn of(fault: Fault, rng: &mut Pcg64Mcg) -> Self {
        match fault {
            Fault::KillMinority => Self::FewerThanHalf,
            _ => *Self::ALL.choose(rng).expect("there are targets"),
        }
    }

    /// The name in Jepsen's histories.
    fn name(self) -> Json {
        Json::from(match self {
            Self::Some => return Json::null(),
            Self::One => "one",
            Self::MinorityThird => "minority-third",
            Self::Minority => "minority",
            Self::Majority => "majority",
            Self::All => "all",
            Self::FewerThanHalf => "fewer-than-half",
        })
    }

    fn draw(self, nodes: &[String], rng: &mut Pcg64Mcg) -> Vec<NodeId> {
        let mut shuffled: Vec<NodeId> = nodes.iter().map(|id| NodeId::from(id.as_str())).collect();
        shuffled.shuffle(rng);
        let count = nodes.len();
        let fewer = (count - 1) / 2;
        shuffled.truncate(match self {
            Self::Some => rng.random_range(1..=count),
            Self::One => 1,
            Self::MinorityThird => (count - 1) / 3,
            Self::Minority => count / 2,
            Self::Majority => count / 2 + 1,
            Self::All => count,
            Self::FewerThanHalf => rng.random_range(fewer.min(1)..=fewer),
        });
        shuffled
    }
}

impl Processes {
    pub(crate) fn new(spawn: Spawn) -> Self {
        Self { spawn, starting: Rc::default() }
    }
}

impl Test<'_> {
    /// Starts every node for the first time.
    pub(crate) fn start_all(&mut self) -> Result<(), StartError> {
        for id in self.nodes() {
            let process = self.spawn(&id)?;
            self.world.join(id, process);
        }
        Ok(())
    }

    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        self.options.nodes.iter().map(|id| NodeId::from(id.as_str())).collect()
    }

    /// The nodes that were started again and did not answer `init` in time.
    pub(crate) fn unready(&self) -> Vec<Violation> {
        let starting = self.processes.starting.borrow();
        let late = starting.iter().filter(|(_, started)| **started + INIT_TIMEOUT <= self.world.now());
        let violation = |id: &NodeId| {
            let reason = format!("{id} was killed and started again, and did not answer `init` in {INIT_TIMEOUT:?}");
            Violation::new(ViolationKind::UnansweredInit, id, "", reason)
        };
        late.map(|(id, _)| violation(id)).collect()
    }

    fn spawn(&mut self, id: &NodeId) -> Result<Box<dyn Participant>, StartError> {
        (self.processes.spawn)(id, self.rng.next_u64())
    }

    /// Kills or pauses some nodes.
    pub(super) fn strike(&mut self, fault: Fault) {
        let targets = Targets::of(fault, &mut self.rng);
        let nodes = targets.draw(&self.options.nodes, &mut self.rng);
        let (name, strike): (_, fn(&mut Self, &NodeId) -> &'static str) =
            if fault == Fault::Pause { ("pause", Self::pause) } else { ("kill", Self::kill) };
        self.note(name, targets.name());
        let outcomes: BTreeMap<_, _> = nodes.iter().map(|id| (id, strike(self, id))).collect();
        self.note(name, Json::new(&outcomes));
    }

    /// Starts all that are dead, or resumes all that are paused.
    pub(super) fn restore(&mut self, fault: Fault) {
        let (name, restore): (_, fn(&mut Self, &NodeId) -> String) =
            if fault == Fault::Pause { ("resume", Self::resume) } else { ("start", Self::start) };
        self.note(name, Json::from("all"));
        let nodes = self.nodes();
        let outcomes: BTreeMap<_, _> = nodes.iter().map(|id| (id, restore(self, id))).collect();
        self.note(name, Json::new(&outcomes));
    }

    fn kill(&mut self, id: &NodeId) -> &'static str {
        self.processes.starting.borrow_mut().swap_remove(id);
        self.world.kill(id);
        "killed"
    }

    fn pause(&mut self, id: &NodeId) -> &'static str {
        match self.world.condition(id) {
            Condition::Dead => "not-running",
            Condition::Running | Condition::Paused => {
                self.world.pause(id);
                "paused"
            }
        }
    }

    fn resume(&mut self, id: &NodeId) -> String {
        match self.world.condition(id) {
            Condition::Dead => "not-running",
            Condition::Running => "already-running",
            Condition::Paused => {
                self.world.resume(id);
                "resumed"
            }
        }
        .to_owned()
    }

    /// Starts a dead node again and tells it its id; it hears nothing before. If it cannot be started it stays dead.
    fn start(&mut self, id: &NodeId) -> String {
        if self.world.condition(id) != Condition::Dead {
            return "already-running".to_owned();
        }
        match self.spawn(id) {
            Ok(process) => self.world.revive(id, process),
            Err(error) => return format!("{error}: {}", error.source().unwrap_or(&error)),
        }
        let starting = Rc::clone(&self.processes.starting);
        starting.borrow_mut().insert(id.clone(), self.world.now());
        let seated = self.workers.seat(&mut self.world, &mut self.rng);
        let client = Client::new(seated.endpoint.clone(), id.clone());
        let init = Init { node_id: id.clone(), node_ids: self.nodes() };
        let id = id.clone();
        seated.endpoint.spawn(async move {
            if client.call_within(&init, NEVER).await.is_ok() {
                starting.borrow_mut().swap_remove(&id);
            }
        });
        self.world.wake(seated.id);
        "started".to_owned()
    }
}
