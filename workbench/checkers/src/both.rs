//! Two parts of a check, on two cores if that pays. Each only reads the history, so the results are the same.

use std::{panic::resume_unwind, thread};

/// The number of entries from which a thread costs little beside a part of a check.
const LONG: usize = 20_000;

/// Does both, the second in a thread of its own if the history has many entries.
pub(crate) fn both<A, B: Send>(entries: usize, one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    if entries < LONG {
        return (one(), other());
    }
    thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done_whatever_the_length() {
        for entries in [0, LONG] {
            let words = ["one".to_owned(), "other".to_owned()];
            assert_eq!(both(entries, || words[0].len(), || words[1].len()), (3, 5), "{entries}");
        }
    }
}
