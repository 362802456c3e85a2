//! Forms as text, the way Clojure prints them.

use crate::{
    form::{Form, Kind},
    text::NAMES,
};
use std::fmt::{self, Write};

/// As Clojure prints it, on one line.
impl fmt::Display for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }
}

/// As Clojure prints it, on one line.
impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Symbolic(name) => write!(f, "##{name}"),
            Self::Char(character) => write_character(*character, f),
            Self::String(text) => write_string(text, f),
            Self::Keyword(name) => write!(f, ":{name}"),
            Self::Symbol(name) => f.write_str(name),
            Self::List(forms) => write_all("(", forms, ")", f),
            Self::Vector(forms) => write_all("[", forms, "]", f),
            Self::Set(forms) => write_all("#{", forms, "}", f),
            Self::Map(entries) => write_map(entries, f),
            Self::Tagged(tag, form) => write!(f, "#{tag} {form}"),
        }
    }
}

fn write_all(open: &str, forms: &[Form<'_>], close: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(open)?;
    for (number, form) in forms.iter().enumerate() {
        f.write_str(if number > 0 { " " } else { "" })?;
        write!(f, "{form}")?;
    }
    f.write_str(close)
}

fn write_map(entries: &[(Form<'_>, Form<'_>)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("{")?;
    for (number, (key, value)) in entries.iter().enumerate() {
        f.write_str(if number > 0 { ", " } else { "" })?;
        write!(f, "{key} {value}")?;
    }
    f.write_str("}")
}

fn write_character(character: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\\")?;
    match NAMES.iter().find(|(_, named)| *named == character) {
        Some((name, _)) => f.write_str(name),
        // Another reader may take it for the space after the backslash.
        None if character.is_whitespace() || character.is_control() => write!(f, "u{:04x}", u32::from(character)),
        None => f.write_char(character),
    }
}

fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            other => f.write_char(other)?,
        }
    }
    f.write_str("\"")
}
