//! Numbers as words of a command line, read as Maelstrom reads them.

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

/// A number in decimal notation, or a ratio such as `1/2`; `None` for anything else and for what is not finite.
pub(super) fn decimal(text: &str) -> Option<f64> {
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

/// A decimal number from 0 on.
pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    decimal(text).filter(|number| *number >= 0.0).ok_or_else(|| "expected a number that is not negative".to_owned())
}

/// A decimal number above 0.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    decimal(text).filter(|number| *number > 0.0).ok_or_else(|| "expected a number greater than 0".to_owned())
}

/// A whole number from 0 on.
pub(super) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number that is not negative".to_owned())
}

/// A whole number from 1 on that the type holds.
pub(super) fn at_least_one<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number: &T| *number >= T::from(1));
    number.ok_or_else(|| "expected a whole number greater than 0".to_owned())
}

/// The seconds that a [`Duration`] is asked to hold here: about 30 years at most.
const SECONDS: RangeInclusive<f64> = 0.0..=1e9;

/// A time in seconds.
pub(super) fn seconds(number: f64) -> Result<Duration, String> {
    let is_short = SECONDS.contains(&number);
    is_short.then(|| Duration::from_secs_f64(number)).ok_or_else(|| format!("{number} s is too large"))
}
