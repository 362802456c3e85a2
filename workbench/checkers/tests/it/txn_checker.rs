//! Every anomaly of transactions that the checkers report: the smallest history that has it, and one that just has not.

use crate::notation::txn::{lists, registers};
use glomers_checkers::checker::txn::{Objects, Txn, check, strict_findings};
use glomers_checkers::validity::Validity;

fn judge(objects: Objects, text: &str, model: &str) -> (Validity, Txn) {
    let history = if objects == Objects::Lists { lists(text) } else { registers(text) };
    check(&history, objects, &[model.to_owned()])
}

#[track_caller]
fn expect(objects: Objects, text: &str, model: &str, expected: &[&str]) {
    let (valid, txn) = judge(objects, text, model);
    assert_eq!(txn.kinds(), expected, "{text}: {txn:#?}");
    assert_eq!(valid, Validity::from_valid(expected.is_empty()), "{text}");
}

#[track_caller]
fn list(text: &str, expected: &[&str]) {
    expect(Objects::Lists, text, "strict-serializable", expected);
}

#[track_caller]
fn register(text: &str, expected: &[&str]) {
    expect(Objects::Registers, text, "strict-serializable", expected);
}

#[test]
fn lists_within_a_transaction() {
    list("ax1rx; ry", &["internal"]);
    list("ax1rx1; ry", &[]);
    list("rx1ax1; ry", &["future-read"]);
    list("rxax1; ry", &[]);
}

#[test]
fn lists_of_aborted_and_intermediate_transactions() {
    list("!ax1 rx1; ry", &["G1a"]);
    list("?ax1 rx1; ry", &[]);
    list("!ax1 ax2 rx12; ry", &["G1a", "dirty-update"]);
    list("?ax1 ax2 rx12; ry", &[]);
    list("ax1ax2 rx1; ry", &["G-single-item", "G1b"]);
    list("ax1ax2 rx12; ry", &[]);
}

#[test]
fn lists_that_contradict_each_other() {
    list("ax1 rx11; ry", &["duplicate-elements"]);
    list("ax1 rx1; ry", &[]);
    list("ax1 ax2 rx12 rx21; ry", &["incompatible-order"]);
    list("ax1 ax2 rx12 rx1; ry", &[]);
    list("rxax1 rxax2; rx12", &["G-single-item", "lost-update"]);
    list("rxax1 rx1ax2; rx12", &[]);
}

#[test]
fn cycles_through_lists() {
    list("ax1ay1 ax2ay2 rx12ry21; rz", &["G0"]);
    list("ax1ay1 ax2ay2 rx12ry12; rz", &[]);
    list("ax1ry1 ay1rx1", &["G1c"]);
    list("ax1ry ay1rx1", &[]);
    list("ax1ay1 rx1ry", &["G-single-item"]);
    list("ax1ay1 rx1ry1", &[]);
    list("ax1 ay1 rx1ry rxry1", &["G-nonadjacent-item"]);
    list("ax1 ay1 rx1ry rx1ry1", &[]);
    list("rxay1 ryax1", &["G2-item"]);
    list("rxay1 ry1ax1", &[]);
}

#[test]
fn lists_against_the_order_of_time() {
    list("ax1; rx", &["G-single-item-realtime"]);
    list("ax1 rx", &[]);
    list("ax1; ax2; rx21", &["G0-realtime"]);
    list("ax1 ax2; rx21", &[]);
    list("rx1; ax1", &["G1c-realtime"]);
    list("ax1; rx1", &[]);
}

#[test]
fn lists_against_the_order_of_a_client() {
    let session = |text, expected| expect(Objects::Lists, text, "strong-session-serializable", expected);
    session("A:ax1; A:rx", &["G-single-item-process"]);
    session("A:ax1; B:rx", &[]);
    session("A:ax1; A:ax2; B:rx21", &["G0-process"]);
    session("A:rx1; A:ax1", &["G1c-process"]);
    session("A:ax1; A:rx1", &[]);
}

#[test]
fn registers_within_a_transaction() {
    register("wx1rx2; ry", &["internal"]);
    register("wx1rx1 rx", &[]);
    register("rx1rx2 ry wy1", &["internal"]);
}

#[test]
fn registers_of_aborted_and_intermediate_transactions() {
    register("!wx1 rx1; ry", &["G1a"]);
    register("?wx1 rx1; ry", &[]);
    register("wx1wx2 rx1; ry", &["G1b"]);
    register("wx1wx2 rx2; ry", &[]);
}

#[test]
fn updates_of_registers() {
    register("wx1; rx1wx2 rx1wx3; ry", &["G2-item", "lost-update"]);
    register("wx1; rx1wx2 rx2wx3; ry", &[]);
    register("rx1wx2 rx2wx1; ry", &["G1c", "cyclic-versions"]);
    register("rx1wx2 rx2wx3; ry", &[]);
}

#[test]
fn cycles_through_registers() {
    // Elle explains a dependency by `wr` if it can, so a cycle of writes alone has no name of its own.
    register("ry2wy3wx1 rx1wx2wy2", &["G1c", "PL-1-cycle-exists"]);
    register("ry2wy3wx1 wx2wy2", &[]);
    register("wx1ry1 wy1rx1", &["G1c"]);
    register("wx1ry wy1rx1", &[]);
    register("wx1wy1 rx1ry", &["G-single-item"]);
    register("wx1wy1 rx1ry1", &[]);
    register("wx1 wy1 rx1ry rxry1", &["G-nonadjacent-item"]);
    register("wx1 wy1 rx1ry rx1ry1", &[]);
    register("rxwy1 rywx1", &["G2-item"]);
    register("rxwy1 ry1wx1", &[]);
}

