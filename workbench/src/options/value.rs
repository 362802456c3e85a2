//! The values of flags, read from the words of a command line as Maelstrom reads them.

use crate::options::{concurrency::ParseConcurrencyError, fault::UnknownFault};
use glomers_checkers::{budget::ParseBudgetError, checker::txn::models};
use std::{str::FromStr, time::Duration};

/// The reason for which a flag does not take a value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The value has another form.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The value is none of a fixed set.
    #[error("expected one of {}", .0.join(", "))]
    NotOneOf(Vec<&'static str>),
    /// The value is no number of clients.
    #[error(transparent)]
    Concurrency(#[from] ParseConcurrencyError),
    /// The list has an unknown fault.
    #[error(transparent)]
    Fault(#[from] UnknownFault),
    /// The list has an unknown consistency model.
    #[error(transparent)]
    Model(#[from] UnknownModel),
    /// The value is no budget.
    #[error(transparent)]
    Budget(#[from] ParseBudgetError),
}

/// There is no consistency model of that name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no consistency model {name}{}; expected one of {}", self.hint(), models::names().join(", "))]
pub struct UnknownModel {
    name: String,
}

impl UnknownModel {
    /// The models with a similar name.
    fn hint(&self) -> String {
        let wanted = self.name.to_lowercase();
        let is_similar = |name: &&str| distance(&name.to_lowercase(), &wanted) <= 3;
        let similar: Vec<_> = models::names().into_iter().filter(is_similar).collect();
        if similar.is_empty() { String::new() } else { format!("; similar: {}", similar.join(", ")) }
    }
}

/// A number in decimal notation, or a ratio such as `1/2`; `None` for anything else and for what is not finite.
fn decimal(text: &str) -> Option<f64> {
    let number = match text.split_once('/') {
        Some((numerator, denominator)) => {
            let [numerator, denominator] = [numerator, denominator].map(|part| part.parse::<i64>().ok());
            numerator? as f64 / denominator? as f64
        }
        // Clojure's exact numbers end in M and N.
        None => text.strip_suffix(['M', 'N']).unwrap_or(text).parse().ok()?,
    };
    number.is_finite().then_some(number)
}

fn decimal_if(text: &str, is_taken: impl Fn(f64) -> bool, expected: &'static str) -> Result<f64, ValueError> {
    decimal(text).filter(|number| is_taken(*number)).ok_or(ValueError::Expected(expected))
}

/// A decimal number from 0 on.
pub(super) fn not_negative(text: &str) -> Result<f64, ValueError> {
    decimal_if(text, |number| number >= 0.0, "a number that is not negative")
}

/// A decimal number above 0.
pub(super) fn positive(text: &str) -> Result<f64, ValueError> {
    decimal_if(text, |number| number > 0.0, "a number greater than 0")
}

/// A decimal number from 0 to 1.
pub(super) fn fraction(text: &str) -> Result<f64, ValueError> {
    decimal_if(text, |number| (0.0..=1.0).contains(&number), "a number from 0 to 1, or `total`")
}

/// A whole number from 0 on.
pub(super) fn whole(text: &str) -> Result<u64, ValueError> {
    text.parse().map_err(|_| ValueError::Expected("a whole number that is not negative"))
}

/// A whole number from 1 on that the type holds.
pub(super) fn at_least_one<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, ValueError> {
    let number = text.parse().ok().filter(|number: &T| *number >= T::from(1));
    number.ok_or(ValueError::Expected("a whole number greater than 0"))
}

/// A time in seconds, about 30 years at most.
pub(super) fn seconds(number: f64) -> Result<Duration, ValueError> {
    let is_short = (0.0..=1e9).contains(&number);
    is_short.then(|| Duration::from_secs_f64(number)).ok_or(ValueError::Expected("at most 1000000000 seconds"))
}

/// The parts of a list, whose commas may have blanks around them.
pub(super) fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The items as a list.
pub(super) fn join(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Choices that need no description.
pub(super) fn plain(names: impl IntoIterator<Item = &'static str>) -> Vec<(&'static str, &'static str)> {
    names.into_iter().map(|name| (name, "")).collect()
}

/// The choice with that name.
pub(super) fn chosen<T: Copy>(choices: &[(&'static str, T)], text: &str) -> Result<T, ValueError> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found
        .map(|(_, choice)| *choice)
        .ok_or_else(|| ValueError::NotOneOf(choices.iter().map(|(name, _)| *name).collect()))
}

/// A list of consistency models that Elle knows.
pub(super) fn known_models(text: &str) -> Result<Vec<String>, UnknownModel> {
    let known = |name: String| if models::is_known(&name) { Ok(name) } else { Err(UnknownModel { name }) };
    listed(text).into_iter().map(known).collect()
}

/// The number of characters to insert, remove or replace to get from one text to another (Levenshtein's distance).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, character) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}
