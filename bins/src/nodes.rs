//! Which handler serves which workload: the one place that knows both.

use glomers_handlers::{Gossip, Parrot, PrefixedIds};
use glomers_workbench::{Report, challenge::Challenge, run, workload};

/// Tests the built-in node of the challenge's workload.
pub(crate) fn simulate(challenge: &Challenge) -> anyhow::Result<Report> {
    let workload = workload(challenge.workload)?;
    let options = &challenge.options;
    let report = match challenge.workload {
        "echo" => run::<Parrot>(workload, options),
        "unique-ids" => run::<PrefixedIds>(workload, options),
        "broadcast" => run::<Gossip>(workload, options),
        other => anyhow::bail!("there is no built-in node for `{other}`"),
    };
    Ok(report?)
}
