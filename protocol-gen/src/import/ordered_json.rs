//! JSON for editing schema files. Members keep their order, numbers and strings keep their spelling, and every document
//! has exactly one layout. So an edit changes only the lines whose meaning changes.

use indexmap::IndexMap;
use serde_json::{Value, value::RawValue};

/// The width that `rustfmt.toml` sets for Rust.
const WIDTH: usize = 120;

/// A JSON value in which the order of members is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OrderedJson {
    Object(IndexMap<String, OrderedJson>),
    Array(Vec<OrderedJson>),
    /// Any other value, verbatim.
    Scalar(String),
}

impl OrderedJson {
    /// Reads a document.
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        Ok(match text.trim_start().as_bytes().first() {
            Some(b'{') => {
                let members: IndexMap<String, Box<RawValue>> = serde_json::from_str(text)?;
                let members = members.into_iter().map(|(key, value)| Ok((key, Self::parse(value.get())?)));
                Self::Object(members.collect::<serde_json::Result<_>>()?)
            }
            Some(b'[') => {
                let elements: Vec<Box<RawValue>> = serde_json::from_str(text)?;
                Self::Array(elements.iter().map(|element| Self::parse(element.get())).collect::<Result<_, _>>()?)
            }
            _ => Self::Scalar(serde_json::from_str::<Box<RawValue>>(text)?.get().to_owned()),
        })
    }

    pub(crate) fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.map(|(key, value)| (key.to_owned(), value)).into())
    }

    /// A reference to a definition.
    pub(crate) fn reference(definition: &str) -> Self {
        Self::object([("$ref", format!("#/definitions/{definition}").as_str().into())])
    }

    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&inline(self)).expect("the value was parsed or built as JSON")
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.value().as_str().map(str::to_owned)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        if let Self::Object(members) = self { members.get(key) } else { None }
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        if let Self::Object(members) = self { members.get_mut(key) } else { None }
    }

    /// The members of the object at `key`, which is inserted if it is missing.
    pub(crate) fn members(&mut self, key: &str) -> &mut IndexMap<String, Self> {
        match self.at(key, Self::Object(IndexMap::new())) {
            Self::Object(members) => members,
            _ => unreachable!("the schema reader has checked that `{key}` is an object"),
        }
    }

    /// The elements of the array at `key`, which is inserted if it is missing.
    pub(crate) fn elements(&mut self, key: &str) -> &mut Vec<Self> {
        match self.at(key, Self::Array(Vec::new())) {
            Self::Array(elements) => elements,
            _ => unreachable!("the schema reader has checked that `{key}` is an array"),
        }
    }

    /// Replaces a member in its place, or adds it at the end.
    pub(crate) fn set(&mut self, key: &str, value: Self) {
        *self.at(key, Self::Array(Vec::new())) = value;
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if let Self::Object(members) = self {
            members.shift_remove(key);
        }
    }

    /// Renames a member in its position.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Self::Object(members) = self
            && let Some((index, _, value)) = members.shift_remove_full(from)
        {
            members.shift_insert(index, to.to_owned(), value);
        }
    }

    fn at(&mut self, key: &str, default: Self) -> &mut Self {
        match self {
            Self::Object(members) => members.entry(key.to_owned()).or_insert(default),
            _ => unreachable!("the schema reader has checked that the parent of `{key}` is an object"),
        }
    }

    /// The text of a schema file.
    pub(crate) fn document(&self) -> String {
        let mut text = String::new();
        lay_out(self, Position::default(), &mut text);
        text.push('\n');
        text
    }
}

impl From<&str> for OrderedJson {
    fn from(text: &str) -> Self {
        Self::Scalar(Value::from(text).to_string())
    }
}

impl From<&Value> for OrderedJson {
    fn from(value: &Value) -> Self {
        Self::parse(&value.to_string()).expect("a value is JSON")
    }
}

/// The position of a value in a document.
#[derive(Clone, Copy, Default)]
struct Position<'a> {
    /// The key; empty for the document and for elements.
    key: &'a str,
    /// The key of the parent.
    parent: &'a str,
    /// True inside an example.
    example: bool,
    indent: usize,
    /// The columns of the line that are taken, including the comma after the value.
    column: usize,
}

impl Position<'_> {
    /// Returns true for a value that takes several lines even if one has room for it, because it is read down the page.
    fn is_multiline(&self, value: &OrderedJson) -> bool {
        match value {
            _ if self.example => false,
            _ if ["properties", "definitions", "oneOf", "examples"].contains(&self.key) => true,
            OrderedJson::Object(members) => match self.parent {
                "oneOf" => members.len() > 1,
                parent => parent == "definitions" || self.key == parent,
            },
            OrderedJson::Array(elements) => elements.iter().any(|element| matches!(element, OrderedJson::Object(_))),
            OrderedJson::Scalar(_) => false,
        }
    }
}

fn lay_out(value: &OrderedJson, position: Position<'_>, text: &mut String) {
    let line = inline(value);
    let (brackets, parts): (_, Vec<(Option<&str>, &OrderedJson)>) = match value {
        OrderedJson::Object(members) => {
            (["{", "}"], members.iter().map(|(key, value)| (Some(key.as_str()), value)).collect())
        }
        OrderedJson::Array(elements) => (["[", "]"], elements.iter().map(|element| (None, element)).collect()),
        OrderedJson::Scalar(_) => return text.push_str(&line),
    };
    if parts.is_empty() || position.column + line.chars().count() <= WIDTH && !position.is_multiline(value) {
        return text.push_str(&line);
    }
    text.push_str(brackets[0]);
    let (indent, parent) = (position.indent + 2, position.key);
    let example = position.example || parent == "examples";
    for (index, (key, part)) in parts.iter().enumerate() {
        let comma = if index + 1 < parts.len() { "," } else { "" };
        let name = key.map_or_else(String::new, |key| format!("{}: ", Value::from(key)));
        text.push_str(&format!("\n{:indent$}{name}", ""));
        let column = indent + name.chars().count() + comma.len();
        lay_out(part, Position { key: key.unwrap_or_default(), parent, example, indent, column }, text);
        text.push_str(comma);
    }
    text.push_str(&format!("\n{:1$}{2}", "", position.indent, brackets[1]));
}

/// A value on one line.
fn inline(value: &OrderedJson) -> String {
    match value {
        OrderedJson::Object(members) => {
            let members =
                members.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), inline(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        OrderedJson::Array(elements) => format!("[{}]", elements.iter().map(inline).collect::<Vec<_>>().join(", ")),
        OrderedJson::Scalar(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::OrderedJson;
    use std::{fs, path::Path};

    /// An import changes no other line only if this holds.
    #[test]
    fn every_schema_file_has_this_layout() {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
        let mut seen = 0;
        for folder in ["", "workloads", "services"] {
            for entry in fs::read_dir(schema.join(folder)).expect("the folder exists") {
                let path = entry.expect("readable").path();
                if path.extension().is_some_and(|extension| extension == "json") {
                    let text = fs::read_to_string(&path).expect("readable");
                    let again = OrderedJson::parse(&text).expect("a schema is JSON").document();
                    assert!(text == again, "{} has another layout, expected:\n{again}", path.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 10, "only {seen} files");
    }

    #[test]
    fn members_keep_their_order_and_scalars_their_spelling() {
        let text = "{\n  \"b\": 1.50,\n  \"a\": [1e3, \"\\u00e9\", null, []]\n}\n";
        assert_eq!(OrderedJson::parse(text).expect("JSON").document(), text);
    }
}
