//! Anomalies in reads of registers that knossos accepts, because it ignores reads of `null`:
//!
//! - `null-read`: a read that returned `null` although it began after the register had a value for certain, and no
//!   operation that sets `null` had begun.

use crate::{
    finding::Finding,
    history::{Clients, History, Kind, Op, Process},
};
use foldhash::fast::FixedState;
use glomers_json::Json;
use indexmap::IndexMap;

/// Follows the operations on every key.
pub fn strict_findings(history: &History) -> Vec<Finding> {
    let mut registers = IndexMap::<Json, Register, FixedState>::default();
    // The key of each client's running operation and, if it is a read, what was known of the key when it began.
    let mut running = Clients::<Option<(Json, Json, Option<Evidence>)>>::default();
    let mut findings = Vec::new();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        if op.kind == Kind::Invoke {
            let Some((key, argument)) = tuple(op) else { continue };
            let register = registers.entry(key.clone()).or_default();
            register.may_be_null_again |= value_set(op, &argument).is_some_and(|value| value.is_null());
            *running.of(op.process) = Some((key, argument, register.evidence.clone()));
            continue;
        }
        let Some((key, argument, known)) = running.of(op.process).take().filter(|_| op.kind == Kind::Ok) else {
            continue;
        };
        let register = registers.entry(key.clone()).or_default();
        let found = tuple(op).map(|(_, value)| value);
        match (value_set(op, &argument), found) {
            (None, Some(value)) if op.f == "read" && value.is_null() => {
                findings.extend(known.filter(|_| !register.may_be_null_again).map(|known| finding(op, &key, &known)));
            }
            (None, Some(value)) if op.f == "read" => register.know(op, format!("{value} was read")),
            (Some(_), _) if op.f == "write" => register.know(op, format!("write {argument} was acknowledged")),
            (Some(_), _) => register.know(op, format!("cas {argument} was acknowledged")),
            _ => {}
        }
    }
    findings
}

#[derive(Default)]
struct Register {
    /// The first operation that is known to have happened and to have set or found a value.
    evidence: Option<Evidence>,
    /// Somebody has begun to set `null`.
    may_be_null_again: bool,
}

#[derive(Clone)]
struct Evidence {
    index: usize,
    text: String,
}

impl Register {
    fn know(&mut self, op: &Op, text: String) {
        self.evidence.get_or_insert(Evidence { index: op.index, text });
    }
}

fn finding(read: &Op, key: &Json, known: &Evidence) -> Finding {
    let Evidence { index, text } = known;
    let explanation = format!(
        "entry {} read null at key {key} after {text} (entry {index}), and nothing else could have come between",
        read.index
    );
    Finding::strict("null-read", [*index, read.index], explanation)
}

/// The value that an operation leaves, if it sets one.
fn value_set(op: &Op, argument: &Json) -> Option<Json> {
    match &*op.f {
        "write" => Some(argument.clone()),
        "cas" => argument.pair().map(|(_, to)| to),
        _ => None,
    }
}

fn tuple(op: &Op) -> Option<(Json, Json)> {
    op.value.pair()
}
