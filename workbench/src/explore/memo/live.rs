//! Participants that do their work: nodes, services and clients. They are made when they meet something that is not
//! remembered.

use crate::{
    engine::{
        disk::{Disks, SimulatedDisk},
        participant::Participant,
        violation::{Violation, ViolationKind},
    },
    explore::{
        memo::{Answer, Input},
        subject::Spawn,
    },
    options::Options,
    workload::{
        Connection,
        client::{Endpoint, Outcome},
    },
};
use glomers_protocol::{Node, NodeId, Panic};
use std::{cell::RefCell, rc::Rc};

/// A participant at work.
pub(crate) trait Live {
    /// Takes an input.
    fn take(&mut self, input: &Input) -> Answer;
}

/// Makes a participant that was told nothing.
pub(crate) type MakeLive = Rc<dyn Fn() -> Box<dyn Live>>;

/// A participant that is never restarted and begins nothing.
pub(crate) struct Service(pub(crate) Box<dyn Participant>);

impl Live for Service {
    fn take(&mut self, input: &Input) -> Answer {
        tell(&mut *self.0, input)
    }
}

/// A node, through all its incarnations, with its disk.
pub(crate) struct LiveNode {
    id: NodeId,
    spawn: Spawn,
    disk: Option<SimulatedDisk>,
    process: Box<dyn Participant>,
}

impl LiveNode {
    /// A node that has started with this seed.
    pub(crate) fn new(id: NodeId, spawn: &Spawn, seed: u64, options: &Options) -> Self {
        let disk = Disks::new(options, false).of(&id).cloned();
        Self { id, spawn: Rc::clone(spawn), process: spawn(seed, disk.as_ref()), disk }
    }
}

impl Live for LiveNode {
    fn take(&mut self, input: &Input) -> Answer {
        if let Input::Restart(seed) = input {
            if let Some(disk) = &self.disk {
                disk.keep(0, 0);
                disk.crash();
            }
            self.process = (self.spawn)(*seed, self.disk.as_ref());
            return Answer { deadline: self.process.deadline(), ..Answer::default() };
        }
        let mut answer = tell(&mut *self.process, input);
        let panics = self.process.node().map(Node::take_panics).unwrap_or_default();
        for Panic { subject, message, .. } in panics {
            let reason = format!("{subject} on {} panicked: {message}", self.id);
            answer.violations.push((subject, Violation::new(ViolationKind::Panicked, &self.id, "", reason)));
        }
        answer
    }
}

/// A client with its connection.
pub(crate) struct LiveClient {
    endpoint: Endpoint,
    connection: Connection,
    outcome: Rc<RefCell<Option<Outcome>>>,
}

impl LiveClient {
    pub(crate) fn new(endpoint: Endpoint, connection: Connection) -> Self {
        Self { endpoint, connection, outcome: Rc::default() }
    }
}

impl Live for LiveClient {
    fn take(&mut self, input: &Input) -> Answer {
        let told = match input {
            Input::Begin(invocation, clock) => {
                let (act, outcome) = ((self.connection)(invocation.clone()), Rc::clone(&self.outcome));
                self.endpoint.spawn(async move {
                    outcome.replace(Some(act.await));
                });
                &Input::Advance(*clock)
            }
            input => input,
        };
        let answer = tell(&mut self.endpoint, told);
        Answer { outcome: self.outcome.take(), ..answer }
    }
}

/// Tells a participant of a message or of time.
fn tell(participant: &mut dyn Participant, input: &Input) -> Answer {
    let mut rejected = None;
    match input {
        Input::Deliver(line, clock) => rejected = participant.deliver(0, line, *clock).err(),
        Input::Advance(clock) => participant.advance(*clock),
        Input::Begin(..) | Input::Restart(_) => {}
    }
    let (deadline, failure) = (participant.deadline(), participant.failure());
    let mut answer = Answer { rejected, deadline, failure, ..Answer::default() };
    participant.drain(&mut |dest, line| answer.sent.push((dest.clone(), line)));
    participant.drain_violations(&mut |subject, violation| answer.violations.push((subject, violation)));
    answer
}
