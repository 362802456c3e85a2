//! Which handler serves which workload: the one place that knows both.

use glomers_handlers::{
    GCounter, HorizonLogs, Hub, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap,
    SetUnion, hub,
};
use glomers_workbench::{Options, Report, run, run_with, workload};
use std::time::Duration;

/// Tests the built-in node of a workload in simulation. `latency_budget` is for broadcast.
pub(crate) fn simulate(name: &str, options: &Options, latency_budget: Option<Duration>) -> anyhow::Result<Report> {
    let workload = workload(name)?;
    let report = match name {
        "broadcast" => {
            let budget = latency_budget.unwrap_or(hub::BUDGET);
            run_with(workload, options, move |cx| Hub::with_budget(cx, budget))
        }
        "echo" => run::<Parrot>(workload, options),
        "g-counter" => run::<GCounter>(workload, options),
        "g-set" => run::<SetUnion>(workload, options),
        "kafka" => run::<HorizonLogs>(workload, options),
        "lin-kv" => run::<ReplicatedMap>(workload, options),
        "pn-counter" => run::<PnCounter>(workload, options),
        "txn-list-append" => run::<ReplicatedLists>(workload, options),
        "txn-rw-register" => run::<LastWriterWins>(workload, options),
        "unique-ids" => run::<PrefixedIds>(workload, options),
        _ => anyhow::bail!("there is no built-in node for {name} yet; name a program with --bin"),
    };
    Ok(report?)
}
