//! Faults of disks. They are for simulated disks only: nothing makes a real disk fail from outside.
//!
//! A node may stop when a write or a sync fails, or when it finds damage. As a supervisor would do, the end of a fault
//! starts all nodes that are not running. Damage strikes the same nodes each time, fewer than half, so what a majority has
//! synced is never gone. A damaged node may refuse to serve for ever.

use crate::{
    engine::members::Condition,
    options::Fault,
    run::{
        nemesis::{processes::Processes, targets::Targets},
        session::Session,
    },
};
use glomers_json::SortedMap;
use glomers_protocol::{Json, NodeId};

/// The faults of disks.
#[derive(Default)]
pub(super) struct DiskFaults {
    /// The nodes whose disks may be damaged; drawn the first time.
    damaged: Option<Vec<NodeId>>,
}

impl DiskFaults {
    /// Begins a fault on the disks of some nodes.
    pub(super) fn strike(&mut self, fault: Fault, processes: &Processes, session: &mut Session<'_>) {
        let targets = Targets::of(fault, &mut session.rng);
        let drawn = targets.draw(&session.options.nodes, &mut session.rng);
        let nodes = match fault {
            Fault::DiskCorrupt => self.damaged.get_or_insert(drawn).clone(),
            _ => drawn,
        };
        session.note(format!("start-{fault}"), targets.name());
        let mut outcomes = SortedMap::new();
        for id in &nodes {
            if fault == Fault::DiskCorrupt {
                processes.kill(id, session);
            }
            if let Some(disk) = session.world.disks.of(id) {
                outcomes.insert(id.clone(), disk.strike(fault));
            }
        }
        session.note(format!("start-{fault}"), Json::new(&outcomes));
    }

    /// Ends a fault. A node that goes on although its disk has lost data is killed, as at the latest a power failure would
    /// do; those that are not running are started.
    pub(super) fn restore(fault: Fault, processes: &Processes, session: &mut Session<'_>) {
        session.note(format!("stop-{fault}"), Json::from("all"));
        let mut outcomes = SortedMap::new();
        for id in session.nodes() {
            let Some(disk) = session.world.disks.of(&id).cloned() else { continue };
            disk.end(fault);
            if fault == Fault::DiskError && disk.has_lost_data() && session.world.condition(&id) != Condition::Dead {
                processes.kill(&id, session);
            }
            let outcome = if fault == Fault::DiskSlow { "sound".to_owned() } else { processes.start(&id, session) };
            outcomes.insert(id, outcome);
        }
        session.note(format!("stop-{fault}"), Json::new(&outcomes));
    }

    /// The nodes that found damage on their disks and stopped for good.
    pub(super) fn given_up(&self, session: &Session<'_>) -> Vec<String> {
        let has_stopped = |id: &&NodeId| session.world.stop_reason(id).is_some();
        self.damaged.iter().flatten().filter(has_stopped).map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::disk::node::DiskNode,
        options::{Fault, Options},
        run::{lifecycle::Test, nemesis::Spawn},
        soak, workload,
    };
    use glomers_checkers::validity::Validity;
    use glomers_protocol::{
        Context, DiskError, Json, Log, Node,
        g_set::{Add, AddOk, Read, ReadOk},
        handler,
    };
    use std::{cell::RefCell, collections::BTreeSet};

    /// A set of which each node has its own elements only.
    struct OwnSet {
        elements: RefCell<BTreeSet<Json>>,
        log: Log<Json>,
    }

    #[handler(g_set)]
    impl OwnSet {
        #[init]
        fn new(cx: &Context) -> Result<Self, DiskError> {
            let (log, elements) = Log::open(&cx.disk()?.expect("nodes have a disk here"), "set")?;
            Ok(Self { elements: RefCell::new(elements.into_iter().collect()), log })
        }

        async fn add(&self, request: Add) -> AddOk {
            self.log.append(&request.element);
            self.log.sync().await;
            self.elements.borrow_mut().insert(request.element);
            AddOk {}
        }

        fn read(&self, _: Read) -> ReadOk {
            ReadOk { value: self.elements.borrow().iter().cloned().collect() }
        }
    }

    /// The number of 20 drawn tests of a single node that are invalid.
    fn invalid(drive: fn(DiskNode) -> DiskNode) -> usize {
        let judge = |seed| {
            let options = soak::draw(&Options::default(), &[Fault::DiskError], seed).node_count(1);
            let spawn: Spawn = Box::new(move |_, seed, disk| {
                let node = Node::new::<OwnSet>(seed);
                Ok(Box::new(drive(DiskNode::new(node, disk.expect("the fault needs a disk")))))
            });
            let workload = workload::named("g-set").unwrap();
            Test { workload, options, spawn, host: None, observer: None, recorder: None }
                .run()
                .unwrap()
                .judgement
                .verdict
                .valid
        };
        (0..20).filter(|seed| judge(*seed) == Validity::Invalid).count()
    }

    #[test]
    fn a_failed_sync_that_is_ignored_is_found() {
        assert_eq!(invalid(|node| node), 0);
        let count = invalid(DiskNode::ignoring_errors);
        assert!(count > 0, "not found in 20 tests");
    }
}
