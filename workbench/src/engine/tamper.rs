//! A test's hand in the network: it decides the fate of each message as it is sent, and rewrites it as it arrives.

use crate::engine::network::delivery::Delivery;
use std::time::Duration;

/// Decides the fate of each message.
pub(crate) type Tamper = Box<dyn FnMut(&Message<'_>) -> Fate>;

/// Replaces a message as it arrives.
pub(crate) type Rewrite = Box<dyn FnMut(&Message<'_>) -> Option<Box<str>>>;

/// A message as it is sent or as it arrives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// The id of the sender.
    pub src: &'a str,
    /// The id of the receiver.
    pub dest: &'a str,
    /// The message's JSON, envelope included.
    pub line: &'a str,
}

/// The fate of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It arrives after its latency.
    Deliver,
    /// It is lost.
    Drop,
    /// It takes this much longer; later ones may overtake it.
    Delay(Duration),
    /// It arrives, and once more after this time.
    Repeat(Duration),
}

impl Fate {
    /// Changes the deliveries of a message.
    pub(crate) fn apply(self, deliveries: &mut [Option<Delivery>; 2]) {
        let later = |delivery: Delivery, by| Delivery { extra_delay: delivery.extra_delay + by, ..delivery };
        match self {
            Self::Deliver => {}
            Self::Drop => *deliveries = [None; 2],
            Self::Delay(by) => deliveries[0] = deliveries[0].map(|delivery| later(delivery, by)),
            Self::Repeat(by) => deliveries[1] = deliveries[0].map(|delivery| later(delivery, by)),
        }
    }
}
