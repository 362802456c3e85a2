//! The checker. A score that a client reads must have been submitted, and each final read must show the best
//! acknowledged score of each player, or a better one whose outcome is open.

use crate::leaderboard::{Entry, Submit};
use glomers_workbench::{
    expectations::Expectations,
    finding::Finding,
    history::History,
    verdict::{Checker, Verdict},
};
use std::collections::{BTreeMap, BTreeSet};

/// The checker of the workload `leaderboard`.
#[derive(Debug)]
pub struct LeaderboardChecker;

impl Checker for LeaderboardChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        Verdict::from_findings(findings(history))
    }
}

/// The faults in a history.
pub fn findings(history: &History) -> Vec<Finding> {
    let (mut submitted, mut best) = (BTreeSet::new(), BTreeMap::new());
    let operations = history.operations();
    for operation in &operations {
        let Ok(Submit { player, score }) = operation.invocation.value.decode() else { continue };
        submitted.insert((player.clone(), score));
        if operation.ok().is_some() {
            let best = best.entry(player).or_insert(score);
            *best = score.max(*best);
        }
    }

    let mut findings = Vec::new();
    for read in operations.iter().filter(|operation| operation.invocation.f == "standings") {
        let Some(read) = read.ok() else { continue };
        let standings: Vec<Entry> = read.value.decode().unwrap_or_default();
        let shown: BTreeMap<_, _> = standings.into_iter().map(|Entry { player, score }| (player, score)).collect();
        for (player, score) in shown.clone().into_iter().filter(|entry| !submitted.contains(entry)) {
            let explanation = format!("entry {}: {player} has {score}, which nobody submitted", read.index);
            findings.push(Finding::fault("unknown-score", [read.index], explanation));
        }
        for (player, best) in best.iter().filter(|(player, best)| read.is_final() && shown.get(*player) < Some(*best)) {
            let shown = shown.get(player).map_or("nothing".to_owned(), i64::to_string);
            let explanation = format!("entry {}: at the end {player} has {shown} instead of {best}", read.index);
            findings.push(Finding::fault("lost-score", [read.index], explanation));
        }
    }
    findings
}
