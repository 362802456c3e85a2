//! The life of every element of a set that only grows (jepsen: `checker.clj`, `set-full`).
//!
//! An element is *known* from the end of its add, or from the first read that saw it. It is *stable* if some read that
//! began after the last one without it saw it, *lost* if it was known before a later read missed it for good, and
//! *never read* otherwise. Lost elements make a history invalid; one without stable elements tells nothing.

use crate::{
    checker::{comparable::incomparable, evidence, numbers::Numbers, strict::sets},
    expectations::Expectations,
    finding::{Finding, SHOWN},
    history::{Clients, History, Kind, Op, Process},
    order::{sort_by, sort_by_number},
    text,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use foldhash::fast::FixedState;
use glomers_json::Json;
use indexmap::IndexSet;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// The outcomes of the elements.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SetFull {
    /// The verdict.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The number of elements that clients tried to add.
    pub attempt_count: usize,
    /// The number of elements that every read saw from some time on.
    pub stable_count: usize,
    /// The number of elements that were known and then missed for good.
    pub lost_count: usize,
    /// Those elements.
    pub lost: Vec<Json>,
    /// The number of elements that no read could have seen.
    pub never_read_count: usize,
    /// Those elements.
    pub never_read: Vec<Json>,
    /// The number of stable elements that a read missed after they were known.
    pub stale_count: usize,
    /// Those elements.
    pub stale: Vec<Json>,
    /// The time from known to stable, in milliseconds, at the quantiles 0, 0.5, 0.95, 0.99 and 1; `None` without stable
    /// elements.
    #[serde(serialize_with = "by_quantile")]
    pub stable_latencies: Option<[u64; 5]>,
    /// The same from known to lost, over lost elements.
    #[serde(serialize_with = "by_quantile")]
    pub lost_latencies: Option<[u64; 5]>,
    /// The stale elements that took longest, the worst first.
    pub worst_stale: Vec<Stale>,
    /// Elements that some read held more than once. Maelstrom looks for less than once instead, and so finds none; so
    /// does this.
    pub duplicated: Vec<Json>,
    /// The number of those elements.
    pub duplicated_count: usize,
}

/// An element that a read missed after it was known.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stale {
    /// The element.
    pub element: Json,
    /// The time from known to stable, in milliseconds.
    pub stable_latency: u64,
    /// The index of the entry by which it was known.
    pub known: Option<usize>,
    /// The index of the invocation of the last read that missed it.
    pub last_absent: Option<usize>,
}

/// The number of stale elements that are shown.
const WORST: usize = 8;

/// The quantiles of [`SetFull::stable_latencies`].
pub const QUANTILES: [f64; 5] = [0.0, 0.5, 0.95, 0.99, 1.0];

impl SetFull {
    /// The median and the largest time from known to stable; `None` without stable elements.
    pub fn median_and_maximum(&self) -> Option<(Duration, Duration)> {
        let [_, median, _, _, maximum] = self.stable_latencies?;
        Some((Duration::from_millis(median), Duration::from_millis(maximum)))
    }
}

/// A moment in a history.
#[derive(Clone, Copy)]
struct Moment {
    index: usize,
    time: Duration,
}

impl From<&Op> for Moment {
    fn from(op: &Op) -> Self {
        Self { index: op.index, time: op.time }
    }
}

/// The knowledge about an element so far. The reads are represented by their invocations.
#[derive(Clone, Copy, Default)]
struct Element {
    known: Option<Moment>,
    last_present: Option<Moment>,
    last_absent: Option<Moment>,
}

enum Fate {
    Stable { latency: Duration },
    Lost { latency: Duration },
    NeverRead,
}

