//! The codec of generated types: a reader for values in the common form, and a writer. The common form has integers of at most
//! 18 digits, strings without escapes, and lists and objects without white space but spaces in front of names and values.
//!
//! The text of each field is known to be JSON. Everything else, and every error, is left to `serde_json`, which then reads
//! the body again. So errors are described in one place only. What is written are the bytes that `serde_json` writes.

use crate::{envelope::Fields, fast_path::short_integer, node_id::NodeId};
use glomers_json::{Json, plain_length, plain_string};
use std::collections::BTreeMap;

/// A type that has a codec of its own beside serde's.
pub trait Plain: Sized {
    /// Reads a value; `None` if it does not fit, or has another form.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;

    /// Writes the value as JSON.
    fn write(&self, out: &mut Vec<u8>);
}

/// Reads a body, each of whose fields `read` takes once; `None` if a field does not fit or is missing, or if one is left over.
pub(crate) fn read<T>(fields: &Fields<'_>, read: impl FnOnce(&mut Members<'_, '_>) -> Option<T>) -> Option<T> {
    let mut members = Members { fields, taken: 0, unread: 0 };
    let value = read(&mut members)?;
    (members.unread == 0 && members.fields.get(members.taken).is_none()).then_some(value)
}

/// The fields of a body.
#[derive(Debug)]
pub struct Members<'f, 'a> {
    fields: &'f Fields<'a>,
    /// The number of fields that have been read.
    taken: usize,
    /// The number of bytes that were left over at their ends.
    unread: usize,
}

impl Members<'_, '_> {
    /// Reads the field with a name.
    pub fn take<T: Plain>(&mut self, name: &str) -> Option<T> {
        let (_, value) = (0..).map_while(|index| self.fields.get(index)).find(|(key, _)| key == name)?;
        self.taken += 1;
        let mut reader = Reader { text: value, at: 0 };
        let value = T::read(&mut reader);
        self.unread += reader.text.len() - reader.at;
        value
    }
}

/// A body that is being written.
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    begin: usize,
}

impl<'a> Object<'a> {
    /// Begins a body.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        Self { begin: out.len(), out }
    }

    /// Writes a field. `name` has its quotes and its colon.
    pub fn field(&mut self, name: &str, value: &impl Plain) {
        self.out.push(if self.out.len() == self.begin { b'{' } else { b',' });
        self.out.extend_from_slice(name.as_bytes());
        value.write(self.out);
    }

    /// Ends the body.
    pub fn end(self) {
        self.out.extend_from_slice(if self.out.len() == self.begin { b"{}" } else { b"}" });
    }
}

/// A value in a text that is known to be JSON.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The value of a field.
    text: &'a str,
    /// The place up to which it has been read.
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes a byte.
    pub fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.rest()?.starts_with(text.as_bytes()).then(|| self.at += text.len())
    }

    fn rest(&self) -> Option<&'a [u8]> {
        self.text.as_bytes().get(self.at..)
    }

    /// A string without escapes.
    pub fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let begin = self.at;
        self.at = plain_string(self.text.as_bytes(), begin)?;
        self.text.get(begin..self.at - 1)
    }

    /// Passes what stands between items: true if another one comes, false in front of the closing bracket.
    fn goes_on(&mut self, is_first: bool, end: u8) -> Option<bool> {
        let is_end = self.peek()? == end;
        if !is_end && !is_first {
            self.comma()?;
        }
        Some(!is_end)
    }

    fn comma(&mut self) -> Option<()> {
        self.expect(b',')?;
        self.spaces();
        Some(())
    }

    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// The next item of a tuple, which is not the first.
    #[expect(clippy::should_implement_trait, reason = "each item may have another type")]
    pub fn next<T: Plain>(&mut self) -> Option<T> {
        self.comma()?;
        T::read(self)
    }

    /// The next item of a tuple, which must be `null`.
    pub fn null(&mut self) -> Option<()> {
        self.next()
    }
}

/// Always `null`.
impl Plain for () {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.literal("null")
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
    }
}

impl Plain for bool {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let is_true = reader.peek()? == b't';
        reader.literal(if is_true { "true" } else { "false" })?;
        Some(is_true)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Plain for i64 {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (number, length) = short_integer(reader.rest()?)?;
        reader.at += length;
        Some(number)
    }

