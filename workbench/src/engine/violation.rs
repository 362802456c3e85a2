//! Violations of the protocol: what a node wrote that Maelstrom, or one of its clients, cannot take.
//!
//! Most of them decide a verdict only indirectly, by an operation that gets no answer. They are kept with the message
//! itself and the reason, so that nobody has to search for the cause of a timeout.

use glomers_protocol::{Message, NodeId, Rejected};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of examples that are kept of each cause.
const EXAMPLES: usize = 8;

/// The length of a kept message, in characters.
const SHOWN_CHARS: usize = 2000;

/// A kind of violation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ViolationKind {
    /// A line of stdout that is not a message. The node is ignored afterwards.
    NotAMessage,
    /// A line of stdout that is longer than any message. The node is ignored afterwards.
    LineTooLong,
    /// A message whose `src` is not on the network. The node is ignored afterwards.
    UnknownSrc,
    /// A message whose `dest` is not on the network. The node is ignored afterwards.
    UnknownDest,
    /// Text behind a message on the same line, which nobody reads.
    TextAfterMessage,
    /// An answer that does not have the form which its request asks for.
    MalformedAnswer,
    /// A message to a client that answers none of its requests.
    UnmatchedAnswer,
    /// An `init` after a restart that got no answer.
    UnansweredInit,
    /// A simulated node that stopped by itself, with its reason, although no fault struck its disk.
    Stopped,
    /// A step of the nemesis that the user's command did not do.
    FaultNotInjected,
    /// A panic in the code of a simulated node, which goes on.
    Panicked,
    /// A message from one simulated node to another that the receiver could neither serve nor answer.
    IgnoredMessage,
}

impl ViolationKind {
    /// Its name in results and in the terminal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAMessage => "not-a-message",
            Self::LineTooLong => "line-too-long",
            Self::UnknownSrc => "unknown-src",
            Self::UnknownDest => "unknown-dest",
            Self::TextAfterMessage => "text-after-message",
            Self::MalformedAnswer => "malformed-answer",
            Self::UnmatchedAnswer => "unmatched-answer",
            Self::UnansweredInit => "unanswered-init",
            Self::Stopped => "stopped",
            Self::FaultNotInjected => "fault-not-injected",
            Self::Panicked => "panicked",
            Self::IgnoredMessage => "ignored-message",
        }
    }

    /// Tells whether the node is ignored after such a violation.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::NotAMessage | Self::LineTooLong | Self::UnknownSrc | Self::UnknownDest)
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One violation. Its `Display` is made for a terminal: several lines, none longer than a kept message.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Violation {
    /// Its kind.
    pub kind: ViolationKind,
    /// The node that wrote the message; the one that ignored it, if that is the violation.
    pub node: NodeId,
    /// The time of the message, in nanoseconds since the network was set up.
    pub time: u64,
    /// The message as the node wrote it; only the beginning of a long one.
    pub message: String,
    /// The reason, in a sentence that names the node.
    pub reason: String,
    /// The form that was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The request that the message answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Violation {
    pub(crate) fn new(kind: ViolationKind, node: &NodeId, message: &str, reason: String) -> Self {
        let message = shown(message);
        Self { kind, node: node.clone(), time: 0, message, reason: shown(&reason), expected: None, request: None }
    }

    /// The violation that `node` ignored a message, and the message's type, by which causes are told apart.
    pub(crate) fn ignored(node: &NodeId, line: &str, rejected: &Rejected) -> (String, Self) {
        let subject = Message::parse(line).map(|message| message.wire_type().to_owned()).unwrap_or_default();
        (subject, Self::new(ViolationKind::IgnoredMessage, node, line, format!("{node} {}", rejected.reason())))
    }

    pub(crate) fn expecting(self, expected: String) -> Self {
        Self { expected: Some(expected), ..self }
    }

    pub(crate) fn answering(self, request: &str) -> Self {
        Self { request: Some(shown(request)), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        let part = |f: &mut fmt::Formatter<'_>, name: &str, text: &str| write!(f, "\n  {name:<9} {text}");
        if let Some(request) = &self.request {
            part(f, "request:", request)?;
        }
        if !self.message.is_empty() {
            part(f, "received:", &self.message)?;
        }
        if let Some(expected) = &self.expected {
            part(f, "expected:", expected)?;
        }
        if self.kind == ViolationKind::NotAMessage {
            write!(f, "\nWas this line meant for stderr? stdout carries messages only.")?;
        }
        if self.kind.is_final() {
            write!(f, "\nAs under Maelstrom, {} is ignored from here on.", self.node)?;
        }
        Ok(())
    }
}

/// All violations with one cause.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Cause {
    /// Their kind.
    pub kind: ViolationKind,
    /// The request that they answer, and the field at fault; empty for other kinds.
    pub subject: String,
    /// The number of violations.
    pub count: usize,
    /// The first ones, in their order.
    pub examples: Vec<Violation>,
}

/// The count, the kind, and the reason of the first one, on one line.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.examples.first().map_or("", |first| &first.reason);
        write!(f, "{} x {}: {reason}", self.count, self.kind)
    }
}

/// The violations of a run, by cause, in the order in which the causes first came.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Violations(Vec<Cause>);

impl Violations {
    /// Adds a violation. The subject tells causes of one kind apart.
    pub(crate) fn add(&mut self, subject: &str, violation: Violation) {
        let kind = violation.kind;
        let known = self.0.iter_mut().find(|cause| cause.kind == kind && cause.subject == subject);
        match known {
            Some(cause) => {
                cause.count += 1;
                if cause.examples.len() < EXAMPLES {
                    cause.examples.push(violation);
                }
            }
            None => self.0.push(Cause { kind, subject: subject.to_owned(), count: 1, examples: vec![violation] }),
        }
    }

    /// The causes.
    pub fn causes(&self) -> &[Cause] {
        &self.0
    }

    /// The number of violations.
    pub fn count(&self) -> usize {
        self.0.iter().map(|cause| cause.count).sum()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The first violation of each cause, in full.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, cause) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n\n" };
            write!(f, "{separator}{} x {}: ", cause.count, cause.kind)?;
            if let Some(first) = cause.examples.first() {
                write!(f, "{first}")?;
            }
        }
        Ok(())
    }
}

/// The beginning of a text that a node wrote, fit for a terminal: without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).flat_map(escaped).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        shown.push_str("...");
    }
    shown
}

fn escaped(character: char) -> impl Iterator<Item = char> {
    let (escaped, plain) = match character.is_control() {
        true => (Some(character.escape_default()), None),
        false => (None, Some(character)),
    };
    escaped.into_iter().flatten().chain(plain)
}
