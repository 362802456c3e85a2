//! One node's replica: the pending commands of its clients, the state machine, and the node's role towards the others.

use super::{
    configuration::{Configuration, ConfigurationId, Incarnation, Pid, pid},
    entry::{Entry, Proposal},
    journal::{Held, Journal, Opened},
    member::Member,
    newcomer::{Memory, Newcomer, Reaction},
    packet::{Begin, Hello, Log, Packet},
    past::{Record, Saved, SavedRole},
    state_machine::{Machine, State},
};
use crate::durable::Owner;
use glomers_json::SortedMap;
use glomers_protocol::{Context, ErrorCode, Failure, Json, RpcError, rand::Rng};
use std::time::Duration;

/// The numbers of commands that each process of an incarnation has for itself.
const NUMBERS: u64 = 1 << 32;

/// The time after which a command is sent again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Replica {
    owner: Owner,
    pid: Pid,
    incarnation: Incarnation,
    journal: Journal,
    role: Role,
    state: State,
    /// The number of the last command that this node has received from a client.
    numbers: u64,
    /// The commands that are not settled.
    pending: SortedMap<u64, Pending>,
    /// The node to which they are sent.
    leader: Option<Pid>,
    /// The commands that this node, as the leader, has not appended yet.
    queue: Vec<Proposal>,
    /// The hellos that wait for the disk.
    greetings: Held<(Pid, Hello)>,
}

enum Role {
    /// The only node of its cluster, with the commands that wait for the disk.
    Alone(Held<Proposal>),
    Newcomer(Newcomer),
    Member(Box<Member>),
}

/// A client's command.
struct Pending {
    command: Json,
    /// The time at which it was last sent.
    sent: Option<Duration>,
}

impl Replica {
    /// The replica that the disk has, or a new one. The past of another node, or of a node of another cluster, is
    /// refused.
    pub(super) fn new(cx: &Context, machine: Box<dyn Machine>) -> Result<Self, Failure> {
        let mut state = State::new(machine);
        let mut opened = Opened::open(cx)?;
        let has_lost = opened.has_lost;
        let (saved, journal) = match Saved::replay(std::mem::take(&mut opened.records), &mut state)? {
            Some(saved) => {
                Owner::of(cx).check(&saved.owner)?;
                let journal = opened.continued(saved.process + 1);
                journal.append(&Record::Process(journal.process));
                (saved, journal)
            }
            None => {
                let (saved, journal) = (Self::without_past(cx), opened.continued(0));
                journal.append(&Record::Everything { saved: saved.clone(), state: Json::null() });
                (saved, journal)
            }
        };
        let (pid, count) = (pid(cx, cx.id()).expect("the node is among all nodes"), cx.ids().len());
        let Saved { owner, incarnation, role, .. } = saved;
        let role = match role {
            SavedRole::Alone => Role::Alone(Held::default()),
            SavedRole::Newcomer(memory) => {
                Role::Newcomer(Newcomer::new(pid, incarnation, count, memory).with_loss(has_lost))
            }
            SavedRole::Member(saved) => Role::Member(Box::new(Member::resumed(cx, &journal, saved))),
        };
        let (numbers, leader) = (journal.process * NUMBERS, None);
        let (pending, queue, greetings) = Default::default();
        Ok(Self { owner, pid, incarnation, journal, role, state, numbers, pending, leader, queue, greetings })
    }

    /// The past of a node that has none.
    fn without_past(cx: &Context) -> Saved {
        let incarnation = cx.rng().next_u64();
        let role = if cx.ids().len() == 1 { SavedRole::Alone } else { SavedRole::Newcomer(Memory::default()) };
        Saved { owner: Owner::of(cx), incarnation, process: 0, role }
    }