    fn write(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self).expect("an integer has a JSON form");
    }
}

impl Plain for String {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.string().map(Self::from)
    }

    fn write(&self, out: &mut Vec<u8>) {
        string(out, self);
    }
}

impl Plain for NodeId {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.string().map(Self::from)
    }

    fn write(&self, out: &mut Vec<u8>) {
        string(out, self.as_str());
    }
}

impl Plain for Json {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (value, end) = match reader.at {
            0 => (Self::from_valid_text(reader.text), reader.text.len()),
            at => Self::from_valid_text_at(reader.text, at)?,
        };
        reader.at = end;
        Some(value)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.write_on_line(out);
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.expect(b'[')?;
        let mut items = Self::new();
        while reader.goes_on(items.is_empty(), b']')? {
            items.push(T::read(reader)?);
        }
        reader.expect(b']')?;
        Some(items)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            item.write(out);
        }
        out.push(b']');
    }
}

impl<K: Plain + Ord, V: Plain> Plain for BTreeMap<K, V> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.expect(b'{')?;
        let mut entries = Vec::new();
        while reader.goes_on(entries.is_empty(), b'}')? {
            let key = K::read(reader)?;
            reader.expect(b':')?;
            reader.spaces();
            entries.push((key, V::read(reader)?));
        }
        reader.expect(b'}')?;
        // Of entries with the same key the last one counts. They are sorted at once.
        Some(entries.into_iter().collect())
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            key.write(out);
            out.push(b':');
            value.write(out);
        }
        out.push(b'}');
    }
}

/// Writes a string. Nearly none needs escapes.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    if plain_length(text.as_bytes()) < text.len() {
        return serde_json::to_writer(out, text).expect("a string has a JSON form");
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Writes an item of a tuple, which is not the first.
pub fn item(out: &mut Vec<u8>, item: &impl Plain) {
    out.push(b',');
    item.write(out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{envelope, generated::txn_rw_register::MicroOp};

    /// Checks that values are read without serde, and written as they were; or that they are left to serde.
    fn check<T: Plain>(is_plain: bool, values: &[&str]) {
        for value in values {
            let line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"t","v":{value}}}}}"#);
            let envelope = envelope::parse(&line).unwrap();
            let read: Option<T> = super::read(&envelope.body.fields, |members| members.take("v"));
            assert_eq!(read.is_some(), is_plain, "{value}");
            if let Some(read) = read {
                let mut out = Vec::new();
                read.write(&mut out);
                assert_eq!(String::from_utf8(out).unwrap(), *value);
            }
        }
    }

    #[test]
    fn the_common_form_needs_no_serde() {
        check::<i64>(true, &["0", "17", "-17", "999999999999999999"]);
        check::<bool>(true, &["true", "false"]);
        check::<String>(true, &[r#""""#, r#""a""#, r#""é""#]);
        check::<NodeId>(true, &[r#""n1""#]);
        check::<Json>(true, &["null", "1.5", r#""\u0061""#, r#"[1 , {"a":"]"}]"#]);
        check::<Vec<Json>>(true, &["[]", r#"[1,"a",[2]]"#]);
        check::<BTreeMap<String, Vec<i64>>>(true, &[r#"{"a":[1,2],"b":[]}"#]);
        check::<Vec<MicroOp>>(true, &[r#"[["r",1,null],["w","a",{"b":2}]]"#]);
    }

    #[test]
    fn other_forms_are_left_to_serde() {
        check::<i64>(false, &["-0", "1.0", "1e2", "1000000000000000000", "-9223372036854775808", "true", r#""1""#]);
        check::<String>(false, &[r#""\u0061""#, "null"]);
        check::<Vec<Json>>(false, &["[ ]", "[\t]", "{}"]);
        check::<Vec<i64>>(false, &["[1 ,2]", "[1,\n2]"]);
        check::<BTreeMap<String, i64>>(false, &[r#"{"a" :1}"#, r#"{"\u0061":1}"#, "{ }"]);
        check::<Vec<MicroOp>>(false, &[r#"[["r",1,2]]"#, r#"[["w",1,2,3]]"#, r#"[["append",1,2]]"#]);
    }
}
