//! A value inside a schema file that remembers where it stands, so that every complaint carries file and pointer.

use crate::Error;
use serde_json::{Map, Value};

/// A JSON value, its file and its JSON pointer.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    file: &'a str,
    pointer: String,
    value: &'a Value,
}

impl<'a> Cursor<'a> {
    pub(crate) fn root(file: &'a str, value: &'a Value) -> Self {
        Self { file, pointer: String::new(), value }
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
        Self { file: self.file, pointer: format!("{}/{key}", self.pointer), value }
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

    /// The definition that a `{"$ref": "#/definitions/NAME"}` names.
    pub(crate) fn definition_name(&self) -> Result<&'a str, Error> {
        let reference = self.want("$ref")?;
        let name = reference.text()?.strip_prefix("#/definitions/");
        name.ok_or_else(|| reference.fail("only references of the form `#/definitions/NAME` are understood"))
    }

    /// `description`, or nothing.
    pub(crate) fn description(&self) -> Result<&'a str, Error> {
        self.get("description").map_or(Ok(""), |text| text.text())
    }
}
