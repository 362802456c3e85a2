//! All that the checkers say of a history, whether it was made here or recorded elsewhere.

use crate::{
    both::both,
    checker::{
        availability::{self, Availability},
        exceptions::{self, Exceptions},
        liveness::{self, Liveness},
        stats::{self, Stats},
        strict::{altered, crashed},
    },
    expectations::Expectations,
    finding::{Finding, StrictFindings},
    history::{Clients, History, Kind},
    json::value,
    order::sort_by_number,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use foldhash::fast::FixedState;
use glomers_json::Json;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// The error of an operation without an answer.
const TIMEOUT: &str = "\"net-timeout\"";

/// The number of reasons of failures that are shown.
const SHOWN: usize = 8;

/// The verdicts on a history.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Judgement {
    /// The number of operations that ended, by outcome.
    pub stats: Stats,
    /// The fraction of the operations that succeeded.
    pub availability: Availability,
    /// The reasons why the others did not, the most frequent one first.
    pub failures: Vec<Failure>,
    /// The replies that clients could not handle.
    pub exceptions: Exceptions,
    /// The workload's own verdict: Maelstrom's.
    pub verdict: Verdict,
    /// The verdict on whether each node served again after the faults were over, if the test asked for it.
    pub liveness: Option<Liveness>,
    /// Anomalies that Maelstrom does not look for.
    pub strict_findings: StrictFindings,
    /// True if `strict_findings` count.
    pub strict: bool,
}

impl Judgement {
    /// Judges a history. All of `expectations` matter.
    pub fn of(checker: &dyn Checker, history: &History, expectations: &Expectations) -> Self {
        let ((verdict, mut strict_findings), rest) =
            both(history.ops().len(), || checker.judge(history, expectations), || Rest::of(history, expectations));
        strict_findings.extend(rest.strict_findings);
        if let Some(reason) = verdict.error.as_ref().filter(|_| strict_findings.is_empty()) {
            strict_findings.push(Finding::strict("unjudged", [], reason.clone()));
        }
        Self {
            stats: rest.stats,
            availability: rest.availability,
            failures: rest.failures,
            exceptions: rest.exceptions,
            verdict,
            liveness: rest.liveness,
            strict_findings: StrictFindings::new(strict_findings),
            strict: expectations.strict,
        }
    }

    /// The worst of the verdicts.
    pub fn valid(&self) -> Validity {
        self.stats.valid.max(self.liveness()).max(self.safety())
    }

    /// Valid if each node served again after the faults were over, or if the test did not ask for it.
    pub fn liveness(&self) -> Validity {
        self.liveness.as_ref().map_or(Validity::Valid, |liveness| liveness.valid)
    }

    /// The worst of the verdicts, without statistics and liveness.
    pub fn safety(&self) -> Validity {
        let strict_findings = if self.strict { self.strict_findings.valid } else { Validity::Valid };
        self.availability.valid.max(self.verdict.valid).max(strict_findings)
    }

    /// The first few findings of each kind, the worst first.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = [&self.verdict.findings[..], &self.strict_findings.findings].concat();
        sort_by_number(&mut findings, |finding| finding.weight as u64);
        findings
    }

    /// All results, with Maelstrom's key names; what it does not look for is under `strict`, and
    /// under `liveness` if the test asked for it.
    pub fn results(&self) -> Value {
        let mut results = json!({
            "stats": self.stats,
            "availability": self.availability,
            "failures": value(&self.failures),
            "exceptions": value(&self.exceptions),
            "workload": self.verdict.json(),
            "strict": value(&self.strict_findings),
            "valid?": self.valid(),
        });
        if let Some(liveness) = &self.liveness {
            results["liveness"] = json!(liveness);
        }
        results
    }
}

/// The parts of a judgement that every workload has.
struct Rest {
    stats: Stats,
    availability: Availability,
    failures: Vec<Failure>,
    exceptions: Exceptions,
    liveness: Option<Liveness>,
    strict_findings: Vec<Finding>,
}

impl Rest {
    fn of(history: &History, expectations: &Expectations) -> Self {
        let mut strict_findings = altered::values(history);
        strict_findings.extend(crashed::operations(history));
        Self {
            stats: stats::check(history),
            availability: availability::check(history, expectations.availability),
            failures: failures(history),
            exceptions: exceptions::check(history),
            liveness: liveness::check(history),
            strict_findings,
        }
    }
}

/// A reason for which operations did not succeed, or may not have.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the operations.
    pub f: String,
    /// The reason: a name, or a name and a text.
    pub error: Json,
    /// The number of the operations.
    pub count: usize,
    /// The time until the first of them ended, if a reply did not come in time.
    #[serde(skip)]
    pub waited: Option<Duration>,
}

fn failures(history: &History) -> Vec<Failure> {
    let mut failures: IndexMap<(&str, &Json), Failure, FixedState> = IndexMap::default();
    let mut begun: Clients<Option<Duration>> = Clients::default();
    // Each as it is written first: nearly all errors are written in few ways.
    let mut places: IndexMap<(&str, &str), usize, FixedState> = IndexMap::default();
    for op in history.ops() {
        if op.kind == Kind::Invoke {
            *begun.of(op.process) = Some(op.time);
        }
        let Some(error) = op.error() else { continue };
        let new = || {
            let is_timeout = error.as_str() == TIMEOUT;
            let waited = begun.get(op.process).copied().flatten().filter(|_| is_timeout);
            let waited = waited.map(|begun| op.time.saturating_sub(begun));
            Failure { f: op.f.to_string(), error: error.clone(), count: 0, waited }
        };
        let place = places.entry((&op.f, error.as_str())).or_insert_with(|| {
            let failure = failures.entry((&op.f, error));
            let place = failure.index();
            failure.or_insert_with(new);
            place
        });
        failures[*place].count += 1;
    }
    let mut failures: Vec<_> = failures.into_values().collect();
    sort_by_number(&mut failures, |failure| u64::MAX - failure.count as u64);
    failures.truncate(SHOWN);
    failures
}

/// `49 x echo: not-supported, "this is not written yet"`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { f: operation, error, count, waited } = self;
        write!(f, "{count} x {operation}: ")?;
        match (waited, error.decode::<(String, String)>()) {
            (Some(waited), _) => write!(f, "no answer in {:.0} s ({error})", waited.as_secs_f64()),
            (None, Ok((name, text))) => write!(f, "{name}, {text}"),
            (None, Err(_)) => write!(f, "{error}"),
        }
    }
}
