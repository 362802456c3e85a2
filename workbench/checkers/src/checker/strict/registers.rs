//! Anomalies in reads of registers that knossos accepts, because it ignores reads of `null`:
//!
//! - `null-read`: a read that returned `null` although it began after the register had a value for certain, and no
//!   operation that sets `null` had begun.

use crate::{
    finding::Finding,
    history::{Clients, History, Kind, Op, Process},
};
use foldhash::fast::FixedState;
use glomers_json::{Json, pair};
use indexmap::IndexMap;

/// Follows the operations on every key.
pub fn strict_findings(history: &History) -> Vec<Finding> {
    let mut registers = IndexMap::<Json, Register, FixedState>::default();
    // The place of the key of each client's running operation, its argument, and whether the key was known to have a value when
    // it began.
    let mut running = Clients::<Option<(usize, &str, bool)>>::default();
    let mut findings = Vec::new();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        let tuple = pair(op.value.as_str());
        if op.kind == Kind::Invoke {
            let Some((key, argument)) = tuple else { continue };
            let register = registers.entry(Json::from_valid_text(key));
            let (place, register) = (register.index(), register.or_default());
            register.may_be_null_again |= value_set(op, argument) == Some("null");
            *running.of(op.process) = Some((place, argument, register.evidence.is_some()));
            continue;
        }
        let Some((place, argument, was_known)) = running.of(op.process).take().filter(|_| op.kind == Kind::Ok) else {
            continue;
        };
        let Some((key, register)) = registers.get_index_mut(place) else { continue };
        match (value_set(op, argument), tuple) {
            (None, Some((_, "null"))) if op.f == "read" => {
                let known = register.evidence.as_ref().filter(|_| was_known && !register.may_be_null_again);
                findings.extend(known.map(|known| finding(op, key, known)));
            }
            (None, Some((_, value))) if op.f == "read" => register.know(op, || format!("{value} was read")),
            (Some(_), _) => register.know(op, || format!("{} {argument} was acknowledged", op.f)),
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

struct Evidence {
    index: usize,
    text: String,
}

impl Register {
    fn know(&mut self, op: &Op, text: impl FnOnce() -> String) {
        self.evidence.get_or_insert_with(|| Evidence { index: op.index, text: text() });
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

/// The text of the value that an operation leaves, if it sets one.
fn value_set<'a>(op: &Op, argument: &'a str) -> Option<&'a str> {
    match &*op.f {
        "write" => Some(argument),
        "cas" => pair(argument).map(|(_, to)| to),
        _ => None,
    }
}
