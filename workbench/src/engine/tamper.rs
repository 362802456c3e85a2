//! A test's hand in the network: it decides the fate of each message as it is sent.

use crate::engine::network::delivery::Delivery;
use std::time::Duration;

/// Decides the fate of each message.
pub(crate) type Tamper = Box<dyn FnMut(&Message<'_>) -> Fate>;

/// A message as it is sent.
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
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It arrives after its latency.
    Deliver,
    /// It is lost.
    Drop,
    /// It takes this much longer; later ones may overtake it.
    Delay(Duration),
    /// It arrives, and once more after this time.
    Repeat(Duration),
    /// This line arrives in its place.
    Replace(Box<str>),
}

impl Fate {
    /// Changes the deliveries of a message; returns the line that arrives in its place, if another one does.
    pub(crate) fn apply(self, deliveries: &mut [Option<Delivery>; 2]) -> Option<Box<str>> {
        let later = |delivery: Delivery, by| Delivery { extra_delay: delivery.extra_delay + by, ..delivery };
        match self {
            Self::Deliver => {}
            Self::Drop => *deliveries = [None; 2],
            Self::Delay(by) => deliveries[0] = deliveries[0].map(|delivery| later(delivery, by)),
            Self::Repeat(by) => deliveries[1] = deliveries[0].map(|delivery| later(delivery, by)),
            Self::Replace(line) => return Some(line),
        }
        None
    }
}