#[test]
fn registers_against_the_order_of_time() {
    register("wx1; rx", &["G-single-item-realtime"]);
    register("wx1 rx", &[]);
    register("rx1; wx1", &["G1c-realtime"]);
    register("wx1; rx1", &[]);
}

#[test]
fn models_permit_what_they_do_not_forbid() {
    let check = |model, text, valid| {
        assert_eq!(judge(Objects::Registers, text, model).0, Validity::from_valid(valid), "{model}: {text}");
    };
    let (aborted, skewed, fractured) = ("!wx1 rx1; ry wy1", "rxwy1 rywx1", "wx1wy1 rx1ry");
    check("read-uncommitted", aborted, true);
    check("read-committed", aborted, false);
    check("read-committed", fractured, true);
    check("snapshot-isolation", fractured, false);
    check("snapshot-isolation", skewed, true);
    check("repeatable-read", skewed, false);
    check("serializable", skewed, false);
    check("serializable", "wx1; rx", true);
    check("strong-serializable", "wx1; rx", false);
}

#[test]
fn no_verdict_where_elle_has_none() {
    assert_eq!(judge(Objects::Lists, "ax1 ax1 rx1", "serializable").0, Validity::Unknown);
    assert_eq!(judge(Objects::Lists, "ax1", "serializable").0, Validity::Unknown);
    assert_eq!(judge(Objects::Lists, "ax1 rx1", "acid").0, Validity::Unknown);
    assert_eq!(judge(Objects::Lists, "wx1", "serializable").0, Validity::Unknown);
    // Maelstrom takes any finding about registers for a violation, even that of an empty graph.
    assert_eq!(judge(Objects::Registers, "wx1", "serializable").0, Validity::Invalid);
}

#[track_caller]
fn suspected(objects: Objects, text: &str, model: &str, kind: &str, expected: usize) {
    let history = if objects == Objects::Lists { lists(text) } else { registers(text) };
    let found = strict_findings(&history, objects, &[model.to_owned()], true);
    let count = found.iter().filter(|finding| finding.kind == kind).count();
    assert_eq!(count, expected, "{text}: {found:#?}");
}

#[test]
fn what_elle_cannot_see() {
    let strict = |objects, text, kind, count| suspected(objects, text, "strict-serializable", kind, count);
    strict(Objects::Registers, "wx1; rx2", "unwritten-read", 1);
    strict(Objects::Registers, "!wx1; rx1", "unwritten-read", 0);
    strict(Objects::Lists, "ax1; rx12", "unwritten-read", 1);
    strict(Objects::Lists, "ax1 ?ax2; rx12", "unwritten-read", 0);
    strict(Objects::Registers, "wx1; rx; rx", "unseen-write", 1);
    strict(Objects::Registers, "wx1; rx; rx1", "unseen-write", 0);
    strict(Objects::Registers, "wx1; wx2; rx1", "unseen-write", 1);
    strict(Objects::Registers, "wx1 wx2; rx1", "unseen-write", 0);
    strict(Objects::Lists, "ax1; ax2; rx2", "unseen-write", 1);
    strict(Objects::Lists, "ax1; ax2 rx2; rx12", "unseen-write", 0);
    strict(Objects::Registers, "wx1 wx2; A:rx1; B:rx2", "disagreement", 1);
    strict(Objects::Registers, "wx1 wx2; A:rx1; B:rx2; A:rx2", "disagreement", 0);
}

/// Weak models say nothing of real time, so nodes may take a while to agree: five seconds here.
#[test]
fn weak_models_give_time() {
    let weak = |text, kind, count| suspected(Objects::Registers, text, "read-committed", kind, count);
    weak("wx1; rx; rx", "unseen-write", 0);
    weak("wx1; @6000 rx; rx", "unseen-write", 1);
    weak("wx1; @4000 rx; rx", "unseen-write", 0);
    weak("wx1 wx2; A:rx1; B:rx2", "disagreement", 0);
    weak("wx1 wx2; @6000 A:rx1; B:rx2", "disagreement", 1);
    weak("wx1 wx2; @6000 A:rx1; B:rx2; A:rx2", "disagreement", 0);
}

/// Skew: both saw the first values, each wrote another register. That each register has its values in the order in
/// which their writes ended shows only to who looks at the clock.
#[test]
fn cycles_that_only_the_clock_shows() {
    let hidden = |text: &str, expected: bool| {
        let found = strict_findings(&registers(text), Objects::Registers, &["strict-serializable".to_owned()], true);
        assert_eq!(found.iter().any(|one| one.kind == "hidden-cycle"), expected, "{text}: {found:#?}");
        assert_eq!(judge(Objects::Registers, text, "strict-serializable").0, Validity::Valid, "{text}");
    };
    hidden("wx1wy1; rx1wy2 ry1wx2; rx2", true);
    hidden("wx1wy1; rx1wy2; ry2wx2; rx2", false);
}
