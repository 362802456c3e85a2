//! The life of every element of a set that only grows (jepsen: `checker.clj`, `set-full`).
//!
//! An element is *known* from the end of its add, or from the first read that saw it. It is *stable* if some read that
//! began after the last one without it saw it, *lost* if it was known before a later read missed it for good, and
//! *never read* otherwise. Lost elements make a history invalid; one without stable elements tells nothing.

use crate::{
    checker::numbers::Numbers,
    checker::strict::sets,
    expectations::Expectations,
    finding::StrictFinding,
    history::{History, Kind, Op, Process},
    json::value,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use glomers_json::Json;
use serde::Serialize;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// What became of the elements.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SetFull {
    /// The verdict.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// How many elements clients tried to add.
    pub attempt_count: usize,
    /// How many were seen by every read from some time on.
    pub stable_count: usize,
    /// How many were known and then missed for good.
    pub lost_count: usize,
    /// Those elements.
    pub lost: Vec<Json>,
    /// How many no read could have seen.
    pub never_read_count: usize,
    /// Those elements.
    pub never_read: Vec<Json>,
    /// How many stable ones were missed by a read after they were known.
    pub stale_count: usize,
    /// Those elements.
    pub stale: Vec<Json>,
    /// How long it took from known to stable, in milliseconds, at the quantiles 0, 0.5, 0.95, 0.99 and 1; `None` without
    /// stable elements.
    pub stable_latencies: Option<[u128; 5]>,
    /// The same from known to lost, over lost elements.
    pub lost_latencies: Option<[u128; 5]>,
    /// The stale elements that took longest, the worst first.
    pub worst_stale: Vec<Stale>,
    /// Elements that some read held more than once. Maelstrom looks for less than once instead, and so finds none; so
    /// does this.
    pub duplicated: Vec<Json>,
    /// How many.
    pub duplicated_count: usize,
}

/// An element that a read missed after it was known.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stale {
    /// The element.
    pub element: Json,
    /// How long it took from known to stable, in milliseconds.
    pub stable_latency: u128,
    /// The index of the entry by which it was known.
    pub known: Option<usize>,
    /// The index of the invocation of the last read that missed it.
    pub last_absent: Option<usize>,
}

/// How many stale elements are shown.
const WORST: usize = 8;

/// The quantiles of [`SetFull::stable_latencies`].
pub const QUANTILES: [f64; 5] = [0.0, 0.5, 0.95, 0.99, 1.0];

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

/// What is known of an element so far. The reads are represented by their invocations.
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
    let mut invocations: BTreeMap<Process, Moment> = BTreeMap::new();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        if op.kind == Kind::Invoke {
            invocations.insert(op.process, op.into());
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
            let begun = invocations.get(&op.process).copied().unwrap_or(op.into());
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
                stable_latencies.push(latency.as_millis());
                if latency.as_millis() > 0 {
                    stale.push((*value).clone());
                    worst_stale.push(Stale {
                        element: (*value).clone(),
                        stable_latency: latency.as_millis(),
                        known: element.known.map(|known| known.index),
                        last_absent: element.last_absent.map(|absent| absent.index),
                    });
                }
            }
            Fate::Lost { latency } => {
                lost.push((*value).clone());
                lost_latencies.push(latency.as_millis());
            }
            Fate::NeverRead => never_read.push((*value).clone()),
        }
    }
    for values in [&mut lost, &mut never_read, &mut stale] {
        values.sort();
    }
    worst_stale.sort_by_key(|stale| std::cmp::Reverse(stale.stable_latency));
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

impl From<SetFull> for Verdict {
    fn from(set: SetFull) -> Self {
        let mut findings = value(&set);
        for (name, latencies) in [("stable-latencies", set.stable_latencies), ("lost-latencies", set.lost_latencies)] {
            let pairs =
                |latencies: [u128; 5]| QUANTILES.iter().map(f64::to_string).zip(latencies.map(|value| json!(value)));
            findings[name] =
                latencies.map_or(serde_json::Value::Null, |all| serde_json::Map::from_iter(pairs(all)).into());
        }
        Self { valid: set.valid, findings }
    }
}

/// The checker of `broadcast` and `g-set`.
#[derive(Debug)]
pub struct SetChecker {
    /// The name of the operation that adds an element.
    pub add: &'static str,
}

impl Checker for SetChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        check(history, self.add).into()
    }

    fn strict_findings(&self, history: &History, _: &Expectations) -> Vec<StrictFinding> {
        sets::strict_findings(history, self.add)
    }
}
