//! Transactions that were done one after the other are always valid; one stale answer among them is found.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::notation::Operation;
use glomers_checkers::validity::Validity;
use glomers_checkers::{
    checker::txn::{EMPTY, Objects, Txn, check, strict_findings},
    history::{History, Kind},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The writes and reads of a transaction by key, and the number of moments by which it begins earlier and ends later.
type Planned = (Vec<(bool, u64)>, usize, usize);

type Plan = Vec<Planned>;

fn plan() -> impl Strategy<Value = Plan> {
    let step = (any::<bool>(), 0..4_u64);
    prop::collection::vec((prop::collection::vec(step, 1..5), 0..4_usize, 0..4_usize), 1..40)
}

/// Does the transactions in their order, each at one moment.
fn execute(plan: &Plan, objects: Objects) -> Vec<Operation> {
    let mut lists: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut next = 0;
    let transaction = |(process, (steps, _, _)): (usize, &Planned)| {
        let mut asked = Vec::new();
        let mut answered = Vec::new();
        for (writes, key) in steps {
            let list = lists.entry(*key).or_default();
            if *writes {
                next += 1;
                list.push(next);
                let step = json!([if objects == Objects::Lists { "append" } else { "w" }, key, next]);
                asked.push(step.clone());
                answered.push(step);
            } else {
                asked.push(json!(["r", key, null]));
                let value = if objects == Objects::Lists { json!(list) } else { json!(list.last()) };
                answered.push(json!(["r", key, value]));
            }
        }
        Operation { process: process as u64, kind: Kind::Ok, f: "txn", asked: json!(asked), answered: json!(answered) }
    };
    plan.iter().enumerate().map(transaction).collect()
}

/// Each transaction begins some moments before it is done and ends some moments after.
fn record(plan: &Plan, operations: &[Operation]) -> History {
    let mut entries = Vec::new();
    for (moment, (operation, (_, before, after))) in operations.iter().zip(plan).enumerate() {
        entries.push((2 * moment.saturating_sub(*before), operation.entry(false)));
        entries.push((2 * (moment + after) + 1, operation.entry(true)));
    }
    entries.sort_by_key(|(time, _)| *time);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn judge(history: &History, objects: Objects) -> Validity {
    check(history, objects, &["strict-serializable".to_owned()]).0
}

/// Tells whether a history shows no dependency at all.
fn is_empty(txn: &Txn) -> bool {
    txn.kinds() == [EMPTY]
}

/// The place of a read, as transaction and step, whose value others wrote; and the value as it was before them. A
/// register's version order is known only from nothing on.
fn stale_read(operations: &[Operation], objects: Objects) -> Option<(usize, usize, Value)> {
    let written = |operation: &Operation, key: &Value| {
        operation.asked.as_array().unwrap().iter().any(|step| step[0] != "r" && step[1] == *key)
    };
    operations.iter().enumerate().skip(1).rev().find_map(|(place, operation)| {
        let steps = operation.answered.as_array().unwrap();
        let step = steps.iter().position(|step| {
            step[0] == "r" && !written(operation, &step[1]) && step[2] != json!(null) && step[2] != json!([])
        })?;
        let before = match objects {
            Objects::Lists => json!(steps[step][2].as_array().unwrap().split_last().unwrap().1),
            Objects::Registers => Value::Null,
        };
        Some((place, step, before))
    })
}

proptest! {
    #[test]
    fn what_was_done_in_an_order_is_never_blamed(plan in plan(), lists in any::<bool>()) {
        let objects = if lists { Objects::Lists } else { Objects::Registers };
        let history = record(&plan, &execute(&plan, objects));
        let (valid, txn) = check(&history, objects, &["strict-serializable".to_owned()]);
        prop_assert!(valid == Validity::Valid || is_empty(&txn), "{txn:#?}");
        let found = strict_findings(&history, objects, &["strict-serializable".to_owned()], true);
        prop_assert!(found.is_empty(), "{:#?}", found);
    }

    #[test]
    fn whatever_was_answered_is_judged(
        plan in plan(),
        lists in any::<bool>(),
        answers in prop::collection::vec((prop::collection::vec(0..9_u64, 0..4), 0..9_u8), 1..20),
    ) {
        let objects = if lists { Objects::Lists } else { Objects::Registers };
        let mut operations = execute(&plan, objects);
        let mut answers = answers.iter().cycle();
        for operation in &mut operations {
            for step in operation.answered.as_array_mut().unwrap() {
                let (list, kind) = answers.next().unwrap();
                if step[0] == "r" && kind % 3 == 0 {
                    step[2] = if lists { json!(list) } else { json!(list.first()) };
                }
                operation.kind = match kind {
                    7 => Kind::Fail,
                    8 => Kind::Info,
                    _ => operation.kind,
                };
            }
        }
        let history = record(&plan, &operations);
        let models = ["strict-serializable", "strong-session-serializable", "read-committed"];
        let judge = |model: &str| check(&history, objects, &[model.to_owned()]);
        let [strict, session, committed] = models.map(judge);
        // What a weak model forbids, a strong one forbids.
        for weak in [committed, session] {
            prop_assert!(weak.0 != Validity::Invalid || strict.0 == Validity::Invalid || is_empty(&weak.1));
        }
        // The same history is judged in the same words.
        prop_assert_eq!(json!(judge(models[0]).1), json!(strict.1));
    }

    #[test]
    fn a_stale_read_is_found(plan in plan(), lists in any::<bool>()) {
        let objects = if lists { Objects::Lists } else { Objects::Registers };
        // Nothing runs at once, so that the read is late.
        let plan: Plan = plan.into_iter().map(|(steps, _, _)| (steps, 0, 0)).collect();
        let mut operations = execute(&plan, objects);
        let Some((place, step, before)) = stale_read(&operations, objects) else { return Ok(()) };
        operations[place].answered[step][2] = before;
        prop_assert_eq!(judge(&record(&plan, &operations), objects), Validity::Invalid);
    }
}
