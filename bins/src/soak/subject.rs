//! What is soaked: the built-in nodes, each in the ways in which it is tested otherwise.

use crate::arguments::TestOptions;
use anyhow::bail;
use glomers::catalogue::{NODES, Node};
use glomers_workbench::{Options, options::Fault};
use std::collections::BTreeSet;

/// A node, and what does not depend on the seed.
#[derive(Debug)]
pub(super) struct Subject {
    /// The challenge's number, or the node's name.
    pub(super) name: String,
    pub(super) node: &'static Node,
    pub(super) options: Options,
    /// The node's arguments.
    pub(super) arguments: Vec<String>,
    /// The faults that the node promises to stand, all at once.
    pub(super) stands: Vec<Fault>,
}

/// Those of these names: a challenge's number, or a node's name, which stands for all its tests. Without names, all. Tests that
/// differ only in what is drawn are one.
pub(super) fn select(names: &[String]) -> anyhow::Result<Vec<Subject>> {
    let mut subjects: Vec<Subject> = Vec::new();
    let known: Vec<_> = NODES.iter().flat_map(all).collect();
    for name in names {
        if !known.iter().any(|(challenge, node, _)| name == challenge || name == node.name) {
            // Some challenges are solved by two nodes.
            let challenges: BTreeSet<_> = known.iter().map(|(challenge, ..)| *challenge).collect();
            let challenges = challenges.into_iter().filter(|challenge| !challenge.is_empty());
            let names: Vec<_> = challenges.chain(NODES.iter().map(|node| node.name)).collect();
            bail!("there is no challenge or node `{name}`; known: {}", names.join(", "))
        }
    }
    for (challenge, node, line) in known {
        let is_wanted = |name: &String| name == challenge || name == node.name;
        if !names.is_empty() && !names.iter().any(is_wanted) {
            continue;
        }
        let test = TestOptions::read(&line)?;
        let name = if challenge.is_empty() { node.name } else { challenge }.to_owned();
        let (options, stands) = (test.options(), stands(node));
        let subject = Subject { name, node, options, arguments: test.arguments, stands };
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
    /// Whether the other differs only in what is drawn.
    fn is_same_as(&self, other: &Self) -> bool {
        let kept = |subject: &Self| (subject.node.name, subject.options.concurrency, subject.options.availability);
        kept(self) == kept(other)
            && self.options.consistency_models == other.options.consistency_models
            && self.arguments == other.arguments
    }
}

/// The faults that a node promises to stand, all at once (`docs/faults.md`).
fn stands(node: &Node) -> Vec<Fault> {
    let stands = |fault: &Fault| match node.name {
        // What these must remember, services do, or nobody.
        "unique-ids" | "g-counter-seq-kv" | "kafka-lin-kv" | "lin-kv-proxy" | "txn-list-append-lin-kv" => true,
        // Its checker wants an answer to every request.
        "echo" => !fault.stops_nodes(),
        _ => !matches!(fault, Fault::Kill | Fault::KillMinority),
    };
    Fault::ALL.into_iter().filter(stands).collect()
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
        let error = select(&["3f".to_owned()]).unwrap_err().to_string();
        let known = "`3f`; known: 1, 2, 3a, 3b, 3c, 3d, 3e, 4, 5a, 5b, 5c, 6a, 6b, 6c, broadcast, echo,";
        assert!(error.contains(known) && error.contains("lin-kv"), "{error}");
    }
}
