//! A value inside a schema file that remembers where it stands, so that every complaint carries file and pointer.

use crate::Error;
use serde_json::{Map, Value};

/// A JSON value, its file and its JSON pointer.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    file: &'a str,
    /// The whole file, for references.
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

    /// The error that blames this value.
    pub(crate) fn fail(&self, message: impl Into<String>) -> Error {
        Error::Schema { file: self.file.to_owned(), pointer: self.pointer.clone(), message: message.into() }
    }

    fn child(&self, key: &str, value: &'a Value) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        Self { file: self.file, document: self.document, pointer: format!("{}/{key}", self.pointer), value }
    }

    /// The member `key`, if there is one.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        self.value.get(key).map(|value| self.child(key, value))
    }

    /// The member `key`, which must be there.
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

    /// The definition that a `{"$ref": "#/definitions/NAME"}` names, and which is there.
    pub(crate) fn definition_name(&self) -> Result<&'a str, Error> {
        let reference = self.want("$ref")?;
        let name = reference.text()?.strip_prefix("#/definitions/");
        let name =
            name.ok_or_else(|| reference.fail("only references of the form `#/definitions/NAME` are understood"))?;
        match self.document["definitions"].get(name) {
            Some(_) => Ok(name),
            None => Err(reference.fail(format!("no definition `{name}`"))),
        }
    }

    /// Refuses every key but `known`: a keyword that is passed over in silence would promise what no code keeps.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.members()?.iter().find(|(key, _)| !known.contains(key)) {
            Some((key, value)) => Err(value.unknown(key)),
            None => Ok(()),
        }
    }

    /// The error for this value's key, which is no keyword known at this place.
    pub(crate) fn unknown(&self, keyword: &str) -> Error {
        self.fail(format!("keyword `{keyword}` is not understood here"))
    }

    /// `type` of a value: one type, and whether it may be `null` instead. A tagged or untagged choice is neither.
    pub(crate) fn kind(&self) -> Result<(&'a str, bool), Error> {
        let kind = self.want("type")?;
        let (word, nullable) = match kind.value() {
            Value::Array(kinds) => match kinds.as_slice() {
                [Value::String(word), null] if null == "null" => (word.as_str(), true),
                _ => return Err(kind.fail("expected one type, or `[TYPE, \"null\"]`")),
            },
            _ => (kind.text()?, false),
        };
        if ["string", "integer", "boolean", "array", "object"].contains(&word) {
            return Ok((word, nullable));
        }
        let text = "is no type with an exact counterpart in Rust; without `type`, the value is kept as it was sent";
        Err(kind.fail(format!("`{word}` {text}")))
    }

    /// The items of an array that has exactly those.
    pub(crate) fn tuple(&self) -> Result<Vec<Self>, Error> {
        let items = self.want("items")?.elements()?;
        for bound in ["minItems", "maxItems"] {
            let count = self.want(bound)?;
            if count.value().as_u64() != Some(items.len() as u64) {
                return Err(count.fail(format!("expected {}, the number of items", items.len())));
            }
        }
        Ok(items)
    }

    /// `description`, or nothing.
    pub(crate) fn description(&self) -> Result<&'a str, Error> {
        self.get("description").map_or(Ok(""), |text| text.text())
    }
}
