//! Everybody on the network, and what happens to them next. One thread, one agenda; events at the same moment happen in
//! the order in which they were caused, so in virtual time a seed fixes every byte.
//!
//! With a [`Host`] time is real: the world waits for the next event instead of jumping to it, and hears what processes
//! write in the meantime. Nothing else differs.

use crate::{
    engine::{
        host::{
            self, Crash, Host, Output,
            line::{Written, shown, too_long},
        },
        network::{Network, Way},
        participant::{Dead, Process},
    },
    options::{Fault, Options},
};
use foldhash::fast::FixedState;
use glomers_protocol::{Node, NodeId};
use indexmap::IndexMap;
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
    rc::Rc,
    time::Duration,
};

/// The longest wait for processes at a time: whoever steps the world looks at the test at least this often.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// How long a process that has closed its stdout may take to end.
const END_PATIENCE: Duration = Duration::from_millis(200);

/// A participant's place; never reused.
pub(crate) type Seat = usize;

pub(crate) struct World {
    now: Duration,
    rng: Pcg64Mcg,
    pub(crate) network: Network,
    members: Vec<Option<Member>>,
    seats: IndexMap<NodeId, Seat, FixedState>,
    /// Who has left, if answers to them are forgiven: a node that stood still answers whoever asked before.
    departed: Option<BTreeSet<NodeId>>,
    agenda: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    /// How many events there have been; tells those of the same moment apart.
    sequence: u64,
    /// How many messages there have been.
    messages: u64,
    journal: Option<Vec<Packet>>,
    log_send: bool,
    log_receive: bool,
    outgoing: Vec<(NodeId, Box<str>)>,
    host: Option<Rc<Host>>,
    crash: Option<Crash>,
    complaints: Vec<String>,
    tamper: Option<Tamper>,
}

/// A test's hand in the network: it decides the fate of each message as it is sent.
pub(crate) type Tamper = Box<dyn FnMut(&Message<'_>) -> Fate>;

/// A message as it is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// The id of the sender.
    pub src: &'a str,
    /// The id of the receiver.
    pub dest: &'a str,
    /// The message's JSON, envelope included.
    pub line: &'a str,
}

/// The fate of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It arrives after its latency.
    Deliver,
    /// It is lost.
    Drop,
    /// It takes this much longer; later ones may overtake it.
    Delay(Duration),
    /// It arrives, and once more after this time.
    Repeat(Duration),
    /// This line arrives in its place.
    Replace(Box<str>),
}

struct Member {
    id: NodeId,
    /// Whether the node sent something that is no message; nobody listens to it any more.
    muted: bool,
    condition: Condition,
    process: Box<dyn Process>,
    born: Duration,
    inbox: BinaryHeap<Reverse<Parcel>>,
    /// The message that was taken from the inbox and is not due yet.
    holding: Option<Parcel>,
    /// The next moment at which it will be woken.
    alarm: Option<Duration>,
}

/// What a participant can do.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Condition {
    /// All it wants.
    Running,
    /// Nothing, until it is resumed; then it takes what has come in the meantime.
    Paused,
    /// Nothing ever again. What comes is lost.
    Dead,
}

#[derive(Eq, PartialEq, Ord, PartialOrd)]
struct Parcel {
    deadline: Duration,
    id: u64,
    src: NodeId,
    line: Box<str>,
}

#[derive(Eq, PartialEq, Ord, PartialOrd)]
enum Event {
    /// The message it holds is due.
    Due(Seat),
    Alarm(Seat),
    /// A message comes to its receiver's inbox from a detour.
    Arrival(NodeId, Parcel),
}

/// A message that was sent, or received.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    /// Nanoseconds since the network was set up.
    pub time: u128,
    /// Whether it is received; else it is sent.
    pub received: bool,
    /// The message's number.
    pub id: u64,
    /// The message as it was written.
    pub message: Box<str>,
}

