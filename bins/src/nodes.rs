//! Which handler serves which workload: the one place that knows both.

use anyhow::Context;
use glomers_handlers::{Gossip, Parrot, PrefixedIds};
use glomers_workbench::{Report, challenge::Challenge, run, workload};

/// Tests the built-in node of the challenge's workload.
pub(crate) fn simulate(challenge: &Challenge) -> anyhow::Result<Report> {
    let workload = workload(challenge.workload).context("the workbench does not have this workload")?;
    let options = &challenge.options;
    let report = match challenge.workload {
        "echo" => run::<Parrot>(workload, options, false),
        "unique-ids" => run::<PrefixedIds>(workload, options, false),
        "broadcast" => run::<Gossip>(workload, options, false),
        other => anyhow::bail!("there is no built-in node for `{other}`"),
    };
    Ok(report?)
}
