//! The reasons for which a test has no verdict.

use crate::{engine::host::program::StartError, options::Unsuitable, run::report::Report};

/// The reason for which there is no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The workload cannot be run with these options.
    #[error(transparent)]
    Options(#[from] Unsuitable),
    /// A process could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A node did not get ready, or ended before the test did. The report holds what happened until then, and
    /// [`Report::failure`] says how the node failed; it has no verdict.
    #[error("{0}")]
    Node(Box<Report>),
    /// A node answered differently when an exploration told it the same again.
    #[error("{0}")]
    Unrepeatable(String),
    /// Whoever watched wanted it to end at once, or before the first operation.
    #[error("the test was stopped before there was anything to judge")]
    Stopped,
}
