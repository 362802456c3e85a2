//! One schema file, read and checked: its messages, the response to each request, and the other definitions. Nothing
//! here knows Rust; the other modules make code of it.

use crate::{cursor::Cursor, error::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// The keys that every body may have and that the envelope handles (Maelstrom: `doc/protocol.md`, "Message Bodies").
pub(crate) const RESERVED: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// A schema file.
pub(crate) struct Schema<'a> {
    pub(crate) root: Cursor<'a>,
    /// `title`: the name of the workload or service.
    pub(crate) title: &'a str,
    /// `description`.
    pub(crate) description: &'a str,
    /// `x-addresses`: the node ids of a service.
    pub(crate) addresses: Vec<Cursor<'a>>,
    /// The messages, in the order of the root's `oneOf`.
    pub(crate) messages: Vec<Message<'a>>,
    /// The definitions that are not messages.
    pub(crate) shapes: Vec<(&'a str, Cursor<'a>)>,
}

/// A message body: an object with a constant `type`.
pub(crate) struct Message<'a> {
    /// The name of the definition and of the Rust type.
    pub(crate) name: &'a str,
    /// `type` on the wire.
    pub(crate) wire_type: &'a str,
    pub(crate) description: &'a str,
    /// The definition of the response; `None` if this is not a request.
    pub(crate) response: Option<&'a str>,
    pub(crate) examples: Vec<&'a Value>,
    pub(crate) definition: Cursor<'a>,
}

impl<'a> Schema<'a> {
    /// Reads a document. `file` is the name that errors give to it.
    pub(crate) fn read(file: &'a str, document: &'a Value) -> Result<Self, Error> {
        let root = Cursor::root(file, document);
        root.only(&["$schema", "title", "description", "oneOf", "definitions", "x-addresses"])?;
        let definitions: BTreeMap<_, _> = root.want("definitions")?.members()?.into_iter().collect();
        let mut messages = Vec::new();
        for entry in root.want("oneOf")?.elements()? {
            let name = entry.definition_name()?;
            messages.push(Message::read(name, &definitions[name])?);
        }
        check_pairs(&messages)?;
        let is_message = |name: &str| messages.iter().any(|message| message.name == name);
        let shapes = definitions.into_iter().filter(|(name, _)| !is_message(name)).collect();
        let addresses = match root.get("x-addresses") {
            Some(list) => list.elements()?,
            None => Vec::new(),
        };
        let (title, description) = (root.want("title")?.text()?, root.description()?);
        Ok(Self { root, title, description, addresses, messages, shapes })
    }

    /// Each request with its response.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&Message<'a>, &'a str)> {
        self.messages.iter().filter_map(|message| Some((message, message.response?)))
    }
}

impl<'a> Message<'a> {
    fn read(name: &'a str, definition: &Cursor<'a>) -> Result<Self, Error> {
        let wire_type = definition.want("properties")?.want("type")?.want("const")?.text()?;
        let response = match definition.get("x-response") {
            Some(reference) => Some(reference.definition_name()?),
            None => None,
        };
        let examples = definition.want("examples")?.elements()?;
        if examples.is_empty() {
            return Err(definition.fail("`examples` is empty; a message needs at least one example"));
        }
        let message = Self {
            name,
            wire_type,
            description: definition.description()?,
            response,
            examples: examples.iter().map(Cursor::value).collect(),
            definition: definition.clone(),
        };
        if !message.requires("type") {
            return Err(definition.fail("`required` lacks `type`, which every message needs"));
        }
        Ok(message)
    }

    fn requires(&self, key: &str) -> bool {
        let required = self.definition.value().get("required").and_then(Value::as_array);
        required.is_some_and(|keys| keys.iter().any(|name| name == key))
    }

    /// Returns true if unknown keys are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.definition.value().get("additionalProperties") == Some(&Value::Bool(false))
    }
}

/// Checks the rules for requests and responses. A file without any request, such as the error body, has no pairs.
fn check_pairs(messages: &[Message<'_>]) -> Result<(), Error> {
    let find = |name: &str| messages.iter().find(|message| message.name == name);
    for (index, message) in messages.iter().enumerate() {
        if let Some(twin) = messages[..index].iter().find(|other| other.wire_type == message.wire_type) {
            let text = format!("type `{}` is already the type of `{}`", message.wire_type, twin.name);
            return Err(message.definition.fail(text));
        }
    }
    for request in messages.iter().filter(|message| message.response.is_some()) {
        let name = request.response.expect("filtered for it");
        let refuse = |text: String| Err(request.definition.want("x-response")?.fail(text));
        match find(name) {
            None => return refuse(format!("`{name}` is not a message; add it to the root's `oneOf`")),
            Some(response) if response.response.is_some() => {
                return refuse(format!("`{name}` is itself a request, so it cannot be a response"));
            }
            Some(response) if !response.requires("in_reply_to") => {
                return Err(response.definition.fail("`required` lacks `in_reply_to`, which every response needs"));
            }
            Some(response) if !response.is_closed() => {
                let text =
                    "a response needs `additionalProperties: false`, because Maelstrom refuses unknown keys in it";
                return Err(response.definition.fail(text));
            }
            Some(_) => {}
        }
        if !request.requires("msg_id") {
            return Err(request
                .definition
                .fail("`required` lacks `msg_id`, without which a request cannot be answered"));
        }
    }
    if messages.iter().all(|message| message.response.is_none()) {
        return Ok(());
    }
    for message in messages.iter().filter(|message| message.response.is_none()) {
        if !messages.iter().any(|request| request.response == Some(message.name)) {
            let text = "the message is neither a request (it has no `x-response`) nor the response to one";
            return Err(message.definition.fail(text));
        }
    }
    Ok(())
}
