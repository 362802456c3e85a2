//! The world: everybody on the network, and one agenda of what happens next. One thread; occurrences of the same moment
//! come in the order in which they were caused, so in virtual time a seed fixes every byte.
//!
//! With a [`Host`] time is real: the world waits for the next occurrence instead of jumping to it, and hears what processes
//! write in the meantime. Nothing else differs.
//!
//! A search takes the place of the agenda for a while: then something happens only if it is chosen (`world/search.rs`).

use crate::{
    engine::{
        agenda::{Agenda, Occurrence},
        disk::Disks,
        failure::{Crash, Output},
        flight::Flight,
        host::Host,
        inbox::InFlight,
        journal::{Event, Journal, Recorder},
        members::{Condition, Member, Members},
        network::{Network, delivery::Delivery},
        participant::{Dead, Participant, ParticipantId},
        tamper::{Message, Rewrite, Tamper},
        violation::{Violation, ViolationKind, Violations},
        watchdog::Watchdog,
    },
    options::{Fault, Options},
};
use glomers_json::SortedMap;
use glomers_protocol::{Node, NodeId, Panic};
use rand_pcg::Pcg64Mcg;
use std::{rc::Rc, time::Duration};

/// The longest wait for processes at a time: the test is looked at at least this often.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

mod output;
mod search;
#[cfg(test)]
mod tests;

/// The part of the world that decides what happens next.
enum Scheduler {
    /// Time: what is planned for the earliest moment.
    Time,
    /// A search, which chooses.
    Search(Box<Flight>),
}

pub(crate) struct World {
    now: Duration,
    rng: Pcg64Mcg,
    pub(crate) network: Network,
    pub(crate) disks: Disks,
    /// The nodes that stopped by themselves and were not started again, each with its reason.
    stopped: SortedMap<NodeId, String>,
    members: Members,
    scheduler: Scheduler,
    agenda: Agenda,
    /// The number of messages so far.
    messages: u64,
    journal: Journal,
    outgoing: Vec<(NodeId, Rc<str>)>,
    host: Option<Rc<Host>>,
    crash: Option<Crash>,
    violations: Violations,
    tamper: Option<Tamper>,
    rewrite: Option<Rewrite>,
    /// Names a handler that never returns; a hosted node can only be slow.
    watchdog: Option<Watchdog>,
}

