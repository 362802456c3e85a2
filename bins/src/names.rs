//! Parsers of names, which list the known ones in help texts and completions.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use glomers::catalogue::NODES;
use glomers_workbench::{
    challenge::challenges,
    options::{DiskUse, Fault},
    workload::WORKLOADS,
};

/// The names of workloads.
pub(crate) fn workload_names() -> PossibleValuesParser {
    PossibleValuesParser::new(WORKLOADS.iter().map(|(name, _)| *name))
}

/// The numbers of challenges, such as `3c`, or `3` for all that begin with it; and the names of nodes, if they are wanted.
pub(crate) fn challenge_names(with_nodes: bool) -> impl TypedValueParser<Value = String> {
    let challenges = challenges();
    let single = challenges.iter().map(|challenge| PossibleValue::new(challenge.name).help(challenge.title));
    let mut groups: Vec<_> = challenges.iter().map(|challenge| group(challenge.name)).collect();
    groups.dedup();
    groups.retain(|group| challenges.iter().all(|challenge| challenge.name != *group));
    let groups = groups.into_iter().map(|name| PossibleValue::new(name).help("all that begin with it"));
    let nodes = NODES.iter().filter(|_| with_nodes).map(|node| PossibleValue::new(node.name).help("a node"));
    let names: Vec<_> = single.chain(groups).chain(nodes).collect();
    // `3C` is typed, too.
    PossibleValuesParser::new(names).map(|name: String| name.to_lowercase())
}

/// The number of a challenge without its letter.
fn group(name: &'static str) -> &'static str {
    name.trim_end_matches(char::is_alphabetic)
}

/// Tells if a name on the command line means a challenge.
pub(crate) fn means(name: &str, challenge: &'static str) -> bool {
    name == challenge || !challenge.is_empty() && name == group(challenge)
}

/// The names of faults.
pub(crate) fn fault_names() -> impl TypedValueParser<Value = Fault> {
    let names = Fault::ALL.map(|fault| PossibleValue::new(fault.name()).help(fault.help()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Fault>())
}

/// The names of the tests in which nodes have a disk.
pub(crate) fn disk_uses() -> impl TypedValueParser<Value = DiskUse> {
    let names = DiskUse::ALL.map(|disk| PossibleValue::new(disk.name()).help(disk.help()));
    let named = |name: String| DiskUse::ALL.into_iter().find(|disk| disk.name() == name);
    PossibleValuesParser::new(names).map(move |name| named(name).expect("it is one of the possible values"))
}
