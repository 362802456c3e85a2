//! Compiles JSON Schemas of Maelstrom messages into typed Rust.
//!
//! # Layout
//!
//! - `schema`: reads and checks one schema file (`cursor` gives every complaint its file and JSON pointer).
//! - `payload`: the payload types, by typify; `tuples` and `codes` compile what typify cannot.
//! - `messages`: pairing, and the enums of requests and responses.
//! - `workload`, `service`: the handler trait with its dispatch; a service's addresses.
//! - `docs`, `format`: doc comments with the wire example; formatted source text.
//!
//! This crate names no workload: a new schema file needs no change here.
//!
//! # Your own schemas
//!
//! A crate with schema files of its own (`schema/workloads/NAME.json`) compiles them with this build script:
//!
//! ```no_run
//! glomers_protocol_gen::build("schema");
//! ```
//!
//! and includes the result with `include!(concat!(env!("OUT_DIR"), "/mod.rs"));`. The code needs `glomers-protocol` and
//! `serde` as dependencies.

mod codes;
mod cursor;
mod docs;
mod error;
mod format;
mod messages;
mod payload;
mod schema;
mod service;
mod tuples;
mod workload;

pub use error::Error;

use docs::docs;
use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use schema::Schema;
use std::{
    fs,
    path::{Path, PathBuf},
};

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

/// Compiles every schema file of a folder: those at the top, those in `workloads/` (which get a handler trait and
/// dispatch) and those in `services/`. A file without a root `oneOf` holds no messages and is passed over.
///
/// # Errors
///
/// A file cannot be read, is not JSON, or is not a schema that this crate understands.
pub fn generate(folder: &Path) -> Result<Vec<Source>, Error> {
    let mut index = Vec::new();
    let mut sources = Vec::new();
    for (subfolder, kind) in [("", Kind::Plain), ("workloads", Kind::Workload), ("services", Kind::Service)] {
        let mut modules = Vec::new();
        for file in schema_files(&folder.join(subfolder))? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let shown = Path::new(subfolder).join(file.file_name().unwrap_or_default()).display().to_string();
            let text = fs::read_to_string(&file).map_err(Error::io(&file))?;
            let Some((about, items)) = compile(&shown, &text, kind)? else { continue };
            let path = if kind == Kind::Service { format!("services/{name}.rs") } else { format!("{name}.rs") };
            let path = path.replace('-', "_");
            let (module, about) = (format_ident!("{}", name.to_snake_case()), docs(&about));
            modules.push(quote!(#about pub mod #module { include!(#path); }));
            sources.push(Source { path: path.into(), text: format::items(&format!("schema/{shown}"), &items) });
        }
        if kind == Kind::Service && !modules.is_empty() {
            modules = vec![quote! {
                /// The services that Maelstrom runs beside the nodes.
                pub mod services { #(#modules)* }
            }];
        }
        index.extend(modules);
    }
    sources.push(Source { path: "mod.rs".into(), text: format::items("schema/", &index) });
    Ok(sources)
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
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Plain,
    Workload,
    Service,
}

/// A file's documentation and items; `None` if it holds no messages.
fn compile(file: &str, text: &str, kind: Kind) -> Result<Option<(String, Vec<TokenStream>)>, Error> {
    let document: serde_json::Value =
        serde_json::from_str(text).map_err(|source| Error::Json { file: file.to_owned(), source })?;
    if document.get("oneOf").is_none() && kind == Kind::Plain {
        return Ok(None);
    }
    let schema = Schema::read(file, &document)?;
    let mut items = payload::items(&schema)?;
    items.extend(messages::enums(&schema));
    match kind {
        Kind::Plain => {}
        Kind::Workload => items.splice(0..0, workload::items(&schema)).for_each(drop),
        Kind::Service => items.splice(0..0, service::items(&schema)).for_each(drop),
    }
    items.push(messages::example_tests(&schema));
    Ok(Some((schema.description.to_owned(), items)))
}

/// The `.json` files of a folder by name; none if there is no such folder.
fn schema_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(Error::io(folder))?;
    let mut files: Vec<_> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(Error::io(folder))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}
