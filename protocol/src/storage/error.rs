//! The errors of a disk.

use crate::generated::errors::{ErrorCode, RpcError};
use std::io;

/// An error of a disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// There is no space.
    #[error("cannot write `{file}`: the disk is full")]
    Full {
        /// The file.
        file: String,
    },
    /// The disk could not make writes durable. They may be lost.
    #[error(
        "a sync failed, and what was written since the one before may be lost: restart the node, which continues from what is durable"
    )]
    Sync {
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// An operation on a file or folder failed.
    #[error("cannot {operation} `{file}`")]
    Io {
        /// The operation, as a verb.
        operation: &'static str,
        /// The file or folder.
        file: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Bytes that were durable have changed.
    #[error(
        "`{file}` is damaged at byte {offset}: {reason}; restore the file, or remove the node's data folder so that the node starts empty"
    )]
    Corrupt {
        /// The file.
        file: String,
        /// The position of the first damaged frame.
        offset: u64,
        /// The difference between what was found and what was expected.
        reason: String,
    },
    /// An undamaged entry is not of the type that is read.
    #[error(
        "the entry at byte {offset} of `{file}` does not fit its type ({detail}): another program, or another version of this one, wrote it"
    )]
    Entry {
        /// The file.
        file: String,
        /// The position of the entry's frame.
        offset: u64,
        /// The decoder's message.
        detail: String,
    },
    /// A newer version of this library wrote the file.
    #[error(
        "`{file}` has format {found}, but this program reads formats up to {known}: use the newer program that wrote it, or another data folder"
    )]
    Newer {
        /// The file.
        file: String,
        /// The format of the file.
        found: u32,
        /// The newest format that this program reads.
        known: u32,
    },
    /// The folder belongs to something else.
    #[error(
        "`{folder}` has files, but none that says that it is a node's data folder: nothing was changed; name another folder"
    )]
    Foreign {
        /// The folder.
        folder: String,
    },
    /// Another process has the folder.
    #[error("`{folder}` is in use by {}: two nodes cannot share a data folder", holder(*.pid))]
    Locked {
        /// The folder.
        folder: String,
        /// The process, if it is known.
        pid: Option<u32>,
    },
    /// A file name that a disk does not take.
    #[error(
        "`{file}` is not a file name here: use letters, digits, `-`, `_` and `.`, and begin with a letter or digit"
    )]
    Name {
        /// The name.
        file: String,
    },
    /// Two logs cannot share a file.
    #[error("the log `{file}` is already open: open it once, and share it in an `Rc`")]
    OpenTwice {
        /// The file.
        file: String,
    },
}

/// For handlers that pass the failure of an operation on. Without space nothing was written, so the client may try again.
impl From<DiskError> for RpcError {
    fn from(error: DiskError) -> Self {
        let code = match error {
            DiskError::Full { .. } => ErrorCode::TemporarilyUnavailable,
            _ => ErrorCode::Crash,
        };
        Self::new(code, error.to_string())
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or("another process".to_owned(), |pid| format!("process {pid}"))
}

/// Checks the name of a file.
pub(crate) fn check_name(file: &str) -> Result<(), DiskError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = file.len() <= 200 && file.bytes().all(is_plain);
    if is_name && file.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err(DiskError::Name { file: file.to_owned() })
    }
}
