//! Which handler is the node of which name: the one place that knows handlers and workloads.

use clap::Parser;
use glomers::{BroadcastArguments, catalogue::Node};
use glomers_handlers::{
    GCounter, HorizonLogs, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap, SetUnion,
    taught::{ClaimedOffsets, ForwardedRegisters, PublishedTotals, SwappedRoot},
};
use glomers_workbench::{Options, Report, run, run_with, workload};

/// Tests the built-in node of that name, started with these arguments, in simulation.
pub(crate) fn simulate(name: &str, options: &Options, arguments: &[impl AsRef<str>]) -> anyhow::Result<Report> {
    let workload = workload(Node::find(name).map_or(name, |node| node.workload))?;
    let report = match name {
        "broadcast" => {
            let words = ["broadcast"].into_iter().chain(arguments.iter().map(AsRef::as_ref));
            let arguments = BroadcastArguments::try_parse_from(words)?;
            run_with(workload, options, move |cx| arguments.node(cx))
        }
        _ if !arguments.is_empty() => anyhow::bail!("the node {name} takes no arguments"),
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
