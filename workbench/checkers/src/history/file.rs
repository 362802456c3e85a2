//! Texts from files, packed by gzip or not, and what may be wrong with them.

use flate2::read::MultiGzDecoder;
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// A file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing comes out of it.
    #[error("cannot read {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {cause}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: BadText,
    },
}

/// A text is not what it should be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadText {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

/// The text of a file or, of a folder, of the first file there that has one of these names; and the file's path.
pub fn read_text(path: &Path, names: &[&str]) -> Result<(PathBuf, String), ReadError> {
    let inside = names.iter().map(|name| path.join(name)).find(|inside| inside.is_file());
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
