//! The anomalies that Maelstrom does not check: for each kind, a minimal history that shows it, and near misses.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::notation::{self, kafka as logs, set::history};
use crate::recorded;
use glomers_checkers::checker::checker;
use glomers_checkers::checker::{
    kafka,
    strict::{altered, answers, counters, registers, sets},
};
use glomers_checkers::expectations::Expectations;
use glomers_checkers::finding::{Finding, StrictFindings};
use glomers_checkers::history::History;
use glomers_checkers::judgement::Judgement;
use glomers_checkers::validity::Validity;

#[track_caller]
fn expect(strict_findings: &[Finding], text: &str, kinds: &[&str]) {
    let found: Vec<_> = strict_findings.iter().map(|finding| &*finding.kind).collect();
    assert_eq!(found, kinds, "{text}: {strict_findings:#?}");
}

#[track_caller]
fn set(text: &str, kinds: &[&str]) {
    expect(&sets::strict_findings(&history(text), "add"), text, kinds);
}

#[test]
fn sets_with_what_nobody_added() {
    set("1r7", &["garbage"]);
    set("1r7 2+7", &["garbage"]);
    set(">2+7 1r7 2+7", &[]);
    set("?2+7 1r7", &[]);
    set("!2+7 1r7", &["aborted-read"]);
    set(">2+7 1r7 !2+7", &[]);
}

#[test]
fn sets_with_an_element_twice() {
    set("1+7 1r7,7", &["duplicate"]);
    set("1+7 1+8 1r7,8", &[]);
}

#[test]
fn sets_that_forget() {
    set("1+7 2r7 2r- 2r7", &["flicker"]);
    set("1+7 2r7 3r- 3r7", &[]);
    set("1+7 1r- 1r7", &["unread-own-write"]);
    set("1+7 2r- 2r7", &[]);
    set("?1+7 1r-", &[]);
}

#[test]
fn sets_that_never_agree() {
    set("1+7 @6000 >2r >3r 2r7 3r-", &["disagreement"]);
    set("1+7 @6000 >2r >3r 2r7 3r- 3r7", &[]);
    set("1+7 @4000 >2r >3r 2r7 3r-", &[]);
    set("1+7 cut @6000 >2r >3r 2r7 3r-", &[]);
    set("1+7 cut @3000 heal @6000 >2r >3r 2r7 3r-", &[]);
    set("1+7 cut @3000 heal @9000 >2r >3r 2r7 3r-", &["disagreement"]);
}

#[track_caller]
fn growing(text: &str, kinds: &[&str]) {
    expect(&counters::strict_findings(&history(text), true), text, kinds);
}

#[track_caller]
fn counter(text: &str, kinds: &[&str]) {
    expect(&counters::strict_findings(&history(text), false), text, kinds);
}

#[test]
fn counters_beyond_what_was_added() {
    counter(">1+3 2=4", &["impossible-read"]);
    counter("?1+3 2=3", &[]);
    counter("1+-3 1+2 2=-3", &[]);
    counter("1+-3 1+2 2=-4", &["impossible-read"]);
    counter("!1+3 2=3", &["impossible-read"]);
    counter(">1+3 >2r !1+3 2=3", &[]);
}

#[test]
fn counters_that_go_back() {
    growing("1+3 2=3 2=0", &["backwards"]);
    growing("1+3 2=3 3=0", &[]);
    growing("1+3 1=2", &["unread-own-write"]);
    growing("1+3 2+1 2=1", &[]);
    counter("1+3 1+-3 1=3 1=0", &[]);
}

#[test]
fn counters_that_never_agree() {
    counter("?1+3 >2r >3r 2=0. 3=3.", &["disagreement"]);
    counter("?1+3 >2r >3r 2=3. 3=3.", &[]);
    counter("?1+3 >2r >3r 2=0 3=3", &[]);
}

#[track_caller]
fn register(text: &str, kinds: &[&str]) {
    expect(&registers::strict_findings(&notation::register(text)), text, kinds);
}

#[test]
fn registers_that_answer_null() {
    register("w1; r", &["null-read"]);
    register("w1 r", &[]);
    register("r; w1", &[]);
    register("!w1; r", &[]);
    register("?w1; r", &[]);
    register("?w1; r1; r; r", &["null-read", "null-read"]);
    register("?w1; c12; r", &["null-read"]);
    register("w; w1; r", &[]);
    let found = registers::strict_findings(&notation::register("r; w3; r"));
    let expected =
        "entry 5 read null at key 0 after write 3 was acknowledged (entry 3), and nothing else could have come between";
    assert_eq!(found[0].explanation, expected);
    assert_eq!(found[0].entries, [3, 5]);
}

