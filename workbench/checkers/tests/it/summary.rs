//! The verdict in words: what a user reads first, line for line.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::{
    checker::checker,
    expectations::{Availability, Expectations},
    history::History,
    judgement::Judgement,
};

#[track_caller]
fn check(workload: &str, history: &str, expectations: &Expectations, expected: &str) {
    let history = History::parse(history).unwrap();
    let judgement = Judgement::of(&*checker(workload).unwrap(), &history, expectations);
    assert_eq!(judgement.to_string(), expected.trim_start_matches('\n'));
}

const IDS: &str = "
{:process 0, :type :invoke, :f :generate, :time 1} {:process 0, :type :ok, :f :generate, :value 7, :time 2}
{:process 0, :type :invoke, :f :generate, :time 3} {:process 0, :type :ok, :f :generate, :value 7, :time 4}
{:process 0, :type :invoke, :f :generate, :time 5} {:process 0, :type :ok, :f :generate, :value 8, :time 6}
{:process 0, :type :invoke, :f :generate, :time 7} {:process 0, :type :ok, :f :generate, :value 8, :time 8}";

#[test]
fn a_finding_of_a_kind_stands_for_the_others() {
    check(
        "unique-ids",
        IDS,
        &Expectations::default(),
        "
invalid (4 of 4 operations ok)

  workload      invalid  2 x duplicated
  operations    valid    every kind of operation succeeded at least once

  findings:
    2 x duplicated: the id 7 was given 2 times; also 8",
    );
}

const CRASHES: &str = r#"
{:process 0, :type :invoke, :f :echo, :value "a", :time 1}
{:process 0, :type :ok, :f :echo, :value {:type "echo_ok", :echo "a"}, :time 2}
{:process 0, :type :invoke, :f :echo, :value "b", :time 3}
{:process 0, :type :info, :f :echo, :value "b", :error [:crash "the handler of `echo` panicked: no b"], :time 4}"#;

/// Maelstrom takes such an operation for one that may have happened.
#[test]
fn a_crash_is_never_passed_over() {
    let expected = "
VERDICT (1 of 2 operations ok)

  workload      valid    all guarantees hold
  operations    valid    every kind of operation succeeded at least once
  strict        invalid  1 x crashed-operation (ROLE)

  not ok:
    1 x echo: crash, the handler of `echo` panicked: no b

  findings:
    1 x crashed-operation: entry 3 ends `echo` with error 13, crash: the handler of `echo` panicked: no b";
    for (strict, verdict, role) in
        [(false, "valid", "counts only under --strict"), (true, "invalid", "counts under --strict")]
    {
        let expectations = Expectations { strict, ..Expectations::default() };
        check("echo", CRASHES, &expectations, &expected.replace("VERDICT", verdict).replace("ROLE", role));
    }
}

/// A killed node cannot but break off.
#[test]
fn a_crash_of_a_killed_node_is_no_finding() {
    let kill = "{:process :nemesis, :type :info, :f :kill, :value :one, :time 0}";
    let expectations = Expectations { availability: Some(Availability::AtLeast(0.25)), ..Expectations::default() };
    check(
        "echo",
        &format!("{kill} {CRASHES}"),
        &expectations,
        "
valid (1 of 2 operations ok)

  workload      valid    all guarantees hold
  operations    valid    every kind of operation succeeded at least once
  availability  valid    50 % succeeded; required: 0.25

  not ok:
    1 x echo: crash, the handler of `echo` panicked: no b",
    );
}
