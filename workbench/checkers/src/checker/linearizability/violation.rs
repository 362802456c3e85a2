//! The reason for a verdict against a history.

/// The reason why a part is not linearizable.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Violation {
    /// The index of the entry that contradicts all before it.
    pub index: usize,
    /// The first index from which on the entries contradict each other, whatever happened before.
    pub from: usize,
    /// The operation that cannot be explained, in words.
    pub explanation: String,
    /// The operations from there to the contradiction, one a line.
    pub timeline: String,
}
