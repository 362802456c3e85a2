//! Files and folders of the store. A file is sent as it is read, however large it is.

use crate::serve::{
    answer::{Answer, headers},
    guard::Refusal,
};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Read,
    path::Path,
};
use tiny_http::Response;

/// An entry of a folder.
pub(super) struct Entry {
    pub(super) name: String,
    /// The size in bytes; `None` for a folder.
    pub(super) size: Option<u64>,
}

/// The files and folders in a folder: folders first, by name. A link counts as its target.
pub(super) fn list(folder: &Path) -> Result<Vec<Entry>, Refusal> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(about) = fs::metadata(entry.path()) else { continue };
        let Ok(name) = entry.file_name().into_string() else { continue };
        entries.push(Entry { name, size: about.is_file().then_some(about.len()) });
    }
    entries.sort_by(|left, right| (left.size.is_some(), &left.name).cmp(&(right.size.is_some(), &right.name)));
    Ok(entries)
}

/// Sends a file.
pub(super) fn send(path: &Path) -> Result<Answer, Refusal> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    // A log may grow meanwhile.
    let content: Box<dyn Read + Send> = Box::new(file.take(size));
    let length = usize::try_from(size).ok();
    let answer = Response::new(200.into(), headers(content_type(path)), content, length, None);
    Ok(answer.with_chunked_threshold(usize::MAX))
}

/// The content type of a run's file, by its name.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(OsStr::to_str) {
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("edn" | "jsonl" | "log" | "txt") => "text/plain; charset=utf-8",
        Some("gz") => "application/gzip",
        _ => "application/octet-stream",
    }
}
