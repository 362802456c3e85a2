//! The subjects of NATS that a cluster uses. A cluster's name keeps clusters apart, and an epoch keeps the lives of one
//! cluster apart: a message of an earlier life is on a subject that nobody listens to any more.
//!
//! | subject | carries |
//! |---|---|
//! | `glomers.CLUSTER.EPOCH.node.DEST.SRC` | messages to a node, from nodes and clients |
//! | `glomers.CLUSTER.EPOCH.client.DEST.SRC` | messages from a node to a client |
//! | `glomers.CLUSTER.control.NODE` | requests to a bridge itself, in whatever epoch |
//! | `glomers.CLUSTER.epoch` | requests for the epoch of a test, among its proxies |

use anyhow::{Result, bail};

/// The beginning of the ids of `bridge call`. Proxies pass over what is for them.
pub(crate) const CALLER: &str = "call-";

/// The names of a cluster's subjects.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    cluster: String,
}

impl Subjects {
    pub(crate) fn new(cluster: &str) -> Result<Self> {
        Ok(Self { cluster: token(cluster)?.to_owned() })
    }

    pub(crate) fn node(&self, epoch: &str, dest: &str, src: &str) -> String {
        format!("glomers.{}.{epoch}.node.{dest}.{src}", self.cluster)
    }

    pub(crate) fn client(&self, epoch: &str, dest: &str, src: &str) -> String {
        format!("glomers.{}.{epoch}.client.{dest}.{src}", self.cluster)
    }

    pub(crate) fn control(&self, node: &str) -> String {
        format!("glomers.{}.control.{node}", self.cluster)
    }

    pub(crate) fn epoch(&self) -> String {
        format!("glomers.{}.epoch", self.cluster)
    }

    /// The place of a cluster's data in a store.
    pub(crate) fn prefix(&self, epoch: &str) -> String {
        format!("/glomers/{}/{epoch}", self.cluster)
    }
}

/// The sender of a message on a node's or a client's subject.
pub(crate) fn src(subject: &str) -> &str {
    subject.rsplit('.').next().unwrap_or_default()
}

/// The receiver.
pub(crate) fn dest(subject: &str) -> &str {
    subject.rsplit('.').nth(1).unwrap_or_default()
}

/// A name that can be a part of a subject.
///
/// # Errors
///
/// NATS gives one of its characters another meaning.
pub(crate) fn token(name: &str) -> Result<&str> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if name.is_empty() || !name.chars().all(is_plain) {
        bail!("got the name `{name}`, expected letters, digits, `-` and `_`: it becomes a part of a NATS subject")
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_both_ends() {
        let subject = Subjects::new("lab").unwrap().node("7", "n1", "c2");
        assert_eq!((subject.as_str(), dest(&subject), src(&subject)), ("glomers.lab.7.node.n1.c2", "n1", "c2"));
    }

    #[test]
    fn names_that_nats_would_split_are_refused() {
        for name in ["", "a.b", "*", ">", "a b", "ä"] {
            assert!(token(name).unwrap_err().to_string().starts_with(&format!("got the name `{name}`")), "{name}");
        }
    }
}
