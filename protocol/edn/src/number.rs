//! Numbers. Integers and decimals keep their digits, so no length is too long.

use crate::error::Problem;
use std::{borrow::Cow, fmt};

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub enum Number<'a> {
    /// An integer of any length: decimal digits without leading zeros, after `-` if it is negative.
    Integer(Cow<'a, str>),
    /// A floating-point number, which may be infinite if the text is too large for one.
    Double(f64),
    /// A decimal, `1.5M`, as JSON writes numbers: `1.5`.
    Decimal(Cow<'a, str>),
    /// A fraction of two integers.
    Ratio(Cow<'a, str>, Cow<'a, str>),
}

/// A number as Clojure prints it.
impl fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(digits) if digits.parse::<i64>().is_ok() => f.write_str(digits),
            Self::Integer(digits) => write!(f, "{digits}N"),
            Self::Double(double) if double.is_finite() => write!(f, "{double:?}"),
            Self::Double(double) if double.is_nan() => f.write_str("##NaN"),
            Self::Double(double) => write!(f, "##{}Inf", if *double < 0.0 { "-" } else { "" }),
            Self::Decimal(digits) => write!(f, "{digits}M"),
            Self::Ratio(above, below) => write!(f, "{above}/{below}"),
        }
    }
}

/// Tells whether a token is a number, if it is right.
pub(crate) fn is_number(token: &str) -> bool {
    match token.as_bytes() {
        [b'+' | b'-', second, ..] => second.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit(),
        [] => false,
    }
}

/// Reads a token that [`is_number`].
pub(crate) fn number(token: &str) -> Result<Number<'_>, Problem> {
    read(token).ok_or_else(|| Problem::Number(token.into()))
}

fn read(token: &str) -> Option<Number<'_>> {
    if let Some(digits) = integer(token.strip_suffix('N').unwrap_or(token)) {
        return Some(Number::Integer(digits));
    }
    if let Some((above, below)) = token.split_once('/') {
        let is_positive = below.starts_with(|digit: char| digit.is_ascii_digit());
        let below = integer(below).filter(|below| is_positive && below != "0")?;
        return Some(Number::Ratio(integer(above)?, below));
    }
    if let Some(digits) = with_radix(token) {
        return Some(Number::Integer(Cow::Owned(digits)));
    }
    match token.strip_suffix('M') {
        Some(digits) => decimal(digits).map(Number::Decimal),
        None if token.contains(['.', 'e', 'E']) => token.parse().ok().map(Number::Double),
        None => None,
    }
}

/// Decimal digits, in their shortest form.
fn integer(text: &str) -> Option<Cow<'_, str>> {
    let (is_negative, digits) = sign(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let short = digits.trim_start_matches('0');
    Some(match (is_negative, short.len() == digits.len()) {
        (true, true) => Cow::Borrowed(text),
        (true, false) if !short.is_empty() => Cow::Owned(format!("-{short}")),
        _ if short.is_empty() => Cow::Borrowed("0"),
        _ => Cow::Borrowed(short),
    })
}

/// Tells whether the sign is negative, and gives the rest.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// `0xff` and `2r101`, up to 128 bits.
fn with_radix(text: &str) -> Option<String> {
    let (is_negative, digits) = sign(text);
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None => {
            let (radix, digits) = digits.split_once(['r', 'R'])?;
            (radix.parse().ok().filter(|radix| (2..=36).contains(radix))?, digits)
        }
    };
    let digits = digits.strip_suffix('N').unwrap_or(digits);
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i128::from_str_radix(digits, radix).ok()?;
    Some(if is_negative { -number } else { number }.to_string())
}

/// Digits with a point and an exponent, as JSON writes them.
fn decimal(text: &str) -> Option<Cow<'_, str>> {
    let (is_negative, digits) = sign(text);
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = integer(whole)?;
    let is_exponent = exponent.is_empty() || integer(&exponent[1..]).is_some();
    if !is_exponent || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (sign, point) = (if is_negative { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
    let json = format!("{sign}{whole}{point}{fraction}{exponent}");
    Some(if json == text { Cow::Borrowed(text) } else { Cow::Owned(json) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = number(text);
        assert_eq!(read.map(|number| number.to_string()), Ok(expected.to_owned()), "{text}");
    }

    #[test]
    fn integers_of_any_length() {
        for same in ["0", "7", "-7", "9223372036854775807", "-9223372036854775808", "123456789012345678901234567890N"] {
            check(same, same);
        }
        for (text, expected) in [("+7", "7"), ("007", "7"), ("-007", "-7"), ("-0", "0"), ("7N", "7"), ("00", "0")] {
            check(text, expected);
        }
        check("9223372036854775808", "9223372036854775808N");
        for (text, expected) in [("0xFF", "255"), ("-0x10", "-16"), ("2r101", "5"), ("36rZ", "35")] {
            check(text, expected);
        }
    }

    #[test]
    fn numbers_with_a_point_or_an_exponent() {
        for (text, expected) in [("1.5", "1.5"), ("1e3", "1000.0"), ("-0.0", "-0.0"), ("1.0E-5", "1e-5"), ("1.", "1.0")]
        {
            check(text, expected);
        }
        for (text, expected) in [("1e400", "##Inf"), ("-1e400", "##-Inf")] {
            check(text, expected);
        }
        for same in ["1e400M", "-1.50M", "0.00M", "1E+400M"] {
            check(same, same);
        }
        for (text, expected) in [("+1.50M", "1.50M"), ("01M", "1M"), ("1.M", "1M")] {
            check(text, expected);
        }
    }

    #[test]
    fn ratios() {
        check("1/2", "1/2");
        check("-4/8", "-4/8");
    }

    #[test]
    fn what_is_no_number() {
        for text in
            ["1a", "1/0", "1/-2", "1/", "1.5N", "1e", "1.5.5M", "0x", "0xg", "37r1", "1r1", "1_0", "1eM", "2r+1"]
        {
            assert_eq!(number(text), Err(Problem::Number(text.into())), "{text}");
        }
    }
}
