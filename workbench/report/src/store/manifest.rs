//! The manifest of a run, and reading a run back from its folder to judge and explain it again.

use glomers_checkers::history::{
    History,
    file::{BadText, ReadError, read_text},
};
use glomers_workbench::{
    Effect, Load, NodeFailure, Report, TestConfig, Violations,
    journal::Event,
    options::{Availability, Options},
    workload::{self, UnknownWorkload, Workload},
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The file name of the manifest.
pub(crate) const MANIFEST: &str = "test.json";

/// The file name of the messages.
pub(crate) const MESSAGES: &str = "messages.jsonl";

/// The file that holds the verdicts.
pub(crate) const RESULTS: &str = "results.json";

/// The part of the results that no history shows.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Results {
    failure: Option<NodeFailure>,
    protocol_violations: Violations,
}

/// The options of a run, and all else that its other files do not hold. Times are in nanoseconds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Manifest {
    workload: String,
    command: Option<String>,
    /// The options in the form that `maelstrom test` takes.
    arguments: Vec<String>,
    nodes: Vec<String>,
    seed: u64,
    time_limit: u64,
    availability: Option<String>,
    consistency_models: Vec<String>,
    strict: bool,
    #[serde(default)]
    origin: u64,
    stopped: Option<u64>,
    #[serde(default)]
    load: Option<Load>,
    #[serde(default)]
    nemesis: Vec<Effect>,
}

/// The failure to read a run back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadRunError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The workload is unknown.
    #[error(transparent)]
    Workload(#[from] UnknownWorkload),
    /// The workload is named nowhere.
    #[error("{} does not name its workload; say it with -w", path.display())]
    Nameless {
        /// The run's folder.
        path: PathBuf,
    },
}

impl Manifest {
    pub(crate) fn new(report: &Report, config: &TestConfig, command: Option<&str>) -> Self {
        let TestConfig { options, origin, stopped } = config;
        Self {
            workload: report.workload.to_owned(),
            command: command.map(str::to_owned),
            arguments: options.arguments(),
            nodes: options.nodes.clone(),
            seed: options.seed,
            time_limit: nanos(options.time_limit),
            availability: options.availability.map(|availability| availability.to_string()),
            consistency_models: options.consistency_models.clone(),
            strict: options.strict,
            origin: nanos(*origin),
            stopped: stopped.map(nanos),
            load: report.load,
            nemesis: report.nemesis.clone(),
        }
    }

    fn config(self) -> TestConfig {
        let availability = self.availability.and_then(|text| match text.as_str() {
            "total" => Some(Availability::Total),
            fraction => fraction.parse().ok().map(Availability::AtLeast),
        });
        let options = Options::default()
            .nodes(self.nodes)
            .seed(self.seed)
            .time_limit(Duration::from_nanos(self.time_limit))
            .availability(availability)
            .consistency_models(self.consistency_models)
            .strict(self.strict);
        let stopped = self.stopped.map(Duration::from_nanos);
        TestConfig { options, origin: Duration::from_nanos(self.origin), stopped }
    }
}

/// Reads a run from its folder, or a history from a file, and judges it again. The folder of a run in a
/// [`Store`](crate::store::Store) names its workload.
///
/// # Errors
///
/// If a file cannot be read or has other content than its name says, or if the workload is unknown.
pub fn read_run(path: &Path, workload: Option<&str>) -> Result<Report, ReadRunError> {
    let kept = find(path, MANIFEST)?.map(|text| parse::<Manifest>(path, MANIFEST, &text)).transpose()?;
    let named = workload.or(kept.as_ref().map(|kept| &*kept.workload)).map(str::to_owned);
    let workload = workload_of(path, named)?;
    let load = kept.as_ref().and_then(|kept| kept.load);
    let nemesis = kept.as_ref().map(|kept| kept.nemesis.clone()).unwrap_or_default();
    let config = kept.map(Manifest::config);
    let options = config.as_ref().map(|config| config.options.clone()).unwrap_or_default();
    let mut report = Report::of(&*workload, History::read(path)?, &options);
    for line in find(path, MESSAGES)?.unwrap_or_default().lines() {
        report.journal.push(parse::<Event>(path, MESSAGES, line)?);
    }
    let kept = find(path, RESULTS)?.map(|text| parse::<Results>(path, RESULTS, &text)).transpose()?;
    let Results { failure, protocol_violations } = kept.unwrap_or_default();
    let mut report = report.with_violations(protocol_violations);
    (report.load, report.nemesis, report.config, report.failure) = (load, nemesis, config, failure);
    Ok(report)
}

/// The named workload, or the one that a folder in the path names.
fn workload_of(path: &Path, named: Option<String>) -> Result<Box<dyn Workload>, ReadRunError> {
    if let Some(name) = named {
        return Ok(workload::named(&name)?);
    }
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut names = path.ancestors().filter_map(|folder| folder.file_name()?.to_str());
    names.find_map(|name| workload::named(name).ok()).ok_or(ReadRunError::Nameless { path })
}

/// The text of an optional file.
fn find(folder: &Path, name: &str) -> Result<Option<String>, ReadError> {
    match read_text(&folder.join(name), &[]) {
        Ok((_, text)) => Ok(Some(text)),
        Err(ReadError::File { cause, .. })
            if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn parse<'a, T: Deserialize<'a>>(folder: &Path, name: &str, text: &'a str) -> Result<T, ReadError> {
    serde_json::from_str(text).map_err(|error| ReadError::Content {
        path: folder.join(name),
        cause: BadText { line: error.line(), reason: error.to_string() },
    })
}

/// Nanoseconds, which last for 584 years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
