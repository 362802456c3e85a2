//! The panics of a node's code. The panic hook writes each to stderr, with its place in the source; the node goes on. Its
//! message is also in the reply to the request, and a simulation takes it from the node to report it.

use std::any::Any;

/// The most panics that wait to be taken. A node outside a simulation is never asked for them.
const KEPT: usize = 64;

/// A panic of a node's code.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Panic {
    /// The code that panicked: `the handler of `rumour``.
    pub subject: String,
    /// Its message.
    pub message: String,
}

impl Panic {
    pub(crate) fn new(subject: String, payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        Self { subject, message }
    }

    /// Both in a sentence.
    pub(crate) fn text(&self) -> String {
        let separator = if self.message.is_empty() { "" } else { ": " };
        format!("{} panicked{separator}{}", self.subject, self.message)
    }
}

/// Keeps a panic until it is taken.
pub(crate) fn keep(panics: &mut Vec<Panic>, panic: Panic) {
    if panics.len() < KEPT {
        panics.push(panic);
    }
}
