//! Compares the schema folder with the documents of a Maelstrom release, and updates it.
//!
//! Both sides are read into the same plain [`model`]. The differences are data ([`differences`]): `check` prints them
//! and `import` applies them ([`edit`]). So both commands see the same differences, and a file without one stays
//! untouched.
//!
//! - `documents`: Maelstrom's documents to a model. `markdown` finds their blocks, `forms` reads Prismatic schemas.
//! - `schemas`: a schema folder to a model.
//! - `differences`: two models to a list of differences. `display` prints them.
//! - `edit`, `reshape`, `new_schema`, `examples`: changes to a file, to one shape, new definitions, wire examples.
//! - `schema_folder`: the files, from reading to writing. `ordered_json`: their text.

pub(crate) mod differences;
mod display;
mod documents;
mod edit;
mod examples;
mod forms;
#[cfg(test)]
mod fuzz;
mod markdown;
mod model;
mod new_schema;
mod ordered_json;
mod reshape;
mod schema_folder;
mod schemas;

use crate::{
    error::Error,
    import::{
        differences::{Difference, compare},
        schema_folder::SchemaFolder,
    },
};
use std::path::Path;

/// The differences between Maelstrom's documents and the schemas in the folder `schema`. `maelstrom` is the folder of a
/// release or of a checkout of the source.
///
/// # Errors
///
/// A file cannot be read, a schema file is invalid, or a document has a form that is not understood.
pub fn check(maelstrom: &Path, schema: &Path) -> Result<Vec<Difference>, Error> {
    let documents = documents::read(maelstrom)?;
    Ok(compare(&SchemaFolder::read(schema)?.protocol()?, &documents))
}

/// Updates the schemas to agree with the documents, and returns the differences that [`check`] would have returned.
///
/// Everything that the documents do not mention stays: descriptions, examples, the names of shapes, services, the
/// envelope. The file of a workload that Maelstrom no longer has is removed.
///
/// # Errors
///
/// The errors of [`check`], and a change that no schema can express: nothing is written. A file cannot be written.
pub fn import(maelstrom: &Path, schema: &Path) -> Result<Vec<Difference>, Error> {
    let documents = documents::read(maelstrom)?;
    let mut folder = SchemaFolder::read(schema)?;
    let differences = compare(&folder.protocol()?, &documents);
    folder.apply(&differences)?;
    folder.verify(&documents)?;
    folder.write()?;
    Ok(differences)
}
