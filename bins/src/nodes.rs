//! Which handler is the node of which name: the one place that knows handlers and workloads.

use clap::Parser;
use glomers::{BroadcastArguments, catalogue::Node};
use glomers_handlers::{
    GCounter, HorizonLogs, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap, SetUnion,
    taught::{ClaimedOffsets, ForwardedRegisters, PublishedTotals, SwappedRoot},
};
use glomers_workbench::{Bench, Observer, Options, Report, workload};

/// Tests the built-in node of that name, started with these arguments, in simulation.
pub(crate) fn simulate(
    name: &str,
    options: &Options,
    arguments: &[impl AsRef<str>],
    observer: Observer<'_>,
) -> anyhow::Result<Report> {
    let workload = workload(Node::find(name).map_or(name, |node| node.workload))?;
    let bench = Bench::new(workload, options).watched_by(observer);
    let report = match name {
        "broadcast" => {
            let words = ["broadcast"].into_iter().chain(arguments.iter().map(AsRef::as_ref));
            let arguments = BroadcastArguments::try_parse_from(words)?;
            bench.run_with(move |cx| arguments.node(cx))
        }
        _ if !arguments.is_empty() => anyhow::bail!("the node {name} takes no arguments"),
        "echo" => bench.run::<Parrot>(),
        "g-counter" => bench.run::<GCounter>(),
        "g-counter-seq-kv" => bench.run::<PublishedTotals>(),
        "g-set" => bench.run::<SetUnion>(),
        "kafka" => bench.run::<HorizonLogs>(),
        "kafka-lin-kv" => bench.run::<ClaimedOffsets>(),
        "lin-kv" => bench.run::<ReplicatedMap>(),
        "lin-kv-proxy" => bench.run::<ForwardedRegisters>(),
        "pn-counter" => bench.run::<PnCounter>(),
        "txn-list-append" => bench.run::<ReplicatedLists>(),
        "txn-list-append-lin-kv" => bench.run::<SwappedRoot>(),
        "txn-rw-register" => bench.run::<LastWriterWins>(),
        "unique-ids" => bench.run::<PrefixedIds>(),
        _ => anyhow::bail!("there is no built-in node `{name}`; name a program with --bin, or a node with --node"),
    };
    Ok(report?)
}
