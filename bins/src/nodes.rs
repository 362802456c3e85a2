//! Which handler is the node of which name: the one place that knows handlers and workloads.

use glomers::catalogue::Node;
use glomers_handlers::{
    GCounter, HorizonLogs, Hub, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap,
    SetUnion, hub,
    taught::{ClaimedOffsets, ForwardedRegisters, PublishedTotals, SwappedRoot},
};
use glomers_workbench::{Options, Report, run, run_with, workload};
use std::time::Duration;

/// Tests the built-in node of that name in simulation. `latency_budget` is for broadcast.
pub(crate) fn simulate(name: &str, options: &Options, latency_budget: Option<Duration>) -> anyhow::Result<Report> {
    let workload = workload(Node::find(name).map_or(name, |node| node.workload))?;
    let report = match name {
        "broadcast" => {
            let budget = latency_budget.unwrap_or(hub::BUDGET);
            run_with(workload, options, move |cx| Hub::with_budget(cx, budget))
        }
        "echo" => run::<Parrot>(workload, options),
        "g-counter" => run::<GCounter>(workload, options),
        "g-counter-seq-kv" => run::<PublishedTotals>(workload, options),
        "g-set" => run::<SetUnion>(workload, options),
        "kafka" => run::<HorizonLogs>(workload, options),
        "kafka-lin-kv" => run::<ClaimedOffsets>(workload, options),
        "lin-kv" => run::<ReplicatedMap>(workload, options),
        "lin-kv-proxy" => run::<ForwardedRegisters>(workload, options),
        "pn-counter" => run::<PnCounter>(workload, options),
        "txn-list-append" => run::<ReplicatedLists>(workload, options),
        "txn-list-append-lin-kv" => run::<SwappedRoot>(workload, options),
        "txn-rw-register" => run::<LastWriterWins>(workload, options),
        "unique-ids" => run::<PrefixedIds>(workload, options),
        _ => anyhow::bail!("there is no built-in node `{name}`; name a program with --bin, or a node with --node"),
    };
    Ok(report?)
}
