//! Consistency models, the anomalies that they forbid, and what follows from what (elle: `consistency_model.clj`).
//!
//! Models are named as Elle names them for people; `canonical` takes all other names.

use super::names::Names;
use std::collections::VecDeque;

/// For each name, those that it implies.
type Implications = &'static [(&'static str, &'static [&'static str])];

/// Every history that satisfies the first model satisfies the others.
const MODELS: Implications = &[
    ("causal", &["writes-follow-reads", "PRAM"]),
    ("causal-cerone", &["read-atomic"]),
    ("consistent-view", &["cursor-stability", "monotonic-view"]),
    ("cursor-stability", &["read-committed"]),
    ("forward-consistent-view", &["consistent-view"]),
    ("linearizable", &["sequential"]),
    ("monotonic-atomic-view", &["read-committed"]),
    ("monotonic-snapshot-read", &["read-committed"]),
    ("monotonic-view", &["read-committed"]),
    ("parallel-snapshot-isolation", &["causal-cerone", "update-atomic"]),
    ("PRAM", &["monotonic-reads", "monotonic-writes", "read-your-writes"]),
    ("prefix", &["causal-cerone"]),
    ("read-atomic", &["monotonic-atomic-view"]),
    ("read-committed", &["read-uncommitted"]),
    ("repeatable-read", &["cursor-stability", "monotonic-atomic-view"]),
    ("sequential", &["causal"]),
    ("serializable", &["repeatable-read", "snapshot-isolation", "update-serializable", "view-serializable"]),
    ("session-serializable", &["1SR"]),
    (
        "snapshot-isolation",
        &[
            "forward-consistent-view",
            "monotonic-atomic-view",
            "monotonic-snapshot-read",
            "parallel-snapshot-isolation",
            "prefix",
        ],
    ),
    ("strong-read-committed", &["strong-read-uncommitted", "strong-session-read-committed"]),
    ("strong-read-uncommitted", &["strong-session-read-uncommitted"]),
    (
        "strong-serializable",
        &[
            "linearizable",
            "serializable",
            "session-serializable",
            "snapshot-isolation",
            "strong-session-serializable",
            "strong-snapshot-isolation",
        ],
    ),
    ("strong-session-read-committed", &["read-committed", "strong-session-read-uncommitted"]),
    ("strong-session-read-uncommitted", &["read-uncommitted"]),
    ("strong-session-serializable", &["serializable", "strong-session-snapshot-isolation"]),
    ("strong-session-snapshot-isolation", &["snapshot-isolation", "strong-session-read-committed"]),
    ("strong-snapshot-isolation", &["strong-read-committed", "strong-session-snapshot-isolation"]),
    ("update-atomic", &["read-atomic"]),
    ("update-serializable", &["forward-consistent-view"]),
];

/// The other names of models.
const ALIASES: &[(&str, &str)] = &[
    ("conflict-serializable", "serializable"),
    ("PL-1", "read-uncommitted"),
    ("PL-2", "read-committed"),
    ("PL-2+", "consistent-view"),
    ("PL-2.99", "repeatable-read"),
    ("PL-2L", "monotonic-view"),
    ("PL-3", "serializable"),
    ("PL-3U", "update-serializable"),
    ("PL-CS", "cursor-stability"),
    ("PL-FCV", "forward-consistent-view"),
    ("PL-MSR", "monotonic-snapshot-read"),
    ("PL-SI", "snapshot-isolation"),
    ("PL-SS", "strong-serializable"),
    ("strict-serializable", "strong-serializable"),
    ("strong-PL-1", "strong-read-uncommitted"),
    ("strong-PL-2", "strong-read-committed"),
    ("strong-session-PL-1", "strong-session-read-uncommitted"),
    ("strong-session-PL-2", "strong-session-read-committed"),
];

