//! No id twice (jepsen: `checker.clj`, `unique-ids`).

use crate::{
    expectations::Expectations,
    history::History,
    json::value,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use glomers_json::Json;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// What the ids of a history show.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UniqueIds {
    /// How many ids were asked for.
    pub attempted_count: usize,
    /// How many were given.
    pub acknowledged_count: usize,
    /// How many different ids were given more than once.
    pub duplicated_count: usize,
    /// Those ids, and how often each was given.
    #[serde(skip)]
    pub duplicated: Vec<(Json, usize)>,
    /// The least and the greatest id, in the order of [`Json`].
    pub range: Option<(Json, Json)>,
}

/// Counts ids.
pub fn check(history: &History) -> UniqueIds {
    let operations = history.operations();
    let mut times: BTreeMap<&Json, usize> = BTreeMap::new();
    for operation in &operations {
        if let Some(completion) = operation.ok() {
            *times.entry(&completion.value).or_default() += 1;
        }
    }
    let acknowledged_count = times.values().sum();
    let ends = times.first_key_value().zip(times.last_key_value());
    let range = ends.map(|((least, _), (greatest, _))| ((*least).clone(), (*greatest).clone()));
    let duplicated: Vec<_> =
        times.into_iter().filter(|(_, count)| *count > 1).map(|(id, count)| (id.clone(), count)).collect();
    UniqueIds {
        attempted_count: operations.len(),
        acknowledged_count,
        duplicated_count: duplicated.len(),
        duplicated,
        range,
    }
}

impl From<UniqueIds> for Verdict {
    fn from(ids: UniqueIds) -> Self {
        let mut findings = value(&ids);
        let duplicated = ids.duplicated.iter().map(|(id, count)| (id.to_string(), json!(count)));
        findings["duplicated"] = serde_json::Map::from_iter(duplicated).into();
        Self { valid: Validity::from_valid(ids.duplicated.is_empty()), findings }
    }
}

/// The checker of `unique-ids`.
#[derive(Debug)]
pub struct UniqueIdsChecker;

impl Checker for UniqueIdsChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        check(history).into()
    }
}
