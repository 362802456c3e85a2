//! The way from a schema folder to source files: the functions that build scripts and programs call.

use crate::{
    compile::compile,
    cursor::Cursor,
    docs::docs,
    error::Error,
    folder::{Kind, schema_files},
    format, names,
};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use syn::ext::IdentExt;

/// A generated source file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Source {
    /// The path relative to the output folder: `broadcast.rs`, `services/kv.rs`, `mod.rs`.
    pub path: PathBuf,
    /// Formatted Rust.
    pub text: String,
}

/// Compiles the schema folder `schema` into `OUT_DIR`. This is all that a build script has to do; the crate then
/// includes `OUT_DIR/mod.rs`.
///
/// An error fails the build with a message that names the schema file and the JSON pointer.
pub fn build(schema: impl AsRef<Path>) {
    let schema = schema.as_ref();
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let result = generate(schema).and_then(|sources| write(Path::new(&out), &sources));
    let instruction = match result {
        Ok(()) => format!("cargo::rerun-if-changed={}", schema.display()),
        Err(error) => format!("cargo::error={}", error.with_causes()),
    };
    #[expect(clippy::print_stdout, reason = "cargo reads a build script's instructions from stdout")]
    {
        println!("{instruction}");
    }
}

/// Compiles every schema file of a folder: the files at the top, in `workloads/` and in `services/`. The last two get a
/// handler trait and a dispatch function. A file at the top without a root `oneOf` describes no messages and is
/// skipped.
///
/// # Errors
///
/// A file cannot be read, is not JSON, or is not a schema that this crate understands.
pub fn generate(folder: &Path) -> Result<Vec<Source>, Error> {
    let mut index = Vec::new();
    let mut sources = Vec::new();
    for (file, kind) in schema_files(folder)? {
        let relative = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        let text = fs::read_to_string(&file).map_err(Error::read(&file))?;
        let Some(compiled) = compile(&relative, &text, kind)? else { continue };
        let at = Cursor::root(&relative, &Value::Null);
        let module = names::item_name(&at, &file.file_stem().unwrap_or_default().to_string_lossy())?;
        let file_name = format!("{}.rs", module.unraw());
        let path = if kind == Kind::Service { format!("services/{file_name}") } else { file_name };
        if sources.iter().any(|source: &Source| source.path == Path::new(&path)) {
            return Err(at.fail(format!("another schema file already becomes `{path}`; rename one of the two")));
        }
        let module_docs = docs(&compiled.description);
        index.push((kind, quote!(#module_docs pub mod #module { include!(#path); })));
        sources.push(Source { path: path.into(), text: format::items(&format!("schema/{relative}"), &compiled.items) });
    }
    sources.push(Source { path: "mod.rs".into(), text: format::items("schema/", &modules(index)) });
    Ok(sources)
}

/// The modules of all files. Those of services are inside the module `services`.
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

/// Compiles one schema text as [`generate()`] compiles a file in `workloads/`. `file` is the name that errors give to
/// it.
///
/// # Errors
///
/// The text is not JSON, or is not a schema that this crate understands.
pub fn generate_workload(file: &str, text: &str) -> Result<String, Error> {
    let items = compile(file, text, Kind::Workload)?.map(|compiled| compiled.items).unwrap_or_default();
    Ok(format::items(file, &items))
}

/// Writes sources into `folder`, and creates it if it does not exist.
///
/// # Errors
///
/// A file or folder cannot be written.
pub fn write(folder: &Path, sources: &[Source]) -> Result<(), Error> {
    for source in sources {
        let path = folder.join(&source.path);
        let parent = path.parent().expect("a file has a folder");
        fs::create_dir_all(parent).map_err(Error::write(parent))?;
        fs::write(&path, &source.text).map_err(Error::write(&path))?;
    }
    Ok(())
}
