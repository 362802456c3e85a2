//! The manifest of a run, and reading a run back from its folder to judge and explain it again.

use glomers_checkers::{
    checker::set_full::SetFull,
    finding::Weight,
    history::{
        History,
        file::{BadText, ReadError, read_text},
    },
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
    ops::RangeInclusive,
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
    #[serde(default)]
    figures: Option<Figures>,
}

/// The figures by which runs are compared. The results have them for some workloads only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Figures {
    /// The number of messages between servers per operation.
    pub messages_per_operation: Option<f64>,
    /// The median latency in nanoseconds: of operations; of sets, the time until every read shows a value.
    pub median: Option<u64>,
    /// The greatest latency in nanoseconds.
    pub maximum: Option<u64>,
    /// The number of findings that decide the verdict, of those that are kept.
    pub faults: usize,
    /// The number of findings that count only in a strict test.
    pub strict: usize,
}

impl Figures {
    fn of(report: &Report) -> Self {
        let stable = report.judgement.verdict.results().and_then(SetFull::median_and_maximum);
        let taken = || report.latencies().map(|[_, median, .., maximum]| (median, maximum));
        let latency = stable.or_else(taken);
        let faults = report.judgement.findings().iter().filter(|finding| finding.weight == Weight::Fault).count();
        Self {
            messages_per_operation: report.server_messages_per_operation(),
            median: latency.map(|(median, _)| nanos(median)),
            maximum: latency.map(|(_, maximum)| nanos(maximum)),
            faults,
            strict: report.judgement.strict_findings.counts.iter().map(|(_, count)| count).sum(),
        }
    }
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
            figures: Some(Figures::of(report)),
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
    let named = workload.or(kept.as_ref().map(|kept| &*kept.workload));
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

/// Reads the operations of a run, and its messages in a stretch of time, without judging them. [`page::window`] shows
/// them.
///
/// [`page::window`]: crate::page::window
///
/// # Errors
///
/// As those of [`read_run`].
pub fn read_window(path: &Path, window: &RangeInclusive<Duration>) -> Result<Report, ReadRunError> {
    let kept = find(path, MANIFEST)?.map(|text| parse::<Manifest>(path, MANIFEST, &text)).transpose()?;
    let workload = workload_of(path, kept.as_ref().map(|kept| &*kept.workload))?;
    let config = kept.map(Manifest::config);
    let origin = config.as_ref().map_or(0, |config| config.origin.as_nanos());
    // A message that is under way at an end of the stretch has its other event outside.
    let margin = MARGIN.as_nanos();
    let wanted =
        (window.start().as_nanos() + origin).saturating_sub(margin)..=window.end().as_nanos() + origin + margin;
    // The judgement of nothing is not shown.
    let mut report = Report::of(&*workload, History::default(), &Options::default());
    (report.history, report.config) = (History::read(path)?, config);
    for line in find(path, MESSAGES)?.unwrap_or_default().lines() {
        if time_of(line).is_none_or(|time| wanted.contains(&time)) {
            report.journal.push(parse::<Event>(path, MESSAGES, line)?);
        }
    }
    Ok(report)
}

/// The longest time for which a message is under way that a window looks for.
const MARGIN: Duration = Duration::from_secs(5);

/// The time of a message, without parsing the rest of its line. It comes first in files of this crate.
fn time_of(line: &str) -> Option<u128> {
    let number = line.strip_prefix("{\"time\":")?;
    number[..number.find(',')?].parse().ok()
}

/// The options of the run in a folder that its checkers read; the defaults if the folder does not name them.
///
/// # Errors
///
/// If the run's manifest cannot be read.
pub fn kept_options(path: &Path) -> Result<Options, ReadRunError> {
    let kept = find(path, MANIFEST)?.map(|text| parse::<Manifest>(path, MANIFEST, &text)).transpose()?;
    Ok(kept.map(|kept| kept.config().options).unwrap_or_default())
}

/// The named workload, or the one that the path of a run or of its history names.
///
/// # Errors
///
/// If the workload is unknown, or named nowhere.
pub fn workload_of(path: &Path, named: Option<&str>) -> Result<Box<dyn Workload>, ReadRunError> {
    if let Some(name) = named {
        return Ok(workload::named(name)?);
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
