//! Texts from files, packed by gzip or not, and the errors of reading them.

use flate2::read::MultiGzDecoder;
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The failure to read a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be opened, or is not text.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        cause: io::Error,
    },
    /// The folder holds no file of the expected names.
    #[error("there is no run in {}: it has none of {names}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The expected names.
        names: String,
    },
    /// The file's text is malformed.
    #[error("cannot read {}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The line, and the reason.
        #[source]
        cause: BadText,
    },
}

/// A malformed text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadText {
    /// The number of the line; the first is 1.
    pub line: usize,
    /// The reason.
    pub reason: String,
}

/// The text of a file or, of a folder, of the first file there that has one of these names; and the file's path.
pub fn read_text(path: &Path, names: &[&str]) -> Result<(PathBuf, String), ReadError> {
    let inside = names.iter().map(|name| path.join(name)).find(|inside| inside.is_file());
    if inside.is_none() && path.is_dir() && !names.is_empty() {
        return Err(ReadError::Folder { path: path.to_owned(), names: names.join(", ") });
    }
    let path = inside.unwrap_or_else(|| path.to_owned());
    match fs::read(&path).and_then(unpack) {
        Ok(text) => Ok((path, text)),
        Err(cause) => Err(ReadError::File { path, cause }),
    }
}

/// Unpacks what gzip has packed, and takes everything else as text.
fn unpack(bytes: Vec<u8>) -> io::Result<String> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = String::new();
        MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
        return Ok(text);
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