    pub(super) fn propose(&mut self, command: Json) -> u64 {
        self.numbers += 1;
        self.pending.insert(self.numbers, Pending { command, sent: None });
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

    pub(super) fn receive(&mut self, cx: &Context, from: Pid, packet: Packet) {
        match packet {
            Packet::Hello(hello) => self.hear(cx, from, &hello),
            Packet::Log(log) => self.receive_log(cx, from, log),
        }
    }

    fn hear(&mut self, cx: &Context, from: Pid, hello: &Hello) {
        let reaction = match &mut self.role {
            Role::Alone(_) => Reaction::Nothing,
            Role::Newcomer(newcomer) => {
                let before = newcomer.memory();
                let reaction = newcomer.hear(from, hello, cx.now());
                if newcomer.memory() != before {
                    self.journal.append(&Record::Newcomer(newcomer.memory()));
                }
                reaction
            }
            Role::Member(member) => member.hear(from, hello, cx.now()).map_or(Reaction::Nothing, Reaction::Answer),
        };
        match reaction {
            Reaction::Nothing => {}
            Reaction::Answer(hello) => self.greet(cx, |pid| pid == from, &hello),
            Reaction::Ask(hello) => self.greet(cx, |_| true, &hello),
            Reaction::Begin(configuration) => {
                let all: Vec<_> = (1..).zip(cx.ids()).map(|(pid, _)| pid).collect();
                self.begin(cx, configuration, Json::null(), Some(&all));
            }
        }
    }

    /// Sends a hello to some of the other nodes.
    fn greet(&mut self, cx: &Context, is_meant: impl Fn(Pid) -> bool, hello: &Hello) {
        for pid in (1..).take(cx.ids().len()).filter(|pid| *pid != self.pid && is_meant(*pid)) {
            self.greetings.push(&self.journal, (pid, hello.clone()));
        }
    }

    fn receive_log(&mut self, cx: &Context, from: Pid, mut log: Log) {
        if let Some(begin) = log.begin.take().filter(|begin| self.may_begin(log.id, begin)) {
            let Begin { incarnations, state } = begin;
            self.begin(cx, Configuration { id: log.id, incarnations }, state, None);
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
            Role::Alone(_) => false,
            Role::Newcomer(newcomer) => newcomer.may_begin(id),
            Role::Member(member) => member.configuration.id.is_before(id),
        };
        let configuration = Configuration { id, incarnations: begin.incarnations.clone() };
        is_later && configuration.incarnation(self.pid) == Some(self.incarnation)
    }

    /// Enters a configuration with its initial state; as its leader, if it has a list of the new members.
    fn begin(&mut self, cx: &Context, configuration: Configuration, state: Json, leads: Option<&[Pid]>) {
        if self.state.restore(&state).is_err() {
            return;
        }
        self.journal.append(&Record::Begin { configuration: configuration.clone(), state: state.clone() });
        self.role = Role::Member(Box::new(Member::new(cx, &self.journal, configuration, state, leads)));
        self.leader = None;
        self.queue.clear();
    }

    pub(super) fn tick(&mut self, cx: &Context) {
        match &mut self.role {
            Role::Alone(_) => {}
            // While the disk is stuck, questions would pile up.
            Role::Newcomer(newcomer) if self.journal.is_durable(self.journal.vital()) => {
                if let Some(hello) = newcomer.tick(cx.now()) {
                    self.greet(cx, |_| true, &hello);
                }
            }
            Role::Newcomer(_) => {}
            Role::Member(member) => member.tick(cx.now()),
        }
    }

    /// Sends, appends and executes everything that is due.
    pub(super) fn proceed(&mut self, cx: &Context) {
        let now = cx.now();
        while let Some((pid, hello)) = self.greetings.next(&self.journal) {
            let id = (1..).zip(cx.ids()).find(|(other, _)| *other == pid).map(|(_, id)| id);
            if let Some(id) = id {
                cx.send(id, &Packet::Hello(hello));
            }
        }
        let leader = match &self.role {
            Role::Alone(_) => Some(self.pid),
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
            let hello = Hello {
                incarnation: self.incarnation,
                has_lost: false,
                asks: false,
                seen,
                promised: None,
                replaces: None,
            };
            self.greet(cx, |pid| left_out.contains(&pid), &hello);
            self.state.forget(&new);
            let state = self.state.encode();
            self.begin(cx, configuration, state, leads.then_some(&new[..]));
            self.proceed(cx);
        }
    }

    /// Sends the leader the commands that it does not or may not know.
    fn propose_due(&mut self, now: Duration, leader_is_new: bool) {
        let Some(leader) = self.leader else { return };
        let settled = self.pending.first().map_or(self.numbers, |(first, _)| first - 1);
        let proposals = match &mut self.role {
            Role::Member(member) => member.proposals_to(leader).unwrap_or(&mut self.queue),
            _ => &mut self.queue,
        };
        for (number, pending) in self.pending.iter_mut() {
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
            Role::Alone(held) => {
                for proposal in self.queue.drain(..) {
                    let record = Record::Command(proposal);
                    self.journal.append(&record);
                    if let Record::Command(proposal) = record {
                        held.push(&self.journal, proposal);
                    }
                }
            }
            Role::Newcomer(_) => {}
        }
    }

    /// Executes the decided entries, and returns the next configuration's incarnations if the log has ended.
    fn execute_decided(&mut self) -> Option<Vec<Incarnation>> {
        while let Role::Alone(held) = &mut self.role
            && let Some(proposal) = held.next(&self.journal)
        {
            self.execute(&proposal);
        }
        let Role::Member(member) = &mut self.role else { return None };
        for entry in member.decided() {
            match entry {
                Entry::Do(proposal) => self.execute(&proposal),
                Entry::End(incarnations) => return Some(incarnations),
            }
        }
        None
    }

    fn execute(&mut self, proposal: &Proposal) {
        if let Role::Member(member) = &mut self.role {
            member.has_executed_for(proposal.origin);
        }
        let is_own = proposal.origin == self.pid;
        if self.state.execute(proposal, is_own) && is_own {
            self.pending.remove(&proposal.number);
        }
    }

    /// Begins to make durable what must be, if it has to and nothing else is under way. Call [`synced`](Self::synced)
    /// after it.
    pub(super) fn sync(&self, now: Duration) -> Option<impl Future<Output = ()> + use<>> {
        self.journal.sync(now, &|| self.everything())
    }

    /// Goes on with what has waited for the disk.
    pub(super) fn synced(&mut self, cx: &Context) {
        self.journal.ended();
        self.proceed(cx);
    }

    fn everything(&self) -> Record {
        let role = match &self.role {
            Role::Alone(_) => SavedRole::Alone,
            Role::Newcomer(newcomer) => SavedRole::Newcomer(newcomer.memory()),
            Role::Member(member) => SavedRole::Member(member.saved()),
        };
        let (owner, process) = (self.owner.clone(), self.journal.process);
        let saved = Saved { owner, incarnation: self.incarnation, process, role };
        Record::Everything { saved, state: self.state.encode() }
    }

    pub(super) fn stored(&self) -> usize {
        if let Role::Member(member) = &self.role { member.stored() } else { 0 }
    }
}
