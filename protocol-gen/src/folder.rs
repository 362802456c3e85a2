//! The layout of a schema folder. A file's place in it decides what is generated besides its payloads.

use crate::error::Error;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The kind of a schema file, by its folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A file at the top: payloads only.
    Plain,
    /// A file in `workloads/`.
    Workload,
    /// A file in `services/`.
    Service,
}

impl Kind {
    /// The kind of the file at `path`, relative to the schema folder.
    #[cfg(feature = "command")]
    pub(crate) fn of(path: &Path) -> Self {
        match path.parent().and_then(Path::to_str) {
            Some("workloads") => Self::Workload,
            Some("services") => Self::Service,
            _ => Self::Plain,
        }
    }
}

/// The `.json` files of a schema folder, sorted by kind and name.
pub(crate) fn schema_files(root: &Path) -> Result<Vec<(PathBuf, Kind)>, Error> {
    let mut files = Vec::new();
    let (workloads, services) = (root.join("workloads"), root.join("services"));
    for (folder, kind) in [(root, Kind::Plain), (&workloads, Kind::Workload), (&services, Kind::Service)] {
        if kind != Kind::Plain && !folder.exists() {
            continue;
        }
        let entries = fs::read_dir(folder).map_err(Error::read(folder))?.collect::<Result<Vec<_>, _>>();
        let mut paths: Vec<_> = entries.map_err(Error::read(folder))?.iter().map(fs::DirEntry::path).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        files.extend(paths.into_iter().map(|path| (path, kind)));
    }
    Ok(files)
}
