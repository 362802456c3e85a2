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
use indexmap::IndexSet;
use serde::{Serialize, Serializer};

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

/// Counts ids.
pub fn check(history: &History) -> UniqueIds {
    let given = || history.completed().filter(|(_, completion)| completion.kind == Kind::Ok).map(|(_, ok)| &ok.value);
    let mut seen: IndexSet<&Json, FixedState> = IndexSet::default();
    let mut acknowledged_count = 0;
    let mut duplicated: Vec<(Json, usize)> = Vec::new();
    // For each id, its place among the duplicated ones.
    let mut places: Vec<Option<usize>> = Vec::new();
    for id in given() {
        acknowledged_count += 1;
        let (number, is_new) = seen.insert_full(id);
        if is_new {
            places.push(None);
            continue;
        }
        let place = *places[number].get_or_insert(duplicated.len());
        if place == duplicated.len() {
            duplicated.push((id.clone(), 1));
        }
        duplicated[place].1 += 1;
    }
    sort_by(&mut duplicated, |(left, _), (right, _)| left.cmp(right));
    UniqueIds {
        attempted_count: history.operation_count(),
        acknowledged_count,
        duplicated_count: duplicated.len(),
        duplicated,
        range: seen
            .iter()
            .min()
            .zip(seen.iter().max())
            .map(|(least, greatest)| ((*least).clone(), (*greatest).clone())),
    }
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
