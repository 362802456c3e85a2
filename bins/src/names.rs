//! Parsers of names, which list the known ones in help texts and completions.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use glomers_workbench::{
    options::{DiskUse, Fault},
    workload::WORKLOADS,
};

/// The names of workloads.
pub(crate) fn workload_names() -> PossibleValuesParser {
    PossibleValuesParser::new(WORKLOADS.iter().map(|(name, _)| *name))
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
