//! Validators for the schemas in `schema/`: of a whole file, or of one message in it. The validator is one that this project
//! has not written, so it judges the schemas as any other reader of JSON Schema would.

use jsonschema::{Validator, draft7};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A validator for a schema that must be one of draft 07 itself.
pub fn validator(schema: &Value, name: &str) -> Validator {
    draft7::meta::validate(schema).unwrap_or_else(|error| panic!("{name} is no schema of draft 07: {error}"));
    draft7::new(schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Validators by schema file and wire type.
#[derive(Debug, Default)]
pub struct Schemas(BTreeMap<(String, Option<String>), Validator>);

impl Schemas {
    /// Validates against the definition of a message, or against the whole file. The text `shown` tells a reader of the
    /// panic where the value is from.
    pub fn check(&mut self, file: &str, wire_type: Option<&str>, value: &Value, shown: &str) {
        if let Err(error) = self.validator(file, wire_type).validate(value) {
            panic!("{file}: {error} (at {}): {shown}", error.instance_path());
        }
    }

    /// The validator of a message, or of the whole file.
    pub fn validator(&mut self, file: &str, wire_type: Option<&str>) -> &Validator {
        let key = (file.to_owned(), wire_type.map(str::to_owned));
        self.0.entry(key).or_insert_with(|| {
            let document = read_schema(file);
            let schema = match wire_type {
                Some(wire_type) => definition(file, &document, wire_type),
                None => document,
            };
            validator(&schema, file)
        })
    }
}

/// The definition of the message of type `wire_type`, with all definitions of the file at hand.
fn definition(file: &str, document: &Value, wire_type: &str) -> Value {
    let definitions = document["definitions"].as_object().expect("schema files have definitions");
    let mut names = definitions
        .iter()
        .filter(|(_, definition)| definition["properties"]["type"]["const"] == wire_type)
        .map(|(name, _)| name);
    let name = names.next().unwrap_or_else(|| panic!("{file} has no `{wire_type}`"));
    assert_eq!(names.next(), None, "{file} has two `{wire_type}`");
    json!({"allOf": [{"$ref": format!("#/definitions/{name}")}], "definitions": definitions})
}

/// A file of `schema/`.
pub fn read_schema(file: &str) -> Value {
    read_json(&format!("schema/{file}"))
}

/// A JSON file of the repository.
pub fn read_json(path: &str) -> Value {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the files in a folder of the repository that have this ending, without it.
pub fn names_in(folder: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect();
    names.sort_unstable();
    names
}
