//! Which handler serves which workload: the one place that knows both.

use glomers_handlers::{Gossip, Parrot, PrefixedIds};
use glomers_workbench::{Options, Report, run, workload};

/// Tests the built-in node of a workload in simulation.
pub(crate) fn simulate(name: &str, options: &Options) -> anyhow::Result<Report> {
    let workload = workload(name)?;
    let report = match name {
        "echo" => run::<Parrot>(workload, options),
        "unique-ids" => run::<PrefixedIds>(workload, options),
        "broadcast" => run::<Gossip>(workload, options),
        _ => anyhow::bail!("there is no built-in node for {name} yet; name a program with --bin"),
    };
    Ok(report?)
}
