//! The subject of an exploration: all that its executions share.

use crate::{
    engine::{
        disk::SimulatedDisk,
        flight::{self, Place},
        participant::Participant,
        world::World,
    },
    explore::{
        exploration::Exploration,
        program::{self, Planned},
    },
    options::{Concurrency, DiskUse, Latency, Options, Unsuitable},
    workload::Workload,
};
use glomers_protocol::{Handler, Node, NodeId};
use std::{cell::OnceCell, fmt, rc::Rc, time::Duration};

/// Makes a node's process with this seed and disk.
pub(crate) type Spawn = Rc<dyn Fn(u64, Option<&SimulatedDisk>) -> Box<dyn Participant>>;

/// Checks the nodes after a step, and says what is wrong with them.
pub(crate) type Check = dyn Fn(&Cluster<'_>) -> Result<(), String> + Send + Sync;

/// The mean time of a sync of a disk. A timer this near needs no budget, and a message may still come before it.
const SYNC: Duration = Duration::from_micros(1);

/// A condition that holds after every step, or only at the end of the choices.
pub(crate) struct Invariant {
    pub(crate) name: &'static str,
    pub(crate) is_final: bool,
    pub(crate) check: Box<Check>,
}

/// The nodes of a cluster, as an invariant sees them.
pub struct Cluster<'a> {
    world: &'a World,
    nodes: &'a [NodeId],
}

impl<'a> Cluster<'a> {
    pub(crate) fn new(world: &'a World, nodes: &'a [NodeId]) -> Self {
        Self { world, nodes }
    }

    /// The ids of the nodes, running or not.
    pub fn nodes(&self) -> &[NodeId] {
        self.nodes
    }

    /// The handler of a node; `None` if the node is not running or its handler is not an `H`.
    pub fn handler<H: Handler>(&self, node: &NodeId) -> Option<&'a H> {
        self.world.node(node).and_then(Node::handler)
    }

    /// The handlers of all running nodes.
    pub fn handlers<H: Handler>(&self) -> impl Iterator<Item = &'a H> {
        self.nodes.iter().filter_map(|node| self.handler(node))
    }
}

impl fmt::Debug for Cluster<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

/// A line that a client says to a node before the first operation.
pub(crate) struct SetupLine {
    pub(crate) client: NodeId,
    pub(crate) node: NodeId,
    pub(crate) line: Box<str>,
    pub(crate) is_init: bool,
}

/// All that executions share.
pub(crate) struct Subject<'a> {
    pub(crate) make: &'a dyn Fn() -> Box<dyn Workload>,
    pub(crate) spawn: Spawn,
    pub(crate) invariants: &'a [Invariant],
    pub(crate) bounds: Exploration,
    pub(crate) program: Vec<Planned>,
    pub(crate) nodes: Vec<NodeId>,
    /// The lines that clients say to nodes before the first operation, if they can be said again without clients.
    pub(crate) setup: OnceCell<Option<Vec<SetupLine>>>,
    /// True if nothing that happens after the last operation can change the judgement.
    pub(crate) ends_with_operations: bool,
}

impl<'a> Subject<'a> {
    /// The subject within these bounds.
    pub(crate) fn new(
        make: &'a dyn Fn() -> Box<dyn Workload>,
        spawn: Spawn,
        invariants: &'a [Invariant],
        bounds: &Exploration,
    ) -> Result<Self, Unsuitable> {
        let mut bounds = bounds.clone();
        let workload = make();
        adapt(&mut bounds, &*workload)?;
        let options = &bounds.options;
        let ends_with_operations =
            workload.final_generator(options).is_none() && !options.liveness && invariants.is_empty();
        let program = program::draw(make, options, bounds.operations);
        let nodes = options.nodes.iter().map(|id| NodeId::from(id.as_str())).collect();
        Ok(Self { make, spawn, invariants, program, nodes, setup: OnceCell::new(), ends_with_operations, bounds })
    }

    /// The name of a place.
    pub(crate) fn name(&self, place: Place) -> NodeId {
        flight::name(&self.nodes, place)
    }

    /// The place of a name.
    pub(crate) fn place(&self, name: &str) -> Place {
        flight::place(&self.nodes, &NodeId::from(name))
    }
}

/// Fits the options to a search: the network has no latency, and crashes need disks.
fn adapt(bounds: &mut Exploration, workload: &dyn Workload) -> Result<(), Unsuitable> {
    let has_crashes = bounds.crashes > 0;
    let options = &mut bounds.options;
    (options.latency, options.loss, options.disk_latency) = (Latency::default(), 0.0, SYNC);
    options.nemesis = Vec::new();
    if options.disk == DiskUse::Auto && has_crashes {
        options.disk = DiskUse::Always;
    }
    let is_default = options.concurrency == Options::default().concurrency;
    if is_default && workload.accept(options).is_err() {
        options.concurrency = Concurrency::PerNode(2);
    }
    workload.accept(options)
}
