//! What can go wrong between a schema file and Rust code. Every error names the file and the JSON pointer, because
//! the person who reads it is looking at JSON, not at this crate.

use std::path::{Path, PathBuf};

/// Why schemas did not become Rust.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not JSON.
    #[error("{file}: not JSON: {source}")]
    Json {
        /// The schema file, relative to the schema folder.
        file: String,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// The file is JSON, but not a schema that this crate can compile.
    #[error("{file}#{pointer}: {message}")]
    Schema {
        /// The schema file, relative to the schema folder.
        file: String,
        /// JSON pointer to the offending value (RFC 6901); empty for the whole document.
        pointer: String,
        /// What was found and what was expected.
        message: String,
    },
    /// One of Maelstrom's documents says something that is not understood.
    #[error("{}:{line}: {message}", file.display())]
    Document {
        /// The document.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What was expected, and the form that was found.
        message: String,
    },
    /// What the documents say gives a schema that this crate cannot compile. Nothing was written.
    #[error("nothing was written, for the new schema would not compile: {source}")]
    Import {
        /// Where in the new schema, and why.
        source: Box<Error>,
    },
    /// What the documents say cannot be said in a schema. Nothing was written.
    #[error("nothing was written, for no schema can express this: {difference}")]
    Inexpressible {
        /// The difference that would have been left.
        difference: String,
    },
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
