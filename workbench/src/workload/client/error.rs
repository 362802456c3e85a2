//! The reasons why a client's request brought no response.

use glomers_protocol::{Json, NodeId};
use std::{fmt, time::Duration};

/// The words in an operation's error that tell of a malformed answer.
pub(crate) const MALFORMED: &str = "malformed answer to";

/// The words in an operation's error that tell of a message which answers nothing.
pub(crate) const UNMATCHED: &str = "answered no request of";

/// The reason why a request brought no response.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClientError {
    /// No answer came in time. Nobody knows whether the request was carried out.
    #[error("no answer to `{request}` in {timeout:?}{}", unmatched.iter().map(|why| format!("; {why}")).collect::<String>())]
    Timeout {
        /// The node that was asked.
        node: NodeId,
        /// The request's `type`.
        request: &'static str,
        /// The time that the client waited.
        timeout: Duration,
        /// A message that came instead, and that answered nothing.
        unmatched: Option<String>,
    },
    /// The answer was an error.
    #[error("{0}")]
    Error(ErrorAnswer),
    /// The answer does not have the form that the request asks for.
    #[error("{MALFORMED} `{request}`: {reason}")]
    Malformed {
        /// The request's `type`.
        request: &'static str,
        /// The part that is wrong, and the reason.
        reason: String,
    },
}

/// An answer that is an error.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ErrorAnswer {
    /// The name of its code; `unknown` for a code that Maelstrom does not define.
    pub name: &'static str,
    /// True if the operation certainly has not happened.
    pub is_definite: bool,
    /// The code as the node wrote it.
    pub code: Option<Json>,
    /// The text as the node wrote it; `null` if there is none.
    pub text: Json,
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "error {code} {}", self.name)?,
            None => write!(f, "error without a code")?,
        }
        match self.text.decode::<String>() {
            Ok(text) => write!(f, ": {text}"),
            Err(_) if self.text.is_null() => Ok(()),
            Err(_) => write!(f, ": {}", self.text),
        }
    }
}
