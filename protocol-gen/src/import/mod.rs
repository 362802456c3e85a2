//! Follows Maelstrom: compares the schema folder with the documents of a release, and brings it up to date.
//!
//! Both sides are read into the same plain [`model`]. What differs is data ([`differences`]): `check` prints it, `import`
//! applies it ([`edit`]). So neither can see what the other does not, and a file without a difference is not touched.
//!
//! - `documents`: Maelstrom's documents → model; `markdown` finds their blocks, `forms` reads Prismatic schemas.
//! - `schemas`: schema folder → model.
//! - `differences`: two models → what has changed, as data; `telling`: the same in words.
//! - `edit`, `reshape`, `fresh`, `examples`: changes to a file and to one shape, what is new altogether, examples.
//! - `folder`: the files, from reading to writing; `json`: their text.

mod differences;
mod documents;
mod edit;
mod examples;
mod folder;
mod forms;
mod fresh;
#[cfg(test)]
mod fuzz;
mod json;
mod markdown;
mod model;
mod reshape;
mod schemas;
mod telling;

pub use differences::Difference;

use crate::Error;
use folder::Folder;
use std::path::Path;

/// What the documents in the folder `maelstrom`, a release or a checkout of its source, say otherwise than the schemas in
/// the folder `schema`.
///
/// # Errors
///
/// A file cannot be read; a schema file is none; a document says something that is not understood.
pub fn check(maelstrom: &Path, schema: &Path) -> Result<Vec<Difference>, Error> {
    let documents = documents::read(maelstrom)?;
    Ok(differences::compare(&Folder::read(schema)?.protocol()?, &documents))
}

/// Makes the schemas say what the documents say, and returns what has changed: what [`check`] would have returned.
///
/// Everything that the documents do not speak of stays as it is: descriptions, examples, the names of shapes, services,
/// the envelope. A workload that they no longer have loses its file.
///
/// # Errors
///
/// Those of [`check`]; a change that no schema can express. Nothing is written then. A file that cannot be written.
pub fn import(maelstrom: &Path, schema: &Path) -> Result<Vec<Difference>, Error> {
    let documents = documents::read(maelstrom)?;
    let mut folder = Folder::read(schema)?;
    let differences = differences::compare(&folder.protocol()?, &documents);
    folder.apply(&differences)?;
    folder.verify(&documents)?;
    folder.write()?;
    Ok(differences)
}
