//! The world while a search decides what happens next. Latencies do not matter then: a message is in flight until it is
//! chosen, and a timer waits until it is chosen.
//!
//! Each participant has a clock of its own, which only its own timers move. So a step concerns one participant and nothing
//! else, and two steps at different participants can change places.

use crate::engine::{
    agenda::{Agenda, Occurrence},
    disk::Disks,
    flight::{Flight, Flying, Place},
    inbox::InFlight,
    members::Condition,
    network::Grudge,
    participant::{Participant, ParticipantId},
    world::{Scheduler, World},
};
use crate::options::Fault;
use glomers_json::{SortedMap, SortedSet};
use glomers_protocol::NodeId;
use std::time::Duration;

/// The time by which a step moves the time of the history, so that it orders entries.
const STEP: Duration = Duration::from_micros(1);

impl World {
    /// Begins a search: from now on something happens only if it is chosen. What is in flight stays so.
    pub(crate) fn begin_search(&mut self, nodes: &[NodeId]) {
        let mut flight = Flight::new(nodes.to_vec(), self.now);
        // By their numbers, in the order in which they come here.
        let mut waiting = SortedMap::new();
        let mut add = |id: ParticipantId, message: InFlight| {
            waiting.insert((message.id, waiting.len()), (id, message));
        };
        for (id, member) in self.members.numbered() {
            member.clock = self.now.saturating_sub(member.joined);
            member.alarm = None;
            member.inbox.take_all().into_iter().for_each(|message| add(id, message));
        }
        while let Some(occurrence) = self.agenda.pop() {
            if let Occurrence::Arrival(arrival) = occurrence
                && let Some(id) = self.members.id(&arrival.0)
            {
                add(id, arrival.1);
            }
        }
        for (_, (receiver, message)) in waiting {
            let Some(member) = self.members.get(receiver) else { continue };
            let dest = flight.place(receiver, &member.name);
            let src = crate::engine::flight::place(nodes, &message.src);
            flight.send(src, dest, receiver, message);
        }
        flight.set_fresh(0);
        self.scheduler = Scheduler::Search(Box::new(flight));
    }

    /// A copy during a search. `make` makes the participants that cannot be copied by themselves, from their name and the number
    /// of their state. It has no disks: nodes that can be copied have disks of their own.
    pub(crate) fn fork(&self, make: impl FnMut(&NodeId, Option<usize>) -> Box<dyn Participant>) -> Self {
        let Scheduler::Search(flight) = &self.scheduler else { panic!("a world is copied during a search only") };
        Self {
            now: self.now,
            rng: self.rng.clone(),
            network: self.network.clone(),
            disks: Disks::default(),
            stopped: self.stopped.clone(),
            members: self.members.fork(make),
            scheduler: Scheduler::Search(flight.clone()),
            agenda: Agenda::default(),
            messages: self.messages,
            journal: self.journal.clone(),
            outgoing: Vec::new(),
            host: None,
            crash: None,
            violations: self.violations.clone(),
            tamper: None,
            rewrite: None,
            watchdog: self.watchdog.clone(),
        }
    }

    /// Ends the search: from now on everything happens in its time.
    pub(crate) fn end_search(&mut self) {
        let Scheduler::Search(mut flight) = std::mem::replace(&mut self.scheduler, Scheduler::Time) else { return };
        self.agenda = Agenda::default();
        let mut alarms: SortedSet<(Duration, ParticipantId)> = SortedSet::new();
        for (id, member) in self.members.numbered() {
            let deadline = member.participant.deadline().map(|deadline| member.joined + deadline);
            member.alarm = deadline;
            alarms.extend(deadline.map(|deadline| (deadline, id)));
        }
        for (deadline, id) in alarms.iter().copied() {
            self.agenda.plan(deadline.max(self.now), Occurrence::Alarm(id));
        }
        for Flying { receiver, mut message, .. } in flight.take_all() {
            message.deadline = self.now;
            self.drop_off(receiver, message);
        }
    }

    /// The messages in flight; none if there is no search.
    pub(crate) fn flight(&self) -> Option<&Flight> {
        match &self.scheduler {
            Scheduler::Search(flight) => Some(flight),
            Scheduler::Time => None,
        }
    }

    /// Delivers the message of this index among those in flight.
    pub(crate) fn deliver_flying(&mut self, index: usize) {
        let Some(Flying { receiver, message, .. }) = self.begin_step().map(|flight| flight.take(index)) else { return };
        if let Some(flight) = self.flight_mut() {
            flight.begin_step();
        }
        self.receive(receiver, message);
    }

    /// Loses a message in flight. Those that were fresh stay so.
    pub(crate) fn lose_flying(&mut self, index: usize) {
        if let Some(flight) = self.flight_mut() {
            flight.take(index);
        }
    }

    /// Has a message in flight come twice. Those that were fresh stay so, but the copy is not.
    pub(crate) fn double_flying(&mut self, index: usize) {
        if let Some(flight) = self.flight_mut() {
            flight.double(index);
        }
    }

    /// Loses all messages in flight to a place.
    pub(crate) fn lose_all_to(&mut self, place: Place) {
        if let Some(flight) = self.flight_mut() {
            flight.retain(|flying| flying.key.dest != place);
        }
    }

    /// The time of a running participant's next timer, on the common scale, and whether it is within `prompt` of its clock.
    pub(crate) fn timer(&self, name: &NodeId, prompt: Duration) -> Option<(Duration, bool)> {
        self.timer_of(self.members.id(name)?, prompt)
    }

    /// The same for the participant of a number.
    pub(crate) fn timer_of(&self, id: ParticipantId, prompt: Duration) -> Option<(Duration, bool)> {
        let member = self.members.at(id).filter(|member| member.condition == Condition::Running)?;
        let deadline = member.participant.deadline()?;
        Some((member.joined + deadline, deadline <= member.clock + prompt))
    }

    /// Moves a participant's clock to its next timer.
    pub(crate) fn fire(&mut self, name: &NodeId) {
        self.begin_step();
        let Some(id) = self.members.id(name) else { return };
        let Some(member) = self.members.running(id) else { return };
        let Some(deadline) = member.participant.deadline() else { return };
        member.clock = member.clock.max(deadline);
        let (clock, reached) = (member.clock, member.joined + member.clock);
        member.participant.advance(clock);
        if let Scheduler::Search(flight) = &mut self.scheduler {
            flight.horizon = flight.horizon.max(reached);
        }
        self.now = self.now.max(reached);
        self.settle(id);
    }

    /// Begins a step that is no delivery and no timer.
    pub(crate) fn begin_step(&mut self) -> Option<&mut Flight> {
        let Scheduler::Search(flight) = &mut self.scheduler else { return None };
        self.now += STEP;
        flight.begin_step();
        Some(flight)
    }

    /// Cuts links. What is on its way across them is lost, and so is what is sent across them later.
    pub(crate) fn cut(&mut self, grudge: Grudge) {
        self.begin_step();
        self.network.partition(Fault::Partition, grudge);
        let Scheduler::Search(flight) = &mut self.scheduler else { return };
        let (members, network) = (&mut self.members, &mut self.network);
        flight.retain(|flying| {
            let Some(receiver) = members.get(flying.receiver) else { return false };
            network.hears(flying.message.src.as_str(), receiver.name.as_str())
        });
    }

    fn flight_mut(&mut self) -> Option<&mut Flight> {
        match &mut self.scheduler {
            Scheduler::Search(flight) => Some(flight),
            Scheduler::Time => None,
        }
    }
}
