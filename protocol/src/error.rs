//! What can go wrong in a node, by who has to know: the client ([`RpcError`], on the wire), the handler that made a call
//! ([`CallError`]), or the operator ([`Rejected`], on stderr).

use crate::{ErrorCode, NodeId, RpcError};
use std::{fmt, time::Duration};

impl RpcError {
    /// An error with a code and a text for people.
    ///
    /// ```
    /// use glomers_protocol::{ErrorCode, RpcError};
    ///
    /// let error = RpcError::new(ErrorCode::PreconditionFailed, "expected 4, had 5");
    /// assert!(error.code.is_definite());
    /// assert_eq!(error.to_string(), "22 precondition-failed: expected 4, had 5");
    /// ```
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: Some(text.into()) }
    }
}

impl From<ErrorCode> for RpcError {
    fn from(code: ErrorCode) -> Self {
        Self { code, text: None }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.name())
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{}: {text}", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}

impl std::error::Error for RpcError {}

/// A body that does not fit its type.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[error("`{wire_type}`: {detail}")]
pub struct DecodeError {
    wire_type: String,
    detail: String,
}

impl DecodeError {
    pub(crate) fn new(wire_type: &str, detail: &str) -> Self {
        Self { wire_type: excerpt(wire_type.as_bytes()), detail: abridge(detail) }
    }
}

impl From<DecodeError> for RpcError {
    fn from(error: DecodeError) -> Self {
        Self::new(ErrorCode::MalformedRequest, error.to_string())
    }
}

/// Why a call to another node or to a service brought no response.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// No answer in time. Whether the request was carried out is unknown.
    #[error("{dest} did not answer `{request}` within {timeout:?}")]
    Timeout {
        /// Who was asked.
        dest: NodeId,
        /// The request's `type`.
        request: &'static str,
        /// How long the caller waited.
        timeout: Duration,
    },
    /// The answer was an error.
    #[error("{0}")]
    Rpc(#[from] RpcError),
    /// The answer was no response to the request.
    #[error("an answer that does not fit: {0}")]
    Malformed(#[from] DecodeError),
    /// The node's input has ended, so no answer can come.
    #[error("the node's input has ended")]
    Closed,
}

impl CallError {
    /// The error code of an answer that was an error.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Rpc(error) => Some(error.code),
            _ => None,
        }
    }
}

/// For handlers that pass the failure of a call on: an error from the other side as it is, everything else as an
/// indefinite error, for nobody knows what the other side did.
impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Rpc(error) => error,
            CallError::Timeout { .. } => Self::new(ErrorCode::Timeout, error.to_string()),
            CallError::Malformed(_) | CallError::Closed => Self::new(ErrorCode::Crash, error.to_string()),
        }
    }
}

/// A line that a node could neither serve nor answer; [`run`](crate::run) reports it on stderr.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[error("{reason}: {excerpt}")]
pub struct Rejected {
    reason: Reason,
    excerpt: String,
}

#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
pub(crate) enum Reason {
    #[error("skipped a line that is not UTF-8")]
    NotUtf8,
    #[error("skipped a line that is no message ({detail})")]
    NoMessage { detail: String },
    #[error("skipped a message that came before `init`")]
    BeforeInit,
    #[error("skipped a message of unknown type `{wire_type}` (it has no msg_id to answer; known: {known})")]
    UnknownType { wire_type: String, known: String },
    #[error("skipped a request without msg_id, which cannot be answered")]
    NoMsgId,
    #[error("skipped a message that does not fit its type ({0})")]
    Malformed(DecodeError),
}

/// How much is shown of a text that someone else wrote.
const EXCERPT_BYTES: usize = 200;

impl Rejected {
    pub(crate) fn new(line: &[u8], reason: Reason) -> Self {
        Self { reason, excerpt: excerpt(line) }
    }
}

/// The beginning of what a sender wrote, fit for a terminal: on one line, and without control characters.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(EXCERPT_BYTES)];
    let mut excerpt = escape(&String::from_utf8_lossy(shown));
    if shown.len() < bytes.len() {
        excerpt.push_str(&format!("... ({} bytes)", bytes.len()));
    }
    excerpt
}

/// An explanation, fit for a terminal. It may quote what a sender wrote, in full; how it begins and ends matters.
pub(crate) fn abridge(text: &str) -> String {
    if text.len() <= 2 * EXCERPT_BYTES {
        return escape(text);
    }
    let (head, tail) = (text.floor_char_boundary(EXCERPT_BYTES), text.ceil_char_boundary(text.len() - EXCERPT_BYTES));
    format!("{} ... {}", escape(&text[..head]), escape(&text[tail..]))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() { escaped.extend(character.escape_default()) } else { escaped.push(character) }
    }
    escaped
}
