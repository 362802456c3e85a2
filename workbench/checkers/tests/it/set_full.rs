//! The set-full analysis as data: for each fate of an element a minimal history, and a near miss.

use crate::notation::set::history;
use glomers_checkers::checker::set_full::{self, SetFull};
use glomers_checkers::validity::Validity;

/// A history, the verdict on it, and how many elements are stable, lost, never read and stale.
fn check(text: &str, valid: Validity, counts: [usize; 4]) -> SetFull {
    let set = set_full::check(&history(text), "add");
    assert_eq!(set.valid, valid, "{text}: {set:?}");
    assert_eq!([set.stable_count, set.lost_count, set.never_read_count, set.stale_count], counts, "{text}: {set:?}");
    set
}

#[test]
fn an_element_that_is_seen_is_stable() {
    check("1+7 2r7", Validity::Valid, [1, 0, 0, 0]);
}

#[test]
fn an_element_that_is_known_and_then_missed_for_good_is_lost() {
    check("1+7 2r-", Validity::Invalid, [0, 1, 0, 0]);
    check("1+7 2r7 2r-", Validity::Invalid, [0, 1, 0, 0]);
}

#[test]
fn a_read_that_began_before_the_add_ended_proves_nothing() {
    check(">1+7 >2r 1+7 2r-", Validity::Unknown, [0, 0, 1, 0]);
}

#[test]
fn an_element_whose_add_is_unknown_may_never_be_seen() {
    check("?1+7 2r-", Validity::Unknown, [0, 0, 1, 0]);
    check("?1+7 2r7 2r-", Validity::Invalid, [0, 1, 0, 0]);
}

#[test]
fn an_element_that_is_missed_for_a_while_is_stale() {
    let set = check("1+7 2r- 2r- 2r7", Validity::Valid, [1, 0, 0, 1]);
    assert_eq!(set.stable_latencies, Some([3; 5]));
    assert_eq!(set.worst_stale[0].stable_latency, 3);
}

#[test]
fn an_element_that_flickers_and_comes_back_is_only_stale() {
    check("1+7 2r7 2r- 2r7", Validity::Valid, [1, 0, 0, 1]);
}

#[test]
fn without_elements_nothing_is_known() {
    check("2r-", Validity::Unknown, [0, 0, 0, 0]);
}
