//! The place of a node's data when it runs as a process.
//!
//! A program (`--data`) or the environment (`GLOMERS_DATA`) may name a folder. Each node has a folder of its id in it. If the
//! variable is empty, the node has no disk.
//!
//! Without either, the run has a folder of its own among the temporary files. Maelstrom tells a node nothing about the run and
//! starts all nodes in one folder. But all nodes of a run, restarted ones too, have one parent process, so its id and its start
//! time name the run. Maelstrom can run several tests in one process (`--test-count`). It keeps the log of each node open in
//! the test's folder, so the name of that folder is part of the run's name if it can be found.

use crate::{node_id::NodeId, storage::error::DiskError};
use std::{
    env, fs, io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::parent_id,
    },
    path::{Path, PathBuf},
    process::Command,
};

/// The variable that names the folder of all nodes.
const VARIABLE: &str = "GLOMERS_DATA";

/// The place of the data of all nodes.
#[derive(Debug)]
pub(crate) enum Place {
    /// A folder that the program or the environment names.
    Named(PathBuf),
    /// The run's own folder.
    OfRun,
}

impl Place {
    /// The folder that the program names, or else what the environment says; `None` for no disk.
    pub(crate) fn choose(named: Option<PathBuf>) -> Option<Self> {
        let folder = named.or_else(|| env::var_os(VARIABLE).map(PathBuf::from));
        match folder {
            Some(folder) if folder.as_os_str().is_empty() => None,
            Some(folder) => Some(Self::Named(folder)),
            None => Some(Self::OfRun),
        }
    }

    /// The folder of a node's data.
    pub(crate) fn of_node(&self, id: &NodeId) -> Result<PathBuf, DiskError> {
        let folder = match self {
            Self::Named(folder) => folder.clone(),
            Self::OfRun => of_run(id, parent_id())?,
        };
        Ok(folder.join(file_name(id.as_str())))
    }
}

/// The folder of a run whose nodes are started by `parent`.
fn of_run(id: &NodeId, parent: u32) -> Result<PathBuf, DiskError> {
    let user = rustix::process::getuid().as_raw();
    let folder = env::temp_dir().join(format!("glomers-{user}"));
    let failed = |operation, file: &Path| {
        let file = file.to_string_lossy().into_owned();
        move |source| DiskError::Io { operation, file, source }
    };
    make_private(&folder, user).map_err(failed("use", &folder))?;
    let start = start_of(parent).map_err(failed("find the start of the parent process of", &folder))?;
    let test = test_of(id, parent).map(|test| format!("-{test}")).unwrap_or_default();
    Ok(folder.join(format!("{}{parent}-{start}{test}", boot())))
}

/// Makes a folder that only this user can use. Others can make one of that name first, so it is checked.
fn make_private(folder: &Path, user: u32) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let found = fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == user && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::other(
        "it is not a folder of this user that only this user can write; name another with GLOMERS_DATA",
    ))
}

/// The beginning of a run's name: process ids and start times begin again when the machine does.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.split_once('-').map(|(start, _)| format!("{start}-")).unwrap_or_default()
}

/// The time at which a process started, in any form.
fn start_of(process: u32) -> io::Result<String> {
    if let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) {
        // The name of the program, in brackets, may contain anything.
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace().collect::<Vec<_>>());
        if let Some(start) = fields.unwrap_or_default().get(19) {
            return Ok((*start).to_owned());
        }
    }
    let listed = Command::new("ps").args(["-o", "lstart=", "-p", &process.to_string()]).output()?;
    let start = String::from_utf8_lossy(&listed.stdout).trim().to_owned();
    if start.is_empty() {
        return Err(io::Error::other("neither /proc nor `ps` shows it; name a folder with GLOMERS_DATA"));
    }
    Ok(file_name(&start))
}

/// The name of Maelstrom's folder for the test: the parent keeps `.../TEST/node-logs/NODE.log` open. If it has left open those
/// of earlier tests, the last counts; the names are times.
fn test_of(id: &NodeId, parent: u32) -> Option<String> {
    let log = format!("{id}.log");
    let files = fs::read_dir(format!("/proc/{parent}/fd")).ok()?;
    let tests = files.filter_map(|file| {
        let target = fs::read_link(file.ok()?.path()).ok()?;
        let logs = target.parent().filter(|_| target.file_name().is_some_and(|name| name == &*log))?;
        let test = logs.parent().filter(|_| logs.file_name().is_some_and(|name| name == "node-logs"))?;
        Some(file_name(&test.file_name()?.to_string_lossy()))
    });
    tests.max()
}

/// A text as the name of one file: other characters than letters, digits, `-`, `_` and `.` become their codes.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for (at, byte) in text.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || (byte == b'.' && at > 0) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    if name.is_empty() { "%".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::{file_name, start_of};

    #[test]
    fn an_id_names_one_folder() {
        let names = ["n1", "", ".", "..", "../x", "a/b", "a%2fb", ".hidden", "\u{e9}"].map(file_name);
        assert_eq!(names, ["n1", "%", "%2e", "%2e.", "%2e.%2fx", "a%2fb", "a%252fb", "%2ehidden", "%c3%a9"]);
    }

    #[test]
    fn a_process_has_one_start() {
        let own = std::process::id();
        assert_eq!(start_of(own).unwrap(), start_of(own).unwrap());
        assert!(start_of(u32::MAX).is_err());
    }
}
