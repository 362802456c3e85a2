//! A position inside a schema file, from which every error takes its file and JSON pointer.

use crate::error::Error;
use serde_json::{Map, Value};

/// The length of the longest tuple that has `Debug` and `PartialEq`.
const LONGEST_TUPLE: usize = 12;

/// A JSON value with its file and its JSON pointer.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    file: &'a str,
    /// The whole file, in which references are looked up.
    document: &'a Value,
    pointer: String,
    value: &'a Value,
}

impl<'a> Cursor<'a> {
    pub(crate) fn root(file: &'a str, value: &'a Value) -> Self {
        Self { file, document: value, pointer: String::new(), value }
    }

    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    /// The error about this value.
    pub(crate) fn fail(&self, message: impl Into<String>) -> Error {
        Error::Schema { file: self.file.to_owned(), pointer: self.pointer.clone(), message: message.into() }
    }

    fn child(&self, key: &str, value: &'a Value) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        Self { file: self.file, document: self.document, pointer: format!("{}/{key}", self.pointer), value }
    }

    /// The member `key`, or `None`.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        self.value.get(key).map(|value| self.child(key, value))
    }

    /// The member `key`, which the schema must have.
    pub(crate) fn want(&self, key: &str) -> Result<Self, Error> {
        self.get(key).ok_or_else(|| self.fail(format!("`{key}` is missing")))
    }

    pub(crate) fn text(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.fail(format!("expected a string, found {}", self.value)))
    }

    pub(crate) fn object(&self) -> Result<&'a Map<String, Value>, Error> {
        self.value.as_object().ok_or_else(|| self.fail(format!("expected an object, found {}", self.value)))
    }

    /// The members of an object, in the parser's order.
    pub(crate) fn members(&self) -> Result<Vec<(&'a str, Self)>, Error> {
        Ok(self.object()?.iter().map(|(key, value)| (key.as_str(), self.child(key, value))).collect())
    }

    /// The elements of an array.
    pub(crate) fn elements(&self) -> Result<Vec<Self>, Error> {
        let elements = self.value.as_array();
        let elements = elements.ok_or_else(|| self.fail(format!("expected an array, found {}", self.value)))?;
        Ok(elements.iter().enumerate().map(|(index, value)| self.child(&index.to_string(), value)).collect())
    }

    /// The name of the definition that a `{"$ref": "#/definitions/NAME"}` refers to. The definition exists.
    pub(crate) fn definition_name(&self) -> Result<&'a str, Error> {
        let reference = self.want("$ref")?;
        let name = reference.text()?.strip_prefix("#/definitions/");
        let name =
            name.ok_or_else(|| reference.fail("only references of the form `#/definitions/NAME` are supported"))?;
        match self.document["definitions"].get(name) {
            Some(_) => Ok(name),
            None => Err(reference.fail(format!("the file has no definition `{name}`"))),
        }
    }

    /// Refuses every key except `known`. A keyword that is silently ignored would promise a check that no code makes.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.members()?.iter().find(|(key, _)| !known.contains(key)) {
            Some((key, value)) => Err(value.unknown(key)),
            None => Ok(()),
        }
    }

    /// The error about this value's key, which is not a known keyword here.
    pub(crate) fn unknown(&self, keyword: &str) -> Error {
        self.fail(format!("keyword `{keyword}` is not supported here"))
    }

    /// The `type` of a value, and true if the value may be `null` instead.
    pub(crate) fn kind(&self) -> Result<(&'a str, bool), Error> {
        let kind = self.want("type")?;
        let (name, nullable) = match kind.value() {
            Value::Array(kinds) => match kinds.as_slice() {
                [Value::String(name), null] if null == "null" => (name.as_str(), true),
                _ => return Err(kind.fail("expected one type, or `[TYPE, \"null\"]`")),
            },
            _ => (kind.text()?, false),
        };
        if ["string", "integer", "boolean", "array", "object"].contains(&name) {
            return Ok((name, nullable));
        }
        let advice = "has no exact counterpart in Rust; leave `type` out to keep the value as it was sent";
        Err(kind.fail(format!("type `{name}` {advice}")))
    }

    /// The items of a tuple: an array with exactly these items.
    pub(crate) fn tuple(&self) -> Result<Vec<Self>, Error> {
        let list = self.want("items")?;
        let items = list.elements()?;
        if items.len() > LONGEST_TUPLE {
            let advice = "Rust's traits cover no longer tuple; nest it, or leave `items` out";
            return Err(list.fail(format!("{} items, expected at most {LONGEST_TUPLE}: {advice}", items.len())));
        }
        for bound in ["minItems", "maxItems"] {
            let count = self.want(bound)?;
            if count.value().as_u64() != Some(items.len() as u64) {
                return Err(count.fail(format!(
                    "found {}, expected {}, the number of items",
                    count.value(),
                    items.len()
                )));
            }
        }
        Ok(items)
    }

    /// The `description`, or an empty text.
    pub(crate) fn description(&self) -> Result<&'a str, Error> {
        self.get("description").map_or(Ok(""), |text| text.text())
    }
}
