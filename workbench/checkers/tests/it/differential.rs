//! Damaged histories that the real checkers judged: verdicts and anomalies must be theirs.
//!
//! The files in `tests/differential` are recorded runs, damaged at random and judged by the checkers of jepsen 0.3.7
//! and elle 0.2.2, which Maelstrom uses.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::{
    checker::{checker, kafka::Kafka, txn::Txn},
    expectations::Expectations,
    history::History,
    validity::Validity::{self, Invalid, Unknown, Valid},
    verdict::Verdict,
};
use std::path::Path;

fn judge(workload: &str, file: &str, model: &str) -> Verdict {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential").join(file);
    let expectations = Expectations { consistency_models: vec![model.to_owned()], ..Expectations::default() };
    checker(workload).unwrap().check(&History::read(&path).unwrap(), &expectations)
}

#[test]
fn an_operation_without_an_end_is_in_no_pair() {
    assert_eq!(judge("echo", "echo.7000.7.edn.gz", "serializable").valid, Valid);
}

/// The order of the log depends on which of two messages at one offset Clojure's set has first.
#[test]
fn an_inconsistent_offset_makes_no_skip() {
    let verdict = judge("kafka", "kafka.7001.9.edn.gz", "serializable");
    assert_eq!(verdict.results::<Kafka>().unwrap().bad_error_types, ["duplicate", "inconsistent-offsets"]);
}

#[test]
fn an_element_that_no_ended_transaction_appended_gives_no_verdict() {
    let verdict = judge("txn-list-append", "txn-list-append.7002.2.edn.gz", "read-uncommitted");
    assert_eq!(verdict.valid, Unknown);
    assert!(verdict.error.unwrap().contains("no transaction"));
}

fn registers(file: &str, model: &str, kinds: &[&str], not: &[&str]) {
    let verdict = judge("txn-rw-register", file, model);
    let txn = verdict.results::<Txn>().unwrap();
    assert_eq!((verdict.valid, &*txn.not), (Invalid, not));
    for kind in kinds {
        assert!(txn.kinds().contains(kind), "{kind}: {:?}", txn.kinds());
    }
    assert!(!txn.kinds().contains(&"internal"));
}

#[test]
fn registers_are_judged_as_by_elle() {
    registers(
        "txn-rw-register.7001.1.edn.gz",
        "strict-serializable",
        &["G-single-item-realtime", "G2-item", "lost-update", "strong-PL-1-cycle-exists"],
        &["cursor-stability", "strong-read-uncommitted", "update-atomic"],
    );
    let kinds = ["G2-item", "lost-update"];
    registers("txn-rw-register.7001.4.edn.gz", "serializable", &kinds, &["cursor-stability", "update-atomic"]);
}

/// The verdict on a history in EDN.
fn verdict(workload: &str, model: &str, edn: &str) -> Validity {
    let expectations = Expectations { consistency_models: vec![model.to_owned()], ..Expectations::default() };
    checker(workload).unwrap().check(&History::parse(edn).unwrap(), &expectations).valid
}

/// Two transactions of two clients, which run at once.
fn two(first: [&str; 2], second: [&str; 2]) -> String {
    let entry = |kind, process, value| format!("{{:type :{kind}, :process {process}, :f :txn, :value {value}}}\n");
    [entry("invoke", 0, first[0]), entry("invoke", 1, second[0]), entry("ok", 0, first[1]), entry("ok", 1, second[1])]
        .concat()
}

/// A transaction that writes after it reads orders two values, even if that makes a dependency on nobody but itself.
#[test]
fn a_version_order_within_a_transaction_is_a_dependency() {
    let check = |first, second, expected| {
        assert_eq!(verdict("txn-rw-register", "read-uncommitted", &two(first, second)), expected);
    };
    let writes = ["[[:w 0 1] [:w 0 2]]"; 2];
    check(writes, ["[[:r 0 nil] [:w 0 10]]", "[[:r 0 1] [:w 0 10]]"], Valid);
    // Here nothing orders anything.
    check(writes, ["[[:r 0 nil]]", "[[:r 0 1]]"], Invalid);
}

#[test]
fn values_without_an_order_give_no_verdict() {
    let check = |workload: &str, f: &str, values: [&str; 2], expected| {
        let operation = |(process, value): (usize, &&str)| {
            let add = format!("{{:process {process}, :f :{f}, :value {value}");
            format!("{add}, :type :invoke}}\n{add}, :type :ok}}\n")
        };
        let read = "{:process 9, :type :invoke, :f :read} {:process 9, :type :ok, :f :read, :value [1 2]}";
        let read = if f == "generate" { "" } else { read };
        let text: String = values.iter().enumerate().map(operation).collect();
        assert_eq!(verdict(workload, "serializable", &(text + read)), expected, "{workload} {values:?}");
    };
    check("unique-ids", "generate", ["1", "\"a\""], Unknown);
    check("unique-ids", "generate", ["1", "2"], Valid);
    check("g-set", "add", ["1", "\"a\""], Unknown);
    check("g-set", "add", ["1", "2"], Valid);
    check("txn-rw-register", "txn", ["[[:w 1 1]]", "[[:w \"1\" 2]]"], Unknown);
}

#[test]
fn what_is_no_set_or_sum_gives_no_verdict() {
    let check = |workload: &str, text: &str, expected: Validity| {
        assert_eq!(verdict(workload, "serializable", text), expected, "{text}");
    };
    let read = |value| {
        format!(
            "{{:process 0, :type :invoke, :f :read, :final? true}} {{:process 0, :type :ok, :f :read, :value {value}, :final? true}}"
        )
    };
    check("g-set", &read("7"), Unknown);
    check("g-counter", &read("1.5"), Unknown);
    check("g-counter", &read("nil"), Unknown);
    check("g-counter", &read("0"), Valid);
    check("g-counter", &read("1"), Invalid);
    let moved = "{:process 0, :type :invoke, :f :write, :value [0 1]} {:process 0, :type :ok, :f :write, :value [1 1]}";
    check("lin-kv", moved, Unknown);
}
