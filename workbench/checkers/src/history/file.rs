//! Texts from files, packed by gzip or not, and the errors of reading them.

use flate2::bufread::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
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

/// The failure to read a text that is not known to be a file's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It cannot be read, or is not text.
    #[error("cannot read the text")]
    Io(#[from] io::Error),
    /// It is malformed.
    #[error(transparent)]
    Content(#[from] BadText),
}

/// A file or, of a folder, the first file there that has one of these names, unpacked if gzip has packed it; and its
/// path.
pub(super) fn open(path: &Path, names: &[&str]) -> Result<(PathBuf, Box<dyn Read>), ReadError> {
    let inside = names.iter().map(|name| path.join(name)).find(|inside| inside.is_file());
    if inside.is_none() && path.is_dir() && !names.is_empty() {
        return Err(ReadError::Folder { path: path.to_owned(), names: names.join(", ") });
    }
    let path = inside.unwrap_or_else(|| path.to_owned());
    match File::open(&path).and_then(unpacked) {
        Ok(file) => Ok((path, file)),
        Err(cause) => Err(ReadError::File { path, cause }),
    }
}

/// The text of a file or, of a folder, of the first file there that has one of these names; and the file's path.
pub fn read_text(path: &Path, names: &[&str]) -> Result<(PathBuf, String), ReadError> {
    let (path, mut file) = open(path, names)?;
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) => Ok((path, text)),
        Err(cause) => Err(ReadError::File { path, cause }),
    }
}

/// Unpacks what gzip has packed, and takes everything else as it is.
fn unpacked(file: File) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(file);
    Ok(if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}
