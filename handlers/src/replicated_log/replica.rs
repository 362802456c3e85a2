//! One node's part: its commands, the state machine, and what the node is to the others.

use super::{
    Packet, Pid, StateMachine,
    configuration::{Configuration, Id, Life},
    member::Member,
    newcomer::{Newcomer, Reaction},
    packet::{Begin, Entry, Hello, Log, Proposal},
    pid,
};
use futures::channel::oneshot;
use glomers_protocol::{Context, ErrorCode, Json, Payload, RpcError, rand::Rng};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// After what time a command is sent again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Replica<M: StateMachine> {
    pid: Pid,
    life: Life,
    part: Part<M>,
    machine: M,
    origins: BTreeMap<Pid, Origin>,
    /// How many commands clients have given to this node.
    numbers: u64,
    /// Those that are not settled.
    pending: BTreeMap<u64, Pending<M>>,
    /// Where they are sent.
    leader: Option<Pid>,
    /// What this node, as the leader, has not appended yet.
    queue: Vec<Proposal<M::Command>>,
}

enum Part<M: StateMachine> {
    /// There is one node only: it agrees with itself.
    Alone,
    Newcomer(Newcomer),
    Member(Box<Member<M::Command>>),
}

/// Which commands of a node have been executed.
#[derive(Default, Serialize, Deserialize)]
struct Origin {
    settled: u64,
    executed: BTreeSet<u64>,
}

/// A client's command.
struct Pending<M: StateMachine> {
    command: M::Command,
    answer: oneshot::Sender<M::Output>,
    /// When it was last sent.
    sent: Option<Duration>,
}

