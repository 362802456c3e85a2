//! The end of an execution: whether something is wrong, and what.

use glomers_checkers::{
    checker::txn::EMPTY,
    finding::{Finding, Weight},
    judgement::Judgement,
    validity::Validity,
};

/// The strict finding of a checker that had nothing to judge.
const UNJUDGED: &str = "unjudged";

/// The end of an execution.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// Nothing is wrong.
    Valid,
    /// Something is wrong, but the cluster had only a short rest: the same schedule with a long one decides.
    Doubtful,
    /// Something is wrong.
    Invalid,
}

/// The kind and the explanation of what is wrong, if something is. That no operation of a kind succeeded is not wrong in a
/// history of a few operations, and neither is that a checker had nothing to judge.
pub(crate) fn wrong(judgement: &Judgement) -> Option<(String, String)> {
    let findings = judgement.findings();
    // No transaction followed another one.
    let is_empty = judgement.verdict.fault_kinds() == [EMPTY];
    let verdict = if is_empty { Validity::Unknown } else { judgement.verdict.valid };
    let counts = |finding: &&Finding| match finding.weight {
        Weight::Fault => verdict == Validity::Invalid,
        Weight::Strict => judgement.strict && finding.kind != UNJUDGED,
        Weight::Note => false,
    };
    if let Some(finding) = findings.iter().find(counts) {
        return Some((finding.kind.clone().into_owned(), finding.explanation.clone()));
    }
    let is_valid = [verdict, judgement.liveness(), judgement.availability.valid];
    let is_invalid = is_valid.contains(&Validity::Invalid);
    is_invalid.then(|| ("invalid".to_owned(), judgement.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::WORKLOADS;
    use glomers_checkers::{expectations::Expectations, history::History};

    #[test]
    fn a_history_with_too_little_to_judge_is_not_wrong() {
        let expectations = Expectations { strict: true, ..Expectations::default() };
        for (name, make) in WORKLOADS {
            let judgement = Judgement::of(&*make().checker(), &History::default(), &expectations);
            assert_eq!(wrong(&judgement), None, "{name}");
        }
    }
}