/// Follows every element that operations named `add` add and operations named `read` see.
pub fn check(history: &History, add: &str) -> SetFull {
    let mut numbers = Numbers::default();
    let mut elements: Vec<Option<Element>> = Vec::new();
    let mut invocations = Clients::<Option<Moment>>::default();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        if op.kind == Kind::Invoke {
            *invocations.of(op.process) = Some(op.into());
        }
        if op.f == add {
            let number = numbers.number(op.value.as_str());
            elements.resize(numbers.len(), None);
            match (op.kind, &mut elements[number]) {
                (Kind::Invoke, element) => *element = Some(Element::default()),
                (Kind::Ok, element) => {
                    let element = element.get_or_insert_default();
                    element.known = element.known.or(Some(op.into()));
                }
                _ => {}
            }
        } else if op.f == "read" && op.kind == Kind::Ok {
            let present = numbers.elements(op);
            elements.resize(numbers.len(), None);
            let begun = invocations.of(op.process).unwrap_or(op.into());
            see(&mut elements, &present, begun, op);
        }
    }
    let attempted =
        elements.iter().enumerate().filter_map(|(number, element)| Some((numbers.value(number), element.as_ref()?)));
    summarise(&attempted.collect::<Vec<_>>())
}

/// Takes a read of the elements with these numbers into account.
fn see(elements: &mut [Option<Element>], read: &[usize], begun: Moment, op: &Op) {
    let mut present = vec![false; elements.len()];
    read.iter().for_each(|number| present[*number] = true);
    for (element, present) in elements.iter_mut().zip(present) {
        let Some(element) = element else { continue };
        let last = if present { &mut element.last_present } else { &mut element.last_absent };
        if last.is_none_or(|last| last.index < begun.index) {
            *last = Some(begun);
        }
        if present {
            element.known = element.known.or(Some(op.into()));
        }
    }
}

impl Element {
    fn fate(&self) -> Fate {
        let after = |left: Option<Moment>, right: Option<Moment>| match (left, right) {
            (Some(left), Some(right)) => left.index > right.index,
            (left, _) => left.is_some(),
        };
        let known = self.known.map_or(Duration::ZERO, |known| known.time);
        let just_after = |last: Option<Moment>| last.map_or(Duration::ZERO, |last| last.time + Duration::from_nanos(1));
        if after(self.last_present, self.last_absent) {
            Fate::Stable { latency: just_after(self.last_absent).saturating_sub(known) }
        } else if self.known.is_some()
            && after(self.last_absent, self.last_present)
            && after(self.last_absent, self.known)
        {
            Fate::Lost { latency: just_after(self.last_present).saturating_sub(known) }
        } else {
            Fate::NeverRead
        }
    }
}

fn summarise(elements: &[(&Json, &Element)]) -> SetFull {
    let (mut lost, mut never_read, mut stale) = (Vec::new(), Vec::new(), Vec::new());
    let (mut stable_latencies, mut lost_latencies, mut worst_stale) = (Vec::new(), Vec::new(), Vec::new());
    for (value, element) in elements {
        match element.fate() {
            Fate::Stable { latency } => {
                let latency = millis(latency);
                stable_latencies.push(latency);
                if latency > 0 {
                    stale.push((*value).clone());
                    worst_stale.push(Stale {
                        element: (*value).clone(),
                        stable_latency: latency,
                        known: element.known.map(|known| known.index),
                        last_absent: element.last_absent.map(|absent| absent.index),
                    });
                }
            }
            Fate::Lost { latency } => {
                lost.push((*value).clone());
                lost_latencies.push(millis(latency));
            }
            Fate::NeverRead => never_read.push((*value).clone()),
        }
    }
    for values in [&mut lost, &mut never_read, &mut stale] {
        sort_by(values, Json::cmp);
    }
    sort_by_number(&mut worst_stale, |stale| u64::MAX - stale.stable_latency);
    worst_stale.truncate(WORST);
    let valid = match (lost.is_empty(), stable_latencies.is_empty()) {
        (false, _) => Validity::Invalid,
        (true, true) => Validity::Unknown,
        (true, false) => Validity::Valid,
    };
    SetFull {
        valid,
        attempt_count: elements.len(),
        stable_count: stable_latencies.len(),
        lost_count: lost.len(),
        lost,
        never_read_count: never_read.len(),
        never_read,
        stale_count: stale.len(),
        stale,
        stable_latencies: quantiles(stable_latencies),
        lost_latencies: quantiles(lost_latencies),
        worst_stale,
        duplicated: Vec::new(),
        duplicated_count: 0,
    }
}

