//! Linearizability: small histories as data, and against a search that tries every order.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::notation::{Operation, interleave, register};
use glomers_checkers::{
    budget::{Budget, ParseBudgetError},
    checker::{
        lin_kv::{LinKvChecker, check},
        linearizability::{CasRegister, Independent, PartVerdict, check_within},
    },
    expectations::Expectations,
    history::{History, Kind},
    validity::Validity,
    verdict::Checker,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn judge(history: &History) -> Validity {
    check(history).valid()
}

#[track_caller]
fn expect(text: &str, valid: bool) {
    assert_eq!(judge(&register(text)), Validity::from_valid(valid), "{text}");
}

#[test]
fn one_after_the_other() {
    expect("", true);
    expect("r", true);
    expect("r1", false);
    expect("w1; r1", true);
    expect("w1; r2", false);
    expect("w1; w2; r1", false);
    expect("w1; c12; r2", true);
    expect("w1; c21", false);
    expect("c12", false);
    // To knossos, a read of nothing tells nothing.
    expect("w1; r", true);
}

#[test]
fn at_once() {
    expect("w1 r1", true);
    expect("w1 w2; r1", true);
    expect("w1 w2; r2", true);
    expect("w1 w2; r1; r2", false);
    expect("w1; c12 c13", false);
    expect("w1; c12 c23; r3", true);
    expect("w1; w2 r1; r1", false);
    expect("w1; w2 r1; r2", true);
}

#[test]
fn failed_ones_never_happened() {
    expect("!w1; r1", false);
    expect("w1; !c12; r1", true);
    expect("w1; !r7; r1", true);
}

#[test]
fn unknown_ones_may_happen_at_any_later_time_or_never() {
    expect("?w1; r1", true);
    expect("w2; ?w1; r2; r1", true);
    expect("w2; ?w1; r1; r2", false);
    expect("r1; ?w1", false);
    expect("w2; ?w1 ?w1; r1; w2; r1", true);
    expect("w2; ?w1; r1; w2; r1", false);
    expect("w1; ?c12 ?c23; r3", true);
    expect("w1; ?c12; r2; r1", false);
    expect("?r7; w1; r1", true);
}

#[test]
fn many_unknown_ones_are_no_burden() {
    let unknown =
        (0..60).map(|number| format!("?w{} ?c{}{}; ", number % 5, number % 4, number % 3)).collect::<String>();
    let known = (0..200).map(|number| format!("w{0} r{0} r{0}; r{0}; ", number % 5)).collect::<String>();
    expect(&format!("{unknown}{known}"), true);
    expect(&format!("{unknown}{known} r9"), false);
}

/// A second counts as 2.5 million steps, and 1,000 of them are enough here.
#[test]
fn the_expected_budget_is_kept() {
    let history = register("w1 w2 w3 w4; r1; r2");
    for (budget, expected) in
        [(Budget::default().with_steps(3), Validity::Unknown), ("1s,1MB".parse().unwrap(), Validity::Invalid)]
    {
        let expectations = Expectations { budget, ..Expectations::default() };
        assert_eq!(LinKvChecker.check(&history, &expectations).valid, expected, "{budget}");
    }
    for wrong in ["", "0s", "5", "5 s", "s", "1s,", "-1s", "1s;1MB", "99999999999999999999s"] {
        assert_eq!(wrong.parse::<Budget>(), Err(ParseBudgetError), "{wrong}");
    }
}

#[test]
fn a_small_budget_gives_no_answer() {
    let history = register("w1 w2 w3 w4; r1; r2");
    let within = |steps| {
        check_within(&Independent(CasRegister), &history, Budget::default().with_steps(steps)).parts.remove(0).1
    };
    assert!(matches!(within(3), PartVerdict::Unknown(_)));
    assert!(matches!(within(1000), PartVerdict::Violated(_)));
}

#[test]
fn a_violation_is_shown_with_no_more_than_it_takes() {
    let checked = check(&register("w1; w2; r2; w3; ?c45 r3; w4; r3; w1"));
    let PartVerdict::Violated(violation) = &checked.parts[0].1 else { panic!("{checked:?}") };
    let expected =
        "key 0: read 3 ended at 15, but the value before it was 4, and nothing that ran until then explains it";
    assert_eq!(violation.explanation, expected);
    let expected = "\
process 105  <------?  cas 4 -> 5
process 107   |-|      write 4
process 108       |-|  read 3    <-- impossible
";
    assert_eq!(violation.timeline, expected);
    assert_eq!((violation.from, violation.index), (12, 15));
}

/// An operation on a register with few values, by a client of its own, and how it ends.
fn operation() -> impl Strategy<Value = (u8, u8, u8, Kind)> {
    let kind = prop_oneof![6 => Just(Kind::Ok), 1 => Just(Kind::Fail), 2 => Just(Kind::Info)];
    (0..3_u8, 0..3_u8, 0..3_u8, kind)
}

fn asked((which, from, to, kind): (u8, u8, u8, Kind), process: u64) -> Operation {
    let (f, argument) = match which {
        0 => ("read", Value::Null),
        1 => ("write", json!(to)),
        _ => ("cas", json!([from, to])),
    };
    let answered = if f == "read" { json!([0, from]) } else { json!([0, argument]) };
    Operation { process, kind, f, asked: json!([0, argument]), answered }
}

/// Tells whether some order of the operations explains all answers. It tries every order.
fn brute_force(history: &History) -> bool {
    let operations: Vec<_> =
        history.operations().into_iter().filter(|one| one.completion.unwrap().kind != Kind::Fail).collect();
    fn explain(left: &[glomers_checkers::history::Operation<'_>], value: &Value) -> bool {
        let must = |one: &glomers_checkers::history::Operation<'_>| one.ok().map_or(usize::MAX, |ok| ok.index);
        let first_end = left.iter().map(must).min().unwrap_or(usize::MAX);
        if first_end == usize::MAX {
            return true;
        }
        (0..left.len()).filter(|place| left[*place].invocation.index < first_end).any(|place| {
            let one = &left[place];
            let argument = &one.completion.unwrap().value.decode::<Value>().unwrap()[1];
            let next = match &*one.invocation.f {
                "read" if one.ok().is_none() => Some(value),
                "read" => (argument == value).then_some(value),
                "write" => Some(argument),
                _ => (argument[0] == *value).then_some(&argument[1]),
            };
            let rest: Vec<_> =
                left.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, one)| *one).collect();
            next.is_some_and(|next| explain(&rest, next))
        })
    }
    explain(&operations, &Value::Null)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_that_of_trying_everything(
        (operations, order) in prop::collection::vec(operation(), 1..8).prop_flat_map(|all| {
            let order: Vec<usize> = (0..all.len()).chain(0..all.len()).collect();
            (Just(all), Just(order).prop_shuffle())
        })
    ) {
        let operations: Vec<_> = operations.into_iter().zip(0..).map(|(one, process)| asked(one, process)).collect();
        let history = interleave(&operations, &order);
        prop_assert_eq!(judge(&history), Validity::from_valid(brute_force(&history)));
    }
}
