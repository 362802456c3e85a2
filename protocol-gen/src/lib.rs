//! Compiles JSON Schemas of Maelstrom messages into typed Rust.
//!
//! # Layout
//!
//! - `schema`: reads and checks one schema file (`cursor` gives every complaint its file and JSON pointer).
//! - `payload`: the payload types, by typify from what `prepare` gives it; `tuples` and `codes` compile what it cannot.
//! - `messages`: pairing, and the enums of requests and responses.
//! - `workload`, `service`: the handler trait with its dispatch; a service's addresses.
//! - `names`: words of a schema as Rust names.
//! - `docs`, `format`: doc comments with the wire example; formatted source text.
//! - `import`: Maelstrom's documents to schemas, and how the two differ.
//!
//! This crate names no workload: a new schema file needs no change here. [`build()`], [`generate()`] and [`write()`] need no
//! features; [`check()`] and [`import()`] come with the command, in the feature `command`, which is on by default.
//!
//! # Your own schemas
//!
//! A crate with schema files of its own, `schema/workloads/NAME.json`, needs `glomers-protocol` and `serde` as
//! dependencies, this crate as a build dependency (without default features) and two lines. Its build script is
//!
//! ```no_run
//! glomers_protocol_gen::build("schema");
//! ```
//!
//! and where the modules are to stand, `include!(concat!(env!("OUT_DIR"), "/mod.rs"));`. A node then serves such a
//! workload as it does a built-in one, named by its path: `#[handler(crate::NAME)]`.
//!
//! Without a build script, [`generate()`] and [`write()`] do the same from a program, and [`generate_workload`] from a text:
//!
//! ```
//! let schema = r##"{
//!   "title": "bell",
//!   "oneOf": [{"$ref": "#/definitions/Ring"}, {"$ref": "#/definitions/RingOk"}],
//!   "definitions": {
//!     "Ring": {
//!       "type": "object",
//!       "required": ["type", "msg_id"],
//!       "properties": {
//!         "type": {"const": "ring"},
//!         "msg_id": {"type": "integer"},
//!         "times": {"type": "integer"}
//!       },
//!       "x-response": {"$ref": "#/definitions/RingOk"},
//!       "examples": [{"type": "ring", "msg_id": 1, "times": 3}]
//!     },
//!     "RingOk": {
//!       "type": "object",
//!       "required": ["type", "in_reply_to"],
//!       "additionalProperties": false,
//!       "properties": {"type": {"const": "ring_ok"}, "msg_id": {"type": "integer"}, "in_reply_to": {"type": "integer"}},
//!       "examples": [{"type": "ring_ok", "in_reply_to": 1}]
//!     }
//!   }
//! }"##;
//! let code = glomers_protocol_gen::generate_workload("bell.json", schema)?;
//! assert!(code.contains("pub times: ::std::option::Option<i64>"));
//! assert!(code.contains("impl ::glomers_protocol::Request for Ring"));
//! # Ok::<(), glomers_protocol_gen::Error>(())
//! ```

mod codes;
mod cursor;
mod docs;
mod error;
mod format;
#[cfg(feature = "command")]
mod import;
mod messages;
mod names;
mod payload;
mod prepare;
mod schema;
mod service;
mod tuples;
mod workload;

pub use error::Error;
#[cfg(feature = "command")]
pub use import::{Difference, check, import};

use cursor::Cursor;
use docs::docs;
use proc_macro2::TokenStream;
use quote::quote;
use schema::Schema;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use syn::ext::IdentExt;

/// A generated source file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// Where it belongs, relative to the output folder: `broadcast.rs`, `services/kv.rs`, `mod.rs`.
    pub path: PathBuf,
    /// Formatted Rust.
    pub text: String,
}

/// Compiles the schema folder `schema` into `OUT_DIR`: the whole of a build script. Include `OUT_DIR/mod.rs`.
///
/// An error fails the build with a message that names the schema file and the JSON pointer.
pub fn build(schema: impl AsRef<Path>) {
    let schema = schema.as_ref();
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let result = generate(schema).and_then(|sources| write(Path::new(&out), &sources));
    let report = match result {
        Ok(()) => format!("cargo::rerun-if-changed={}", schema.display()),
        Err(error) => format!("cargo::error={error}"),
    };
    #[expect(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]
    {
        println!("{report}");
    }
}

