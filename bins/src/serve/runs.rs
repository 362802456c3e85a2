//! The runs of a store: `WORKLOAD/TIME`, as `glomers test` and `maelstrom test` arrange them.

use crate::serve::guard::Refusal;
use serde::Deserialize;
use std::{
    cmp::Reverse,
    fs::{self, File},
    io::BufReader,
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
    /// Its files that the table links.
    pub(super) files: Vec<(&'static str, &'static str)>,
}

/// The verdict of a run. The order is that of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(super) enum Verdict {
    Invalid,
    Unknown,
    /// Its results do not exist (yet), or have another form.
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
}

impl Order {
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::Time, "time"),
        (Self::Workload, "workload"),
        (Self::Verdict, "verdict"),
        (Self::Operations, "operations"),
    ];

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
        let results: Option<Results> = read(&folder.join("results.json"));
        let verdict = match results.as_ref().map(|results| results.valid.as_bool()) {
            None => Verdict::Open,
            Some(None) => Verdict::Unknown,
            Some(Some(false)) => Verdict::Invalid,
            Some(Some(true)) => Verdict::Valid,
        };
        let operations = results.map(|results| (results.stats.count, results.stats.ok_count));
        let command = read::<TestConfig>(&folder.join("test.json")).and_then(|config| config.command);
        let files = FILES.into_iter().filter(|(file, _)| folder.join(file).exists()).collect();
        Self { workload, name, verdict, operations, command, files }
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    serde_json::from_reader(BufReader::new(File::open(path).ok()?)).ok()
}
