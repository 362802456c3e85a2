//! The id of a participant. Ids are short and cloned often, so they are stored inline or shared, never copied.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::{borrow::Borrow, convert::Infallible, fmt, str::FromStr};

/// The id of a node, client or service: `n1`, `c2`, `lin-kv`. Cloning is cheap.
///
/// ```
/// use glomers_protocol::NodeId;
///
/// let id = NodeId::from("c1");
/// assert!(id == "c1" && id.is_client());
/// assert_eq!(id.as_str().len(), 2);
/// ```
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(SmolStr);

impl NodeId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true for the id of a client. As in Maelstrom, those are the ids that begin with `c`.
    pub fn is_client(&self) -> bool {
        self.0.starts_with('c')
    }
}

impl Borrow<str> for NodeId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for NodeId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for NodeId {
    fn from(id: &str) -> Self {
        Self(SmolStr::new(id))
    }
}

impl From<String> for NodeId {
    fn from(id: String) -> Self {
        Self(SmolStr::from(id))
    }
}

/// Accepts every text.
impl FromStr for NodeId {
    type Err = Infallible;

    fn from_str(id: &str) -> Result<Self, Infallible> {
        Ok(Self::from(id))
    }
}

impl PartialEq<str> for NodeId {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for NodeId {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
