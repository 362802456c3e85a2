//! Linearizability of compare-and-set registers, one for each key (Maelstrom: `workload/lin_kv.clj`; jepsen:
//! `independent.clj`, `linearizable.clj`): the search is [`linearizability`]'s.
//!
//! As in knossos, an operation that failed is left out, a read tells something only if it returned a value that is not
//! `null`, and a write or compare-and-set without a known end may happen at any time after it began, or never.

use super::linearizability::{self, Budget, CasRegister, Independent, Linearizability, PartVerdict};
use crate::{
    checker::strict::registers,
    expectations::Expectations,
    finding::{Finding, SHOWN},
    history::{History, Kind, Op, Operation},
    json::value,
    order::sort_by_number,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use glomers_json::{Json, pair};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Judges a history.
pub fn check(history: &History) -> Linearizability {
    check_within(history, Budget::default())
}

/// Judges a history within a budget.
pub fn check_within(history: &History, budget: Budget) -> Linearizability {
    linearizability::check_within(&Independent(CasRegister), history, budget)
}

/// The results of a key, with jepsen's names.
fn results(verdict: &PartVerdict) -> Value {
    let mut results = json!({ "valid?": verdict.valid() });
    match verdict {
        PartVerdict::Linearizable => {}
        PartVerdict::Unknown(given_up) => results["error"] = json!(given_up.to_string()),
        PartVerdict::Violated(violation) => {
            results["window"] = json!([violation.from, violation.index]);
            results["explanation"] = json!(violation.explanation);
            results["timeline"] = json!(violation.timeline.lines().collect::<Vec<_>>());
        }
    }
    json!({ "linearizable": results, "valid?": verdict.valid() })
}

/// The results of all keys.
#[derive(Clone, Debug)]
pub struct LinKv(pub Linearizability);

/// As jepsen's: the results by key, and the keys that failed.
impl Serialize for LinKv {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = || self.0.parts.iter().filter_map(|(key, verdict)| key.as_ref().zip(Some(verdict)));
        let failures: Vec<_> =
            keys().filter(|(_, verdict)| verdict.valid() != Validity::Valid).map(|(key, _)| value(key)).collect();
        let all: Map<_, _> = keys().map(|(key, verdict)| (key.to_string(), results(verdict))).collect();
        json!({ "results": all, "failures": failures }).serialize(serializer)
    }
}

/// A finding for each key that is not linearizable, or that the search gave up on.
fn findings(checked: &Linearizability) -> Vec<Finding> {
    let finding = |(key, verdict): &(Option<Json>, PartVerdict)| {
        let key = key.as_ref()?;
        match verdict {
            PartVerdict::Linearizable => None,
            PartVerdict::Unknown(given_up) => Some(Finding::no_verdict(format!("key {key}: {given_up}"))),
            PartVerdict::Violated(violation) => {
                let kind = format!("key {key} is not linearizable");
                let finding = Finding::fault(kind, [violation.from, violation.index], violation.explanation.clone());
                Some(finding.about([key.as_str()]).with_detail(violation.timeline.trim_end()))
            }
        }
    };
    checked.parts.iter().filter_map(finding).take(SHOWN).collect()
}

/// Operations that end at another key than they began at: the history without these ends, the keys at which they end,
/// and the first of them in words.
///
/// Jepsen splits a history by the keys of its entries. At the first key it finds an operation without an end, at the
/// second an end without a beginning, on which knossos throws an exception; other keys are judged as ever.
fn changed_keys(history: &History) -> (Cow<'_, History>, Vec<Json>, Option<String>) {
    fn key(op: &Op) -> Option<&str> {
        pair(op.value.as_str()).map(|(key, _)| key)
    }
    let json = Json::from_valid_text;
    let mut moved = Vec::new();
    for Operation { invocation, completion } in history.operations() {
        if let (Some(first), Some(completion)) = (key(invocation), completion)
            && let Some(second) = key(completion).filter(|second| *second != first && json(second) != json(first))
        {
            let reason = format!(
                "entry {} ends an operation on key {second}, which began on key {first} in entry {}",
                completion.index, invocation.index
            );
            moved.push((completion.index, invocation.value.clone(), json(second), reason));
        }
    }
    if moved.is_empty() {
        return (Cow::Borrowed(history), Vec::new(), None);
    }
    sort_by_number(&mut moved, |(index, ..)| *index as u64);
    let repair = |op: &Op| {
        let mut op = op.clone();
        if let Ok(place) = moved.binary_search_by_key(&op.index, |(index, ..)| *index) {
            (op.kind, op.value) = (Kind::Info, moved[place].1.clone());
        }
        op
    };
    let repaired = history.ops().iter().map(repair).collect();
    let reason = moved.first().map(|(_, _, _, reason)| reason.clone());
    (Cow::Owned(repaired), moved.into_iter().map(|(_, _, key, _)| key).collect(), reason)
}

/// The checker of `lin-kv`.
#[derive(Debug)]
pub struct LinKvChecker;

impl Checker for LinKvChecker {
    fn check(&self, history: &History, expectations: &Expectations) -> Verdict {
        let (history, thrown, reason) = changed_keys(history);
        let checked = check_within(&history, expectations.budget);
        let is_judged = |key: &Option<Json>| key.as_ref().is_none_or(|key| !thrown.contains(key));
        let judged = checked.parts.iter().filter(|(key, _)| is_judged(key)).map(|(_, verdict)| verdict.valid());
        let valid = judged.max().unwrap_or(Validity::Valid);
        let verdict = Verdict::new(valid, findings(&checked), LinKv(checked));
        // A key that is not linearizable decides, whatever happens at others.
        verdict.unless_thrown(reason.filter(|_| valid != Validity::Invalid))
    }

    fn strict_findings(&self, history: &History, _: &Expectations) -> Vec<Finding> {
        registers::strict_findings(history)
    }
}
