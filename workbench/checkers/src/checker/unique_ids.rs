//! No id twice (jepsen: `checker.clj`, `unique-ids`).

use crate::{
    checker::{comparable::incomparable, evidence},
    expectations::Expectations,
    finding::{Finding, SHOWN},
    history::{History, Kind, Op},
    order::sort_by,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use foldhash::fast::FixedState;
use glomers_json::Json;
use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use std::hash::BuildHasher;

/// The verdict on the ids of a history.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct UniqueIds {
    /// The number of ids that were requested.
    pub attempted_count: usize,
    /// The number of ids that were given.
    pub acknowledged_count: usize,
    /// The number of different ids that were given more than once.
    pub duplicated_count: usize,
    /// Those ids, and how often each was given.
    #[serde(serialize_with = "counts")]
    pub duplicated: Vec<(Json, usize)>,
    /// The least and the greatest id, in the order of [`Json`].
    pub range: Option<(Json, Json)>,
}

/// Counts ids. There may be millions, and nearly all of them are given once, so only their hashes are kept. The ids whose hash
/// occurs more than once are looked at again.
pub fn check(history: &History) -> UniqueIds {
    let given = || history.completed().filter(|(_, completion)| completion.kind == Kind::Ok).map(|(_, ok)| &ok.value);
    let mut range: Option<(&Json, &Json)> = None;
    let mut hashes = Vec::with_capacity(history.operation_count());
    for id in given() {
        let (least, greatest) = range.unwrap_or((id, id));
        range = Some((if id < least { id } else { least }, if id > greatest { id } else { greatest }));
        hashes.push(hash(id));
    }
    let acknowledged_count = hashes.len();
    hashes.sort_unstable();
    let mut frequent: Vec<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    frequent.dedup();
    let duplicated = if frequent.is_empty() { Vec::new() } else { duplicated(given(), &frequent) };
    UniqueIds {
        attempted_count: history.operation_count(),
        acknowledged_count,
        duplicated_count: duplicated.len(),
        duplicated,
        range: range.map(|(least, greatest)| (least.clone(), greatest.clone())),
    }
}

/// Equal ids have the same hash.
fn hash(id: &Json) -> u64 {
    FixedState::default().hash_one(id)
}

/// The ids that were given more than once, and how often, if their hashes are among these.
fn duplicated<'a>(given: impl Iterator<Item = &'a Json>, hashes: &[u64]) -> Vec<(Json, usize)> {
    let mut counts: IndexMap<&Json, (&Json, usize), FixedState> = IndexMap::default();
    for id in given.filter(|id| hashes.binary_search(&hash(id)).is_ok()) {
        let (shown, count) = counts.entry(id).or_insert((id, 0));
        *count += 1;
        // Equal ids may be written differently. The one that should not have been given is shown.
        *shown = if *count == 2 { id } else { *shown };
    }
    let duplicated = counts.into_values().filter(|(_, count)| *count > 1);
    let mut duplicated: Vec<_> = duplicated.map(|(id, count)| (id.clone(), count)).collect();
    sort_by(&mut duplicated, |(left, _), (right, _)| left.cmp(right));
    duplicated
}

/// As a map from the ids, as text, to the counts.
fn counts<S: Serializer>(duplicated: &[(Json, usize)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(duplicated.iter().map(|(id, count)| (id.as_str(), count)))
}

fn findings(ids: &UniqueIds, history: &History) -> Vec<Finding> {
    let twice = |(id, count): &(Json, usize)| {
        let entries = evidence::with_value(history, id.as_str(), |op| op.kind == Kind::Ok);
        Finding::fault("duplicated", entries, format!("the id {id} was given {count} times.")).about([id.as_str()])
    };
    ids.duplicated.iter().take(SHOWN).map(twice).collect()
}

/// Ids of which Jepsen's checker cannot find the least.
fn unsortable(history: &History) -> Option<String> {
    let is_given = |op: &&Op| op.kind == Kind::Ok && op.f == "generate";
    let (left, right) = incomparable(history.ops().iter().filter(is_given).map(|op| &op.value))?;
    Some(format!("the ids {left} and {right} cannot be compared, and Maelstrom looks for the least and the greatest"))
}

/// The checker of `unique-ids`.
#[derive(Debug)]
pub struct UniqueIdsChecker;

impl Checker for UniqueIdsChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        let ids = check(history);
        let error = unsortable(history);
        let valid = Validity::from_valid(ids.duplicated.is_empty());
        let (findings, count) = (findings(&ids, history), ids.duplicated_count);
        Verdict::new(valid, findings, ids).counting("duplicated", count).unless_thrown(error)
    }
}
