//! Runs of the real Maelstrom, kept in `tests/histories`: the history, the results and the command line of each.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::expectations::Expectations;
use glomers_checkers::history::History;
use glomers_checkers::recording::Recording;
use glomers_checkers::validity::Validity;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// A recorded run.
pub struct Recorded {
    /// Its folder's name.
    pub name: String,
    /// The workload.
    pub workload: String,
    pub options: Expectations,
    pub history: History,
    /// All that Maelstrom found, as JSON.
    pub results: Value,
    /// Maelstrom's verdict, on everything and on what the workload promises.
    pub all_valid: Validity,
    pub valid: Validity,
}

/// All of them, by name. They are read once.
static RUNS: LazyLock<Vec<Recorded>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| run(path)).collect()
});

/// The recorded runs whose names begin with a workload's name.
pub fn runs(workload: &str) -> Vec<&'static Recorded> {
    RUNS.iter().filter(|run| run.name.starts_with(workload)).collect()
}

fn run(path: &Path) -> Recorded {
    let about: Value = serde_json::from_slice(&fs::read(path.join("run.json")).unwrap()).unwrap();
    let recording = Recording::read(path).unwrap();
    Recorded {
        name: path.file_name().unwrap().to_str().unwrap().to_owned(),
        workload: about["workload"].as_str().unwrap().to_owned(),
        options: options(about["command"].as_str().unwrap()),
        all_valid: recording.valid(),
        valid: recording.workload_valid(),
        history: recording.history,
        results: recording.results,
    }
}

/// The options of a command line that the checkers need.
fn options(command: &str) -> Expectations {
    let mut options = Expectations::default();
    let words: Vec<_> = command.split(' ').collect();
    if let Some(place) = words.iter().position(|word| *word == "--consistency-models") {
        options.consistency_models = words[place + 1].split(',').map(str::to_owned).collect();
    }
    options
}
