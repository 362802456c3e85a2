//! The doc comments of generated items: the schema's description, and the wire examples of a message.

use crate::schema::RESERVED;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

/// `text` as one doc attribute per line, which the formatter prints as `///` lines.
pub(crate) fn docs(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// The documentation of a message: its description, its role in an RPC, and its wire examples.
pub(crate) fn message_docs(description: &str, role: &str, examples: &[&Value]) -> String {
    let examples: Vec<_> = examples.iter().map(|example| wire(example)).collect();
    let text = format!("{description}\n\n{role}\n\n# On the wire\n\n```json\n{}\n```", examples.join("\n"));
    text.trim_start().to_owned()
}

/// A body on one line as a person would write it, with the reserved keys first.
pub(crate) fn wire(value: &Value) -> String {
    let join = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(members) => {
            let reserved = RESERVED.iter().filter_map(|key| members.get_key_value(*key));
            let others = members.iter().filter(|(key, _)| !RESERVED.contains(&key.as_str()));
            let member = |(key, value): (&String, &Value)| format!("{}: {}", Value::from(key.as_str()), wire(value));
            format!("{{{}}}", join(reserved.chain(others).map(member).collect()))
        }
        Value::Array(elements) => format!("[{}]", join(elements.iter().map(wire).collect())),
        scalar => scalar.to_string(),
    }
}
