//! Answers that are remembered. A participant's answer depends only on what it was told since its start: nodes take time and
//! chance from their context, and each participant has a clock of its own. Schedules differ in the order of steps at
//! different participants, so a participant is told the same again and again. It does its work once, and then its answer is
//! looked up.
//!
//! The inputs of a participant, from its start to now, are a path in a tree. A state is a node of this tree. A participant
//! that meets a new input is made, gets all inputs of the path, and then the new one (`memo/live.rs`).

pub(crate) mod cast;
pub(crate) mod live;
pub(crate) mod remembered;

use crate::{
    engine::violation::Violation,
    workload::{client::Outcome, generator::Invocation},
};
use glomers_protocol::{NodeId, Rejected};
use indexmap::IndexMap;
use std::{fmt, rc::Rc, time::Duration};

/// The size from which answers are forgotten before the next schedule, in bytes.
const MOST: usize = 64 << 20;

/// The size of a state besides its texts, in bytes, with a margin for its allocations.
const STATE: usize = 320;

/// The number of a state.
pub(crate) type StateId = usize;

/// Something that a participant is told, with the time on its clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Input {
    /// A message.
    Deliver(Box<str>, Duration),
    /// Time passes.
    Advance(Duration),
    /// A client begins an operation.
    Begin(Invocation, Duration),
    /// A node crashes, loses what it has not synced, and its process starts again with this seed.
    Restart(u64),
}

/// The same without a copy, to look it up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told<'a> {
    /// A message.
    Deliver(&'a str, Duration),
    /// Time passes.
    Advance(Duration),
    /// A client begins an operation.
    Begin(&'a Invocation, Duration),
    /// A node starts again.
    Restart(u64),
}

/// The answer of a participant to an input, and what can be asked of it afterwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The reason for which it ignores the message.
    pub(crate) rejected: Option<Rejected>,
    /// The lines that it sends, with their destinations.
    pub(crate) sent: Vec<(NodeId, Rc<str>)>,
    /// The time of its next timer.
    pub(crate) deadline: Option<Duration>,
    /// The violations that it found or committed, with their subjects.
    pub(crate) violations: Vec<(String, Violation)>,
    /// The reason for which it has stopped.
    pub(crate) failure: Option<String>,
    /// The end of a client's operation.
    pub(crate) outcome: Option<Outcome>,
}

impl Answer {
    fn is_same(&self, other: &Self) -> bool {
        (&self.sent, self.deadline, &self.failure) == (&other.sent, other.deadline, &other.failure)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.failure, &self.sent[..]) {
            (Some(failure), _) => write!(f, "it stopped: {failure}"),
            (None, []) => write!(f, "it sent nothing"),
            (None, sent) => {
                let lines: Vec<&str> = sent.iter().map(|(_, line)| &**line).collect();
                write!(f, "it sent {}", lines.join(" "))
            }
        }?;
        self.deadline.map_or(Ok(()), |deadline| write!(f, ", with the next timer at {deadline:?}"))
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliver(line, _) => f.write_str(line),
            Self::Advance(clock) => write!(f, "the time {clock:?}"),
            Self::Begin(invocation, _) => write!(f, "the operation {} {}", invocation.f, invocation.value),
            Self::Restart(_) => f.write_str("a new start"),
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, input, answers: [first, second] } = self;
        write!(
            f,
            "{node} was told the same twice, and answered differently at {input}: first {first}, then {second}; a node must \
             take time, random numbers and data from its context and its messages only, or no schedule can be repeated"
        )
    }
}

struct State {
    /// The state before, and the input that led from there; `None` at the start.
    before: Option<(StateId, Input)>,
    /// The states that followed.
    after: Vec<StateId>,
    answer: Answer,
}

/// All states of all participants.
#[derive(Default)]
pub(crate) struct Memo {
    states: Vec<State>,
    starts: IndexMap<NodeId, StateId>,
    size: usize,
    /// The first answer that a participant gave when it was told the same as before, and that was another one.
    contradiction: Option<Contradiction>,
}

