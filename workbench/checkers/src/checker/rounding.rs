//! A hint at integers that lost digits on the way through a floating-point number, as in JavaScript.

use glomers_json::Json;

/// The greatest integer below which a double holds them all.
const EXACT: u64 = 1 << 53;

/// The text to add to an explanation about a value that was never written, if it looks like a written one, rounded.
pub(crate) fn hint<'a>(value: &Json, mut written: impl Iterator<Item = &'a Json>) -> String {
    let is_large = |integer: i128| integer.unsigned_abs() >= u128::from(EXACT);
    let rounded = |value: &Json| {
        value.decode::<i128>().ok().filter(|integer| is_large(*integer))?;
        value.decode::<f64>().ok()
    };
    let Some(double) = rounded(value) else { return String::new() };
    match written.find(|other| *other != value && rounded(other) == Some(double)) {
        Some(other) => format!(
            "; it looks like {other} rounded by a floating-point number, which holds integers only up to 2^53 = {EXACT}"
        ),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: bool) {
        let written: Vec<Json> = serde_json::from_str("[9007199254740993, 5]").unwrap();
        assert_eq!(!hint(&serde_json::from_str(value).unwrap(), written.iter()).is_empty(), expected, "{value}");
    }

    #[test]
    fn only_large_integers_look_rounded() {
        check("9007199254740992", true);
        check("9007199254740994", false);
        check("4", false);
    }
}
