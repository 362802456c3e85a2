//! JSON text to EDN text, token by token. Colons and commas tell nothing that the brackets do not, so they are skipped
//! like white space; what is open is kept on a stack of its own, because a node may send values of any depth.

use crate::history::edn::form::Form;
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use std::borrow::Cow;

/// Appends the EDN of a JSON text, which must be valid.
pub(super) fn transcribe(json: &str, form: Form, out: &mut String) {
    let mut writer = Writer { out, form, open: Vec::new() };
    let mut rest = json;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',', ':']);
        let Some(first) = rest.chars().next() else { return };
        let length = match first {
            '"' => string_length(rest),
            '[' | ']' | '{' | '}' => 1,
            _ => rest.find([' ', '\t', '\n', '\r', ',', ']', '}']).unwrap_or(rest.len()),
        };
        let (token, tail) = rest.split_at(length);
        writer.token(first, token);
        rest = tail;
    }
}

/// The length of the string at the beginning of `text`, including its quotes.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

struct Writer<'a> {
    out: &'a mut String,
    /// The form of the whole value.
    form: Form,
    open: Vec<Open>,
}

/// An array or object that has begun.
struct Open {
    form: Form,
    is_object: bool,
    /// The number of its elements, or of its keys and members, so far.
    count: usize,
    /// The places at which its keys begin and end.
    keys: Vec<(usize, usize)>,
}

impl Writer<'_> {
    fn token(&mut self, first: char, token: &str) {
        match first {
            ']' | '}' => return self.close(),
            '"' if self.is_at_key() => return self.key(token),
            _ => {}
        }
        let form = self.place();
        match first {
            '[' | '{' => self.open(form, first == '{'),
            '"' => {
                let (text, literal) = string(token);
                form.push_string(&text, &literal, self.out);
            }
            'n' => self.out.push_str("nil"),
            't' | 'f' => self.out.push_str(token),
            _ => number(token, self.out),
        }
    }

    fn is_at_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_object && open.count.is_multiple_of(2))
    }

    /// Goes to the place of the next value and says what it stands for.
    fn place(&mut self) -> Form {
        let Some(open) = self.open.last_mut() else { return self.form };
        if open.count > 0 {
            self.out.push(' ');
        }
        open.count += 1;
        if open.is_object { open.form.member() } else { open.form.element(open.count - 1) }
    }

    fn open(&mut self, form: Form, is_object: bool) {
        self.out.push_str(match (is_object, form) {
            (true, _) => "{",
            (false, Form::Set) => "#{",
            (false, _) => "[",
        });
        self.open.push(Open { form, is_object, count: 0, keys: Vec::new() });
    }

    fn key(&mut self, token: &str) {
        let Some(open) = self.open.last_mut() else { return };
        if open.count > 0 {
            self.out.push_str(", ");
        }
        open.count += 1;
        let start = self.out.len();
        let (text, literal) = string(token);
        open.form.push_key(&text, &literal, self.out);
        open.keys.push((start, self.out.len()));
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.keys.len() > 1 {
            drop_earlier_doubles(&open.keys, self.out);
        }
        self.out.push(if open.is_object || open.form == Form::Set { '}' } else { ']' });
    }
}

/// Keeps the last of the members that share a key.
fn drop_earlier_doubles(keys: &[(usize, usize)], out: &mut String) {
    let mut last: IndexMap<&str, usize, FixedState> = IndexMap::default();
    for (member, (start, end)) in keys.iter().enumerate() {
        last.insert(&out[*start..*end], member);
    }
    if last.len() == keys.len() {
        return;
    }
    let mut kept = String::new();
    for (member, (start, end)) in keys.iter().enumerate() {
        if last[&out[*start..*end]] == member {
            let next = keys.get(member + 1).map_or(out.len(), |(next, _)| next - ", ".len());
            kept.push_str(if kept.is_empty() { "" } else { ", " });
            kept.push_str(&out[*start..next]);
        }
    }
    out.truncate(keys[0].0);
    out.push_str(&kept);
}

/// The content of a JSON string, and the string in EDN.
fn string(token: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    if !token.contains('\\') {
        return (Cow::Borrowed(&token[1..token.len() - 1]), Cow::Borrowed(token));
    }
    match serde_json::from_str::<String>(token) {
        Ok(text) => {
            let literal = escaped(&text);
            (Cow::Owned(text), Cow::Owned(literal))
        }
        // Half of a surrogate pair, which is no Rust string. Its escape is the same in EDN.
        Err(_) => (Cow::Borrowed(""), Cow::Owned(with_escapes_of_edn(token))),
    }
}

/// A string as Clojure prints it.
fn escaped(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 8);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            '\r' => literal.push_str("\\r"),
            '\u{c}' => literal.push_str("\\f"),
            '\u{8}' => literal.push_str("\\b"),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

/// A JSON string with its escapes, but for the one that EDN has not.
fn with_escapes_of_edn(token: &str) -> String {
    let mut literal = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('/') => literal.push('/'),
                escape => literal.extend(std::iter::once('\\').chain(escape)),
            },
            (c, false) => literal.push(c),
        }
    }
    literal
}

/// Writes a number so that nothing of it is lost on a reader with 64-bit integers and doubles.
fn number(token: &str, out: &mut String) {
    out.push_str(token);
    if !token.contains(['.', 'e', 'E']) {
        if token.parse::<i64>().is_err() {
            out.push('N');
        }
    } else if !fits_a_double(token) {
        out.push('M');
    }
}

/// Tells whether the number is neither too large for a double nor so small that it would become zero.
fn fits_a_double(token: &str) -> bool {
    let mantissa = token.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.contains(|digit: char| ('1'..='9').contains(&digit));
    token.parse::<f64>().is_ok_and(|double| double.is_finite() && (double != 0.0 || is_zero))
}