/// A participant's answer that was another one when it was told the same.
#[derive(Clone, Debug)]
pub(crate) struct Contradiction {
    pub(crate) node: NodeId,
    pub(crate) input: Input,
    pub(crate) answers: [Answer; 2],
}

impl Memo {
    /// The state of a participant that was told nothing.
    pub(crate) fn start(&mut self, name: &NodeId) -> StateId {
        if let Some(known) = self.starts.get(name) {
            return *known;
        }
        let start = self.add(None, Answer::default());
        self.starts.insert(name.clone(), start);
        start
    }

    /// Tells whether it is large enough to begin anew.
    pub(crate) fn is_full(&self) -> bool {
        self.size >= MOST
    }

    /// The state after an input, if it is known.
    fn after(&self, state: StateId, told: Told<'_>) -> Option<StateId> {
        let is_it = |after: &&StateId| self.states[**after].before.as_ref().is_some_and(|(_, input)| *input == told);
        self.states[state].after.iter().find(is_it).copied()
    }

    /// Remembers the answer to an input.
    fn learn(&mut self, state: StateId, input: Input, answer: Answer) -> StateId {
        let after = self.add(Some((state, input)), answer);
        self.states[state].after.push(after);
        after
    }

    fn add(&mut self, before: Option<(StateId, Input)>, answer: Answer) -> StateId {
        let input = before.as_ref().map_or(0, |(_, input)| input.len());
        self.size += STATE + input + answer.sent.iter().map(|(_, line)| STATE / 8 + line.len()).sum::<usize>();
        self.states.push(State { before, after: Vec::new(), answer });
        self.states.len() - 1
    }

    /// Compares an answer with the one that is remembered.
    fn compare(&mut self, node: &NodeId, state: StateId, answer: &Answer) {
        let known = &self.states[state];
        if known.answer.is_same(answer) || self.contradiction.is_some() {
            return;
        }
        let answers = [known.answer.clone(), answer.clone()];
        let input = known.before.as_ref().map(|(_, input)| input.clone());
        self.contradiction = input.map(|input| Contradiction { node: node.clone(), input, answers });
    }

    /// The first contradiction, if there is one.
    pub(crate) fn contradiction(&self) -> Option<&Contradiction> {
        self.contradiction.as_ref()
    }

    fn answer(&self, state: StateId) -> &Answer {
        &self.states[state].answer
    }

    /// The inputs that lead from one state to a later one, or from the start if the first is `None`, each with the state that
    /// it leads to.
    fn path(&self, from: Option<StateId>, to: StateId) -> Vec<(StateId, Input)> {
        let mut path = Vec::new();
        let mut at = to;
        while let Some((before, input)) = self.states[at].before.as_ref().filter(|_| Some(at) != from) {
            path.push((at, input.clone()));
            at = *before;
        }
        path.reverse();
        path
    }
}

impl Input {
    fn len(&self) -> usize {
        match self {
            Self::Deliver(line, _) => line.len(),
            Self::Begin(invocation, _) => invocation.value.as_str().len(),
            Self::Advance(_) | Self::Restart(_) => 0,
        }
    }
}

impl PartialEq<Told<'_>> for Input {
    fn eq(&self, told: &Told<'_>) -> bool {
        match (self, *told) {
            (Self::Deliver(line, clock), Told::Deliver(other, time)) => *clock == time && **line == *other,
            (Self::Advance(clock), Told::Advance(time)) => *clock == time,
            (Self::Begin(invocation, clock), Told::Begin(other, time)) => *clock == time && *invocation == *other,
            (Self::Restart(seed), Told::Restart(other)) => *seed == other,
            _ => false,
        }
    }
}

impl Told<'_> {
    fn to_input(self) -> Input {
        match self {
            Self::Deliver(line, clock) => Input::Deliver(line.into(), clock),
            Self::Advance(clock) => Input::Advance(clock),
            Self::Begin(invocation, clock) => Input::Begin(invocation.clone(), clock),
            Self::Restart(seed) => Input::Restart(seed),
        }
    }
}
