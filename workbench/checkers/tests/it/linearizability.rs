//! The models of the linearizability check: small histories as data, a search that tries every order beside each, and
//! the budget, counted.

use crate::notation::{Operation, history, interleave};
use glomers_checkers::{
    checker::linearizability::{
        Budget, CasRegister, Counter, FifoQueue, Independent, Limit, Linearizability, Model, Mutex, PartVerdict,
        Register, Set, check, check_within,
    },
    history::{History, Kind},
    validity::Validity,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

/// `w1`, `r1` (`r` returns null), `c12` (from 1 to 2), `a1` (adds), `s12` (reads the set 1, 2), `e1` and `d1` (enqueue,
/// dequeue; `d` finds nothing), `l` and `u` (acquire, release).
fn parse(word: &str) -> (&'static str, Value, Value) {
    let digits: Vec<u64> = word.chars().filter_map(|letter| letter.to_digit(10)).map(u64::from).collect();
    let first = json!(digits.first());
    match word.split_at(1).0 {
        "w" => ("write", first.clone(), first),
        "c" => ("cas", json!(digits), json!(digits)),
        "a" => ("add", first.clone(), first),
        "s" => ("read", Value::Null, json!(digits)),
        "e" => ("enqueue", first.clone(), first),
        "d" => ("dequeue", Value::Null, first),
        "l" => ("acquire", Value::Null, Value::Null),
        "u" => ("release", Value::Null, Value::Null),
        _ => ("read", Value::Null, first),
    }
}

#[track_caller]
fn expect(model: &impl Model, text: &str, valid: bool) {
    let checked = check(model, &history(text, parse));
    assert_eq!(checked.valid(), Validity::from_valid(valid), "{text}: {checked:?}");
}

#[test]
fn registers() {
    expect(&Register, "w1; w2; r1", false);
    expect(&Register, "w1 w2; r1", true);
    expect(&Register, "w1 w2 r1; r1; r2", false);
    expect(&Register, "?w1; w2; r1; w3; r1", false);
    expect(&Register, "?w1; w2; r1; w3; r3", true);
    // The second w0 changes nothing, but w2 may have come before it.
    expect(&Register, "w0; w0 w2; r0", true);
    expect(&Register, "w0; ?w0; w2; r0; r0", true);
}

#[test]
fn registers_with_compare_and_set() {
    expect(&CasRegister, "w1; c12 c13", false);
    expect(&CasRegister, "w1; c12 c21 c13; r3", true);
    expect(&CasRegister, "w1; w2 c12; r1", false);
    expect(&CasRegister, "w1; w2 c21; r1", true);
    expect(&CasRegister, "w0; c05 w2 w0; r5", true);
    expect(&CasRegister, "w0; c05 w2; r5", false);
}

#[test]
fn mutexes() {
    expect(&Mutex, "l; l", false);
    expect(&Mutex, "l; u; l", true);
    expect(&Mutex, "l l", false);
    expect(&Mutex, "l; l u", true);
    expect(&Mutex, "?l; l", true);
    expect(&Mutex, "l; ?u; l; l", false);
}

#[test]
fn counters() {
    expect(&Counter, "a1; a2; r2", false);
    expect(&Counter, "a1; a2 r1; r3", true);
    expect(&Counter, "?a1; a2; r3; r2", false);
    expect(&Counter, "?a1; a2; r2; r3", true);
    expect(&Counter, "a1 a2 r2 r1", false);
    expect(&Counter, "a1 a2 r2 r3", true);
}

#[test]
fn sets() {
    expect(&Set, "a1; a2; s1", false);
    expect(&Set, "a1; a2 s1; s12", true);
    expect(&Set, "a1 a2 s1 s2", false);
    expect(&Set, "a1 a2 s1 s s12", true);
    expect(&Set, "?a1; s1; s", false);
}

#[test]
fn queues() {
    expect(&FifoQueue, "e1; e2; d2", false);
    expect(&FifoQueue, "e1 e2; d2; d1", true);
    expect(&FifoQueue, "e1; d", false);
    expect(&FifoQueue, "e1 d; d1", true);
    expect(&FifoQueue, "e1; e2; ?d; d2", true);
    expect(&FifoQueue, "e1; e2; ?d; d2; d1", false);
}

#[test]
fn a_violation_is_explained_in_the_words_of_its_model() {
    let checked = check(&Counter, &history("a1; a2; a4 r2", parse));
    let PartVerdict::Violated(violation) = &checked.parts[0].1 else { panic!("{checked:?}") };
    let expected = "read 2 ended at 7, but the sum before it was 7, and nothing that ran until then explains it";
    assert_eq!(violation.explanation, expected);
    let expected = "\
process 103  <--|    add 4
process 104   |---|  read 2    <-- impossible
";
    assert_eq!(violation.timeline, expected);
    assert_eq!((violation.from, violation.index), (5, 7));
}

/// Tells whether some order of the operations explains all answers. It tries every order.
fn brute_force<M: Model>(model: &M, history: &History) -> bool {
    let operations = history.operations().into_iter().filter_map(|seen| {
        let completion = seen.completion.filter(|completion| completion.kind != Kind::Fail)?;
        let answered = seen.ok().map(|ok| &ok.value);
        let operation = model.operation(&seen.invocation.f, &seen.invocation.value, answered)?;
        Some((operation, seen.invocation.index, answered.map(|_| completion.index)))
    });
    explain(model, &operations.collect::<Vec<_>>(), &model.initial())
}

fn explain<M: Model>(model: &M, left: &[(M::Operation, usize, Option<usize>)], state: &M::State) -> bool {
    let Some(first_end) = left.iter().filter_map(|(_, _, end)| *end).min() else { return true };
    (0..left.len()).filter(|place| left[*place].1 < first_end).any(|place| {
        let mut rest = left.to_vec();
        let (operation, ..) = rest.remove(place);
        model.step(state, &operation).is_some_and(|next| explain(model, &rest, &next))
    })
}

/// Compares the search with the brute force on random histories of these operations.
fn agrees(model: &impl Model, words: &'static [&'static str]) {
    let kind = prop_oneof![6 => Just(Kind::Ok), 1 => Just(Kind::Fail), 2 => Just(Kind::Info)];
    let operations = prop::collection::vec((prop::sample::select(words), kind), 1..8).prop_flat_map(|all| {
        let order: Vec<usize> = (0..all.len()).chain(0..all.len()).collect();
        (Just(all), Just(order).prop_shuffle())
    });
    let config = ProptestConfig::default();
    let config = ProptestConfig { cases: 6 * config.cases, ..config };
    let compared = TestRunner::new(config).run(&operations, |(operations, order)| {
        let operations: Vec<_> = (0..)
            .zip(operations)
            .map(|(process, (word, kind))| {
                let (f, asked, answered) = parse(word);
                Operation { process, kind, f, asked, answered }
            })
            .collect();
        let history = interleave(&operations, &order);
        let expected = brute_force(model, &history);
        prop_assert_eq!(check(model, &history).valid(), Validity::from_valid(expected));
        Ok(())
    });
    assert_eq!(compared, Ok(()));
}