impl<M: StateMachine> Replica<M>
where
    Packet<M::Command>: Payload,
{
    pub(super) fn new(cx: &Context) -> Self {
        let (pid, life) = (pid(cx, cx.id()).expect("the node is among all nodes"), cx.rng().next_u64());
        let part = match cx.ids().len() {
            1 => Part::Alone,
            count => Part::Newcomer(Newcomer::new(pid, life, count)),
        };
        let (origins, numbers, pending, queue) = Default::default();
        Self { pid, life, part, machine: M::default(), origins, numbers, pending, leader: None, queue }
    }

    pub(super) fn propose(&mut self, command: M::Command, answer: oneshot::Sender<M::Output>) -> u64 {
        self.numbers += 1;
        self.pending.insert(self.numbers, Pending { command, answer, sent: None });
        self.numbers
    }

    pub(super) fn give_up(&mut self, number: u64) -> RpcError {
        match self.pending.remove(&number).and_then(|pending| pending.sent) {
            None => RpcError::new(ErrorCode::TemporarilyUnavailable, "no leader that hears a majority"),
            Some(_) => RpcError::new(ErrorCode::Timeout, "the command was sent, but not executed in time"),
        }
    }

    pub(super) fn receive(&mut self, cx: &Context, from: Pid, packet: Packet<M::Command>) {
        match packet {
            Packet::Hello(hello) => self.hear(cx, from, &hello),
            Packet::Log(log) => self.receive_log(cx, from, log),
        }
    }

    fn hear(&mut self, cx: &Context, from: Pid, hello: &Hello) {
        let reaction = match &mut self.part {
            Part::Alone => Reaction::Nothing,
            Part::Newcomer(newcomer) => newcomer.hear(from, hello, cx.now()),
            Part::Member(member) => member.hear(from, hello, cx.now()).map_or(Reaction::Nothing, Reaction::Answer),
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

    /// Says hello to some of the others.
    fn greet(cx: &Context, is_meant: impl Fn(Pid) -> bool, hello: Hello) {
        let packet = Packet::<M::Command>::Hello(hello);
        let peers = (1..).zip(cx.ids()).filter(|(pid, id)| *id != cx.id() && is_meant(*pid));
        peers.for_each(|(_, id)| cx.send(id, &packet));
    }

    fn receive_log(&mut self, cx: &Context, from: Pid, mut log: Log<M::Command>) {
        if let Some(begin) = log.begin.take().filter(|begin| self.may_begin(log.id, begin)) {
            let Begin { lives, state } = begin;
            self.begin(cx, Configuration { id: log.id, lives }, state, &[], false);
        }
        let Part::Member(member) = &mut self.part else { return };
        if log.id == member.configuration.id {
            self.queue.append(&mut log.loose.proposals);
            member.receive(from, log, cx.now());
        } else if log.id.is_before(member.configuration.id) {
            member.miss(from, cx.now());
        }
    }

    fn may_begin(&self, id: Id, begin: &Begin) -> bool {
        let is_later = match &self.part {
            Part::Alone => false,
            Part::Newcomer(newcomer) => newcomer.may_begin(id),
            Part::Member(member) => member.configuration.id.is_before(id),
        };
        let configuration = Configuration { id, lives: begin.lives.clone() };
        is_later && configuration.life(self.pid) == Some(self.life)
    }

    /// Enters a configuration, with the state it begins with.
    fn begin(&mut self, cx: &Context, configuration: Configuration, state: Json, new: &[Pid], leads: bool) {
        let Ok(decoded) = state.decode::<Option<(M, BTreeMap<Pid, Origin>)>>() else { return };
        (self.machine, self.origins) = decoded.unwrap_or_default();
        self.part = Part::Member(Box::new(Member::new(cx, configuration, state, new, leads)));
        self.leader = None;
        self.queue.clear();
    }

    pub(super) fn tick(&mut self, cx: &Context) {
        match &mut self.part {
            Part::Alone => {}
            Part::Newcomer(newcomer) => {
                if let Some(hello) = newcomer.tick(cx.now()) {
                    Self::greet(cx, |_| true, hello);
                }
            }
            Part::Member(member) => member.tick(cx.now()),
        }
    }

    /// Does whatever can be done now.
    pub(super) fn proceed(&mut self, cx: &Context) {
        let now = cx.now();
        let leader = match &self.part {
            Part::Alone => Some(self.pid),
            Part::Newcomer(_) => None,
            Part::Member(member) => member.present_leader(now),
        };
        let before = std::mem::replace(&mut self.leader, leader);
        self.propose_due(now, before != leader);
        self.append(now);
        let end = self.execute_decided();
        let Part::Member(member) = &mut self.part else { return };
        let next = end.map(|lives| member.next(lives));
        member.flush(cx);
        if let Some((leads, new, configuration)) = next {
            // Else they would learn only when they ask again that the one they have seen is over.
            let (left_out, seen) = (member.left_out(&configuration), Some(configuration.id));
            let hello = Hello { life: self.life, asks: false, seen, promised: None, instead: None };
            Self::greet(cx, |pid| left_out.contains(&pid), hello);
            self.origins.retain(|pid, _| !new.contains(pid));
            let state = Json::new(&(&self.machine, &self.origins));
            self.begin(cx, configuration, state, &new, leads);
            self.proceed(cx);
        }
    }

    /// Sends the leader the commands that it does not know, or may not know.
    fn propose_due(&mut self, now: Duration, leader_is_new: bool) {
        let Some(leader) = self.leader else { return };
        let settled = self.pending.first_key_value().map_or(self.numbers, |(first, _)| first - 1);
        let proposals = match &mut self.part {
            Part::Member(member) => member.proposals_to(leader).unwrap_or(&mut self.queue),
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

    /// Puts what has come together into the log, if this node leads.
    fn append(&mut self, now: Duration) {
        if self.leader != Some(self.pid) {
            return self.queue.clear();
        }
        match &mut self.part {
            Part::Member(member) => member.append(&mut self.queue, now),
            _ => std::mem::take(&mut self.queue).into_iter().for_each(|proposal| self.execute(proposal)),
        }
    }

    /// Executes what was decided, and returns the lives that go on if the log has ended.
    fn execute_decided(&mut self) -> Option<Vec<Life>> {
        let Part::Member(member) = &mut self.part else { return None };
        for entry in member.decided() {
            match entry {
                Entry::Do(proposal) => self.execute(proposal),
                Entry::End(lives) => return Some(lives),
            }
        }
        None
    }

    fn execute(&mut self, Proposal { origin, number, settled, command }: Proposal<M::Command>) {
        if let Part::Member(member) = &mut self.part {
            member.has_executed_for(origin);
        }
        if !self.origins.entry(origin).or_default().is_first(number, settled) {
            return;
        }
        let output = self.machine.execute(command);
        if origin == self.pid
            && let Some(pending) = self.pending.remove(&number)
        {
            // Who waits may have given up just now.
            let _ = pending.answer.send(output);
        }
    }

    pub(super) fn stored(&self) -> usize {
        if let Part::Member(member) = &self.part { member.stored() } else { 0 }
    }
}

impl Origin {
    /// Notes that a command is executed; `false` if it must not be.
    fn is_first(&mut self, number: u64, settled: u64) -> bool {
        let is_first = number > self.settled && self.executed.insert(number);
        if settled > self.settled {
            self.settled = settled;
            self.executed = self.executed.split_off(&(settled + 1));
        }
        is_first
    }
}
