//! The effects of faults on messages between servers. Messages from and to clients are spared: a client sits next to its
//! node.
//!
//! Services are reached as over a connection that may be slow or break: what goes to or comes from them is lost and
//! delayed, but not doubled. A write that a service did twice would undo those in between, and no node could help it.

use crate::engine::network::delivery::Delivery;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// The fraction of messages that is lost, or doubled: jepsen's default (jepsen: `net.clj`, `all-packet-behaviors`).
const SHARE: f64 = 0.2;

/// The longest extra delay of a message's second copy.
const SECOND_COPY: Duration = Duration::from_secs(1);

/// The longest extra delay of a message that later ones may overtake.
const OVERTAKEN: Duration = Duration::from_millis(200);

/// The factor by which slow messages take longer.
const SLOWNESS: u32 = 10;

/// The shortest extra delay of slow messages.
const SLOW: Duration = Duration::from_millis(100);

/// An effect on messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) enum Rule {
    /// One in five is lost.
    Loss,
    /// One in five comes twice, the second time up to 1 s later.
    Duplicate,
    /// Each is delayed by up to 200 ms, so later ones overtake it.
    Reorder,
    /// Each takes ten times as long, and at least 100 ms longer.
    Slow,
}

impl Rule {
    /// Tells whether it applies to messages to and from services.
    pub(super) fn concerns_services(self) -> bool {
        self != Self::Duplicate
    }

    /// Changes the deliveries of a message.
    pub(super) fn apply(self, deliveries: &mut [Option<Delivery>; 2], rng: &mut Pcg64Mcg) {
        match self {
            Self::Loss => {
                if rng.random_bool(SHARE) {
                    *deliveries = [None; 2];
                }
            }
            Self::Duplicate => {
                if rng.random_bool(SHARE) {
                    let later = |delivery: Delivery| Delivery {
                        extra_delay: delivery.extra_delay + up_to(SECOND_COPY, rng),
                        ..delivery
                    };
                    deliveries[1] = deliveries[0].map(later);
                }
            }
            Self::Reorder => delay(deliveries, |_| up_to(OVERTAKEN, rng)),
            Self::Slow => delay(deliveries, |delivery| (delivery.latency * (SLOWNESS - 1)).max(SLOW)),
        }
    }
}

/// Delays each copy further.
fn delay(deliveries: &mut [Option<Delivery>; 2], mut by: impl FnMut(&Delivery) -> Duration) {
    for delivery in deliveries.iter_mut().flatten() {
        delivery.extra_delay += by(delivery);
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

    /// The deliveries of a thousand messages under a rule.
    fn deliveries(rule: Rule) -> Vec<[Option<Delivery>; 2]> {
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        let through = |_| {
            let mut deliveries = [Some(Delivery { extra_delay: Duration::ZERO, latency: LATENCY }), None];
            rule.apply(&mut deliveries, &mut rng);
            deliveries
        };
        (0..1000).map(through).collect()
    }

    fn extra_delays(rule: Rule) -> Vec<Duration> {
        deliveries(rule).iter().map(|deliveries| deliveries[0].unwrap().extra_delay).collect()
    }

    #[test]
    fn one_in_five_is_lost() {
        let lost = deliveries(Rule::Loss).iter().filter(|deliveries| **deliveries == [None; 2]).count();
        assert!((150..250).contains(&lost), "{lost}");
    }

    #[test]
    fn one_in_five_comes_twice_and_the_first_copy_in_time() {
        let copies: Vec<_> = deliveries(Rule::Duplicate).iter().filter_map(|deliveries| deliveries[1]).collect();
        assert!((150..250).contains(&copies.len()), "{}", copies.len());
        assert!(copies.iter().all(|copy| copy.latency == LATENCY && copy.extra_delay <= SECOND_COPY));
        assert!(extra_delays(Rule::Duplicate).iter().all(Duration::is_zero));
    }

    #[test]
    fn extra_delays_differ() {
        let mut extra_delays = extra_delays(Rule::Reorder);
        assert!(!extra_delays.is_sorted() && extra_delays.iter().all(|extra_delay| *extra_delay <= OVERTAKEN));
        extra_delays.sort();
        extra_delays.dedup();
        assert!(extra_delays.len() > 900);
    }

    #[test]
    fn slow_messages_take_ten_times_as_long() {
        assert!(extra_delays(Rule::Slow).iter().all(|extra_delay| *extra_delay == 9 * LATENCY));
    }
}
