//! The facts about a run that its report does not hold.

/// The command and the time of a run, which its page shows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Provenance {
    /// The command line that ran it.
    pub command: Option<String>,
    /// The time at which it began, in words.
    pub begun: Option<String>,
}

impl Provenance {
    /// The same facts with the command line that ran it.
    #[must_use]
    pub fn command(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }

    /// The same facts with the time at which it began, in words.
    #[must_use]
    pub fn begun(self, begun: impl Into<String>) -> Self {
        Self { begun: Some(begun.into()), ..self }
    }
}
