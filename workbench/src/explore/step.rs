//! A step of a schedule, and which steps do not concern each other.
//!
//! A step happens at one participant: it reads and changes its state and its clock, and adds messages to links that begin
//! there. So two steps at different participants give the same state in either order. Exceptions:
//!
//! - A restart and a cut change what becomes of messages that other participants send. They concern everything.
//! - The beginning of an operation and the end of another have an order in the history that checkers judge: an operation that
//!   ended before another began precedes it.

use crate::engine::flight::{MessageKey, Place, is_client};

/// A step of a schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) enum Step {
    /// A client begins an operation of the program.
    Begin { operation: u16, client: Place },
    /// A message arrives.
    Deliver(MessageKey),
    /// A participant's next timer fires.
    Fire(Place),
    /// A message is lost. It is possible only directly after the step that sent it.
    Drop(MessageKey),
    /// A message will come twice. It is possible only directly after the step that sent it.
    Double(MessageKey),
    /// A node crashes.
    Crash(Place),
    /// A node that crashed starts again.
    Restart(Place),
    /// A node is cut off from all others.
    Cut(Place),
    /// The cut ends.
    Heal,
    /// No fault happens any more.
    End,
}

impl Step {
    /// The participant that it concerns; `None` if it concerns everything.
    fn place(self) -> Option<Place> {
        match self {
            Self::Begin { client, .. } => Some(client),
            Self::Deliver(key) => Some(key.dest),
            Self::Fire(place) | Self::Crash(place) => Some(place),
            Self::Drop(_) | Self::Double(_) | Self::Restart(_) | Self::Cut(_) | Self::Heal | Self::End => None,
        }
    }

    /// Tells whether it is a choice about a message that was just sent.
    pub(crate) fn is_about_fresh(self) -> bool {
        matches!(self, Self::Drop(_) | Self::Double(_))
    }

    /// Tells whether it is a fault.
    pub(crate) fn is_fault(self) -> bool {
        matches!(self, Self::Drop(_) | Self::Double(_) | Self::Crash(_) | Self::Cut(_))
    }

    /// Tells whether it may end an operation.
    fn may_complete(self) -> bool {
        matches!(self, Self::Deliver(_) | Self::Fire(_)) && self.place().is_some_and(is_client)
    }

    /// Tells whether two steps that are possible at the same time give the same state, and judgements, in either order.
    pub(crate) fn is_independent_of(self, other: Self) -> bool {
        let begins = |step: Self| matches!(step, Self::Begin { .. });
        match (self.place(), other.place()) {
            (Some(place), Some(another)) if place != another => {
                !(begins(self) && other.may_complete() || begins(other) && self.may_complete())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Place = 0x200;

    fn deliver(src: Place, dest: Place) -> Step {
        Step::Deliver(MessageKey { src, dest, number: 0, is_copy: false })
    }

    #[test]
    fn steps_at_different_participants_are_independent() {
        let begin = |client| Step::Begin { operation: 0, client };
        for (left, right, expected) in [
            (deliver(0, 1), deliver(0, 2), true),
            (deliver(0, 1), deliver(2, 1), false),
            (deliver(0, 1), Step::Fire(1), false),
            (deliver(0, 1), Step::Fire(0), true),
            (Step::Crash(1), deliver(0, 1), false),
            (Step::Crash(1), deliver(1, 0), true),
            (Step::Restart(1), deliver(0, 2), false),
            (begin(CLIENT), begin(CLIENT + 1), true),
            (begin(CLIENT), deliver(0, CLIENT + 1), false),
            (deliver(0, CLIENT), deliver(0, CLIENT + 1), true),
        ] {
            assert_eq!(left.is_independent_of(right), expected, "{left:?} {right:?}");
            assert_eq!(right.is_independent_of(left), expected, "{right:?} {left:?}");
        }
    }
}