impl World {
    pub(crate) fn new(options: &Options, rng: Pcg64Mcg, host: Option<Rc<Host>>) -> Self {
        let network = Network::new(options.latency, options.loss);
        Self {
            now: Duration::ZERO,
            rng,
            network,
            members: Vec::new(),
            seats: IndexMap::default(),
            departed: options.nemesis.iter().any(|fault| *fault != Fault::Partition).then(BTreeSet::new),
            agenda: BinaryHeap::new(),
            sequence: 0,
            messages: 0,
            journal: options.journal.then(Vec::new),
            log_send: options.log_send,
            log_receive: options.log_receive,
            outgoing: Vec::new(),
            host,
            crash: None,
            complaints: Vec::new(),
            tamper: None,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    pub(crate) fn take_journal(&mut self) -> Vec<Packet> {
        self.journal.take().unwrap_or_default()
    }

    /// What nodes did that ends their part in the test, in words.
    pub(crate) fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// The first process that ended; nothing happens any more then.
    pub(crate) fn crash(&self) -> Option<&Crash> {
        self.crash.as_ref()
    }

    /// Looks once more for processes that have ended.
    pub(crate) fn find_crash(&mut self) -> Option<Crash> {
        let mut members = self.members.iter_mut().flatten();
        self.crash.take().or_else(|| members.find_map(|member| member.process.crash(Duration::ZERO)))
    }

    /// The node of that id, if it is running here.
    pub(crate) fn node(&self, id: &str) -> Option<&Node> {
        self.members[*self.seats.get(id)?].as_ref()?.process.node()
    }

    /// Lets a test decide the fate of every message, or no longer.
    pub(crate) fn set_tamper(&mut self, tamper: Option<Tamper>) {
        self.tamper = tamper;
    }

    /// How many messages were sent so far.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// Takes everybody off the network; processes end.
    pub(crate) fn clear(&mut self) {
        self.members.iter_mut().for_each(|member| *member = None);
        self.seats.clear();
    }

    /// Whether time is real.
    pub(crate) fn is_hosted(&self) -> bool {
        self.host.is_some()
    }

    /// A new participant.
    pub(crate) fn join(&mut self, id: NodeId, process: Box<dyn Process>) -> Seat {
        let seat = self.members.len();
        self.seats.insert(id.clone(), seat);
        let inbox = BinaryHeap::new();
        let (born, condition) = (self.now, Condition::Running);
        self.members.push(Some(Member {
            id,
            muted: false,
            condition,
            process,
            born,
            inbox,
            holding: None,
            alarm: None,
        }));
        seat
    }

    /// Ends a participant's process. Its id stays on the network: what is sent to it is lost, with what was on its way.
    pub(crate) fn kill(&mut self, id: &NodeId) {
        let Some(&seat) = self.seats.get(id) else { return };
        self.leave(seat);
        let seat = self.join(id.clone(), Box::new(Dead));
        self.set_condition(seat, Condition::Dead);
    }

    /// Gives a dead participant a new process.
    pub(crate) fn revive(&mut self, id: &NodeId, process: Box<dyn Process>) {
        if let Some(&seat) = self.seats.get(id) {
            self.leave(seat);
        }
        self.join(id.clone(), process);
    }

    /// Has a running participant do nothing, and messages wait for it.
    pub(crate) fn pause(&mut self, id: &NodeId) {
        let Some(&seat) = self.seats.get(id).filter(|_| self.condition(id) == Condition::Running) else { return };
        self.set_condition(seat, Condition::Paused);
    }

    /// Lets a paused participant go on.
    pub(crate) fn resume(&mut self, id: &NodeId) {
        let Some(&seat) = self.seats.get(id).filter(|_| self.condition(id) == Condition::Paused) else { return };
        self.set_condition(seat, Condition::Running);
        self.wake(seat);
        self.pick_up(seat);
    }

    pub(crate) fn condition(&self, id: &NodeId) -> Condition {
        let member = self.seats.get(id).and_then(|seat| self.members[*seat].as_ref());
        member.map_or(Condition::Dead, |member| member.condition)
    }

    fn set_condition(&mut self, seat: Seat, condition: Condition) {
        let Some(member) = &mut self.members[seat] else { return };
        member.condition = condition;
        match condition {
            Condition::Running => member.process.resume(),
            Condition::Paused => member.process.pause(),
            Condition::Dead => {}
        }
    }

    /// Takes a participant off the network, with everything on its way to it.
    pub(crate) fn leave(&mut self, seat: Seat) {
        if let Some(member) = self.members[seat].take() {
            self.seats.swap_remove(&member.id);
            if let Some(departed) = &mut self.departed {
                departed.insert(member.id);
            }
        }
    }

    /// Lets the next thing happen if one does before `time`, or at all if no time is given; else waits until then. With
    /// hosted nodes nothing may have happened as well: whoever waits is to look around now and then.
    pub(crate) fn step_before(&mut self, time: Option<Duration>) -> bool {
        let next = self.agenda.peek().map(|Reverse((time, ..))| *time);
        let Some(until) = next.into_iter().chain(time).min().filter(|_| self.crash.is_none()) else { return false };
        if let Some(host) = &self.host {
            self.now = host.now();
            if until > self.now {
                let output = host.output((until - self.now).min(PAUSE));
                self.now = host.now();
                output.into_iter().for_each(|output| self.hear(output));
                return true;
            }
        } else {
            self.now = until;
        }
        if next.is_some_and(|next| next <= until) {
            self.happen();
            return true;
        }
        false
    }

    /// Lets the next event happen.
    fn happen(&mut self) {
        let Some(Reverse((_, _, event))) = self.agenda.pop() else { return };
        match event {
            Event::Due(seat) => self.deliver(seat),
            Event::Alarm(seat) => {
                if let Some(member) = &mut self.members[seat] {
                    member.alarm = None;
                    self.wake(seat);
                }
            }
            Event::Arrival(dest, parcel) => {
                if let Some(&receiver) = self.seats.get(&dest) {
                    self.drop_off(receiver, parcel);
                }
            }
        }
    }

    /// Takes what a process wrote.
    fn hear(&mut self, output: Output) {
        let Some(&seat) = self.seats.get(&output.node).filter(|_| !output.is_late()) else { return };
        let line = match &output.written {
            host::Written::Line(line) => line,
            host::Written::TooLong => return self.mute(seat, too_long(output.node.as_str())),
            host::Written::End => {
                // It has closed its stdout. Mostly that is the end; but it may as well have nothing more to say.
                self.crash = self.members[seat].as_mut().and_then(|member| member.process.crash(END_PATIENCE));
                return;
            }
        };
        match Written::read(output.node.as_str(), line) {
            Ok(written) if !self.seats.contains_key(&*written.src) => {
                let text =
                    format!("node {} sent a message as `{}`, who is not there", output.node, shown(&written.src));
                self.mute(seat, text);
            }
            Ok(written) => self.send(seat, &NodeId::from(&*written.src), &NodeId::from(&*written.dest), written.line()),
            Err(complaint) => self.mute(seat, complaint),
        }
    }

    /// Stops listening to a node, as Maelstrom does after the first thing it cannot take.
    fn mute(&mut self, seat: Seat, complaint: String) {
        let Some(member) = self.members[seat].as_mut().filter(|member| !member.muted) else { return };
        member.muted = true;
        self.complaints.push(format!("{complaint}\nAs under Maelstrom, nobody listens to {} from now on.", member.id));
    }

    /// Lets a participant go on with what it was given to do outside the network.
    pub(crate) fn wake(&mut self, seat: Seat) {
        let Some(member) = self.members[seat].as_mut().filter(|member| member.condition == Condition::Running) else {
            return;
        };
        member.process.advance(self.now - member.born);
        self.settle(seat);
    }

    /// Hands over the message that a participant holds.
    fn deliver(&mut self, seat: Seat) {
        let Some(member) = &mut self.members[seat] else { return };
        let Some(parcel) = member.holding.take() else { return };
        if member.condition != Condition::Running {
            return member.inbox.push(Reverse(parcel));
        }
        self.network.received(parcel.src.as_str(), member.id.as_str());
        if self.log_receive {
            tracing::info!(target: "net", id = parcel.id, "recv {}", parcel.line);
        }
        member.process.deliver(parcel.id, &parcel.line, self.now - member.born);
        if let Some(journal) = &mut self.journal {
            journal.push(Packet { time: self.now.as_nanos(), received: true, id: parcel.id, message: parcel.line });
        }
        self.settle(seat);
        self.pick_up(seat);
    }

    /// After a participant did something: sends what it has to send, and sees to it that it is woken in time.
    fn settle(&mut self, seat: Seat) {
        let Some(member) = &mut self.members[seat] else { return };
        let src = member.id.clone();
        let outgoing = &mut self.outgoing;
        member.process.drain(&mut |dest, line| outgoing.push((dest.clone(), line.into())));
        let deadline = member.process.deadline().map(|deadline| member.born + deadline);
        // A later deadline than the alarm needs no new alarm: the early one sets the next.
        if let Some(deadline) = deadline.filter(|deadline| member.alarm.is_none_or(|alarm| *deadline < alarm)) {
            member.alarm = Some(deadline);
            self.schedule(deadline.max(self.now), Event::Alarm(seat));
        }
        let mut outgoing = std::mem::take(&mut self.outgoing);
        for (dest, line) in outgoing.drain(..) {
            self.send(seat, &src, &dest, line);
        }
        self.outgoing = outgoing;
    }

    /// Sends a message on its way to `dest`. Who sends to nobody is not listened to any more.
    fn send(&mut self, seat: Seat, src: &NodeId, dest: &NodeId, line: impl Into<Box<str>>) {
        if self.members[seat].as_ref().is_none_or(|member| member.muted) {
            return;
        }
        let receiver = self.seats.get(dest).copied();
        if receiver.is_none() && !self.departed.as_ref().is_some_and(|departed| departed.contains(dest)) {
            let text = format!("node {src} sent a message to `{}`, who is not there (any more)", shown(dest.as_str()));
            return self.mute(seat, text);
        }
        let (id, line) = (self.messages, line.into());
        self.messages += 1;
        if self.log_send {
            tracing::info!(target: "net", id, "send {line}");
        }
        let mut ways = self.network.send(src.as_str(), dest.as_str(), &mut self.rng);
        if let Some(journal) = &mut self.journal {
            journal.push(Packet { time: self.now.as_nanos(), received: false, id, message: line.clone() });
        }
        let line = self.tampered(src.as_str(), dest.as_str(), line, &mut ways);
        let (Some(receiver), [Some(way), copy]) = (receiver, ways) else { return };
        if let Some(copy) = copy {
            self.route(receiver, dest, copy, Parcel { deadline: self.now, id, src: src.clone(), line: line.clone() });
        }
        self.route(receiver, dest, way, Parcel { deadline: self.now, id, src: src.clone(), line });
    }

    /// Lets the test decide the fate of a message; returns the line that arrives.
    fn tampered(&mut self, src: &str, dest: &str, line: Box<str>, ways: &mut [Option<Way>; 2]) -> Box<str> {
        let Some(tamper) = &mut self.tamper else { return line };
        let later = |way: Way, by| Way { detour: way.detour + by, ..way };
        match tamper(&Message { src, dest, line: &line }) {
            Fate::Deliver => {}
            Fate::Drop => *ways = [None; 2],
            Fate::Delay(by) => ways[0] = ways[0].map(|way| later(way, by)),
            Fate::Repeat(by) => ways[1] = ways[0].map(|way| later(way, by)),
            Fate::Replace(other) => return other,
        }
        line
    }

    /// Sends a message on its way to the inbox of `dest`.
    fn route(&mut self, receiver: Seat, dest: &NodeId, way: Way, mut parcel: Parcel) {
        parcel.deadline += way.detour + way.latency;
        if way.detour.is_zero() {
            return self.drop_off(receiver, parcel);
        }
        self.schedule(self.now + way.detour, Event::Arrival(dest.clone(), parcel));
    }

    /// Puts a message into an inbox.
    fn drop_off(&mut self, receiver: Seat, parcel: Parcel) {
        let Some(member) = &mut self.members[receiver] else { return };
        member.inbox.push(Reverse(parcel));
        if member.holding.is_none() {
            self.pick_up(receiver);
        }
    }

    /// Has a participant take the next message that it hears from its inbox.
    fn pick_up(&mut self, seat: Seat) {
        let Some(member) = self.members[seat].as_mut().filter(|member| member.condition == Condition::Running) else {
            return;
        };
        while let Some(Reverse(parcel)) = member.inbox.pop() {
            if self.network.hears(parcel.src.as_str(), member.id.as_str()) {
                let due = parcel.deadline.max(self.now);
                member.holding = Some(parcel);
                return self.schedule(due, Event::Due(seat));
            }
        }
    }

    fn schedule(&mut self, time: Duration, event: Event) {
        self.sequence += 1;
        self.agenda.push(Reverse((time, self.sequence, event)));
    }
}
