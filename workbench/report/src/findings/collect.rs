//! From the checkers' JSON to findings.

use super::{Finding, Weight, kinds, witnesses};
use glomers_checkers::{
    history::{History, Kind, Op},
    text::time,
    validity::Validity,
};
use glomers_workbench::Report;
use serde_json::Value;
use std::time::Duration;

/// How many findings of a kind become cards.
const SHOWN: usize = 8;

/// All that was found.
pub(super) fn collect(report: &Report) -> Vec<Finding> {
    let findings = &report.judgement.verdict.findings;
    let mut found: Vec<Finding> = [
        transactions(findings),
        registers(findings),
        logs(findings, &report.history),
        values(report),
        no_verdict(findings),
    ]
    .concat();
    let is_bad = report.judgement.verdict.valid != Validity::Valid;
    if is_bad && !found.iter().any(|anomaly| anomaly.weight == Weight::Fault) {
        let explanation = "What the checker found, as it is.".to_owned();
        found.push(fault("the workload's checker", explanation, Vec::new(), Some(findings)));
    }
    found.extend(stale(findings));
    found.extend(report.judgement.strict_findings.findings.iter().map(|finding| Finding {
        weight: Weight::Strict,
        title: finding.kind.to_owned(),
        explanation: finding.explanation.clone(),
        entries: finding.ops.clone(),
        subjects: Vec::new(),
        key: None,
        detail: None,
    }));
    found.sort_by_key(|anomaly| anomaly.weight as u8);
    found
}

fn fault(title: &str, explanation: String, entries: Vec<usize>, detail: Option<&Value>) -> Finding {
    let detail = detail.filter(|detail| !detail.is_null()).map(|detail| format!("{detail:#}"));
    let (title, subjects) = (title.to_owned(), Vec::new());
    Finding { weight: Weight::Fault, title, explanation, entries, subjects, key: None, detail }
}

/// The same finding, about these values.
fn about(finding: Finding, subjects: impl Into<Vec<String>>) -> Finding {
    Finding { subjects: subjects.into(), ..finding }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn index(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|index| usize::try_from(index).ok())
}

/// Anomalies of transactions: `anomalies`, by kind, each with `ops` and `explanation`.
fn transactions(findings: &Value) -> Vec<Finding> {
    let kinds = findings["anomalies"].as_object().into_iter().flatten();
    let describe = |(kind, all): (&String, &Value)| -> Vec<Finding> {
        let one = |found: &Value| {
            let entries = list(&found["ops"]).iter().filter_map(index).collect();
            fault(kind, text(&found["explanation"]), entries, Some(&found["detail"]))
        };
        list(all).iter().take(SHOWN).map(one).collect()
    };
    kinds.flat_map(describe).collect()
}

/// Keys that are not linearizable: `results`, by key, each with a `window` of entries and a drawing of it.
fn registers(findings: &Value) -> Vec<Finding> {
    let keys = findings["results"].as_object().into_iter().flatten();
    let describe = |(key, found): (&String, &Value)| {
        let found = &found["linearizable"];
        let explanation = found["explanation"].as_str()?.to_owned();
        let entries = list(&found["window"]).iter().filter_map(index).collect();
        let lines: Vec<String> = list(&found["timeline"]).iter().map(text).collect();
        let title = format!("key {key} is not linearizable");
        let drawn = Some(lines.join("\n"));
        let subjects = vec![key.clone()];
        Some(Finding { weight: Weight::Fault, title, explanation, entries, subjects, key: None, detail: drawn })
    };
    keys.filter_map(describe).take(SHOWN).collect()
}

/// Anomalies of logs: by kind, a `count` and some `errs`.
fn logs(findings: &Value, history: &History) -> Vec<Finding> {
    let bad: Vec<_> = list(&findings["bad-error-types"]).iter().filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for (kind, all) in findings.as_object().into_iter().flatten() {
        let Some(count) = index(&all["count"]) else { continue };
        let mut of_kind: Vec<Finding> =
            list(&all["errs"]).iter().take(SHOWN).map(|err| log(kind, err, history)).collect();
        if of_kind.is_empty() {
            of_kind.push(fault(kind, format!("{} ({count})", kinds::describe(kind)), Vec::new(), None));
        }
        if count > of_kind.len() {
            of_kind[0].explanation.push_str(&format!(" The first of {count}."));
        }
        let weight = if bad.contains(&kind.as_str()) { Weight::Fault } else { Weight::Note };
        found.extend(of_kind.into_iter().map(|anomaly| Finding { weight, ..anomaly }));
    }
    if findings["unseen"].is_object() && bad.contains(&"unseen") {
        found.push(fault("unseen", kinds::describe("unseen").to_owned(), Vec::new(), Some(&findings["unseen"])));
    }
    found
}