/// The anomalies that a model forbids besides those that weaker models do.
const FORBIDDEN: Implications = &[
    ("causal-cerone", &["internal", "G1a"]),
    ("consistent-view", &["G1", "G-single"]),
    ("cursor-stability", &["G1", "G-cursor", "lost-update"]),
    ("forward-consistent-view", &["G1", "G-SIb"]),
    ("monotonic-snapshot-read", &["G1", "G-MSR"]),
    ("monotonic-view", &["G1", "G-monotonic"]),
    ("parallel-snapshot-isolation", &["internal", "G1a"]),
    ("prefix", &["internal", "G1a"]),
    ("read-atomic", &["internal", "G1a", "future-read"]),
    ("read-committed", &["G1", "PL-2-cycle-exists"]),
    ("read-uncommitted", &["G0", "duplicate-elements", "cyclic-versions", "PL-1-cycle-exists"]),
    ("repeatable-read", &["G1", "G2-item", "PL-2.99-cycle-exists", "lost-update"]),
    ("serializable", &["G1", "G2", "predicate-read-miss", "PL-3-cycle-exists", "internal"]),
    ("snapshot-isolation", &["internal", "G1", "G-SI", "G-nonadjacent", "PL-SI-cycle-exists"]),
    ("strong-read-committed", &["strong-PL-2-cycle-exists", "G1c-realtime"]),
    ("strong-read-uncommitted", &["strong-PL-1-cycle-exists", "G0-realtime"]),
    ("strong-serializable", &["G1", "G1c-realtime", "G2-realtime", "PL-SS-cycle-exists"]),
    ("strong-session-read-committed", &["strong-session-PL-2-cycle-exists", "G1c-process"]),
    ("strong-session-read-uncommitted", &["strong-session-PL-1-cycle-exists", "G0-process"]),
    ("strong-session-serializable", &["G1-process", "G2-process", "strong-session-serializable-cycle-exists"]),
    (
        "strong-session-snapshot-isolation",
        &["internal", "G1-process", "G-nonadjacent-process", "strong-session-snapshot-isolation-cycle-exists"],
    ),
    (
        "strong-snapshot-isolation",
        &["internal", "G1-realtime", "G-nonadjacent-realtime", "strong-snapshot-isolation-cycle-exists"],
    ),
    ("update-atomic", &["lost-update"]),
    ("update-serializable", &["G1", "G-update"]),
];

/// A history with the first anomaly has the others.
const ANOMALIES: Implications = &[
    ("G0", &["G1c", "G0-process"]),
    ("G0-process", &["G1c-process", "G0-realtime"]),
    ("G0-realtime", &["G1c-realtime"]),
    ("G1", &["G1-process"]),
    ("G1-process", &["G1-realtime"]),
    ("G1a", &["G1"]),
    ("G1b", &["G1"]),
    ("G1c", &["G1", "G1c-process"]),
    ("G1c-process", &["G1c-realtime", "G1-process"]),
    ("G1c-realtime", &["G1-realtime"]),
    ("G2", &["G2-process"]),
    ("G2-item", &["G2", "G2-item-process"]),
    ("G2-item-process", &["G2-process", "G2-item-realtime"]),
    ("G2-item-realtime", &["G2-realtime"]),
    ("G2-process", &["G2-realtime"]),
    ("GSIa", &["GSI"]),
    ("GSIb", &["GSI"]),
    ("G-nonadjacent", &["G2", "G-nonadjacent-process"]),
    ("G-nonadjacent-item", &["G-nonadjacent", "G2-item", "G-nonadjacent-item-process"]),
    ("G-nonadjacent-item-process", &["G-nonadjacent-process", "G2-item-process", "G-nonadjacent-item-realtime"]),
    ("G-nonadjacent-item-realtime", &["G2-item-realtime", "G-nonadjacent-realtime"]),
    ("G-nonadjacent-process", &["G2-process", "G-nonadjacent-realtime"]),
    ("G-nonadjacent-realtime", &["G2-realtime"]),
    ("G-single", &["G-nonadjacent", "GSIb", "G-single-process"]),
    ("G-single-item", &["G-single", "G-single-item-process", "G-nonadjacent-item"]),
    ("G-single-item-process", &["G-single-process", "G-single-item-realtime", "G-nonadjacent-item-process"]),
    ("G-single-item-realtime", &["G-single-realtime", "G-nonadjacent-item-realtime"]),
    ("G-single-process", &["G-nonadjacent-process", "G-single-realtime"]),
    ("G-single-realtime", &["G-nonadjacent-realtime"]),
    ("dirty-update", &["G1a"]),
    ("future-read", &["G1c"]),
    ("incompatible-order", &["G1a"]),
    ("lost-update", &["write-skew", "G2-item"]),
    ("write-skew", &["G2"]),
];

fn below(implications: Implications, name: &str) -> Vec<&'static str> {
    let implied = implications.iter().filter(|(above, _)| *above == name);
    implied.flat_map(|(_, below)| below.iter().copied()).collect()
}

fn above(implications: Implications, name: &str) -> Vec<&'static str> {
    implications.iter().filter(|(_, below)| below.contains(&name)).map(|(above, _)| *above).collect()
}

/// Everything that can be reached from some names, and they themselves.
fn reachable(start: Vec<&'static str>, next: &dyn Fn(&str) -> Vec<&'static str>) -> Names {
    let mut reached = Names::default();
    let mut queue = VecDeque::from(start);
    while let Some(name) = queue.pop_front() {
        if reached.insert(name) {
            queue.extend(next(name));
        }
    }
    reached
}

