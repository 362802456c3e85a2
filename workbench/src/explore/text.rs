//! Texts for people.

/// The length of a message's body that is shown, in bytes.
const SHOWN: usize = 160;

/// The body of a line, or its beginning.
pub(crate) fn body(line: &str) -> String {
    let body = line.split_once(r#""body":"#).map_or(line, |(_, body)| body.strip_suffix('}').unwrap_or(body));
    match body.split_at(body.floor_char_boundary(SHOWN)) {
        (whole, "") => whole.to_owned(),
        (beginning, _) => format!("{beginning}\u{2026}"),
    }
}

/// A number in groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (812_340, "812,340"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), expected);
        }
    }
}
