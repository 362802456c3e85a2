//! Operations drawn one a line, in the order in which they began. A `?` ends one whose outcome is unknown.
//!
//! ```text
//! process 4   |----|           write 3
//! process 1        |--?        write 2
//! process 0          |----|    read 4    <-- impossible
//! ```

use super::part::{Action, Part};
use crate::history::Process;
use std::{
    fmt::{Display, Write as _},
    hash::Hash,
};

/// The widest drawing, in columns.
const WIDTH: usize = 60;

/// Draws actions from the entry at `from` to the one at `to`.
pub(super) fn draw(part: &Part<impl Display + Eq + Hash>, actions: &[&Action], from: usize, to: usize) -> String {
    let mut times: Vec<usize> = actions
        .iter()
        .flat_map(|action| [Some(action.begin), action.end])
        .flatten()
        .filter(|time| (from..=to).contains(time))
        .collect();
    times.sort_unstable();
    times.dedup();
    // Entries are two columns apart, or closer if there are too many.
    let step = 2.min(WIDTH / times.len().max(1)).max(1);
    let column = |time: usize| (1 + step * times.partition_point(|other| *other < time)).min(WIDTH);
    let mut drawing = String::new();
    for action in actions {
        let ends = action.end.filter(|end| *end <= to);
        let begin = if action.begin < from { 0 } else { column(action.begin) };
        let end = column(ends.unwrap_or(to)).max(begin + 1);
        let first = if action.begin < from { '<' } else { '|' };
        let last = if ends.is_some() {
            '|'
        } else if action.end.is_some() {
            '>'
        } else {
            '?'
        };
        let bar: String =
            std::iter::once(first).chain(std::iter::repeat_n('-', end - begin - 1)).chain([last]).collect();
        let Process::Client(process) = action.process else { continue };
        let label = part.operation(action);
        let mark = if ends == Some(to) { "    <-- impossible" } else { "" };
        let width = column(to) + 1;
        let _ = writeln!(
            drawing,
            "process {process:<4} {:begin$}{bar:<rest$}  {label}{mark}",
            "",
            rest = width.saturating_sub(begin)
        );
    }
    drawing
}
