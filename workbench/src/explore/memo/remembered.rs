//! A participant whose answers are looked up. It can be copied, which no handler can.

use crate::{
    engine::{participant::Participant, violation::Violation},
    explore::memo::{
        Answer, Memo, StateId, Told,
        live::{Live, MakeLive},
    },
    workload::{
        Connection,
        client::{Endpoint, Outcome},
        generator::Invocation,
    },
};
use futures_util::FutureExt;
use glomers_protocol::{NodeId, Rejected};
use std::{cell::RefCell, future::poll_fn, rc::Rc, task::Poll, time::Duration};

/// A participant that is in a state.
pub(crate) struct Remembered {
    name: NodeId,
    memo: Rc<RefCell<Memo>>,
    make: MakeLive,
    /// Its state.
    state: StateId,
    /// The participant at work, and the state that it is in, which may be an earlier one.
    live: Option<(StateId, Box<dyn Live>)>,
}

impl Remembered {
    pub(crate) fn new(memo: &Rc<RefCell<Memo>>, make: &MakeLive, name: &NodeId, state: StateId) -> Self {
        let (memo, make) = (Rc::clone(memo), Rc::clone(make));
        Self { name: name.clone(), memo, make, state, live: None }
    }

    /// A participant of this name that was told nothing.
    pub(crate) fn start(memo: &Rc<RefCell<Memo>>, make: &MakeLive, name: &NodeId) -> Self {
        let start = memo.borrow_mut().start(name);
        Self::new(memo, make, name, start)
    }

    /// Takes an input.
    pub(crate) fn take(&mut self, told: Told<'_>) {
        let known = self.memo.borrow().after(self.state, told);
        self.state = known.unwrap_or_else(|| self.work(told));
    }

    /// Has the participant do its work.
    fn work(&mut self, told: Told<'_>) -> StateId {
        let (at, mut live) = match self.live.take() {
            Some((at, live)) => (Some(at), live),
            None => (None, (self.make)()),
        };
        let path = self.memo.borrow().path(at, self.state);
        for (state, input) in path {
            let answer = live.take(&input);
            self.memo.borrow_mut().compare(&self.name, state, &answer);
        }
        let input = told.to_input();
        let answer = live.take(&input);
        let after = self.memo.borrow_mut().learn(self.state, input, answer);
        self.live = Some((after, live));
        after
    }

    fn answer<T>(&self, ask: impl FnOnce(&Answer) -> T) -> T {
        ask(self.memo.borrow().answer(self.state))
    }
}

impl Clone for Remembered {
    fn clone(&self) -> Self {
        Self::new(&self.memo, &self.make, &self.name, self.state)
    }
}

impl Participant for Remembered {
    fn deliver(&mut self, _: u64, line: &str, now: Duration) -> Result<(), Rejected> {
        self.take(Told::Deliver(line, now));
        self.answer(|answer| answer.rejected.clone().map_or(Ok(()), Err))
    }

    fn advance(&mut self, now: Duration) {
        self.take(Told::Advance(now));
    }

    fn deadline(&self) -> Option<Duration> {
        self.answer(|answer| answer.deadline)
    }

    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, Rc<str>)) {
        self.answer(|answer| answer.sent.iter().for_each(|(dest, line)| send(dest, Rc::clone(line))));
    }

    fn drain_violations(&mut self, report: &mut dyn FnMut(String, Violation)) {
        self.answer(|answer| {
            answer.violations.iter().cloned().for_each(|(subject, violation)| report(subject, violation));
        });
    }

    fn failure(&self) -> Option<String> {
        self.answer(|answer| answer.failure.clone())
    }

    fn fork(&self) -> Option<Box<dyn Participant>> {
        Some(Box::new(self.clone()))
    }

    fn state(&self) -> Option<usize> {
        Some(self.state)
    }
}

/// A client whose operations are remembered.
pub(crate) struct RememberedClient {
    remembered: Remembered,
    /// The place of the futures that wait for the ends of operations.
    endpoint: Endpoint,
    desk: Rc<Desk>,
}

/// The operation of a client.
#[derive(Default)]
struct Desk {
    begun: RefCell<Option<Invocation>>,
    outcome: RefCell<Option<Outcome>>,
}

impl RememberedClient {
    /// A client, its endpoint and its connection.
    pub(crate) fn new(remembered: Remembered, id: NodeId) -> (Self, Endpoint, Connection) {
        let (endpoint, desk) = (Endpoint::new(id), Rc::<Desk>::default());
        let shared = Rc::clone(&desk);
        let connection: Connection = Rc::new(move |invocation| {
            let desk = Rc::clone(&shared);
            desk.begun.replace(Some(invocation));
            poll_fn(move |_| desk.outcome.take().map_or(Poll::Pending, Poll::Ready)).boxed_local()
        });
        (Self { remembered, endpoint: endpoint.clone(), desk }, endpoint, connection)
    }

    /// Ends the operation if it has an outcome.
    fn settle(&mut self, now: Duration) {
        let outcome = self.remembered.answer(|answer| answer.outcome.clone());
        if outcome.is_some() {
            self.desk.outcome.replace(outcome);
            self.endpoint.advance(now);
        }
    }
}

impl Participant for RememberedClient {
    fn deliver(&mut self, id: u64, line: &str, now: Duration) -> Result<(), Rejected> {
        let delivered = self.remembered.deliver(id, line, now);
        self.settle(now);
        delivered
    }

    fn advance(&mut self, now: Duration) {
        match self.desk.begun.take() {
            Some(invocation) => self.remembered.take(Told::Begin(&invocation, now)),
            None => self.remembered.advance(now),
        }
        self.settle(now);
    }

    fn deadline(&self) -> Option<Duration> {
        self.remembered.deadline()
    }

    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, Rc<str>)) {
        self.remembered.drain(send);
    }

    fn drain_violations(&mut self, report: &mut dyn FnMut(String, Violation)) {
        self.remembered.drain_violations(report);
    }

    fn state(&self) -> Option<usize> {
        self.remembered.state()
    }
}