#[test]
fn logs_with_what_nobody_sent() {
    let check = |text: &str, kinds: &[&str]| expect(&kafka::strict_findings(&logs::history(text)), text, kinds);
    check("1 send x 7@0; 2 poll x 7@0 8@1", &["garbage"]);
    check("1 send x 7@0; 2 poll x 7@0", &[]);
}

#[test]
fn logs_with_negative_offsets() {
    let check = |text: &str, kinds: &[&str]| expect(&kafka::strict_findings(&logs::history(text)), text, kinds);
    check("1 send x 7@-1; 1 send x 8@-2", &["negative-offset"]);
    check("1 send x 7@-1; 1 send y 8@-1", &["negative-offset", "negative-offset"]);
    check("1 send x 7@0", &[]);
}

/// A transaction of one client.
fn transaction(asked: &str, kind: &str, answered: &str) -> History {
    let entry = |kind, value| format!("{{:process 0, :type :{kind}, :f :txn, :value {value}}}\n");
    History::parse(&(entry("invoke", asked) + &entry(kind, answered))).unwrap()
}

#[test]
fn answers_repeat_the_steps_of_their_request() {
    let check = |answered: &str, kinds: &[&str]| {
        let history = transaction("[[:append 1 1] [:r 1 nil]]", "ok", answered);
        expect(&answers::transactions(&history), answered, kinds);
    };
    check("[[:append 1 1] [:r 1 [1]]]", &[]);
    check("[]", &["malformed-answer"]);
    check("[[:append 1 1]]", &["malformed-answer"]);
    check("[[:r 1 [1]] [:append 1 1]]", &["malformed-answer"]);
    check("[[:append 1 2] [:r 1 [1]]]", &["malformed-answer"]);
    check("[[:append 1 1] [:r 2 [1]]]", &["malformed-answer"]);
    check("[[:append 1 1] [:r 1 [1]] [:r 1 [1]]]", &["malformed-answer"]);
}

#[test]
fn polls_answer_only_assigned_logs() {
    let check = |text: &str, kinds: &[&str]| expect(&answers::polls(&logs::history(text)), text, kinds);
    check("1 assign x; 1 poll x 7@0", &[]);
    check("1 assign x; 1 poll x 7@0 y 8@0", &["malformed-answer"]);
    check("1 assign x y; 1 assign x; 1 poll y 8@0", &["malformed-answer"]);
    check("1 assign x; ?1 assign y; 1 poll x 7@0 y 8@0", &[]);
}

#[test]
fn values_change_only_in_answers() {
    let check = |kind, answered, kinds: &[&str]| {
        let history = transaction("[[:r 1 nil]]", kind, answered);
        expect(&altered::values(&history), answered, kinds);
    };
    check("ok", "[[:r 1 [1]]]", &[]);
    check("fail", "[[:r 1 nil]]", &[]);
    check("info", "[[:r 1 [1]]]", &["altered-value"]);
    check("fail", "[[:r 2 nil]]", &["altered-value"]);
}

/// The recorded runs that only a strict test finds invalid, in addition to those that Maelstrom finds invalid.
const ONLY_STRICT: &[(&str, &str)] = &[("broadcast-true-flicker", "flicker"), ("broadcast-true-garbage", "garbage")];

#[test]
fn of_the_recorded_runs_only_faulty_ones_are_suspected() {
    for run in recorded::runs("") {
        let options = Expectations { strict: true, ..run.options.clone() };
        let mut judgement = Judgement::of(&*checker(&run.workload).unwrap(), &run.history, &options);
        let only_strict = ONLY_STRICT.iter().find(|(name, _)| *name == run.name);
        let is_faulty = run.all_valid != Validity::Valid || only_strict.is_some();
        assert_eq!(judgement.valid(), Validity::from_valid(!is_faulty), "{}: {judgement}", run.name);
        if let Some((_, kind)) = only_strict {
            assert!(judgement.strict_findings.counts.get(kind).is_some(), "{}: {judgement}", run.name);
        }
        judgement.strict = false;
        assert_eq!(judgement.valid(), run.all_valid, "{}", run.name);
    }
}

#[test]
fn only_the_first_of_a_kind_are_shown() {
    let finding = |number| Finding::strict("garbage", [number], format!("entry {number}"));
    let strict_findings = StrictFindings::new((0..100).map(finding).collect());
    assert_eq!(strict_findings.counts["garbage"], 100);
    assert_eq!(strict_findings.findings.len(), 8);
    assert_eq!(strict_findings.to_string(), "\n  100 x garbage: entry 0");
}
