//! Values and times in a form for people.

use std::{borrow::Cow, time::Duration};

/// A text of at most `limit` bytes; of a longer one the beginning, and how long it is.
pub(super) fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}\u{2026} ({} bytes)", &text[..text.floor_char_boundary(limit)], text.len()))
}

/// A time with three digits that count: `250 ms`, `1.25 s`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if time.is_zero() => "0 ms".to_owned(),
        ..0.001 => format!("{} \u{b5}s", significant(seconds * 1e6)),
        ..1.0 => format!("{} ms", significant(seconds * 1e3)),
        _ => format!("{} s", significant(seconds)),
    }
}

/// A number with three digits that count, without zeros at its end.
pub(super) fn significant(number: f64) -> String {
    let decimals = match number.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten("abc", 3), "abc");
        assert_eq!(shorten("aébc", 2), "a\u{2026} (5 bytes)");
    }

    #[test]
    fn times_have_three_digits() {
        let check = |nanos, expected| assert_eq!(time(Duration::from_nanos(nanos)), expected);
        check(0, "0 ms");
        check(1_500, "1.5 \u{b5}s");
        check(250_000_000, "250 ms");
        check(1_254_000_000, "1.25 s");
        check(61_000_000_000, "61 s");
    }
}
