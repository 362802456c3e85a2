//! One node's replica: the pending commands of its clients, the state machine, and the node's role towards the others.

use super::{
    configuration::{Configuration, ConfigurationId, Incarnation, Pid, pid},
    member::Member,
    newcomer::{Newcomer, Reaction},
    packet::{Begin, Entry, Hello, Log, Packet, Proposal},
    state_machine::StateMachine,
};
use futures::channel::oneshot;
use glomers_protocol::{Context, ErrorCode, Json, Payload, RpcError, rand::Rng};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The time after which a command is sent again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Replica<M: StateMachine> {
    pid: Pid,
    incarnation: Incarnation,
    role: Role<M>,
    machine: M,
    origins: BTreeMap<Pid, Origin>,
    /// The number of commands that this node has received from clients.
    numbers: u64,
    /// The commands that are not settled.
    pending: BTreeMap<u64, Pending<M>>,
    /// The node to which they are sent.
    leader: Option<Pid>,
    /// The commands that this node, as the leader, has not appended yet.
    queue: Vec<Proposal<M::Command>>,
}

enum Role<M: StateMachine> {
    /// The only node of its cluster.
    Alone,
    Newcomer(Newcomer),
    Member(Box<Member<M::Command>>),
}

/// The executed commands of a node.
#[derive(Default, Serialize, Deserialize)]
struct Origin {
    settled: u64,
    executed: BTreeSet<u64>,
}

/// A client's command.
struct Pending<M: StateMachine> {
    command: M::Command,
    answer: oneshot::Sender<M::Output>,
    /// The time at which it was last sent.
    sent: Option<Duration>,
}

