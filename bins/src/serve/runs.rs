//! The runs of a store: `WORKLOAD/TIME`, as `glomers test` and `maelstrom test` arrange them.

use crate::serve::guard::Refusal;
use glomers_report::store::manifest::Figures;
use serde::Deserialize;
use std::{
    cmp::Reverse,
    fs::{self, File},
    io::{self, BufReader},
    path::Path,
};

/// A run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) workload: String,
    /// The folder's name, which is the time at which the run began.
    pub(super) name: String,
    pub(super) verdict: Verdict,
    /// The number of operations that ended, and of those that succeeded.
    pub(super) operations: Option<(u64, u64)>,
    /// The command that made it.
    pub(super) command: Option<String>,
    /// The figures by which runs are compared; none of runs that were not made here.
    pub(super) figures: Figures,
    /// The reason why there are no results.
    pub(super) why_open: Option<String>,
    /// Its files that the table links.
    pub(super) files: Vec<(&'static str, &'static str)>,
}

/// The verdict of a run. The order is that of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(super) enum Verdict {
    Invalid,
    Unknown,
    /// It has no results that can be read.
    Open,
    Valid,
}

/// The order of the runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Time,
    Workload,
    Verdict,
    Operations,
    Messages,
    Latency,
    Findings,
}

/// Files and their titles, in the order of the links.
const FILES: [(&str, &str); 8] = [
    ("report.html", "report"),
    ("history.edn", "history"),
    ("history.jsonl", "as JSON"),
    ("results.json", "results"),
    ("results.edn", "results"),
    ("messages.jsonl", "messages"),
    ("messages.svg", "messages"),
    ("node-logs", "logs"),
];

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "valid?")]
    valid: serde_json::Value,
    stats: Stats,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stats {
    count: u64,
    ok_count: u64,
}

#[derive(Deserialize)]
struct TestConfig {
    command: Option<String>,
    #[serde(default)]
    figures: Option<Figures>,
}

impl Order {
    pub(super) const ALL: [(Self, &'static str); 7] = [
        (Self::Time, "time"),
        (Self::Workload, "workload"),
        (Self::Verdict, "verdict"),
        (Self::Operations, "operations"),
        (Self::Messages, "messages"),
        (Self::Latency, "latency"),
        (Self::Findings, "findings"),
    ];

    /// Its name in a query.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(order, _)| *order == self).map_or("", |(_, name)| name)
    }

    /// The order that a query asks for: `sort=verdict`.
    pub(super) fn of(query: &str) -> Self {
        let wanted = query.split('&').find_map(|part| part.strip_prefix("sort="));
        let found = Self::ALL.iter().find(|(_, name)| Some(*name) == wanted);
        found.map_or(Self::Time, |(order, _)| *order)
    }
}

/// All runs in an order; equal ones with the newest first.
pub(super) fn find(root: &Path, order: Order) -> Result<Vec<Run>, Refusal> {
    let mut runs = Vec::new();
    for workload in folders(root)? {
        // A folder that cannot be read is as good as empty.
        for name in folders(&root.join(&workload)).unwrap_or_default() {
            runs.push(Run::read(root, workload.clone(), name));
        }
    }
    runs.sort_by(|left, right| (&right.name, &left.workload).cmp(&(&left.name, &right.workload)));
    match order {
        Order::Time => {}
        Order::Workload => runs.sort_by(|left, right| left.workload.cmp(&right.workload)),
        Order::Verdict => runs.sort_by_key(|run| run.verdict),
        Order::Operations => runs.sort_by_key(|run| Reverse(run.operations)),
        Order::Messages => {
            let messages = |run: &Run| run.figures.messages_per_operation.unwrap_or(-1.0);
            runs.sort_by(|left, right| messages(right).total_cmp(&messages(left)));
        }
        Order::Latency => runs.sort_by_key(|run| Reverse((run.figures.maximum, run.figures.median))),
        Order::Findings => runs.sort_by_key(|run| Reverse((run.figures.faults, run.figures.strict))),
    }
    Ok(runs)
}

/// The folders in a folder, without links.
fn folders(path: &Path) -> Result<Vec<String>, Refusal> {
    let entries = fs::read_dir(path)?.filter_map(Result::ok);
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(folders.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

impl Run {
    fn read(root: &Path, workload: String, name: String) -> Self {
        let folder = root.join(&workload).join(&name);
        let results = read::<Results>(&folder.join("results.json"));
        let verdict = match results.as_ref().map(|results| results.valid.as_bool()) {
            Err(_) => Verdict::Open,
            Ok(None) => Verdict::Unknown,
            Ok(Some(false)) => Verdict::Invalid,
            Ok(Some(true)) => Verdict::Valid,
        };
        let why_open = results.as_ref().err().map(|error| why_open(&folder, error));
        let operations = results.ok().map(|results| (results.stats.count, results.stats.ok_count));
        let config = read::<TestConfig>(&folder.join("test.json")).ok();
        let (command, figures) = config.map_or((None, None), |config| (config.command, config.figures));
        let files = FILES.into_iter().filter(|(file, _)| folder.join(file).exists()).collect();
        let figures = figures.unwrap_or_default();
        Self { workload, name, verdict, operations, command, figures, why_open, files }
    }
}

/// The reason why there are no results, in words.
fn why_open(folder: &Path, error: &serde_json::Error) -> String {
    let is_missing = error.io_error_kind() == Some(io::ErrorKind::NotFound);
    if !is_missing {
        return format!("results.json cannot be read: {error}");
    }
    if folder.join("results.edn").exists() {
        return "a run of Maelstrom; its verdict is in results.edn".to_owned();
    }
    "it is still running, or it broke off before its verdict".to_owned()
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, serde_json::Error> {
    serde_json::from_reader(BufReader::new(File::open(path).map_err(serde_json::Error::io)?))
}
