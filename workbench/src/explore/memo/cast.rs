//! The participants of an execution, all of them remembered: so the execution can be copied.

use crate::{
    engine::{participant::Participant, services::Services},
    explore::{
        memo::{
            Memo, StateId, Told,
            live::{LiveClient, LiveNode, MakeLive, Service},
            remembered::{Remembered, RememberedClient},
        },
        subject::Subject,
    },
    options::Options,
    run::session,
    workload::{
        Connection, Workload,
        client::{Client, Endpoint},
    },
};
use glomers_protocol::NodeId;
use std::{cell::RefCell, rc::Rc};

/// The participants of an execution.
#[derive(Clone)]
pub(crate) struct Cast {
    memo: Rc<RefCell<Memo>>,
    workload: Rc<dyn Workload>,
    options: Rc<Options>,
    /// The nodes, by their number, each with its state when it crashed.
    nodes: Vec<(NodeId, MakeLive, StateId)>,
    /// The present client of each worker, once it has one.
    clients: Vec<Option<(NodeId, MakeLive)>>,
}

/// A client that can be seated.
pub(crate) struct Seated {
    pub(crate) participant: Box<dyn Participant>,
    pub(crate) endpoint: Endpoint,
    pub(crate) connection: Connection,
}

impl Cast {
    pub(crate) fn new(subject: &Subject<'_>) -> Self {
        let (workload, options) = (Rc::from((subject.make)()), Rc::new(subject.bounds.options.clone()));
        Self { memo: Rc::default(), workload, options, nodes: Vec::new(), clients: Vec::new() }
    }

    /// Tells whether so much is remembered that it should begin anew.
    pub(crate) fn is_full(&self) -> bool {
        self.memo.borrow().is_full()
    }

    /// The reason for which nothing can be concluded: a participant answered the same differently.
    pub(crate) fn contradiction(&self) -> Option<String> {
        self.memo.borrow().contradiction().map(ToString::to_string)
    }

    /// The services, with their names.
    pub(crate) fn services(&self) -> Services {
        let names = session::services(&self.options).2.into_iter().map(|(name, _)| name);
        let remembered = names.enumerate().map(|(at, name)| {
            let options = Rc::clone(&self.options);
            let make: MakeLive = Rc::new(move || {
                let service = session::services(&options).2.swap_remove(at).1;
                Box::new(Service(service))
            });
            let service = Remembered::start(&self.memo, &make, &name);
            (name, Box::new(service) as Box<dyn Participant>)
        });
        remembered.collect()
    }

    /// The next node, which starts with this seed.
    pub(crate) fn node(&mut self, subject: &Subject<'_>, id: &NodeId, seed: u64) -> Box<dyn Participant> {
        let (name, spawn, options) = (id.clone(), Rc::clone(&subject.spawn), Rc::clone(&self.options));
        let make: MakeLive = Rc::new(move || Box::new(LiveNode::new(name.clone(), &spawn, seed, &options)));
        let node = Remembered::start(&self.memo, &make, id);
        self.nodes.push((id.clone(), make, 0));
        Box::new(node)
    }

    /// Notes the state of a node that crashes.
    pub(crate) fn crash(&mut self, number: usize, state: Option<StateId>) {
        if let Some(state) = state {
            self.nodes[number].2 = state;
        }
    }

    /// The next incarnation of a node.
    pub(crate) fn restart(&self, number: usize, seed: u64) -> Box<dyn Participant> {
        let (id, make, state) = &self.nodes[number];
        let mut node = Remembered::new(&self.memo, make, id, *state);
        node.take(Told::Restart(seed));
        Box::new(node)
    }

    /// A new client of a worker.
    pub(crate) fn client(&mut self, worker: usize, id: &NodeId, node: &NodeId) -> Seated {
        let (name, node) = (id.clone(), node.clone());
        let (workload, options) = (Rc::clone(&self.workload), Rc::clone(&self.options));
        let make: MakeLive = Rc::new(move || {
            let endpoint = Endpoint::new(name.clone());
            let connection = workload.connect(Client::new(endpoint.clone(), node.clone()), &options);
            Box::new(LiveClient::new(endpoint, connection))
        });
        let client = Remembered::start(&self.memo, &make, id);
        if self.clients.len() <= worker {
            self.clients.resize(worker + 1, None);
        }
        self.clients[worker] = Some((id.clone(), make));
        seated(client, id)
    }

    /// A copy of a client that is in this state, and its worker.
    pub(crate) fn fork_client(&self, id: &NodeId, state: StateId) -> Option<(usize, Seated)> {
        let roles = self.clients.iter().enumerate();
        let (worker, (_, make)) =
            roles.filter_map(|(worker, role)| Some((worker, role.as_ref()?))).find(|(_, (name, _))| name == id)?;
        Some((worker, seated(Remembered::new(&self.memo, make, id, state), id)))
    }
}

fn seated(client: Remembered, id: &NodeId) -> Seated {
    let (client, endpoint, connection) = RememberedClient::new(client, id.clone());
    Seated { participant: Box::new(client), endpoint, connection }
}
