//! Parsers of names, which list the known ones in help texts and completions.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use glomers_workbench::{options::Fault, workload::WORKLOADS};

/// The names of workloads.
pub(crate) fn workload_names() -> PossibleValuesParser {
    PossibleValuesParser::new(WORKLOADS.iter().map(|(name, _)| *name))
}

/// The names of faults.
pub(crate) fn fault_names() -> impl TypedValueParser<Value = Fault> {
    let names = Fault::ALL.map(|fault| PossibleValue::new(fault.name()).help(fault.help()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Fault>())
}