impl<M: StateMachine> Replica<M>
where
    Packet<M::Command>: Payload,
{
    pub(super) fn new(cx: &Context) -> Self {
        let (pid, incarnation) = (pid(cx, cx.id()).expect("the node is among all nodes"), cx.rng().next_u64());
        let role = match cx.ids().len() {
            1 => Role::Alone,
            count => Role::Newcomer(Newcomer::new(pid, incarnation, count)),
        };
        let (origins, numbers, pending, queue) = Default::default();
        Self { pid, incarnation, role, machine: M::default(), origins, numbers, pending, leader: None, queue }
    }

    pub(super) fn propose(&mut self, command: M::Command, answer: oneshot::Sender<M::Output>) -> u64 {
        self.numbers += 1;
        self.pending.insert(self.numbers, Pending { command, answer, sent: None });
        self.numbers
    }

    pub(super) fn give_up(&mut self, number: u64) -> RpcError {
        match self.pending.remove(&number).and_then(|pending| pending.sent) {
            None => RpcError::new(
                ErrorCode::TemporarilyUnavailable,
                "this node has heard no leader with a majority in time; the command was never sent and will not be executed",
            ),
            Some(_) => {
                RpcError::new(ErrorCode::Timeout, "the command was sent, but not executed in time; it may still be")
            }
        }
    }

    pub(super) fn receive(&mut self, cx: &Context, from: Pid, packet: Packet<M::Command>) {
        match packet {
            Packet::Hello(hello) => self.hear(cx, from, &hello),
            Packet::Log(log) => self.receive_log(cx, from, log),
        }
    }

    fn hear(&mut self, cx: &Context, from: Pid, hello: &Hello) {
        let reaction = match &mut self.role {
            Role::Alone => Reaction::Nothing,
            Role::Newcomer(newcomer) => newcomer.hear(from, hello, cx.now()),
            Role::Member(member) => member.hear(from, hello, cx.now()).map_or(Reaction::Nothing, Reaction::Answer),
        };
        match reaction {
            Reaction::Nothing => {}
            Reaction::Answer(hello) => Self::greet(cx, |pid| pid == from, hello),
            Reaction::Ask(hello) => Self::greet(cx, |_| true, hello),
            Reaction::Begin(configuration) => {
                let all: Vec<_> = (1..).zip(cx.ids()).map(|(pid, _)| pid).collect();
                self.begin(cx, configuration, Json::null(), &all, true);
            }
        }
    }

    /// Sends a hello to some of the other nodes.
    fn greet(cx: &Context, is_meant: impl Fn(Pid) -> bool, hello: Hello) {
        let packet = Packet::<M::Command>::Hello(hello);
        let peers = (1..).zip(cx.ids()).filter(|(pid, id)| *id != cx.id() && is_meant(*pid));
        peers.for_each(|(_, id)| cx.send(id, &packet));
    }

    fn receive_log(&mut self, cx: &Context, from: Pid, mut log: Log<M::Command>) {
        if let Some(begin) = log.begin.take().filter(|begin| self.may_begin(log.id, begin)) {
            let Begin { incarnations, state } = begin;
            self.begin(cx, Configuration { id: log.id, incarnations }, state, &[], false);
        }
        let Role::Member(member) = &mut self.role else { return };
        if log.id == member.configuration.id {
            self.queue.append(&mut log.unordered.proposals);
            member.receive(from, log, cx.now());
        } else if log.id.is_before(member.configuration.id) {
            member.miss(from, cx.now());
        }
    }

    fn may_begin(&self, id: ConfigurationId, begin: &Begin) -> bool {
        let is_later = match &self.role {
            Role::Alone => false,
            Role::Newcomer(newcomer) => newcomer.may_begin(id),
            Role::Member(member) => member.configuration.id.is_before(id),
        };
        let configuration = Configuration { id, incarnations: begin.incarnations.clone() };
        is_later && configuration.incarnation(self.pid) == Some(self.incarnation)
    }

    /// Enters a configuration with its initial state.
    fn begin(&mut self, cx: &Context, configuration: Configuration, state: Json, new: &[Pid], leads: bool) {
        let Ok(decoded) = state.decode::<Option<(M, BTreeMap<Pid, Origin>)>>() else { return };
        (self.machine, self.origins) = decoded.unwrap_or_default();
        self.role = Role::Member(Box::new(Member::new(cx, configuration, state, new, leads)));
        self.leader = None;
        self.queue.clear();
    }

    pub(super) fn tick(&mut self, cx: &Context) {
        match &mut self.role {
            Role::Alone => {}
            Role::Newcomer(newcomer) => {
                if let Some(hello) = newcomer.tick(cx.now()) {
                    Self::greet(cx, |_| true, hello);
                }
            }
            Role::Member(member) => member.tick(cx.now()),
        }
    }

    /// Sends, appends and executes everything that is due.
    pub(super) fn proceed(&mut self, cx: &Context) {
        let now = cx.now();
        let leader = match &self.role {
            Role::Alone => Some(self.pid),
            Role::Newcomer(_) => None,
            Role::Member(member) => member.present_leader(now),
        };
        let before = std::mem::replace(&mut self.leader, leader);
        self.propose_due(now, before != leader);
        self.append(now);
        let end = self.execute_decided();
        let Role::Member(member) = &mut self.role else { return };
        let next = end.map(|incarnations| member.next(incarnations));
        member.flush(cx);
        if let Some((leads, new, configuration)) = next {
            // Otherwise they would learn only from their next question that the configuration they have seen is over.
            let (left_out, seen) = (member.left_out(&configuration), Some(configuration.id));
            let hello = Hello { incarnation: self.incarnation, asks: false, seen, promised: None, replaces: None };
            Self::greet(cx, |pid| left_out.contains(&pid), hello);
            self.origins.retain(|pid, _| !new.contains(pid));
            let state = Json::new(&(&self.machine, &self.origins));
            self.begin(cx, configuration, state, &new, leads);
            self.proceed(cx);
        }
    }

    /// Sends the leader the commands that it does not or may not know.
    fn propose_due(&mut self, now: Duration, leader_is_new: bool) {
        let Some(leader) = self.leader else { return };
        let settled = self.pending.first_key_value().map_or(self.numbers, |(first, _)| first - 1);
        let proposals = match &mut self.role {
            Role::Member(member) => member.proposals_to(leader).unwrap_or(&mut self.queue),
            _ => &mut self.queue,
        };
        for (number, pending) in &mut self.pending {
            if leader_is_new || pending.sent.is_none_or(|sent| now >= sent + RETRY) {
                pending.sent = Some(now);
                let command = pending.command.clone();
                proposals.push(Proposal { origin: self.pid, number: *number, settled, command });
            }
        }
    }

    /// Appends the queued commands to the log, if this node leads.
    fn append(&mut self, now: Duration) {
        if self.leader != Some(self.pid) {
            return self.queue.clear();
        }
        match &mut self.role {
            Role::Member(member) => member.append(&mut self.queue, now),
            _ => std::mem::take(&mut self.queue).into_iter().for_each(|proposal| self.execute(proposal)),
        }
    }

    /// Executes the decided entries, and returns the next configuration's incarnations if the log has ended.
    fn execute_decided(&mut self) -> Option<Vec<Incarnation>> {
        let Role::Member(member) = &mut self.role else { return None };
        for entry in member.decided() {
            match entry {
                Entry::Do(proposal) => self.execute(proposal),
                Entry::End(incarnations) => return Some(incarnations),
            }
        }
        None
    }

    fn execute(&mut self, Proposal { origin, number, settled, command }: Proposal<M::Command>) {
        if let Role::Member(member) = &mut self.role {
            member.has_executed_for(origin);
        }
        if !self.origins.entry(origin).or_default().is_first(number, settled) {
            return;
        }
        let output = self.machine.execute(command);
        if origin == self.pid
            && let Some(pending) = self.pending.remove(&number)
        {
            // The request may have timed out just now.
            let _ = pending.answer.send(output);
        }
    }

    pub(super) fn stored(&self) -> usize {
        if let Role::Member(member) = &self.role { member.stored() } else { 0 }
    }
}

impl Origin {
    /// Notes that a command is executed, and returns `false` if it must not be.
    fn is_first(&mut self, number: u64, settled: u64) -> bool {
        let is_first = number > self.settled && self.executed.insert(number);
        if settled > self.settled {
            self.settled = settled;
            self.executed = self.executed.split_off(&(settled + 1));
        }
        is_first
    }
}
