//! The store: one folder per run, in Jepsen's layout (jepsen: `store.clj`).
//!
//! ```text
//! store/
//!   latest -> echo/20261122T154501.123Z      the run that ended last
//!   current -> echo/20261122T154501.123Z     the run that began last
//!   echo/
//!     latest -> 20261122T154501.123Z
//!     20261122T154501.123Z/
//!       history.edn       the operations of clients and nemesis, as Jepsen writes them
//!       history.jsonl     the same, one JSON object per line
//!       results.json      the verdicts
//!       test.json         the options and the command of the run
//!       messages.jsonl    every message, if the run recorded them
//!       report.html       the whole run as one page
//!       latency.svg       its charts, with quantiles.svg and rate.svg
//!       node-logs/        the stderr of each node
//!       node-data/        the data of each real process, if nodes have a disk
//! ```
//!
//! A folder is never written twice, and `latest` moves to a run when its files are complete. A link is replaced in one
//! step, so a reader finds either the old run or the new one.

pub mod manifest;
mod moment;

pub use moment::moment;

use crate::{
    messages::{MessageFile, Messages},
    page::{Page, Provenance},
    store::manifest::{MANIFEST, MESSAGES, Manifest, RESULTS},
};
use glomers_checkers::history::{Op, edn};
use glomers_workbench::Report;
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::symlink,
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

/// The most runs of a workload that may begin in the same millisecond.
const SAME_MOMENT_LIMIT: u64 = 1000;

/// A folder of runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Store {
    root: PathBuf,
}

/// The folder of one run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folder {
    store: Store,
    workload: String,
    name: String,
    command: Option<String>,
}

/// The failure to write a run.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct StoreError {
    action: &'static str,
    path: PathBuf,
    #[source]
    cause: io::Error,
}

impl StoreError {
    /// The file or folder that could not be written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn new(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self { action, path: path.to_owned(), cause }
    }
}

impl Store {
    /// The store in this folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Writes a completed run and returns its folder. `time` is the wall time of its begin.
    ///
    /// # Errors
    ///
    /// If a file or link cannot be written. After a failed file, the links still point to the previous run.
    pub fn write(&self, report: &Report, time: SystemTime) -> Result<PathBuf, StoreError> {
        let folder = self.create(report.workload, time)?;
        let path = folder.save(report)?;
        folder.link_current()?;
        Ok(path)
    }

    /// Makes the folder of a run that begins now, and points `current` to it.
    ///
    /// # Errors
    ///
    /// If the folder or the link cannot be made.
    pub fn begin(&self, workload: &str, time: SystemTime) -> Result<Folder, StoreError> {
        let folder = self.create(workload, time)?;
        folder.link_current()?;
        Ok(folder)
    }

    /// Makes a new folder. When several runs begin at the same moment, the later ones get later names.
    fn create(&self, workload: &str, time: SystemTime) -> Result<Folder, StoreError> {
        let runs = self.root.join(workload);
        fs::create_dir_all(&runs).map_err(StoreError::new("make the folder", &runs))?;
        let mut delays = (0..SAME_MOMENT_LIMIT).map(Duration::from_millis);
        let made = delays.find_map(|delay| {
            let name = name(time.checked_add(delay)?);
            match fs::create_dir(runs.join(&name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                made => Some(made.map(|()| name).map_err(StoreError::new("make a folder in", &runs))),
            }
        });
        let taken = || Err(StoreError::new("make a folder in", &runs)(io::ErrorKind::AlreadyExists.into()));
        let folder = Folder {
            store: self.clone(),
            workload: workload.to_owned(),
            name: made.unwrap_or_else(taken)?,
            command: None,
        };
        let logs = folder.node_logs();
        fs::create_dir(&logs).map_err(StoreError::new("make the folder", &logs))?;
        Ok(folder)
    }
}

impl Folder {
    /// The path of the folder.
    pub fn path(&self) -> PathBuf {
        self.store.root.join(&self.workload).join(&self.name)
    }

    /// Records the command of the run, which its page shows.
    #[must_use]
    pub fn made_by(self, command: String) -> Self {
        Self { command: Some(command), ..self }
    }

    /// The folder for the nodes' logs.
    pub fn node_logs(&self) -> PathBuf {
        self.path().join("node-logs")
    }

    /// The folder for the nodes' data. Nodes make it if they have a disk.
    pub fn node_data(&self) -> PathBuf {
        self.path().join("node-data")
    }

    /// The path of the run's page.
    pub fn page(&self) -> PathBuf {
        self.path().join("report.html")
    }

    /// Writes the history, results, messages and page of the run, points `latest` to the folder and returns its path.
    ///
    /// # Errors
    ///
    /// If a file or link cannot be written. After a failed file, `latest` still points to the previous run.
    pub fn save(&self, report: &Report) -> Result<PathBuf, StoreError> {
        self.save_all(report, || {
            // Every run begins with messages, so an empty journal means that none were recorded.
            if !report.journal.is_empty() {
                write_file(&self.path().join(MESSAGES), |file| write_lines(&report.journal, file))?;
            }
            self.save_page(report, Messages::Kept(&report.journal))
        })
    }

    /// The file for the messages of a test that runs. Its run is saved by [`save_with`](Self::save_with).
    pub fn messages(&self) -> MessageFile {
        MessageFile::new(self.path().join(MESSAGES))
    }