/// The models that satisfy or follow from others, by Elle's names for people.
fn all() -> impl Iterator<Item = &'static str> {
    MODELS.iter().flat_map(|(model, weaker)| [*model].into_iter().chain(weaker.iter().copied()))
}

/// Every name of a consistency model that Elle knows, in alphabetical order.
pub fn names() -> Vec<&'static str> {
    all().chain(ALIASES.iter().map(|(alias, _)| *alias)).collect::<Names>().into_vec()
}

/// Tells whether Elle has a consistency model of that name.
pub fn is_known(name: &str) -> bool {
    canonical(&[name.to_owned()]).is_ok()
}

/// The models by Elle's names for people; an error is the first name that is unknown.
pub(super) fn canonical(models: &[String]) -> Result<Names, String> {
    let known = |name: &String| {
        let name = ALIASES.iter().find(|(alias, _)| alias == name).map_or(name.as_str(), |(_, model)| model);
        all().find(|model| *model == name).ok_or_else(|| name.to_owned())
    };
    models.iter().map(known).collect()
}

/// Tells whether a model demands that each transaction sees all those that ended before it began.
pub(super) fn is_real_time(model: &str) -> bool {
    model == "linearizable" || model.starts_with("strong-") && !model.starts_with("strong-session-")
}

/// The anomalies that must not be there if these models hold.
pub(super) fn forbidden_by(models: &Names) -> Names {
    let models = reachable(models.iter().collect(), &|model| below(MODELS, model));
    let mut forbidden = Vec::new();
    models.iter().for_each(|model| forbidden.extend(below(FORBIDDEN, model)));
    reachable(forbidden, &|anomaly| above(ANOMALIES, anomaly))
}

/// The anomalies that follow from others, and they themselves.
pub(super) fn implied_by(anomalies: Vec<&'static str>) -> Names {
    reachable(anomalies, &|anomaly| below(ANOMALIES, anomaly))
}

/// The models that are stronger than others, and they themselves.
pub(super) fn stronger_than(models: Vec<&'static str>) -> Names {
    reachable(models, &|model| above(MODELS, model))
}

/// The models that do not hold, given these anomalies.
pub(super) fn impossible(anomalies: Vec<&'static str>) -> Names {
    let mut broken = Vec::new();
    implied_by(anomalies).iter().for_each(|anomaly| broken.extend(above(FORBIDDEN, anomaly)));
    stronger_than(broken)
}

/// Of the models that do not hold, the weakest, and the others.
pub(super) fn boundary(anomalies: Vec<&'static str>) -> (Names, Names) {
    let impossible = impossible(anomalies);
    let (mut weakest, mut others) = (Names::default(), Names::default());
    for model in impossible.iter() {
        let weaker = reachable(vec![model], &|model| below(MODELS, model));
        let is_weakest = weaker.iter().all(|weaker| weaker == model || !impossible.contains(weaker));
        if is_weakest { &mut weakest } else { &mut others }.insert(model);
    }
    (weakest, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Result<&'static str, &str>) {
        let found = canonical(&[name.to_owned()]);
        let expected = expected.map(|name| Names::from_iter([name])).map_err(str::to_owned);
        assert_eq!(found, expected);
    }

    #[test]
    fn names_of_maelstrom() {
        check("read-uncommitted", Ok("read-uncommitted"));
        check("strict-serializable", Ok("strong-serializable"));
        check("strong-serializable", Ok("strong-serializable"));
        check("PL-SI", Ok("snapshot-isolation"));
        check("PL-CS", Ok("cursor-stability"));
        check("acid", Err("acid"));
    }

    #[test]
    fn stronger_models_forbid_more() {
        let forbidden = |model: &'static str| forbidden_by(&Names::from_iter([model]));
        let (serializable, snapshot) = (forbidden("serializable"), forbidden("snapshot-isolation"));
        assert!(serializable.contains("G2-item") && !snapshot.contains("G2-item"));
        assert!(snapshot.iter().all(|anomaly| serializable.contains(anomaly)));
        assert!(!serializable.contains("G1c-realtime") && forbidden("strong-serializable").contains("G1c-realtime"));
    }

    #[test]
    fn the_boundary_is_the_weakest_model_that_does_not_hold() {
        let (not, also_not) = boundary(vec!["G2-item"]);
        assert_eq!(not, Names::from_iter(["repeatable-read"]));
        assert!(also_not.contains("serializable") && !also_not.contains("snapshot-isolation"));
    }
}
