//! The checkers without an algorithm, as data: for each thing they look for a minimal history that has it, and a near
//! miss.
//!
//! An entry is a client, `?` if it begins, or `ok`, `fail` or `info`, the operation and its value in EDN, and keys and
//! values that follow.

use glomers_checkers::checker::checker;
use glomers_checkers::expectations::Availability;
use glomers_checkers::expectations::Expectations;
use glomers_checkers::history::History;
use glomers_checkers::judgement::Judgement;
use glomers_checkers::validity::Validity::{self, Invalid, Unknown, Valid};

fn history(text: &str) -> History {
    let entry = |entry: &str| {
        let mut words = entry.trim().splitn(4, ' ');
        let [process, kind, f] = [(); 3].map(|()| words.next().unwrap_or_default());
        let kind = if kind == "?" { "invoke" } else { kind };
        format!("{{:process {process}, :type :{kind}, :f :{f}, :value {}}}\n", words.next().unwrap_or("nil"))
    };
    let edn: String = text.split(';').filter(|told| !told.trim().is_empty()).map(entry).collect();
    History::parse(&edn).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn judge(name: &str, text: &str, options: &Expectations) -> Judgement {
    Judgement::of(&*checker(name).expect("it is built in"), &history(text), options)
}

#[track_caller]
fn check(name: &str, text: &str, valid: Validity) {
    let judgement = judge(name, text, &Expectations::default());
    assert_eq!(judgement.verdict.valid, valid, "{text}: {judgement}");
}

#[test]
fn ids_twice() {
    check("unique-ids", "0 ? generate; 0 ok generate 7; 1 ? generate; 1 ok generate 7", Invalid);
    check("unique-ids", "0 ? generate; 0 ok generate 7; 1 ? generate; 1 ok generate \"7\"", Unknown);
    check("unique-ids", "0 ? generate; 0 ok generate [1 2]; 1 ? generate; 1 ok generate [1, 2]", Invalid);
    check("unique-ids", "0 ? generate; 0 ok generate 7; 1 ? generate; 1 info generate 7", Valid);
    check("unique-ids", "", Valid);
}

#[test]
fn echoes_of_something_else() {
    check("echo", "0 ? echo \"a\"; 0 ok echo {:echo \"b\"}", Invalid);
    check("echo", "0 ? echo \"a\"; 0 ok echo {:echo \"a\", :type \"echo_ok\"}", Valid);
    check("echo", "0 ? echo \"a\"; 0 ok echo {}", Invalid);
    check("echo", "0 ? echo \"a\"; 0 fail echo \"a\"", Invalid);
    // Knossos pairs neither of these.
    check("echo", "0 ? echo \"a\"; 0 info echo \"a\"", Valid);
    check("echo", "0 ? echo \"a\"", Valid);
    check("echo", "0 ? echo \"a\"; 0 info echo \"a\"; 0 ? echo \"b\"; 0 ok echo {:echo \"b\"}", Unknown);
}

#[test]
fn final_reads_out_of_range() {
    let last = |adds: &str, value: i64, valid| {
        for name in ["g-counter", "pn-counter"] {
            check(name, &format!("{adds}; 9 ? read; 9 ok read {value}, :final? true"), valid);
        }
    };
    last("0 ? add 2; 0 ok add 2", 2, Valid);
    last("0 ? add 2; 0 ok add 2", 1, Invalid);
    last("0 ? add 2; 0 info add 2", 0, Valid);
    last("0 ? add 2; 0 info add 2", 1, Invalid);
    last("0 ? add 2; 0 info add 2", 2, Valid);
    last("0 ? add 2; 0 fail add 2", 2, Invalid);
    last("0 ? add 2; 0 info add 2; 1 ? add 3; 1 info add 3", 5, Valid);
    last("0 ? add 2; 0 info add 2; 1 ? add 3; 1 info add 3", 4, Invalid);
    check("pn-counter", "0 ? add -2; 0 ok add -2; 9 ? read; 9 ok read -2, :final? true", Valid);
    check("g-counter", "0 ? add 2; 0 ok add 2; 9 ? read; 9 ok read 1", Valid);
}

/// Statistics: each kind of operation must have succeeded at least once, but for crashes.
#[test]
fn functions_that_never_succeed() {
    let stats =
        |name, text, valid| assert_eq!(judge(name, text, &Expectations::default()).stats.valid, valid, "{text}");
    stats("g-set", "0 ? add 1; 0 ok add 1; 0 ? read; 0 fail read", Invalid);
    stats("g-set", "0 ? add 1; 0 ok add 1; 0 ? read; 0 fail read; 0 ? read; 0 ok read [1]", Valid);
    stats("g-set", "0 ? add 1; 0 ok add 1; 0 ? read", Valid);
    stats("kafka", "0 ? send [[:send \"k\" 1]]; 0 ok send [[:send \"k\" [0 1]]]; 0 ? crash; 0 info crash", Valid);
}

#[test]
fn too_many_operations_without_success() {
    let text = "0 ? echo 1; 0 ok echo {:echo 1}; 0 ? echo 2; 0 info echo 2";
    let available = |goal, valid| {
        let options = Expectations { availability: Some(goal), ..Expectations::default() };
        assert_eq!(judge("echo", text, &options).availability.valid, valid, "{goal:?}");
    };
    available(Availability::AtLeast(0.5), Valid);
    available(Availability::AtLeast(0.51), Invalid);
    available(Availability::Total, Invalid);
    assert_eq!(judge("echo", text, &Expectations::default()).availability.ok_fraction.to_string(), "0.5");
}

#[test]
fn exceptions_are_counted_and_change_nothing() {
    let text =
        "0 ? echo 1; 0 info echo 1, :error \"indeterminate: no\"; 1 ? echo 1; 1 info echo 1, :error :net-timeout;
                2 ? echo 1; 2 info echo 1, :error \"indeterminate: no\"; 3 ? echo 1; 3 ok echo {:echo 1}";
    let judgement = judge("echo", text, &Expectations::default());
    assert_eq!(judgement.exceptions.valid, Valid);
    let failures: Vec<_> = judgement.failures.iter().map(ToString::to_string).collect();
    assert_eq!(failures, ["2 x echo: \"indeterminate: no\"", "1 x echo: no answer in 0 s (\"net-timeout\")"]);
    let exceptions: Vec<_> = judgement.exceptions.exceptions.iter().map(|one| (one.text.as_str(), one.count)).collect();
    assert_eq!(exceptions, [("no", 2)]);
}

#[test]
fn the_gravest_verdict_counts() {
    let text = "0 ? broadcast 1; 0 ok broadcast 1";
    let judgement = judge("broadcast", text, &Expectations::default());
    assert_eq!(judgement.valid(), Unknown, "{judgement}");
    let options = Expectations { availability: Some(Availability::Total), ..Expectations::default() };
    assert_eq!(judge("broadcast", &format!("{text}; 0 ? read; 0 fail read"), &options).valid(), Invalid);
}