/// Compiles every schema file of a folder: those at the top, and those in `workloads/` and in `services/`, which get a
/// handler trait and dispatch besides. A file without a root `oneOf` holds no messages and is passed over.
///
/// # Errors
///
/// A file cannot be read, is not JSON, or is not a schema that this crate understands.
pub fn generate(folder: &Path) -> Result<Vec<Source>, Error> {
    let mut index = Vec::new();
    let mut sources = Vec::new();
    for (file, kind) in schema_files(folder)? {
        let shown = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        let text = fs::read_to_string(&file).map_err(Error::io(&file))?;
        let Some((about, items)) = compile(&shown, &text, kind)? else { continue };
        let blame = Cursor::root(&shown, &Value::Null);
        let module = names::item_name(&blame, &file.file_stem().unwrap_or_default().to_string_lossy())?;
        let file_name = format!("{}.rs", module.unraw());
        let path = if kind == Kind::Service { format!("services/{file_name}") } else { file_name };
        if sources.iter().any(|source: &Source| source.path == Path::new(&path)) {
            return Err(blame.fail(format!("`{path}` already comes from another file")));
        }
        let about = docs(&about);
        index.push((kind, quote!(#about pub mod #module { include!(#path); })));
        sources.push(Source { path: path.into(), text: format::items(&format!("schema/{shown}"), &items) });
    }
    sources.push(Source { path: "mod.rs".into(), text: format::items("schema/", &modules(index)) });
    Ok(sources)
}

/// The modules of all files, those of services inside a module of their own.
fn modules(index: Vec<(Kind, TokenStream)>) -> Vec<TokenStream> {
    let (services, others): (Vec<_>, Vec<_>) = index.into_iter().partition(|(kind, _)| *kind == Kind::Service);
    let mut modules: Vec<_> = others.into_iter().map(|(_, module)| module).collect();
    if !services.is_empty() {
        let services = services.into_iter().map(|(_, module)| module);
        modules.push(quote! {
            /// The services that Maelstrom runs beside the nodes.
            pub mod services { #(#services)* }
        });
    }
    modules
}

/// Compiles one schema text as a workload would be: what `generate` does for a file in `workloads/`.
///
/// # Errors
///
/// The text is not JSON, or not a schema that this crate understands; `file` is what the error calls it.
pub fn generate_workload(file: &str, text: &str) -> Result<String, Error> {
    let (_, items) = compile(file, text, Kind::Workload)?.unwrap_or_default();
    Ok(format::items(file, &items))
}

/// Writes sources below `folder`, which is made if it is not there.
///
/// # Errors
///
/// A file or folder cannot be written.
pub fn write(folder: &Path, sources: &[Source]) -> Result<(), Error> {
    for source in sources {
        let path = folder.join(&source.path);
        let parent = path.parent().expect("a file has a folder");
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
        fs::write(&path, &source.text).map_err(Error::io(&path))?;
    }
    Ok(())
}

/// What a schema file describes, which its folder tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Plain,
    Workload,
    Service,
}

/// A file's documentation and items; `None` if it holds no messages.
fn compile(file: &str, text: &str, kind: Kind) -> Result<Option<(String, Vec<TokenStream>)>, Error> {
    let document: Value = serde_json::from_str(text).map_err(|source| Error::Json { file: file.to_owned(), source })?;
    if document.get("oneOf").is_none() && kind == Kind::Plain {
        return Ok(None);
    }
    let schema = Schema::read(file, &document)?;
    let mut items = match kind {
        Kind::Plain => Vec::new(),
        Kind::Workload => vec![workload::name(&schema)],
        Kind::Service => service::addresses(&schema).into_iter().collect(),
    };
    if kind != Kind::Plain {
        items.extend(workload::items(&schema)?);
    }
    items.extend(payload::items(&schema)?);
    items.extend(messages::enums(&schema));
    items.push(messages::schema_text(text));
    items.push(messages::example_tests(&schema));
    Ok(Some((schema.description.to_owned(), items)))
}

/// The `.json` files of a schema folder, by folder and name.
fn schema_files(folder: &Path) -> Result<Vec<(PathBuf, Kind)>, Error> {
    let mut files = Vec::new();
    for (folder, kind) in
        [(folder, Kind::Plain), (&folder.join("workloads"), Kind::Workload), (&folder.join("services"), Kind::Service)]
    {
        if kind != Kind::Plain && !folder.exists() {
            continue;
        }
        let entries = fs::read_dir(folder).map_err(Error::io(folder))?.collect::<Result<Vec<_>, _>>();
        let mut paths: Vec<_> = entries.map_err(Error::io(folder))?.iter().map(fs::DirEntry::path).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        files.extend(paths.into_iter().map(|path| (path, kind)));
    }
    Ok(files)
}
