//! The errors between a schema file and Rust code. Every error about a schema names the file and the JSON pointer,
//! because the reader is looking at JSON and not at this crate.

use std::{
    error::Error as StdError,
    fmt::{self, Display},
    io,
    path::{Path, PathBuf},
};

/// An error of the schema compiler or of an import.
///
/// `Display` gives the error without its cause; [`Error::with_causes`] gives both on one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file or folder could not be written or removed.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not JSON.
    #[error("{file} is not JSON")]
    Json {
        /// The schema file, relative to the schema folder.
        file: String,
        /// The parser's error, with line and column.
        source: serde_json::Error,
    },
    /// The file is JSON, but not a schema that this crate can compile.
    #[error("{file}#{pointer}: {message}")]
    Schema {
        /// The schema file, relative to the schema folder.
        file: String,
        /// The JSON pointer to the offending value (RFC 6901); empty for the whole document.
        pointer: String,
        /// The value that was found and the value that was expected.
        message: String,
    },
    /// One of Maelstrom's documents has a form that this crate does not understand.
    #[error("{}:{line}: {message}", file.display())]
    Document {
        /// The document.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The form that was found and the form that was expected.
        message: String,
    },
    /// The documents lead to a schema that this crate cannot compile. Nothing was written.
    #[error("nothing was written, because the new schema does not compile")]
    Import {
        /// The place in the new schema, and the reason.
        source: Box<Error>,
    },
    /// The documents say something that no schema can express. Nothing was written.
    #[error("nothing was written, because no schema can express this difference: {difference}")]
    Inexpressible {
        /// The difference that would remain.
        difference: String,
    },
}

impl Error {
    /// The error and its causes on one line, separated by colons.
    pub fn with_causes(&self) -> impl Display + '_ {
        WithCauses(self)
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Write { path: path.to_owned(), source }
    }

    pub(crate) fn json(file: &str) -> impl FnOnce(serde_json::Error) -> Self + '_ {
        move |source| Self::Json { file: file.to_owned(), source }
    }
}

struct WithCauses<'a>(&'a Error);

impl Display for WithCauses<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)?;
        let mut causes = std::iter::successors(self.0.source(), |&cause| cause.source());
        causes.try_for_each(|cause| write!(out, ": {cause}"))
    }
}
