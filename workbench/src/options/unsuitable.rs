//! The refusal of a test that would say nothing, or that its workload cannot run.

/// An option with which a test cannot run.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct Unsuitable {
    /// The name of the option in [`Options`](crate::Options).
    pub option: &'static str,
    /// Its value, the reason against it, and a value that fits.
    pub reason: String,
}

impl Unsuitable {
    /// An option to change, and why.
    pub fn new(option: &'static str, reason: impl Into<String>) -> Self {
        Self { option, reason: reason.into() }
    }
}