    /// Like [`save`](Self::save), for a run whose messages are in a file already.
    ///
    /// # Errors
    ///
    /// The same, or a message could not be written while the test ran.
    pub fn save_with(&self, report: &Report, messages: &MessageFile) -> Result<PathBuf, StoreError> {
        messages.end();
        self.save_all(report, || {
            let written = messages.finish().map_err(|(path, cause)| StoreError::new("write", &path)(cause))?;
            self.save_page(report, written.as_ref().map_or(Messages::Kept(&[]), Messages::Written))
        })
    }

    /// Writes everything, the page with `save_page`, and points `latest` to the folder. Each of both histories of a long run takes
    /// about as long as all else, so they are written meanwhile.
    fn save_all(
        &self,
        report: &Report,
        save_page: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<PathBuf, StoreError> {
        let (path, history) = (self.path(), &report.history);
        thread::scope(|scope| {
            let edn = scope.spawn(|| write_file(&path.join("history.edn"), |file| write_edn(history.ops(), file)));
            let lines =
                scope.spawn(|| write_file(&path.join("history.jsonl"), |file| write_lines(history.ops(), file)));
            let all_else = self.save_results(report).and_then(|()| save_page());
            let [edn, lines] = [edn, lines].map(|writer| writer.join().unwrap_or_else(|panic| resume_unwind(panic)));
            edn.and(lines).and(all_else)
        })?;
        self.link(&Path::new(&self.workload).join("latest"), Path::new(&self.name))?;
        self.link(Path::new("latest"), &Path::new(&self.workload).join(&self.name))?;
        Ok(path)
    }

    /// Writes the results and the manifest.
    fn save_results(&self, report: &Report) -> Result<(), StoreError> {
        let path = self.path();
        write_file(&path.join(RESULTS), |file| {
            serde_json::to_writer_pretty(&mut *file, &report.results())?;
            file.write_all(b"\n")
        })?;
        let Some(config) = &report.config else { return Ok(()) };
        let kept = Manifest::new(report, config, self.command.as_deref());
        write_file(&path.join(MANIFEST), |file| {
            serde_json::to_writer_pretty(&mut *file, &kept)?;
            file.write_all(b"\n")
        })
    }

    /// Writes the page and the charts.
    fn save_page(&self, report: &Report, messages: Messages<'_>) -> Result<(), StoreError> {
        let path = self.path();
        let page = Page::with(report, messages, &self.provenance());
        let page = page.map_err(StoreError::new("read", &path.join(MESSAGES)))?;
        // Derived files are not synced to the disk, which halves the time of a save: they can be made again.
        let derived =
            [("report.html", &page.html)].into_iter().chain(page.charts.iter().map(|(name, svg)| (*name, svg)));
        for (name, content) in derived {
            let path = path.join(name);
            fs::write(&path, content).map_err(StoreError::new("write", &path))?;
        }
        Ok(())
    }

    fn provenance(&self) -> Provenance {
        Provenance { command: self.command.clone(), begun: moment(&self.name) }
    }

    fn link_current(&self) -> Result<(), StoreError> {
        self.link(Path::new("current"), &Path::new(&self.workload).join(&self.name))
    }

    /// Replaces a link: the new one is made under another name and renamed.
    fn link(&self, link: &Path, target: &Path) -> Result<(), StoreError> {
        let link = self.store.root.join(link);
        let error = StoreError::new("set the link", &link);
        // The name is unique to this run, so runs that end at the same moment do not collide.
        let fresh = link.with_extension(format!("{}-{}", self.workload, self.name));
        let set = symlink(target, &fresh).and_then(|()| fs::rename(&fresh, &link));
        set.map_err(|cause| {
            // The link may not exist; the first error is the one to report.
            let _ = fs::remove_file(&fresh);
            error(cause)
        })
    }
}

/// A moment as Jepsen names folders: `20261122T154501.123Z`.
fn name(time: SystemTime) -> String {
    // A clock beyond the year 9999 is broken, which is no reason to lose a run.
    let time = time.clamp(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799));
    humantime::format_rfc3339_millis(time).to_string().replace(['-', ':'], "")
}

/// Makes a file and syncs it to the disk.
fn write_file(path: &Path, content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), StoreError> {
    let file = File::options().write(true).create_new(true).open(path).map_err(StoreError::new("make", path))?;
    fill(file, content).map_err(StoreError::new("write", path))
}

fn fill(file: File, content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    content(&mut file)?;
    file.into_inner()?.sync_data()
}

fn write_edn(ops: &[Op], file: &mut impl Write) -> io::Result<()> {
    let mut line = String::new();
    for op in ops {
        line.clear();
        edn::write(op, &mut line);
        line.push('\n');
        file.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// Writes one JSON object per line.
fn write_lines(values: &[impl Serialize], file: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    for value in values {
        line.clear();
        serde_json::to_writer(&mut line, value)?;
        // A verbatim value may have line breaks between its tokens, where any white space will do.
        line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        line.push(b'\n');
        file.write_all(&line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_protocol::Json;

    /// The device accepts no byte, which shows only when the buffer is written.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = fill(full, |file| file.write_all(b"short")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_value_of_several_lines_is_one_line() {
        let value: Json = serde_json::from_str("[1,\r\n{\"a\":\"\\n\"}\n]").unwrap();
        let mut file = Vec::new();
        write_lines(&[&value, &value], &mut file).unwrap();
        let text = String::from_utf8(file).unwrap();
        let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, [value.clone(), value]);
    }

    #[test]
    fn folders_are_named_by_time() {
        let check =
            |millis, expected| assert_eq!(name(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)), expected);
        check(0, "19700101T000000.000Z");
        check(1_795_362_301_007, "20261122T154501.007Z");
        check(1_709_251_199_999, "20240229T235959.999Z");
        check(300_000_000_000_000, "99991231T235959.000Z");
    }
}
