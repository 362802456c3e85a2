//! The subjects of a soak: the built-in nodes, each with the options of its own tests.

use crate::{names::means, test::options::TestOptions};
use glomers::catalogue::{NODES, Node};
use glomers_workbench::{Options, options::Fault};

/// A node and the options that do not depend on the seed.
#[derive(Debug)]
pub(super) struct Subject {
    /// The challenge's number, or the node's name.
    pub(super) name: String,
    pub(super) node: &'static Node,
    pub(super) options: Options,
    /// The node's arguments.
    pub(super) arguments: Vec<String>,
    /// The faults that the node promises to tolerate, all at once.
    pub(super) tolerates: Vec<Fault>,
}

/// The subjects with these names: a challenge's number, or a node's name, which means all its tests; without names,
/// all. Tests that differ only in options that are drawn are one.
pub(super) fn select(names: &[String]) -> anyhow::Result<Vec<Subject>> {
    let mut subjects: Vec<Subject> = Vec::new();
    let known: Vec<_> = NODES.iter().flat_map(all).collect();
    for (challenge, node, line) in known {
        let is_wanted = |name: &String| means(name, challenge) || name == node.name;
        if !names.is_empty() && !names.iter().any(is_wanted) {
            continue;
        }
        let test = TestOptions::read(&line)?;
        let name = if challenge.is_empty() { node.name } else { challenge }.to_owned();
        let (options, tolerates) = (test.options()?, node.tolerated_faults());
        let subject = Subject { name, node, options, arguments: test.arguments, tolerates };
        if !subjects.iter().any(|other| other.is_same_as(&subject)) {
            subjects.push(subject);
        }
    }
    Ok(subjects)
}

/// A node's tests: the challenge's number, and the command.
fn all(node: &'static Node) -> impl Iterator<Item = (&'static str, &'static Node, String)> {
    node.tests.iter().map(|(challenge, _)| *challenge).zip(node.lines()).map(move |(name, line)| (name, node, line))
}

impl Subject {
    /// Tells if the other differs only in options that are drawn.
    fn is_same_as(&self, other: &Self) -> bool {
        let kept = |subject: &Self| (subject.node.name, subject.options.concurrency, subject.options.availability);
        kept(self) == kept(other)
            && self.options.consistency_models == other.options.consistency_models
            && self.arguments == other.arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> Vec<String> {
        let of: Vec<_> = of.iter().map(|name| (*name).to_owned()).collect();
        select(&of).unwrap().into_iter().map(|subject| subject.name).collect()
    }

    #[test]
    fn names_select_challenges_and_nodes() {
        assert_eq!(names(&["3c"]), ["3c"]);
        assert_eq!(names(&["lin-kv", "echo"]), ["1", "lin-kv"]);
        assert_eq!(names(&["broadcast"]).first().unwrap(), "3a");
        assert!(names(&[]).len() >= NODES.len());
    }
}
