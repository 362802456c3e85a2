//! The part of an address behind `?`.

use percent_encoding::percent_decode_str;
use std::{ops::RangeInclusive, time::Duration};

/// The decoded values of a name, in their order.
pub(super) fn all(query: &str, name: &str) -> Vec<String> {
    let value = |part: &str| {
        let (key, value) = part.split_once('=')?;
        let decoded = percent_decode_str(value).decode_utf8().ok()?;
        (key == name).then(|| decoded.into_owned())
    };
    query.split('&').filter_map(value).collect()
}

/// The stretch of time between `from` and `to`, in nanoseconds.
pub(super) fn window(query: &str) -> Option<RangeInclusive<Duration>> {
    let time = |name| Some(Duration::from_nanos(all(query, name).first()?.parse().ok()?));
    let (from, to) = (time("from")?, time("to")?);
    (from < to).then_some(from..=to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_odd_ones_left_out() {
        assert_eq!(all("run=a%2Fb&run=c&x=1&run&run=%ff", "run"), ["a/b", "c"]);
        let nanos = Duration::from_nanos;
        assert_eq!(window("from=5&to=70"), Some(nanos(5)..=nanos(70)));
        for odd in ["", "from=5", "from=7&to=7", "from=9&to=3", "from=-1&to=3", "from=1e3&to=9999", "from=a&to=b"] {
            assert_eq!(window(odd), None, "{odd}");
        }
    }
}
