//! Compiles one schema file: which items it becomes, and their order.

use crate::{error::Error, folder::Kind, messages, payload, schema::Schema, service, workload};
use proc_macro2::TokenStream;
use serde_json::Value;

/// The Rust items of one schema file.
pub(crate) struct Compiled {
    /// The schema's description.
    pub(crate) description: String,
    pub(crate) items: Vec<TokenStream>,
}

/// Compiles the text of a schema file. Returns `None` if it describes no messages, which only a plain file may do.
pub(crate) fn compile(file: &str, text: &str, kind: Kind) -> Result<Option<Compiled>, Error> {
    let document: Value = serde_json::from_str(text).map_err(Error::json(file))?;
    if document.get("oneOf").is_none() && kind == Kind::Plain {
        return Ok(None);
    }
    let schema = Schema::read(file, &document)?;
    let mut items = match kind {
        Kind::Plain => Vec::new(),
        Kind::Workload => vec![workload::name(&schema)],
        Kind::Service => service::addresses(&schema)?.into_iter().collect(),
    };
    if kind != Kind::Plain {
        items.extend(workload::items(&schema)?);
    }
    items.extend(payload::items(&schema)?);
    items.extend(messages::enums(&schema));
    items.push(messages::schema_text(text));
    items.push(messages::example_tests(&schema));
    Ok(Some(Compiled { description: schema.description.to_owned(), items }))
}
