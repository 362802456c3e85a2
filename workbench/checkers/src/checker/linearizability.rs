//! Linearizability of any object that has a sequential specification.
//!
//! A history is linearizable if each operation can be given one moment between its beginning and its end at which it
//! takes effect, so that the answers are those of the object with one client (Herlihy and Wing, "Linearizability: a
//! correctness condition for concurrent objects", 1990). An operation with an unknown outcome may take effect at any
//! time after its beginning, or never. A failed one did not happen.
//!
//! The search is the just-in-time linearization of Lowe ("Testing for linearizability", 2017), which is also knossos'
//! `linear.clj`: it walks through the history once, with the set of all *configurations* in which the object may be. It
//! also leaves out configurations that others dominate, which makes unread writes and operations without a known end
//! cheap (`configurations.rs` and `expansion.rs` explain why this is correct). No crate that was found fits: the
//! tester of `stateright` does not remember what it tried, that of `todc-utils` answers only yes or no, and neither can
//! stop after a bounded effort or say where a history fails.
//!
//! - `model`: the trait [`Model`]; `models`: those that come with the check;
//! - `part`: a history becomes beginnings and ends, one list for each independent object;
//! - `search`, `expansion`, `rows`, `running`, `states`, `configurations`, `slots`: the search, from the outside in;
//! - `violation`, `window`, `timeline`: a violation in words and drawn;
//! - `budget`: limits that are counted, so that a check ends alike on every machine.

mod budget;
mod configurations;
mod expansion;
mod model;
mod models;
mod part;
mod rows;
mod running;
mod search;
mod slots;
mod states;
mod timeline;
mod violation;
mod window;

pub use crate::budget::Budget;
pub use budget::{Effort, Limit};
pub use model::{Effect, Model};
pub use models::{
    CasRegister, CasRegisterOperation, Counter, CounterOperation, FifoQueue, FifoQueueOperation, Independent, Mutex,
    MutexOperation, Register, RegisterOperation, Set, SetOperation,
};
pub use violation::Violation;

use crate::{history::History, order::sort_by, validity::Validity};
use budget::Meter;
use glomers_json::Json;
use part::Part;
use search::Outcome;
use std::fmt;

/// The verdicts on a history.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linearizability {
    /// The verdict on each independent object, in the order of their names; `None` names the only object of a model
    /// that has no parts.
    pub parts: Vec<(Option<Json>, PartVerdict)>,
    /// The work that it took.
    pub effort: Effort,
}

/// The verdict on an independent object.
#[derive(Clone, Debug)]
pub enum PartVerdict {
    /// There is an order of its operations in which each returns what it should.
    Linearizable,
    /// The search ended before it knew.
    Unknown(GivenUp),
    /// There is no such order.
    Violated(Violation),
}

/// The point at which a search ended at a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct GivenUp {
    /// The limit.
    pub limit: Limit,
    /// The index of the entry that could not be judged any more. All before it are linearizable.
    pub index: usize,
    /// The number of operations that ended before it.
    pub judged: usize,
    /// The number of all operations.
    pub operations: usize,
    /// The number of operations that ran at that entry, including those with an unknown outcome.
    pub running: usize,
}

/// Judges a history within the default [`Budget`].
pub fn check<M: Model>(model: &M, history: &History) -> Linearizability {
    check_within(model, history, Budget::default())
}

/// Judges a history within a budget. Each part may use an equal share of the steps that are left.
pub fn check_within<M: Model>(model: &M, history: &History, budget: Budget) -> Linearizability {
    let parts = part::parts(model, history);
    let mut left = parts.len() as u64;
    let mut effort = Effort::default();
    let mut verdicts = Vec::with_capacity(parts.len());
    for (name, part) in parts {
        let steps = (budget.steps - effort.steps) / left;
        let mut meter = Meter::new(budget.with_steps(steps));
        verdicts.push((name.clone(), judge(model, name.as_ref(), &part, &mut meter)));
        left -= 1;
        effort.steps += meter.effort().steps.min(steps);
        effort.entries = effort.entries.max(meter.effort().entries);
    }
    sort_by(&mut verdicts, |(left, _), (right, _)| left.cmp(right));
    Linearizability { parts: verdicts, effort }
}

fn judge<M: Model>(model: &M, name: Option<&Json>, part: &Part<M::Operation>, meter: &mut Meter) -> PartVerdict {
    match search::search(model, part, meter) {
        Outcome::Linearizable => PartVerdict::Linearizable,
        Outcome::GivenUp { place, running, limit } => {
            let judged = part.events[..place].iter().filter(|event| matches!(event, part::Event::End(_))).count();
            let (index, operations) = (part.index(part.events[place]), part.actions.len());
            PartVerdict::Unknown(GivenUp { limit, index, judged, operations, running })
        }
        Outcome::Violated { place, before, from } => {
            PartVerdict::Violated(window::violation::<M>(name, part, (from, place), &before))
        }
    }
}

impl Linearizability {
    /// The worst verdict of all parts; valid if there are none.
    pub fn valid(&self) -> Validity {
        self.parts.iter().map(|(_, verdict)| verdict.valid()).max().unwrap_or(Validity::Valid)
    }
}

impl PartVerdict {
    /// The verdict without its reasons.
    pub fn valid(&self) -> Validity {
        match self {
            Self::Linearizable => Validity::Valid,
            Self::Unknown(_) => Validity::Unknown,
            Self::Violated(_) => Validity::Invalid,
        }
    }
}

/// The limit, how far the search came, and why there.
impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, index, judged, operations, running } = self;
        write!(
            f,
            "{limit} at entry {index}, where {running} operations run at once; the {judged} of {operations} operations \
             that end before it are linearizable. Test with fewer clients per object, or allow more \
             (`--budget`)"
        )
    }
}