fn log(kind: &str, err: &Value, history: &History) -> Finding {
    let mut entries = Vec::new();
    witnesses::named(err, &mut entries);
    if entries.is_empty() {
        entries = witnesses::of_places(err, history);
    }
    let subjects: Vec<_> = match (&err["value"], list(&err["values"])) {
        (Value::Null, values) => values.iter().map(Value::to_string).collect(),
        (value, _) => vec![value.to_string()],
    };
    let named = |key: &str| Some(&err[key]).filter(|value| !value.is_null()).map(|value| format!("{key} {value}"));
    let facts: Vec<_> =
        ["key", "value", "values", "offset", "offsets", "delta", "skipped"].into_iter().filter_map(named).collect();
    let explanation = format!("{}: {}.", kinds::describe(kind), facts.join(", "));
    let key = Some(&err["key"]).filter(|key| !key.is_null()).map(Value::to_string);
    Finding { key, ..about(fault(kind, explanation, entries, Some(err)), subjects) }
}

/// Values that are wrong, without their entries: lost elements, ids given twice, wrong sums and echoes. The entries are
/// those that have the value.
fn values(report: &Report) -> Vec<Finding> {
    let findings = &report.judgement.verdict.findings;
    let ops = report.history.ops();
    let with = |value: &str, wanted: &dyn Fn(&Op) -> bool| -> Vec<usize> {
        ops.iter().filter(|op| op.value.as_str() == value && wanted(op)).map(|op| op.index).collect()
    };
    let lost = |value: &Value| {
        let mut entries = with(&value.to_string(), &|op| op.f != "read");
        entries.extend(witnesses::last_seen(&value.to_string(), &report.history));
        let explanation = format!("{value} was known, and then missing for good.");
        about(fault("lost", explanation, entries, None), [value.to_string()])
    };
    let sum = |value: &Value| {
        let explanation = format!("a last read is {value}; acceptable: {}.", findings["acceptable"]);
        fault("wrong sum", explanation, with(&value.to_string(), &|op| op.is_final() && op.kind == Kind::Ok), None)
    };
    let echo = |error: &Value| {
        let is_answer = |op: &Op| op.kind != Kind::Invoke;
        let explanation = list(error).iter().map(text).collect::<Vec<_>>().join(" ");
        about(fault("wrong echo", explanation, with(&error[3].to_string(), &is_answer), None), [error[3].to_string()])
    };
    let twice = |(id, count): (&String, &Value)| {
        let entries = with(id, &|op| op.kind == Kind::Ok);
        about(fault("duplicated", format!("the id {id} was given {count} times."), entries, None), [id.clone()])
    };
    let errors = list(&findings["errors"]).iter().take(SHOWN);
    let is_counter = findings["acceptable"].is_array();
    let errors = errors.map(|error| if is_counter { sum(error) } else { echo(error) });
    let lost = list(&findings["lost"]).iter().take(SHOWN).map(lost);
    let twice = findings["duplicated"].as_object().into_iter().flatten().take(SHOWN).map(twice);
    let mut found: Vec<Finding> = Vec::new();
    // Several reads may be wrong in the same way: they are the entries of one finding.
    lost.chain(errors).chain(twice).for_each(|anomaly| {
        if !found.contains(&anomaly) {
            found.push(anomaly);
        }
    });
    found
}

/// Elements that took long to be seen everywhere.
fn stale(findings: &Value) -> Vec<Finding> {
    let describe = |stale: &Value| {
        let took = time(Duration::from_millis(stale["stable-latency"].as_u64().unwrap_or_default()));
        let entries = ["known", "last-absent"].iter().filter_map(|key| index(&stale[key])).collect();
        let explanation = format!("it took {took} from when {} was known to when no read missed it.", stale["element"]);
        let subjects = vec![stale["element"].to_string()];
        Finding {
            weight: Weight::Note,
            title: "stale".to_owned(),
            explanation,
            entries,
            subjects,
            key: None,
            detail: None,
        }
    };
    list(&findings["worst-stale"]).iter().take(3).map(describe).collect()
}

/// Why there is no verdict.
fn no_verdict(findings: &Value) -> Vec<Finding> {
    let error = findings["error"].as_str();
    error.map(|error| fault("no verdict", error.to_owned(), Vec::new(), None)).into_iter().collect()
}
