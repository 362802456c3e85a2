//! Doc comments of generated items: a schema's description, and the wire example where there is one.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::schema::RESERVED;

/// `text` as doc attributes, one a line, so that the formatter prints `///` lines.
pub(crate) fn docs(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// A message's documentation: what it means, which RPC it belongs to, and how it looks on the wire.
pub(crate) fn message_docs(description: &str, role: &str, examples: &[&Value]) -> String {
    let examples: Vec<_> = examples.iter().map(|example| wire(example)).collect();
    let text = format!("{description}\n\n{role}\n\n# On the wire\n\n```json\n{}\n```", examples.join("\n"));
    text.trim_start().to_owned()
}

/// A body as a person would write it, on one line: the reserved keys first.
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