impl World {
    pub(crate) fn new(options: &Options, rng: Pcg64Mcg, host: Option<Rc<Host>>) -> Self {
        let allows_late_answers = options.nemesis.iter().any(|fault| *fault != Fault::Partition);
        Self {
            now: Duration::ZERO,
            rng,
            network: Network::new(options.latency, options.loss),
            disks: Disks::new(options, host.is_some()),
            stopped: SortedMap::new(),
            members: Members::new(allows_late_answers),
            scheduler: Scheduler::Time,
            agenda: Agenda::default(),
            messages: 0,
            journal: Journal::new(options.journal, options.log_send, options.log_receive),
            outgoing: Vec::new(),
            watchdog: host.is_none().then(Watchdog::new),
            host,
            crash: None,
            violations: Violations::default(),
            tamper: None,
            rewrite: None,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Hands over every message as it is sent or received.
    pub(crate) fn record(&mut self, recorder: Recorder) {
        self.journal.record(recorder);
    }

    pub(crate) fn take_journal(&mut self) -> Vec<Event> {
        self.journal.take()
    }

    /// The number of events in the journal.
    pub(crate) fn journal_len(&self) -> usize {
        self.journal.len()
    }

    pub(crate) fn take_violations(&mut self) -> Violations {
        std::mem::take(&mut self.violations)
    }

    /// The first process that ended; nothing happens any more then.
    pub(crate) fn crash(&self) -> Option<&Crash> {
        self.crash.as_ref()
    }

    /// Looks once more for processes that have ended.
    pub(crate) fn find_crash(&mut self) -> Option<Crash> {
        let mut members = self.members.iter_mut();
        self.crash.take().or_else(|| members.find_map(|member| member.participant.crash(Duration::ZERO)))
    }

    /// The end of what a node's process wrote, if it has one.
    pub(crate) fn output(&self, name: &NodeId) -> Option<Output> {
        self.members.named(name)?.participant.output()
    }

    /// The node of that name, if it runs in this process.
    pub(crate) fn node(&self, name: &NodeId) -> Option<&Node> {
        self.members.named(name)?.participant.node()
    }

    /// Lets a test decide the fate of every message, or no longer.
    pub(crate) fn set_tamper(&mut self, tamper: Option<Tamper>) {
        self.tamper = tamper;
    }

    /// Lets a test replace every message as it arrives, or no longer.
    pub(crate) fn set_rewrite(&mut self, rewrite: Option<Rewrite>) {
        self.rewrite = rewrite;
    }

    /// Has a message arrive now, whatever the network is like, if its receiver is running.
    pub(crate) fn inject(&mut self, src: NodeId, dest: &NodeId, line: Rc<str>) {
        let Some(receiver) = self.members.id(dest).filter(|_| self.condition(dest) == Condition::Running) else {
            return;
        };
        let id = self.messages;
        self.messages += 1;
        self.receive(receiver, InFlight { deadline: self.now, id, src, line });
    }

    /// The number of messages that were sent so far.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// Takes everybody off the network; processes end.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
    }

    /// Allows late answers to clients that have left.
    pub(crate) fn allow_late_answers(&mut self) {
        self.members.allow_late_answers();
    }

    /// Takes a name for that of a client that has left.
    pub(crate) fn expect_late(&mut self, name: &NodeId) {
        self.members.expect_late(name);
    }

    /// Tells whether time is real.
    pub(crate) fn is_hosted(&self) -> bool {
        self.host.is_some()
    }

    pub(crate) fn join(&mut self, name: NodeId, participant: Box<dyn Participant>) -> ParticipantId {
        let now = match &self.scheduler {
            Scheduler::Time => self.now,
            // The time of the history counts steps, too, which must not show in clocks.
            Scheduler::Search(flight) => flight.horizon,
        };
        self.members.join(name, participant, now)
    }

    /// Puts another participant in the place of one.
    pub(crate) fn replace(&mut self, name: &NodeId, participant: Box<dyn Participant>) {
        if let Some(member) = self.members.id(name).and_then(|id| self.members.get(id)) {
            member.participant = participant;
        }
    }

    /// The number of a participant.
    pub(crate) fn id(&self, name: &NodeId) -> Option<ParticipantId> {
        self.members.id(name)
    }

    /// The number of a participant's state, if its states are numbered.
    pub(crate) fn state(&self, name: &NodeId) -> Option<usize> {
        self.members.named(name)?.participant.state()
    }

    /// Ends a participant's process. Its name stays on the network: messages to it are lost, with those in its inbox, and
    /// so is what it has not synced.
    pub(crate) fn kill(&mut self, name: &NodeId) {
        let Some(id) = self.members.id(name) else { return };
        self.leave(id);
        if let Some(disk) = self.disks.of(name) {
            disk.crash();
        }
        let id = self.join(name.clone(), Box::new(Dead));
        self.set_condition(id, Condition::Dead);
    }

    /// Gives a dead participant a new process.
    pub(crate) fn revive(&mut self, name: &NodeId, participant: Box<dyn Participant>) {
        if let Some(id) = self.members.id(name) {
            self.leave(id);
        }
        self.stopped.remove(name);
        self.join(name.clone(), participant);
    }

    /// The reason for which a node stopped by itself, if it has and was not started again.
    pub(crate) fn stop_reason(&self, name: &NodeId) -> Option<&str> {
        self.stopped.get(name).map(String::as_str)
    }

    /// Stops a running participant; messages wait for it.
    pub(crate) fn pause(&mut self, name: &NodeId) {
        let Some(id) = self.members.id(name).filter(|_| self.condition(name) == Condition::Running) else { return };
        self.set_condition(id, Condition::Paused);
    }

    /// Lets a paused participant go on.
    pub(crate) fn resume(&mut self, name: &NodeId) {
        let Some(id) = self.members.id(name).filter(|_| self.condition(name) == Condition::Paused) else { return };
        self.set_condition(id, Condition::Running);
        self.wake(id);
        self.pick_up(id);
    }

    pub(crate) fn condition(&self, name: &NodeId) -> Condition {
        self.members.named(name).map_or(Condition::Dead, |member| member.condition)
    }

    fn set_condition(&mut self, id: ParticipantId, condition: Condition) {
        let Some(member) = self.members.get(id) else { return };
        member.condition = condition;
        match condition {
            Condition::Running => member.participant.resume(),
            Condition::Paused => member.participant.pause(),
            Condition::Dead => {}
        }
    }

    /// Takes a participant off the network, with every message to it.
    pub(crate) fn leave(&mut self, id: ParticipantId) {
        self.members.leave(id);
        if let Scheduler::Search(flight) = &mut self.scheduler {
            flight.retain(|flying| flying.receiver != id);
        }
    }

    /// Lets the next thing happen if one does before `time`, or at all if no time is given; else waits until then. With
    /// hosted nodes nothing may have happened although this returns true: the caller is to look around now and then.
    pub(crate) fn step_before(&mut self, time: Option<Duration>) -> bool {
        let next = self.agenda.next_time();
        let Some(until) = next.into_iter().chain(time).min().filter(|_| self.crash.is_none()) else { return false };
        if let Some(host) = &self.host {
            self.now = host.now();
            if until > self.now {
                let written = host.next_written((until - self.now).min(PAUSE));
                self.now = host.now();
                written.into_iter().for_each(|written| self.hear(written));
                return true;
            }
        } else {
            self.now = until;
        }
        if next.is_some_and(|next| next <= until) {
            self.dispatch();
            return true;
        }
        false
    }

    /// Lets the next occurrence happen.
    fn dispatch(&mut self) {
        match self.agenda.pop() {
            Some(Occurrence::Due(id)) => self.deliver(id),
            Some(Occurrence::Alarm(id)) => {
                let now = self.now;
                // One that an earlier alarm overtook is no longer wanted. If it woke the member, that would plan one more,
                // and the alarms of a member would become more and more.
                let alarm = self.members.get(id).and_then(|member| member.alarm.take_if(|alarm| *alarm <= now));
                if alarm.is_some() {
                    self.wake(id);
                }
            }
            Some(Occurrence::Arrival(arrival)) => {
                let (dest, message) = *arrival;
                if let Some(receiver) = self.members.id(&dest) {
                    self.drop_off(receiver, message);
                }
            }
            None => {}
        }
    }

    /// Notes a violation of a member. After a grave one the node is quarantined, as Maelstrom does after the first thing
    /// that it cannot take.
    fn violate(&mut self, id: ParticipantId, subject: &str, violation: Violation) {
        let Some(member) = self.members.get(id).filter(|member| !member.is_quarantined) else { return };
        member.is_quarantined = violation.kind.is_final();
        self.violations.add(subject, Violation { time: nanos(self.now), ..violation });
    }

    /// Lets a participant go on with work that it was given outside the network.
    pub(crate) fn wake(&mut self, id: ParticipantId) {
        let Some(member) = self.members.running(id) else { return };
        let clock = self.scheduler.clock(self.now, member);
        let mut advance = || member.participant.advance(clock);
        match &self.watchdog {
            Some(watchdog) => watchdog.step(&member.name, "", advance),
            None => advance(),
        }
        self.settle(id);
    }

    /// Hands over the message that a participant holds.
    fn deliver(&mut self, id: ParticipantId) {
        let Some(member) = self.members.get(id) else { return };
        let Some(message) = member.inbox.release() else { return };
        if member.condition != Condition::Running {
            return member.inbox.push(message);
        }
        self.receive(id, message);
        self.pick_up(id);
    }

    /// Lets a running participant take a message.
    fn receive(&mut self, id: ParticipantId, mut message: InFlight) {
        let Some(member) = self.members.get(id) else { return };
        if let Some(rewrite) = &mut self.rewrite {
            let arriving = Message { src: message.src.as_str(), dest: member.name.as_str(), line: &message.line };
            message.line = rewrite(&arriving).map_or(message.line, Rc::from);
        }
        self.network.received(message.src.as_str(), member.name.as_str());
        let clock = self.scheduler.clock(self.now, member);
        let mut deliver = || member.participant.deliver(message.id, &message.line, clock);
        let delivered = match &self.watchdog {
            Some(watchdog) => watchdog.step(&member.name, &message.line, deliver),
            None => deliver(),
        };
        // What comes before `init` is lost without anybody's mistake.
        if let Some(rejected) = delivered.err().filter(|rejected| !rejected.is_early()) {
            let (subject, violation) = Violation::ignored(&member.name, &message.line, &rejected);
            self.violate(id, &subject, violation);
        }
        self.journal.received(self.now, message.id, &message.line);
        // What it sends, and what the history keeps, may have its place.
        drop(message);
        self.settle(id);
    }

    /// After a participant did something: sends what it has to send, and sees to it that it is woken in time.
    fn settle(&mut self, id: ParticipantId) {
        let Some(member) = self.members.get(id) else { return };
        let outgoing = &mut self.outgoing;
        member.participant.drain(&mut |dest, line| outgoing.push((dest.clone(), line)));
        let (time, violations) = (nanos(self.now), &mut self.violations);
        member
            .participant
            .drain_violations(&mut |subject, violation| violations.add(&subject, Violation { time, ..violation }));
        let panics = member.participant.node().map(Node::take_panics).unwrap_or_default();
        for Panic { subject, message, .. } in panics {
            let node = &member.name;
            let reason = format!("{subject} on {node} panicked: {message}");
            violations.add(&subject, Violation { time, ..Violation::new(ViolationKind::Panicked, node, "", reason) });
        }
        let failure = member.participant.failure();
        let is_timed = matches!(self.scheduler, Scheduler::Time);
        let deadline = member.participant.deadline().filter(|_| is_timed).map(|deadline| member.joined + deadline);
        // A later deadline than the alarm needs no new alarm: the early one sets the next.
        if let Some(deadline) = deadline.filter(|deadline| member.alarm.is_none_or(|alarm| *deadline < alarm)) {
            member.alarm = Some(deadline);
            self.agenda.plan(deadline.max(self.now), Occurrence::Alarm(id));
        }
        // Most ticks do nothing.
        if self.outgoing.is_empty() && failure.is_none() {
            return;
        }
        let (src, mut outgoing) = (member.name.clone(), std::mem::take(&mut self.outgoing));
        for (dest, line) in outgoing.drain(..) {
            self.send(id, &src, &dest, line);
        }
        self.outgoing = outgoing;
        if let Some(failure) = failure {
            self.kill(&src);
            self.stopped.insert(src, failure);
        }
    }

    /// Sends a message to `dest`. A node that sends to a name which is not on the network is quarantined.
    fn send(&mut self, id: ParticipantId, src: &NodeId, dest: &NodeId, line: Rc<str>) {
        if self.members.get(id).is_none_or(|member| member.is_quarantined) {
            return;
        }
        let receiver = self.members.id(dest);
        if receiver.is_none() && !self.members.may_be_late(dest) {
            return self.violate(id, "", self.unknown_dest(src, dest, &line));
        }
        let message = self.messages;
        self.messages += 1;
        self.journal.sent(self.now, message, &line);
        if let Scheduler::Search(flight) = &mut self.scheduler {
            self.network.sent(src.as_str(), dest.as_str());
            let Some(receiver) = receiver.filter(|id| self.members.running(*id).is_some()) else { return };
            if self.network.hears(src.as_str(), dest.as_str()) {
                let in_flight = InFlight { deadline: self.now, id: message, src: src.clone(), line };
                let (from, to) = (flight.place(id, src), flight.place(receiver, dest));
                flight.send(from, to, receiver, in_flight);
            }
            return;
        }
        let mut deliveries = self.network.send(src.as_str(), dest.as_str(), &mut self.rng);
        if let Some(tamper) = &mut self.tamper {
            tamper(&Message { src: src.as_str(), dest: dest.as_str(), line: &line }).apply(&mut deliveries);
        }
        let (Some(receiver), [Some(delivery), copy]) = (receiver, deliveries) else { return };
        let in_flight = |line| InFlight { deadline: self.now, id: message, src: src.clone(), line };
        let copied = copy.map(|copy| (copy, in_flight(line.clone())));
        let first = in_flight(line);
        for (delivery, in_flight) in copied.into_iter().chain([(delivery, first)]) {
            self.route(receiver, dest, delivery, in_flight);
        }
    }

    /// Sends a message on its way to the inbox of `dest`.
    fn route(&mut self, receiver: ParticipantId, dest: &NodeId, delivery: Delivery, mut message: InFlight) {
        message.deadline += delivery.extra_delay + delivery.latency;
        if delivery.extra_delay.is_zero() {
            return self.drop_off(receiver, message);
        }
        self.agenda.plan(self.now + delivery.extra_delay, Occurrence::Arrival(Box::new((dest.clone(), message))));
    }

    /// Puts a message into an inbox.
    fn drop_off(&mut self, receiver: ParticipantId, message: InFlight) {
        let Some(member) = self.members.get(receiver) else { return };
        member.inbox.push(message);
        if !member.inbox.is_holding() {
            self.pick_up(receiver);
        }
    }

    /// Has a participant take the next message that it hears from its inbox.
    fn pick_up(&mut self, id: ParticipantId) {
        let Some(member) = self.members.running(id) else { return };
        let (network, name) = (&mut self.network, &member.name);
        if let Some(deadline) = member.inbox.hold_next(|src| network.hears(src.as_str(), name.as_str())) {
            self.agenda.plan(deadline.max(self.now), Occurrence::Due(id));
        }
    }
}

impl Scheduler {
    /// A participant's clock, which begins when it joins. In a search it moves with the participant's timers only.
    fn clock(&self, now: Duration, member: &Member) -> Duration {
        match self {
            Self::Time => now - member.joined,
            Self::Search(_) => member.clock,
        }
    }
}

/// Nanoseconds; they last for 584 years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
