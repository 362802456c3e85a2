//! JSON as the schema files have it: members keep their order, numbers and strings their spelling, and there is one way to
//! lay a document out, so that a file changes where its meaning does and nowhere else.

use indexmap::IndexMap;
use serde_json::{Value, value::RawValue};

/// The width that `rustfmt.toml` sets for Rust.
const WIDTH: usize = 120;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Object(IndexMap<String, Json>),
    Array(Vec<Json>),
    /// Anything else, as it is written.
    Scalar(String),
}

impl Json {
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

    /// The reference to a definition.
    pub(crate) fn reference(definition: &str) -> Self {
        Self::object([("$ref", format!("#/definitions/{definition}").as_str().into())])
    }

    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&inline(self)).expect("it was parsed or built as JSON")
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

    /// The members at `key`, an object that is made if it is not there.
    pub(crate) fn members(&mut self, key: &str) -> &mut IndexMap<String, Self> {
        match self.at(key, Self::Object(IndexMap::new())) {
            Self::Object(members) => members,
            _ => unreachable!("the schema reader holds `{key}` to be an object"),
        }
    }

    /// The elements at `key`, an array that is made if it is not there.
    pub(crate) fn elements(&mut self, key: &str) -> &mut Vec<Self> {
        match self.at(key, Self::Array(Vec::new())) {
            Self::Array(elements) => elements,
            _ => unreachable!("the schema reader holds `{key}` to be an array"),
        }
    }

    /// Sets a member in its place, or at the end.
    pub(crate) fn set(&mut self, key: &str, value: Self) {
        *self.at(key, Self::Array(Vec::new())) = value;
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if let Self::Object(members) = self {
            members.shift_remove(key);
        }
    }

    /// Gives a member another name, in its place.
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
            _ => unreachable!("the schema reader holds the value around `{key}` to be an object"),
        }
    }

    /// The text of a schema file.
    pub(crate) fn document(&self) -> String {
        let mut text = String::new();
        lay_out(self, Place::default(), &mut text);
        text.push('\n');
        text
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Scalar(Value::from(text).to_string())
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        Self::parse(&value.to_string()).expect("a value is JSON")
    }
}

/// Where a value stands.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    /// Its key; none for the document and for elements.
    key: &'a str,
    /// The key of what it stands in.
    parent: &'a str,
    /// Whether it is part of an example.
    example: bool,
    indent: usize,
    /// How much of its line is taken, the comma behind it included.
    column: usize,
}

impl Place<'_> {
    /// What is to be read down the page stands so even if one line has room for it.
    fn is_down(&self, value: &Json) -> bool {
        match value {
            _ if self.example => false,
            _ if ["properties", "definitions", "oneOf", "examples"].contains(&self.key) => true,
            Json::Object(members) => match self.parent {
                "oneOf" => members.len() > 1,
                parent => parent == "definitions" || self.key == parent,
            },
            Json::Array(elements) => elements.iter().any(|element| matches!(element, Json::Object(_))),
            Json::Scalar(_) => false,
        }
    }
}

fn lay_out(value: &Json, place: Place<'_>, text: &mut String) {
    let line = inline(value);
    let (brackets, parts): (_, Vec<(Option<&str>, &Json)>) = match value {
        Json::Object(members) => (["{", "}"], members.iter().map(|(key, value)| (Some(key.as_str()), value)).collect()),
        Json::Array(elements) => (["[", "]"], elements.iter().map(|element| (None, element)).collect()),
        Json::Scalar(_) => return text.push_str(&line),
    };
    if parts.is_empty() || place.column + line.chars().count() <= WIDTH && !place.is_down(value) {
        return text.push_str(&line);
    }
    text.push_str(brackets[0]);
    let (indent, parent) = (place.indent + 2, place.key);
    let example = place.example || parent == "examples";
    for (index, (key, part)) in parts.iter().enumerate() {
        let comma = if index + 1 < parts.len() { "," } else { "" };
        let name = key.map_or_else(String::new, |key| format!("{}: ", Value::from(key)));
        text.push_str(&format!("\n{:indent$}{name}", ""));
        let column = indent + name.chars().count() + comma.len();
        lay_out(part, Place { key: key.unwrap_or_default(), parent, example, indent, column }, text);
        text.push_str(comma);
    }
    text.push_str(&format!("\n{:1$}{2}", "", place.indent, brackets[1]));
}

/// A value on one line.
fn inline(value: &Json) -> String {
    match value {
        Json::Object(members) => {
            let members =
                members.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), inline(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Json::Array(elements) => format!("[{}]", elements.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Json::Scalar(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::Json;
    use std::{fs, path::Path};

    /// So an import changes no line that it need not change.
    #[test]
    fn every_schema_file_is_laid_out_in_this_way() {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
        let mut seen = 0;
        for folder in ["", "workloads", "services"] {
            for entry in fs::read_dir(schema.join(folder)).expect("the folder is there") {
                let path = entry.expect("readable").path();
                if path.extension().is_some_and(|extension| extension == "json") {
                    let text = fs::read_to_string(&path).expect("readable");
                    let again = Json::parse(&text).expect("a schema is JSON").document();
                    assert!(text == again, "{} is laid out otherwise:\n{again}", path.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 10, "only {seen} files");
    }

    #[test]
    fn members_keep_their_order_and_scalars_their_spelling() {
        let text = "{\n  \"b\": 1.50,\n  \"a\": [1e3, \"\\u00e9\", null, []]\n}\n";
        assert_eq!(Json::parse(text).expect("JSON").document(), text);
    }
}
