//! The entries that show something about a value, for checkers that judge values and not entries.

use crate::{
    history::{History, Kind, Op, Process},
    text::find,
};

/// The indices of the entries that have exactly this value.
pub(crate) fn with_value(history: &History, value: &str, is_wanted: impl Fn(&Op) -> bool) -> Vec<usize> {
    history.ops().iter().filter(|op| op.value.as_str() == value && is_wanted(op)).map(|op| op.index).collect()
}

/// The last read that saw an element, and the first one after it that did not.
pub(crate) fn last_seen(element: &str, history: &History) -> Vec<usize> {
    let reads = || history.ops().iter().filter(|op| op.f == "read" && op.kind == Kind::Ok);
    let seen = reads().rfind(|op| find(op.value.as_str(), element).is_some());
    let known = seen.or_else(|| {
        let mut ops = history.ops().iter();
        ops.find(|op| op.f != "read" && op.kind == Kind::Ok && op.value.as_str() == element)
    });
    let began_later = |op: &&Op| known.is_none_or(|known| invocation(op, history) > Some(known.index));
    let mut later = reads().filter(|op| known.is_none_or(|known| op.index > known.index));
    let missed = later.find(began_later);
    seen.into_iter().chain(missed).map(|op| op.index).collect()
}

/// The index at which the operation that an entry ends began.
fn invocation(op: &Op, history: &History) -> Option<usize> {
    let is_its = |earlier: &&Op| earlier.process == op.process && earlier.process != Process::Nemesis;
    history.ops()[..op.index].iter().rfind(is_its).map(|op| op.index)
}
