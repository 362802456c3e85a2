//! Virtual time: everybody on the network, and what happens to them next. One thread, one agenda; events at the same
//! moment happen in the order in which they were caused, so a seed fixes every byte.

use crate::{network::Network, process::Process};
use glomers_protocol::NodeId;
use indexmap::IndexMap;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;
use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// A participant's place; never reused.
pub(crate) type Seat = usize;

pub(crate) struct World {
    now: Duration,
    rng: Pcg64Mcg,
    pub(crate) network: Network,
    members: Vec<Option<Member>>,
    seats: IndexMap<NodeId, Seat>,
    agenda: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    /// How many events and messages there have been; tells those of the same moment apart.
    sequence: u64,
    journal: Option<Vec<Packet>>,
    outgoing: Vec<(NodeId, Box<str>)>,
}

struct Member {
    id: NodeId,
    process: Box<dyn Process>,
    born: Duration,
    inbox: BinaryHeap<Reverse<Parcel>>,
    /// The message that was taken from the inbox and is not due yet.
    holding: Option<Parcel>,
    /// The next moment at which it will be woken.
    alarm: Option<Duration>,
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
}

/// A message that was sent, or received.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
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
    pub(crate) fn new(network: Network, rng: Pcg64Mcg, journal: bool) -> Self {
        Self {
            now: Duration::ZERO,
            rng,
            network,
            members: Vec::new(),
            seats: IndexMap::new(),
            agenda: BinaryHeap::new(),
            sequence: 0,
            journal: journal.then(Vec::new),
            outgoing: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    pub(crate) fn take_journal(&mut self) -> Vec<Packet> {
        self.journal.take().unwrap_or_default()
    }

    /// A new participant.
    pub(crate) fn join(&mut self, id: NodeId, process: Box<dyn Process>) -> Seat {
        let seat = self.members.len();
        self.seats.insert(id.clone(), seat);
        let inbox = BinaryHeap::new();
        self.members.push(Some(Member { id, process, born: self.now, inbox, holding: None, alarm: None }));
        seat
    }

    /// Takes a participant off the network, with everything on its way to it.
    pub(crate) fn leave(&mut self, seat: Seat) {
        if let Some(member) = self.members[seat].take() {
            self.seats.swap_remove(&member.id);
        }
    }

    /// When something happens next.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.agenda.peek().map(|Reverse((time, ..))| *time)
    }

    /// Lets time pass up to `time`, before which nothing happens.
    pub(crate) fn wait_until(&mut self, time: Duration) {
        debug_assert!(self.next().is_none_or(|next| next >= time), "an event would be skipped");
        self.now = self.now.max(time);
    }

    /// Lets the next event happen.
    pub(crate) fn step(&mut self) {
        let Some(Reverse((time, _, event))) = self.agenda.pop() else { return };
        self.now = time;
        match event {
            Event::Due(seat) => self.deliver(seat),
            Event::Alarm(seat) => {
                if let Some(member) = &mut self.members[seat] {
                    member.alarm = None;
                    self.wake(seat);
                }
            }
        }
    }

    /// Lets a participant go on with what it was given to do outside the network.
    pub(crate) fn wake(&mut self, seat: Seat) {
        let Some(member) = &mut self.members[seat] else { return };
        member.process.advance(self.now - member.born);
        self.settle(seat);
    }

    /// Hands over the message that a participant holds.
    fn deliver(&mut self, seat: Seat) {
        let Some(member) = &mut self.members[seat] else { return };
        let Some(parcel) = member.holding.take() else { return };
        self.network.received(&parcel.src, &member.id);
        member.process.deliver(&parcel.line, self.now - member.born);
        if let Some(journal) = &mut self.journal {
            journal.push(Packet { time: self.now.as_nanos(), received: true, id: parcel.id, message: parcel.line });
        }
        self.settle(seat);
        self.pick_up(seat);
    }

    /// After a participant did something: sends what it has to send, and sees to it that it is woken in time.
    fn settle(&mut self, seat: Seat) {
        let Some(member) = &mut self.members[seat] else { return };
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
            self.send(seat, &dest, line);
        }
        self.outgoing = outgoing;
    }

    /// Puts a message into the inbox of `dest`; one to nobody is lost.
    fn send(&mut self, seat: Seat, dest: &NodeId, line: Box<str>) {
        let Some(src) = self.members[seat].as_ref().map(|member| member.id.clone()) else { return };
        let deadline = self.now + self.network.send(&src, dest, &mut self.rng);
        self.sequence += 1;
        let id = self.sequence;
        if let Some(journal) = &mut self.journal {
            journal.push(Packet { time: self.now.as_nanos(), received: false, id, message: line.clone() });
        }
        let Some(&receiver) = self.seats.get(dest) else { return };
        let Some(member) = &mut self.members[receiver] else { return };
        member.inbox.push(Reverse(Parcel { deadline, id, src, line }));
        if member.holding.is_none() {
            self.pick_up(receiver);
        }
    }

    /// Has a participant take the next message that it hears from its inbox.
    fn pick_up(&mut self, seat: Seat) {
        let Some(member) = &mut self.members[seat] else { return };
        while let Some(Reverse(parcel)) = member.inbox.pop() {
            if self.network.hears(&parcel.src, &member.id) {
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