/// The values at [`QUANTILES`], as jepsen takes them: the one at `floor(count * quantile)`.
pub fn quantiles<T: Ord + Copy>(mut values: Vec<T>) -> Option<[T; 5]> {
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list of far fewer than 2^52"
    )]
    let place = |quantile: f64| ((values.len() as f64 * quantile).floor() as usize).min(last);
    Some(QUANTILES.map(|quantile| values[place(quantile)]))
}

fn millis(latency: Duration) -> u64 {
    u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)
}

/// As a map from the quantiles to the values.
#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
fn by_quantile<S: Serializer>(latencies: &Option<[u64; 5]>, serializer: S) -> Result<S::Ok, S::Error> {
    match latencies {
        Some(latencies) => serializer.collect_map(QUANTILES.iter().map(f64::to_string).zip(latencies)),
        None => serializer.serialize_none(),
    }
}

/// The number of stale elements that become findings.
const STALE: usize = 3;

fn findings(set: &SetFull, history: &History) -> Vec<Finding> {
    let lost = |value: &Json| {
        let mut entries = evidence::with_value(history, value.as_str(), |op| op.f != "read");
        entries.extend(evidence::last_seen(value.as_str(), history));
        Finding::fault("lost", entries, format!("{value} was known, and then missing for good."))
            .about([value.as_str()])
    };
    let stale = |stale: &Stale| {
        let took = text::time(Duration::from_millis(stale.stable_latency));
        let entries: Vec<usize> = stale.known.into_iter().chain(stale.last_absent).collect();
        let explanation = format!("it took {took} from when {} was known to when no read missed it.", stale.element);
        Finding::note("stale", entries, explanation).about([stale.element.as_str()])
    };
    let unknown = (set.valid == Validity::Unknown).then(|| {
        Finding::no_verdict("no element was seen by every read from some time on, so nothing was put to the test")
    });
    let lost = set.lost.iter().take(SHOWN).map(lost);
    lost.chain(unknown).chain(set.worst_stale.iter().take(STALE).map(stale)).collect()
}

/// The reason why Jepsen's checker throws an exception: an add that ended with another value than any began with,
/// elements without an order, or a read of something that has no elements.
fn error(history: &History, add: &str) -> Option<String> {
    let mut attempts: IndexSet<&Json, FixedState> = IndexSet::default();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        let is_add = op.f == add;
        if is_add && op.kind == Kind::Invoke {
            attempts.insert(&op.value);
        } else if is_add && !attempts.contains(&op.value) {
            return Some(format!("entry {} ends the add of {}, which nobody began", op.index, op.value));
        } else if op.f == "read" && op.kind == Kind::Ok && !is_collection(&op.value) {
            return Some(format!("entry {} read {}, which has no elements", op.index, op.value));
        }
    }
    let mut attempts: Vec<&Json> = attempts.into_iter().collect();
    sort_by(&mut attempts, |left, right| left.cmp(right));
    let (left, right) = incomparable(attempts)?;
    Some(format!("the elements {left} and {right} cannot be compared, and Maelstrom sorts them"))
}

/// Tells whether Clojure can walk through a value.
fn is_collection(value: &Json) -> bool {
    matches!(value.as_str().as_bytes().first(), Some(b'[' | b'{' | b'"' | b'n'))
}

/// The checker of `broadcast` and `g-set`.
#[derive(Debug)]
pub struct SetChecker {
    /// The name of the operation that adds an element.
    pub add: &'static str,
}

impl Checker for SetChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        let set = check(history, self.add);
        let error = error(history, self.add);
        let (findings, lost) = (findings(&set, history), set.lost_count);
        Verdict::new(set.valid, findings, set).counting("lost", lost).unless_thrown(error)
    }

    fn strict_findings(&self, history: &History, _: &Expectations) -> Vec<Finding> {
        sets::strict_findings(history, self.add)
    }
}
