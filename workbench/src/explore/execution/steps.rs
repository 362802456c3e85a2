//! The steps that are possible, and what they do.

use super::{Execution, STARTER, seed};
use crate::{
    engine::{
        flight::{self, Flying, MessageKey, Place, is_client, is_node},
        network::Grudge,
        participant::ParticipantId,
    },
    explore::{exploration::Order, step::Step},
};
use glomers_json::SortedSet;
use glomers_protocol::{Json, NodeId};
use std::{rc::Rc, time::Duration};

/// The time within which a timer counts as due at once.
const PROMPT: Duration = Duration::from_micros(100);

impl Execution<'_> {
    /// The steps that are possible now, first those that come next by themselves, then timers, then faults. None if the
    /// schedule has ended.
    pub(crate) fn possible(&self, steps: &mut Vec<Step>) {
        steps.clear();
        let is_over = self.all_done() && self.subject.ends_with_operations;
        if self.has_ended || is_over || self.broken.is_some() || self.steps >= self.subject.bounds.depth {
            return;
        }
        self.deliveries(steps);
        self.begins(steps);
        self.timers(steps);
        let can_go_on = !steps.is_empty();
        if can_go_on {
            self.losses(steps);
            self.cuts(steps);
            steps.extend(self.crashed.iter().map(|place| Step::Restart(*place)));
        }
        if self.left.crashes > 0 {
            if !can_go_on {
                steps.push(Step::End);
            }
            let running = (0..).zip(&self.subject.nodes).filter(|(_, node)| self.is_running(node));
            steps.extend(running.map(|(place, _)| Step::Crash(place)));
        }
    }

    fn flying(&self) -> &[Flying] {
        self.session.world.flight().map(|flight| flight.messages()).unwrap_or_default()
    }

    fn deliveries(&self, steps: &mut Vec<Step>) {
        let flying = self.flying();
        for (index, message) in flying.iter().enumerate() {
            let MessageKey { src, dest, number, is_copy } = message.key;
            let is_original = |other: &Flying| {
                let key = other.key;
                !key.is_copy && (key.src, key.dest) == (src, dest)
            };
            let waits = match (is_copy, self.subject.bounds.order) {
                (true, _) => flying.iter().any(|other| is_original(other) && other.key.number == number),
                (false, Order::Fifo) => flying[..index].iter().any(is_original),
                (false, Order::Any) => false,
            };
            if !waits {
                steps.push(Step::Deliver(message.key));
            }
        }
    }

    fn begins(&self, steps: &mut Vec<Step>) {
        if self.unbegun == 0 {
            return;
        }
        let workers = &self.session.workers;
        for (worker, process) in workers.processes().iter().enumerate().filter(|(worker, _)| workers.is_free(*worker)) {
            let planned = (0..).zip(&self.subject.program).zip(&self.is_over);
            let mut own = planned.filter(|((_, planned), is_over)| planned.worker == worker && !**is_over);
            if let Some(((operation, _), _)) = own.next() {
                steps.push(Step::Begin { operation, client: flight::client(*process) });
            }
        }
    }

    fn timers(&self, steps: &mut Vec<Step>) {
        if self.left.timers == 0 && !self.session.options.has_disk() {
            // Timers that are due at once are rare without disks, but there may be some.
            return self.prompt_timers(steps);
        }
        let timers = self.all_timers();
        let Some(first) = timers.iter().map(|(_, deadline, _)| *deadline).min() else { return };
        for (place, deadline, is_prompt) in timers {
            let is_next = self.left.timers > 0 && deadline <= first + self.subject.bounds.drift;
            if is_prompt || is_next {
                steps.push(Step::Fire(place));
            }
        }
    }

    fn prompt_timers(&self, steps: &mut Vec<Step>) {
        for (place, node) in (0..).zip(&self.subject.nodes) {
            if self.session.world.timer(node, PROMPT).is_some_and(|(_, is_prompt)| is_prompt) {
                steps.push(Step::Fire(place));
            }
        }
    }

    /// The next timers of nodes and of clients that wait.
    fn all_timers(&self) -> Vec<(Place, Duration, bool)> {
        let (world, workers) = (&self.session.world, &self.session.workers);
        let nodes = (0..).zip(&self.subject.nodes).map(|(place, node)| (place, world.id(node)));
        let clients = workers.processes().iter().enumerate();
        let clients = clients.map(|(worker, process)| (flight::client(*process), workers.client(worker)));
        let timer = |(place, id): (Place, Option<ParticipantId>)| {
            let (deadline, is_prompt) = world.timer_of(id?, PROMPT)?;
            Some((place, deadline, is_prompt))
        };
        nodes.chain(clients).filter_map(timer).collect()
    }

    fn losses(&self, steps: &mut Vec<Step>) {
        let Some(flight) = self.session.world.flight() else { return };
        for key in flight.fresh().iter().map(|message| message.key).filter(|key| !key.is_copy) {
            if self.left.drops > 0 && !is_client(key.src) && !is_client(key.dest) {
                steps.push(Step::Drop(key));
            }
            if self.left.duplicates > 0 && is_node(key.src) && is_node(key.dest) {
                steps.push(Step::Double(key));
            }
        }
    }

    fn cuts(&self, steps: &mut Vec<Step>) {
        match self.cut {
            Some(_) => steps.push(Step::Heal),
            None if self.left.partitions > 0 => {
                // To cut off one of two nodes is to cut off the other.
                let count = self.subject.nodes.len();
                let sides = if count == 2 { 1 } else { count };
                steps.extend((0..).take(if count < 2 { 0 } else { sides }).map(Step::Cut));
            }
            None => {}
        }
    }

    /// Takes a step. Returns false if it is not possible any more.
    pub(crate) fn take(&mut self, step: Step) -> bool {
        let index = |execution: &Self, key| execution.flying().iter().position(|message| message.key == key);
        match step {
            Step::Deliver(key) => {
                let Some(index) = index(self, key) else { return false };
                self.session.world.deliver_flying(index);
            }
            Step::Drop(key) => {
                let Some(index) = index(self, key) else { return false };
                self.left.drops -= 1;
                self.session.world.lose_flying(index);
            }
            Step::Double(key) => {
                let Some(index) = index(self, key) else { return false };
                self.left.duplicates -= 1;
                self.session.world.double_flying(index);
            }
            Step::Begin { operation, .. } => self.begin(usize::from(operation)),
            Step::Fire(place) => self.fire(place),
            Step::Crash(place) => self.crash(place),
            Step::Restart(place) => self.restart(place),
            Step::Cut(place) => self.cut(place),
            Step::Heal => self.heal(),
            Step::End => self.has_ended = true,
        }
        self.steps += 1;
        self.after_step();
        true
    }

    fn begin(&mut self, operation: usize) {
        let planned = &self.subject.program[operation];
        self.session.world.begin_step();
        self.is_over[operation] = true;
        self.unbegun -= 1;
        self.running += 1;
        if self.session.workers.connection(planned.worker).is_none() {
            self.seat(planned.worker);
        }
        self.session.begin(planned.worker, planned.invocation.clone());
    }

    fn fire(&mut self, place: Place) {
        let name = self.subject.name(place);
        let is_prompt = self.session.world.timer(&name, PROMPT).is_some_and(|(_, is_prompt)| is_prompt);
        if !is_prompt {
            self.left.timers = self.left.timers.saturating_sub(1);
        }
        self.session.world.fire(&name);
    }

    fn crash(&mut self, place: Place) {
        let node = self.subject.name(place);
        self.left.crashes -= 1;
        self.session.world.begin_step();
        self.session.note("kill", Json::new(&[node.as_str()]));
        self.kill(usize::from(place), &node);
        self.crashed.push(place);
    }

    /// Ends a node. What it has not synced is lost.
    fn kill(&mut self, number: usize, node: &NodeId) {
        if let Some(disk) = self.session.world.disks.of(node) {
            disk.keep(0, 0);
        }
        if let Some(cast) = &mut self.cast {
            cast.crash(number, self.session.world.state(node));
        }
        self.session.world.kill(node);
    }

    /// Starts a node that crashed, and tells it its id before anything else reaches it.
    pub(super) fn restart(&mut self, place: Place) {
        let node = self.subject.name(place);
        self.session.world.begin_step();
        self.session.note("start", Json::new(&[node.as_str()]));
        self.crashed.retain(|crashed| *crashed != place);
        let number = usize::from(place);
        let seed = seed(self.subject.bounds.options.seed, number, self.starts[number]);
        self.starts[number] += 1;
        let process = match &self.cast {
            Some(cast) => cast.restart(number, seed),
            None => (self.subject.spawn)(seed, self.session.world.disks.of(&node)),
        };
        self.session.world.revive(&node, process);
        self.session.world.inject(NodeId::from(STARTER), &node, self.init(&node));
        self.session.world.lose_all_to(self.subject.place(STARTER));
    }

    /// The line with which a restarted node is told its id.
    fn init(&self, node: &NodeId) -> Rc<str> {
        let (id, ids) = (Json::from(node.as_str()), Json::new(&self.subject.nodes));
        let body = format!(r#"{{"type":"init","msg_id":1,"node_id":{id},"node_ids":{ids}}}"#);
        format!(r#"{{"src":"{STARTER}","dest":{id},"body":{body}}}"#).into()
    }

    fn cut(&mut self, place: Place) {
        let node = self.subject.name(place);
        self.left.partitions -= 1;
        self.cut = Some(place);
        let mut grudge = Grudge::new();
        for other in self.subject.nodes.iter().filter(|other| **other != node) {
            for (from, to) in [(&node, other), (other, &node)] {
                grudge.or_insert(to.as_str().to_owned(), SortedSet::new()).insert(from.as_str().to_owned());
            }
        }
        self.session.note("start-partition", Json::new(&("isolated", &grudge)));
        self.session.world.cut(grudge);
    }

    pub(super) fn heal(&mut self) {
        if self.cut.take().is_some() {
            self.session.note("stop-partition", Json::from("network-healed"));
            self.session.world.begin_step();
            self.session.world.network.heal(crate::options::Fault::Partition);
        }
    }
}
