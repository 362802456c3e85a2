//! The interface of a checker: a history and expectations in, a verdict with its findings out.
//!
//! A checker's results are a type of its own. They become JSON once, when a report is written; code that needs a figure
//! asks for the type with [`Verdict::results`].

use crate::{
    expectations::Expectations,
    finding::{Finding, Weight},
    history::History,
    json::{exact, value},
    named::Named,
    validity::Validity,
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::{any::Any, fmt, sync::Arc};

/// A judge of the histories of a workload.
pub trait Checker: fmt::Debug {
    /// Judges a history as Maelstrom does.
    fn check(&self, history: &History, expectations: &Expectations) -> Verdict;

    /// Finds faults that Maelstrom does not look for.
    fn strict_findings(&self, history: &History, expectations: &Expectations) -> Vec<Finding> {
        let _ = (history, expectations);
        Vec::new()
    }

    /// Does both. A checker that can share work between the two has its own.
    fn judge(&self, history: &History, expectations: &Expectations) -> (Verdict, Vec<Finding>) {
        (self.check(history, expectations), self.strict_findings(history, expectations))
    }
}

/// A checker's verdict with its reasons.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// The verdict.
    pub valid: Validity,
    /// The findings behind it; of each kind the first few.
    pub findings: Vec<Finding>,
    /// The reason why Maelstrom's checker throws an exception on this history, and so gives no verdict.
    pub error: Option<String>,
    /// The number of findings of a kind, where it is greater than that of the findings which are kept.
    counts: Named<usize>,
    results: Arc<dyn Results>,
}

/// The results of a checker, as a type of its own.
trait Results: fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn json(&self) -> Value;
}

/// Results that may hold verbatim JSON.
struct Verbatim<T>(T);

/// Results that hold none.
struct Exact<T>(T);

impl<T: Serialize + fmt::Debug + Send + Sync + 'static> Results for Verbatim<T> {
    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn json(&self) -> Value {
        value(&self.0)
    }
}

impl<T: Serialize + fmt::Debug + Send + Sync + 'static> Results for Exact<T> {
    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn json(&self) -> Value {
        exact(&self.0)
    }
}

impl<T: fmt::Debug> fmt::Debug for Verbatim<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Exact<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Verdict {
    /// A verdict with its findings and results. The results serialize as a map with Maelstrom's names.
    pub fn new(
        valid: Validity,
        findings: Vec<Finding>,
        results: impl Serialize + fmt::Debug + Send + Sync + 'static,
    ) -> Self {
        Self::with_results(valid, findings, Arc::new(Verbatim(results)))
    }

    /// A verdict whose results hold no verbatim JSON.
    pub(crate) fn exact(
        valid: Validity,
        findings: Vec<Finding>,
        results: impl Serialize + fmt::Debug + Send + Sync + 'static,
    ) -> Self {
        Self::with_results(valid, findings, Arc::new(Exact(results)))
    }

    fn with_results(valid: Validity, findings: Vec<Finding>, results: Arc<dyn Results>) -> Self {
        Self { valid, findings, error: None, counts: Named::default(), results }
    }

    /// A verdict whose results are the explanations of its findings, under `errors`. It is valid if no finding is a
    /// fault.
    pub fn from_findings(findings: Vec<Finding>) -> Self {
        let is_valid = findings.iter().all(|finding| finding.weight != Weight::Fault);
        let errors: Vec<String> = findings.iter().map(|finding| finding.explanation.clone()).collect();
        let mut results = Named::<Vec<String>>::default();
        *results.of("errors") = errors;
        Self::new(Validity::from_valid(is_valid), findings, results)
    }

    /// The same verdict or, if Maelstrom's checker throws an exception for this reason, an unknown one.
    #[must_use]
    pub fn unless_thrown(mut self, reason: Option<String>) -> Self {
        if let Some(reason) = reason {
            self.valid = Validity::Unknown;
            self.findings.push(Finding::no_verdict(reason.clone()));
            self.error = Some(reason);
        }
        self
    }

    /// The same verdict, which found this number of a kind, although only the first few are kept.
    #[must_use]
    pub fn counting(mut self, kind: &str, count: usize) -> Self {
        *self.counts.of(kind) = count;
        self
    }

    /// The number of findings of a kind.
    pub fn count(&self, kind: &str) -> usize {
        let kept = self.findings.iter().filter(|finding| finding.kind == kind).count();
        self.counts.get(kind).copied().unwrap_or_default().max(kept)
    }

    /// The results of the checker with this type of results; `None` if another checker gave the verdict.
    ///
    /// ```
    /// use glomers_checkers::{
    ///     checker::{checker, set_full::SetFull}, expectations::Expectations, history::History,
    /// };
    ///
    /// let history = History::parse("{:process 0, :type :invoke, :f :add, :value 1} {:process 0, :type :ok, :f :add, :value 1}")?;
    /// let verdict = checker("g-set").unwrap().check(&history, &Expectations::default());
    /// assert_eq!(verdict.results::<SetFull>().unwrap().attempt_count, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn results<T: 'static>(&self) -> Option<&T> {
        // Not `self.results.as_any()`: that would ask the pointer.
        (*self.results).as_any().downcast_ref()
    }

    /// The kinds of the findings that decide the verdict, each once.
    pub fn fault_kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = Vec::new();
        for finding in self.findings.iter().filter(|finding| finding.weight == Weight::Fault) {
            if !kinds.contains(&&*finding.kind) {
                kinds.push(&finding.kind);
            }
        }
        kinds
    }

    /// The results as JSON, with Maelstrom's names and the verdict.
    pub fn json(&self) -> Value {
        let mut all = Map::from_iter([("valid?".to_owned(), value(&self.valid))]);
        if let Value::Object(results) = (*self.results).json() {
            all.extend(results.into_iter().filter(|(name, _)| name != "valid?"));
        }
        all.extend(self.error.iter().map(|error| ("error".to_owned(), Value::from(error.as_str()))));
        Value::Object(all)
    }
}

/// As its [`json`](Verdict::json).
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}
