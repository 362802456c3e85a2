//! Linearizability of compare-and-set registers, one a key (jepsen: `independent.clj`, `linearizable.clj`; knossos:
//! `model.clj`, `linear.clj`).
//!
//! The search is our own, for the crates that were found do not fit: `stateright`'s tester tries every order without
//! remembering what it tried; the checker of `todc-utils` remembers, but answers only yes or no. Neither can give up after
//! a bounded effort or say where a history fails, and neither keeps operations without a known end cheaply, which is what
//! makes the difference on long histories.
//!
//! As in knossos, an operation that failed is left out, a read tells something only if it returned a value that is not
//! `null`, and a write or compare-and-set without a known end may happen at any time after it began, or never.

mod key;
mod search;
mod states;
mod timeline;
mod window;

use crate::{
    expectations::Expectations,
    history::History,
    json::value,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use glomers_json::Json;
use indexmap::IndexMap;
use key::Key;
use search::{Budget, Outcome};
use serde_json::{Map, Value, json};

/// How many states may be looked at, all keys together, before the answer is "unknown". A right history of 20,000
/// operations needs some hundred thousand.
pub const MAX_STEPS: u64 = 50_000_000;

/// What a history shows of each key.
#[derive(Clone, Debug)]
pub struct LinKv {
    /// The verdicts, in the order of the keys.
    pub keys: Vec<(Json, KeyVerdict)>,
}

/// What a history shows of a key.
#[derive(Clone, Debug)]
pub enum KeyVerdict {
    /// There is an order of its operations in which each returns what it should.
    Linearizable,
    /// The search was given up.
    Unknown,
    /// There is no such order.
    Violated(Violation),
}

/// Why a key is not linearizable.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The index of the entry that contradicts all before it.
    pub index: usize,
    /// The first index from which on the entries contradict each other, whatever happened before.
    pub from: usize,
    /// What could not be explained, in words.
    pub explanation: String,
    /// The operations from there to the contradiction, one a line.
    pub timeline: String,
}

/// Judges a history by [`MAX_STEPS`].
pub fn check(history: &History) -> LinKv {
    check_within(history, MAX_STEPS)
}

/// Judges a history, looking at no more than `max_steps` states.
pub fn check_within(history: &History, max_steps: u64) -> LinKv {
    let mut budget = Budget::new(max_steps);
    let mut verdicts = Vec::new();
    for (name, operations) in key::by_key(history) {
        let key = Key::new(&operations);
        let verdict = match search::search(&key, &mut budget) {
            Outcome::Linearizable => KeyVerdict::Linearizable,
            Outcome::GivenUp => KeyVerdict::Unknown,
            Outcome::Violated { place, values } => KeyVerdict::Violated(window::violation(&name, &key, place, &values)),
        };
        verdicts.push((name, verdict));
    }
    verdicts.sort_by(|(left, _), (right, _)| left.cmp(right));
    LinKv { keys: verdicts }
}

impl KeyVerdict {
    fn valid(&self) -> Validity {
        match self {
            Self::Linearizable => Validity::Valid,
            Self::Unknown => Validity::Unknown,
            Self::Violated(_) => Validity::Invalid,
        }
    }

    fn findings(&self) -> Value {
        let mut findings = json!({ "valid?": self.valid() });
        match self {
            Self::Linearizable => {}
            Self::Unknown => findings["error"] = json!("too many operations whose end is not known"),
            Self::Violated(violation) => {
                findings["window"] = json!([violation.from, violation.index]);
                findings["explanation"] = json!(violation.explanation);
                findings["timeline"] = json!(violation.timeline.lines().collect::<Vec<_>>());
            }
        }
        json!({ "linearizable": findings, "valid?": self.valid() })
    }
}

impl From<LinKv> for Verdict {
    fn from(checked: LinKv) -> Self {
        let valid = checked.keys.iter().map(|(_, verdict)| verdict.valid()).max().unwrap_or(Validity::Valid);
        let failures: IndexMap<String, Value> = checked
            .keys
            .iter()
            .filter(|(_, verdict)| verdict.valid() != Validity::Valid)
            .map(|(key, _)| (key.to_string(), value(key)))
            .collect();
        let results: Map<_, _> =
            checked.keys.iter().map(|(key, verdict)| (key.to_string(), verdict.findings())).collect();
        Self { valid, findings: json!({ "results": results, "failures": failures.values().collect::<Vec<_>>() }) }
    }
}

/// The checker of `lin-kv`.
#[derive(Debug)]
pub struct LinKvChecker;

impl Checker for LinKvChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        check(history).into()
    }
}
