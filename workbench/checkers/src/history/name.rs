//! The names of operations and of their further attributes. A history has a few of them in millions of entries, so an
//! entry holds a name in one word, and entries share its text.

use serde::{Serialize, Serializer};
use std::{
    borrow::{Borrow, Cow},
    fmt,
    ops::Deref,
    sync::{Arc, LazyLock},
};

/// The names that are in nearly every history. All entries share them.
const FREQUENT: [&str; 25] = [
    "read",
    "write",
    "cas",
    "txn",
    "add",
    "broadcast",
    "send",
    "poll",
    "final?",
    "generate",
    "echo",
    "assign",
    "subscribe",
    "crash",
    "seek-to-beginning?",
    "poll-ms",
    "unseen",
    "start-partition",
    "stop-partition",
    "start",
    "stop",
    "kill",
    "pause",
    "resume",
    "rebalance-log",
];

static SHARED: LazyLock<[Name; FREQUENT.len()]> = LazyLock::new(|| FREQUENT.map(|text| Name(Arc::new(text.into()))));

/// The name of an operation, or of an attribute. It is used like a `&str`.
///
/// ```
/// use glomers_checkers::history::Name;
///
/// let name = Name::from("read");
/// assert!(name == "read" && name.starts_with('r'));
/// ```
// Behind one pointer, not two: an entry of a history is small.
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Name(Arc<Box<str>>);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn shared(text: &str) -> Option<Self> {
        FREQUENT.iter().position(|frequent| *frequent == text).map(|place| SHARED[place].clone())
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::shared(text).unwrap_or_else(|| Self(Arc::new(text.into())))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self::shared(&text).unwrap_or_else(|| Self(Arc::new(text.into())))
    }
}

impl From<Cow<'_, str>> for Name {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
