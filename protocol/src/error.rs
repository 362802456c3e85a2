//! The errors of a node, one type per reader: [`RpcError`] goes to the client, [`CallError`] to the handler that made a
//! call, [`Rejected`] to the operator, on stderr.

use crate::{
    generated::errors::{ErrorCode, RpcError},
    node_id::NodeId,
};
use std::{fmt, time::Duration};

impl RpcError {
    /// An error with a code and a text for the reader.
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

/// The error for a body that does not fit its type.
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

/// The error of a call to another node or to a service.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// There was no reply in time. The request may or may not have been carried out.
    #[error("{dest} did not answer `{request}` within {timeout:?}")]
    Timeout {
        /// The id of the node or service that was asked.
        dest: NodeId,
        /// The request's `type`.
        request: &'static str,
        /// The time that the caller waited.
        timeout: Duration,
    },
    /// The reply was an error.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The reply was not a response to the request.
    #[error("the reply does not fit the request: {0}")]
    Malformed(DecodeError),
    /// A key or value has no JSON form, so the request was not sent.
    #[error("the {name} has no JSON form ({detail}): use a type that does, such as a map with string keys")]
    Unencodable {
        /// The part of the request: `key`, `value`, `from` or `to`.
        name: &'static str,
        /// The encoder's message.
        detail: String,
    },
    /// The node's input has ended, so no reply can come.
    #[error("the node's input has ended")]
    Closed,
}

impl From<DecodeError> for CallError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl CallError {
    /// The error code, if the reply was an error.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Rpc(error) => Some(error.code),
            _ => None,
        }
    }
}

/// For handlers that pass the failure of a call on. An error from the other node stays as it is. Every other failure becomes
/// an indefinite error, because it is unknown what the other node did.
impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Rpc(error) => error,
            CallError::Timeout { .. } => Self::new(ErrorCode::Timeout, error.to_string()),
            CallError::Malformed(_) | CallError::Unencodable { .. } | CallError::Closed => {
                Self::new(ErrorCode::Crash, error.to_string())
            }
        }
    }
}

/// The error for a line that a node could neither serve nor answer; [`run`](crate::run) writes it to stderr.
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
    #[error("skipped a line that is not a message ({detail})")]
    NoMessage { detail: String },
    #[error("skipped a message that came before `init`")]
    BeforeInit,
    #[error("skipped a message of unknown type `{wire_type}` (it has no `msg_id` to answer; known: {known})")]
    UnknownType { wire_type: String, known: String },
    #[error("skipped a request without `msg_id`, which cannot be answered")]
    NoMsgId,
    #[error("skipped a message that does not fit its type ({0})")]
    Malformed(DecodeError),
}

/// The length to which quoted input is cut.
const EXCERPT_BYTES: usize = 200;

impl Rejected {
    pub(crate) fn new(line: &[u8], reason: Reason) -> Self {
        Self { reason, excerpt: excerpt(line) }
    }

    /// The reason without the line.
    pub fn reason(&self) -> String {
        self.reason.to_string()
    }

    /// Tells whether the message came before `init`, when a node cannot serve anything yet. Then neither node made a mistake.
    pub fn is_early(&self) -> bool {
        matches!(self.reason, Reason::BeforeInit)
    }
}

/// The beginning of a sender's text, on one line and without control characters, as a terminal needs it.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(EXCERPT_BYTES)];
    let mut excerpt = escape(&String::from_utf8_lossy(shown));
    if shown.len() < bytes.len() {
        excerpt.push_str(&format!("... ({} bytes)", bytes.len()));
    }
    excerpt
}

/// An explanation, on one line and without control characters. It may quote a sender's text in full, so it is cut in the
/// middle: its beginning and its end say the most.
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
