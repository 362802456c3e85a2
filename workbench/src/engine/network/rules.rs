//! What faults do to messages between servers while they are in force. What involves a client is spared: a client sits
//! next to its node.
//!
//! Services are reached as over a connection that may be slow or break: what goes to or comes from them is lost and
//! delayed, but not doubled. A write that a service did twice would undo those in between, and no node could help it.

use super::Way;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// Which part of the messages is lost, or doubled: what jepsen takes by default (jepsen: `net.clj`,
/// `all-packet-behaviors`).
const SHARE: f64 = 0.2;

/// How long the second copy of a message is under way before it comes to the inbox, at most.
const SECOND_COPY: Duration = Duration::from_secs(1);

/// How long a message that is to be overtaken is on its detour, at most.
const OVERTAKEN: Duration = Duration::from_millis(200);

/// How many times as long slow messages take.
const SLOWNESS: u32 = 10;

/// How much longer slow messages take, at least.
const SLOW: Duration = Duration::from_millis(100);

/// What happens to messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) enum Rule {
    /// One in five is lost.
    Loss,
    /// One in five comes twice, the second time up to a second later.
    Duplicate,
    /// Each is on a detour of up to 200 ms, so later ones overtake it.
    Reorder,
    /// Each takes ten times as long, and at least 100 ms longer.
    Slow,
}

impl Rule {
    /// Whether it holds for messages to and from services.
    pub(super) fn concerns_services(self) -> bool {
        self != Self::Duplicate
    }

    /// Changes the ways on which a message goes.
    pub(super) fn apply(self, ways: &mut [Option<Way>; 2], rng: &mut Pcg64Mcg) {
        match self {
            Self::Loss => {
                if rng.random_bool(SHARE) {
                    *ways = [None; 2];
                }
            }
            Self::Duplicate => {
                if rng.random_bool(SHARE) {
                    let later = |way: Way| Way { detour: way.detour + up_to(SECOND_COPY, rng), ..way };
                    ways[1] = ways[0].map(later);
                }
            }
            Self::Reorder => delay(ways, |_| up_to(OVERTAKEN, rng)),
            Self::Slow => delay(ways, |way| (way.latency * (SLOWNESS - 1)).max(SLOW)),
        }
    }
}

/// Sends each copy on a longer detour.
fn delay(ways: &mut [Option<Way>; 2], mut by: impl FnMut(&Way) -> Duration) {
    for way in ways.iter_mut().flatten() {
        way.detour += by(way);
    }
}

fn up_to(most: Duration, rng: &mut Pcg64Mcg) -> Duration {
    most.mul_f64(rng.random())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const LATENCY: Duration = Duration::from_millis(30);

    /// What becomes of a thousand messages under a rule.
    fn ways(rule: Rule) -> Vec<[Option<Way>; 2]> {
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        let through = |_| {
            let mut ways = [Some(Way { detour: Duration::ZERO, latency: LATENCY }), None];
            rule.apply(&mut ways, &mut rng);
            ways
        };
        (0..1000).map(through).collect()
    }

    fn detours(rule: Rule) -> Vec<Duration> {
        ways(rule).iter().map(|ways| ways[0].unwrap().detour).collect()
    }

    #[test]
    fn one_in_five_is_lost() {
        let lost = ways(Rule::Loss).iter().filter(|ways| **ways == [None; 2]).count();
        assert!((150..250).contains(&lost), "{lost}");
    }

    #[test]
    fn one_in_five_comes_twice_and_the_first_copy_in_time() {
        let copies: Vec<_> = ways(Rule::Duplicate).iter().filter_map(|ways| ways[1]).collect();
        assert!((150..250).contains(&copies.len()), "{}", copies.len());
        assert!(copies.iter().all(|copy| copy.latency == LATENCY && copy.detour <= SECOND_COPY));
        assert!(detours(Rule::Duplicate).iter().all(Duration::is_zero));
    }

    #[test]
    fn detours_differ() {
        let mut detours = detours(Rule::Reorder);
        assert!(!detours.is_sorted() && detours.iter().all(|detour| *detour <= OVERTAKEN));
        detours.sort();
        detours.dedup();
        assert!(detours.len() > 900);
    }

    #[test]
    fn slow_messages_take_ten_times_as_long() {
        assert!(detours(Rule::Slow).iter().all(|detour| *detour == 9 * LATENCY));
    }
}
