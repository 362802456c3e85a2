//! The usual form of an entry, in JSON and in EDN: the fields of Jepsen in their order, and no others. Nearly all entries have it,
//! and are read in one pass. Every other form is left to the full reader of the notation.

use crate::history::{
    model::{Kind, Op},
    process::Process,
};
use glomers_json::{Json, digits};
use std::time::Duration;

/// The texts before the fields of an entry, and the forms that differ between notations.
pub(super) trait Notation {
    const INDEX: &'static str;
    const TIME: &'static str;
    const TYPE: &'static str;
    const PROCESS: &'static str;
    /// The value of the nemesis' `process`.
    const NEMESIS: &'static str;
    const F: &'static str;
    const VALUE: &'static str;
    const ERROR: &'static str;

    /// The content of the word at the beginning of a text, and what follows the word.
    fn word(text: &str) -> Option<(&str, &str)>;

    /// The value at the beginning of a text, and what follows.
    fn value<'a>(&mut self, text: &'a str) -> Option<(Json, &'a str)>;
}

/// The entry at the beginning of a text, and what follows its closing bracket. `None` if it has further attributes, or is written in
/// another way.
pub(super) fn entry<'a, N: Notation>(notation: &mut N, text: &'a str) -> Option<(Op, &'a str)> {
    let (_, rest) = number(text.strip_prefix(N::INDEX)?)?;
    let (time, rest) = number(rest.strip_prefix(N::TIME)?)?;
    let (kind, rest) = N::word(rest.strip_prefix(N::TYPE)?)?;
    let rest = rest.strip_prefix(N::PROCESS)?;
    let (process, rest) = match rest.strip_prefix(N::NEMESIS) {
        Some(rest) => (Process::Nemesis, rest),
        None => number(rest).and_then(|(number, rest)| Some((Process::Client(number.parse().ok()?), rest)))?,
    };
    let (f, rest) = N::word(rest.strip_prefix(N::F)?)?;
    let (value, rest) = notation.value(rest.strip_prefix(N::VALUE)?)?;
    let (error, rest) = match rest.strip_prefix(N::ERROR) {
        Some(rest) => notation.value(rest).map(|(error, rest)| (Some(error), rest))?,
        None => (None, rest),
    };
    let rest = rest.strip_prefix('}')?;
    let mut op = Op::new(Duration::from_nanos(time.parse().ok()?), process, Kind::named(kind)?, f, value);
    op.set_error(error.filter(|error| !error.is_null()));
    Some((op, rest))
}

/// The number at the beginning of a text, if it has neither a sign nor a point, and what follows.
fn number(text: &str) -> Option<(&str, &str)> {
    let digits = digits(text.as_bytes());
    let is_shortest = digits == 1 || digits > 1 && !text.starts_with('0');
    is_shortest.then(|| text.split_at(digits))
}
