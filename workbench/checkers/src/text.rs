//! Values and times in a form for people.

use std::{borrow::Cow, time::Duration};

/// A text of at most `limit` bytes; of a longer one the beginning, and how long it is.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}\u{2026} ({} bytes)", &text[..text.floor_char_boundary(limit)], text.len()))
}

/// A time with three digits that count: `250 ms`, `1.25 s`.
pub fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if time.is_zero() => "0 ms".to_owned(),
        ..0.001 => format!("{} \u{b5}s", significant(seconds * 1e6)),
        ..1.0 => format!("{} ms", significant(seconds * 1e3)),
        _ => format!("{} s", significant(seconds)),
    }
}

/// A number with three digits that count, without zeros at its end.
pub fn significant(number: f64) -> String {
    let decimals = match number.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The place at which a JSON text holds another one as a whole: `[1,17]` holds `17`, but `[117]` and `"17"` do not.
pub fn find(text: &str, part: &str) -> Option<usize> {
    let is_edge =
        |c: Option<char>| c.is_none_or(|c| matches!(c, '[' | ']' | '{' | '}' | ',' | ':') || c.is_whitespace());
    let stands_alone = |(at, part): &(usize, &str)| {
        is_edge(text[..*at].chars().next_back()) && is_edge(text[at + part.len()..].chars().next())
    };
    if part.is_empty() {
        return None;
    }
    text.match_indices(part).find(stands_alone).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_json_stand_alone() {
        let texts = ["17", "[17]", "[1, 17,2]", "{\"a\":17}", "[117]", "[17.5]", "[\"17\"]", "-17", "[171,17]"];
        let held: Vec<_> = texts.into_iter().filter(|text| find(text, "17").is_some()).collect();
        assert_eq!(held, ["17", "[17]", "[1, 17,2]", "{\"a\":17}", "[171,17]"]);
        assert_eq!(find("[171,17]", "17"), Some(5));
        let poll = r#"{"9":[[0,"a"]]}"#;
        assert_eq!((find(poll, r#""9""#), find(poll, r#"[0,"a"]"#), find(poll, "")), (Some(1), Some(6), None));
    }

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