#[test]
fn every_verdict_is_that_of_trying_all_orders() {
    agrees(&Register, &["w0", "w1", "w2", "r0", "r1", "r2"]);
    agrees(&Register, &["w0", "w0", "w1", "r0"]);
    agrees(&CasRegister, &["w0", "w0", "w1", "c02", "r2"]);
    agrees(&CasRegister, &["w0", "w1", "r0", "r1", "r2", "c01", "c12", "c10", "c11"]);
    agrees(&Mutex, &["l", "u"]);
    agrees(&Counter, &["a1", "a1", "a2", "r0", "r1", "r2", "r3"]);
    agrees(&Set, &["a1", "a2", "a3", "s", "s1", "s2", "s12", "s13", "s123"]);
    agrees(&FifoQueue, &["e1", "e1", "e2", "d1", "d2", "d"]);
}

fn at_once(letter: char, count: usize) -> String {
    (0..count).map(|_| format!("{letter}0 ")).collect()
}

/// Operations on a register that run all at once, each with its own value; at the end, some values are read.
fn writes(count: u64, read: Option<u64>) -> History {
    let write =
        |process| Operation { process, kind: Kind::Ok, f: "write", asked: json!(process), answered: json!(process) };
    let mut operations: Vec<_> = (0..count).map(write).collect();
    let mut order: Vec<usize> = (0..operations.len()).chain(0..operations.len()).collect();
    if let Some(value) = read {
        order.extend([operations.len(); 2]);
        operations.push(Operation {
            process: count,
            kind: Kind::Ok,
            f: "read",
            asked: Value::Null,
            answered: json!(value),
        });
    }
    interleave(&operations, &order)
}

#[test]
fn a_hundred_writes_at_once_take_memory_by_their_number() {
    for (read, valid) in [(None, true), (Some(0), true), (Some(57), true), (Some(100), false)] {
        let checked = check(&Register, &writes(100, read));
        assert_eq!(checked.valid(), Validity::from_valid(valid), "{read:?}");
        assert!(checked.effort.entries <= 500, "{read:?}: {:?}", checked.effort);
    }
    let checked = check(&Register, &writes(200, Some(100)));
    assert_eq!(checked.valid(), Validity::Valid);
    assert!(checked.effort.entries <= 1000, "{:?}", checked.effort);
}

#[test]
fn additions_at_once_take_memory_by_their_number() {
    let additions = |f: &'static str| {
        let add = |process| Operation { process, kind: Kind::Ok, f, asked: json!(process), answered: json!(process) };
        let operations: Vec<_> = (0..100).map(add).collect();
        interleave(&operations, &(0..100).chain(0..100).collect::<Vec<_>>())
    };
    for checked in [check(&Counter, &additions("add")), check(&Set, &additions("add"))] {
        assert_eq!(checked.valid(), Validity::Valid);
        assert!(checked.effort.entries <= 1000, "{:?}", checked.effort);
    }
    expect(&Counter, &format!("{}; r0", at_once('a', 64)), true);
    expect(&Counter, &format!("{}; r1", at_once('a', 64)), false);
}

#[test]
fn a_check_that_gives_up_says_where_and_keeps_to_its_budget() {
    let budget = Budget::default().with_entries(100);
    let checked = check_within(&Register, &writes(100, None), budget);
    assert_eq!(checked.effort.entries, 100);
    let PartVerdict::Unknown(given_up) = &checked.parts[0].1 else { panic!("{checked:?}") };
    assert_eq!(given_up.limit, Limit::Entries(100));
    let expected = "the budget of 100 entries in memory is used up at entry 149, where 51 operations run at once; the 49 \
                    of 100 operations that end before it are linearizable. Test with fewer clients per object, or allow \
                    more (`--budget`)";
    assert_eq!(given_up.to_string(), expected);

    let checked = check_within(&Register, &writes(100, None), Budget::default().with_steps(500));
    let PartVerdict::Unknown(given_up) = &checked.parts[0].1 else { panic!("{checked:?}") };
    assert_eq!((given_up.limit, checked.effort.steps), (Limit::Steps(500), 500));
}

/// A register whose clients run all at once: it takes up each operation at some moment while it runs.
fn busy(clients: u64, steps: u64) -> History {
    let (mut value, mut chance) = (0, 1_u64);
    let mut draw = move |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut running: Vec<Option<(Operation, bool)>> = vec![None; clients as usize];
    let mut entries = Vec::new();
    for _ in 0..steps {
        let process = draw(clients);
        let slot = &mut running[process as usize];
        match slot {
            None => {
                let (f, asked) = match draw(4) {
                    0 => ("write", json!(draw(5))),
                    1 => ("cas", json!([draw(5), draw(5)])),
                    _ => ("read", Value::Null),
                };
                let operation = Operation { process, kind: Kind::Ok, f, answered: asked.clone(), asked };
                entries.push(operation.entry(false));
                *slot = Some((operation, false));
            }
            Some((operation, done @ false)) => {
                *done = true;
                match operation.f {
                    "write" => value = operation.asked.as_u64().expect("a write has a number"),
                    "read" => operation.answered = json!(value),
                    _ if operation.asked[0] == value => value = operation.asked[1].as_u64().expect("a number"),
                    _ => operation.kind = Kind::Fail,
                }
            }
            Some((operation, true)) => {
                entries.push(operation.entry(true));
                *slot = None;
            }
        }
    }
    entries.into_iter().collect()
}

#[test]
fn fifty_clients_at_one_register_are_judged() {
    let checked = check(&CasRegister, &busy(50, 1500));
    assert_eq!(checked.valid(), Validity::Valid, "{checked:?}");
    assert!(checked.effort.entries <= 50_000, "{:?}", checked.effort);
}

#[test]
fn each_key_is_judged_by_itself() {
    let keyed = |text: &str| {
        history(text, |word| {
            let (key, word) = word.split_at(1);
            let (f, asked, answered) = parse(word);
            (f, json!([key, asked]), json!([key, answered]))
        })
    };
    let verdicts = |checked: Linearizability| -> Vec<_> {
        checked.parts.iter().map(|(key, verdict)| (key.clone().expect("a key").to_string(), verdict.valid())).collect()
    };
    let checked = check(&Independent(FifoQueue), &keyed("ye1; xe1; xe2; yd1; xd2"));
    let expected = vec![("\"x\"".to_owned(), Validity::Invalid), ("\"y\"".to_owned(), Validity::Valid)];
    assert_eq!(verdicts(checked), expected);
}
