//! The catalogue of the built-in nodes: one row per node, and the simulators by name. Help texts,
//! `glomers test --builtin`, `glomers soak`, `glomers new` and the tests of the documentation read it.

use crate::broadcast::BroadcastArguments;
use clap::Parser;
use glomers_handlers::{
    GCounter, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap, SetUnion, WatermarkLogs,
    via_services::{ClaimedOffsets, ForwardedRegisters, PublishedTotals, SwappedRoot},
};
use glomers_protocol::{
    Handler, broadcast, echo, g_counter, g_set, kafka, lin_kv, pn_counter, txn_list_append, txn_rw_register, unique_ids,
};
use glomers_workbench::{
    Bench, Options, Progress, Report, RunError, Stop,
    explore::{Exploration, Explored, Explorer, Tally},
    options::Fault,
    workload::{self, UnknownWorkload},
};
use std::ops::ControlFlow;

/// A built-in node.
#[derive(Debug)]
pub struct Node {
    /// The binary's name. The usual node of a workload has the workload's name.
    pub name: &'static str,
    /// The workload that it serves.
    pub workload: &'static str,
    /// The JSON Schema of the workload's messages.
    pub schema: &'static str,
    /// Its algorithm, in a paragraph.
    pub about: &'static str,
    /// Its tests: the number of the challenge that asks for it, empty if none does, and the arguments of
    /// `maelstrom test` after `-w` and `--bin`.
    pub tests: &'static [(&'static str, &'static str)],
    tolerates: Tolerance,
}

/// The faults that a node promises to tolerate, all at once (`docs/faults.md`).
#[derive(Debug)]
enum Tolerance {
    /// Every fault, because the services keep its state or it needs none.
    Everything,
    /// Every fault. With a disk it keeps its state, and the other nodes have what a damaged disk had.
    EvenDamage,
    /// Every fault but damage, because with a disk it keeps its state. Data that only a damaged disk had are lost.
    AllButDamage,
    /// Every fault but those that stop nodes, because its checker requires an answer to every request.
    AllButStops,
}

/// A node could not be simulated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The test came to no verdict.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The workbench does not have the node's workload.
    #[error(transparent)]
    Workload(#[from] UnknownWorkload),
    /// The node does not take these arguments.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The node does not take any arguments.
    #[error("this node takes no arguments, but got {}", arguments.join(" "))]
    NoArguments {
        /// The arguments.
        arguments: Vec<String>,
    },
}

impl Node {
    /// The node with a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        NODES.iter().find(|node| node.name == name)
    }

    /// Its purpose, in one line.
    pub fn title(&self) -> String {
        let challenges: Vec<_> =
            self.tests.iter().map(|(challenge, _)| *challenge).filter(|name| !name.is_empty()).collect();
        match challenges[..] {
            [] => format!("A node for Maelstrom's workload {}, which is not part of a challenge.", self.workload),
            [challenge] => format!("A node for Gossip Glomers challenge {challenge}, {}.", self.workload),
            _ => format!("A node for Gossip Glomers challenges {}, {}.", challenges.join(", "), self.workload),
        }
    }

    /// The commands that test it under Maelstrom.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let line =
            |arguments| format!("./maelstrom test -w {} --bin target/release/{} {arguments}", self.workload, self.name);
        self.tests.iter().map(move |(_, arguments)| line(arguments))
    }

    /// The faults that it promises to tolerate, all at once. Those of disks are not among them if it has no disk.
    pub fn tolerated_faults(&self) -> Vec<Fault> {
        let is_tolerated = |fault: &Fault| match self.tolerates {
            Tolerance::EvenDamage => true,
            Tolerance::AllButDamage => *fault != Fault::DiskCorrupt,
            _ if fault.strikes_disks() => false,
            Tolerance::Everything => true,
            Tolerance::AllButStops => !fault.stops_nodes(),
        };
        Fault::ALL.into_iter().filter(is_tolerated).collect()
    }

    /// Tests a simulated cluster of it, started with these arguments.
    ///
    /// # Errors
    ///
    /// The node does not take the arguments, or the test came to no verdict.
    pub fn simulate(
        &self,
        options: &Options,
        arguments: &[String],
        observer: impl FnMut(&Progress) -> ControlFlow<Stop>,
    ) -> Result<Report, SimulateError> {
        self.simulate_in(Bench::new(workload::named(self.workload)?, options).watched_by(observer), arguments)
    }

    /// Tests a simulated cluster of it, started with these arguments, in a test that was prepared.
    ///
    /// # Errors
    ///
    /// As [`Self::simulate`].
    pub fn simulate_in(&self, bench: Bench<'_>, arguments: &[String]) -> Result<Report, SimulateError> {
        let runner = runner(self.name).expect("every node has a row");
        (runner.simulate)(bench, arguments)
    }

    /// Explores schedules of a cluster of it, started with these arguments.
    ///
    /// # Errors
    ///
    /// The node does not take the arguments, or the exploration could not begin.
    pub fn explore(
        &self,
        bounds: &Exploration,
        arguments: &[String],
        observer: impl FnMut(&Tally) -> ControlFlow<()>,
    ) -> Result<Explored, SimulateError> {
        let runner = runner(self.name).expect("every node has a row");
        (runner.explore)(Explorer::new(workload::maker(self.workload)?, bounds).watched_by(observer), arguments)
    }
}

/// The ways to run a node with these arguments in this process.
struct Runner {
    simulate: fn(Bench<'_>, &[String]) -> Result<Report, SimulateError>,
    explore: fn(Explorer<'_>, &[String]) -> Result<Explored, SimulateError>,
}

/// The runner of the node with a name. It is not a field of [`Node`]: a node's binary reads its row there, and would
/// have to contain every handler and the workbench.
fn runner(name: &str) -> Option<Runner> {
    Some(match name {
        "broadcast" => Runner { simulate: simulate_broadcast, explore: explore_broadcast },
        "echo" => without_arguments::<Parrot>(),
        "g-counter" => without_arguments::<GCounter>(),
        "g-counter-seq-kv" => without_arguments::<PublishedTotals>(),
        "g-set" => without_arguments::<SetUnion>(),
        "kafka" => without_arguments::<WatermarkLogs>(),
        "kafka-lin-kv" => without_arguments::<ClaimedOffsets>(),
        "lin-kv" => without_arguments::<ReplicatedMap>(),
        "lin-kv-proxy" => without_arguments::<ForwardedRegisters>(),
        "pn-counter" => without_arguments::<PnCounter>(),
        "txn-list-append" => without_arguments::<ReplicatedLists>(),
        "txn-list-append-lin-kv" => without_arguments::<SwappedRoot>(),
        "txn-rw-register" => without_arguments::<LastWriterWins>(),
        "unique-ids" => without_arguments::<PrefixedIds>(),
        _ => return None,
    })
}

fn without_arguments<H: Handler>() -> Runner {
    Runner {
        simulate: |bench, arguments| refuse(arguments).and_then(|()| Ok(bench.run::<H>()?)),
        explore: |explorer, arguments| refuse(arguments).and_then(|()| Ok(explorer.run::<H>()?)),
    }
}

fn refuse(arguments: &[String]) -> Result<(), SimulateError> {
    match arguments {
        [] => Ok(()),
        _ => Err(SimulateError::NoArguments { arguments: arguments.to_vec() }),
    }
}

fn simulate_broadcast(bench: Bench<'_>, arguments: &[String]) -> Result<Report, SimulateError> {
    let arguments = broadcast_arguments(arguments)?;
    Ok(bench.run_with(move |cx| arguments.node(cx))?)
}

fn explore_broadcast(explorer: Explorer<'_>, arguments: &[String]) -> Result<Explored, SimulateError> {
    let arguments = broadcast_arguments(arguments)?;
    Ok(explorer.run_with(move |cx| arguments.node(cx))?)
}

fn broadcast_arguments(arguments: &[String]) -> Result<BroadcastArguments, clap::Error> {
    BroadcastArguments::try_parse_from(std::iter::once("broadcast").chain(arguments.iter().map(String::as_str)))
}

/// Every node, in alphabetical order.
pub const NODES: &[Node] = &[
    Node {
        name: "broadcast",
        workload: "broadcast",
        schema: broadcast::SCHEMA,
        about: "\
Each node sends its values in batches to the first node, which passes them on to all others. A cycle takes as long as the
latency budget allows, and costs one message per node in each direction. The default budget passes 3d, a larger one 3e.
If the budget leaves less than 50 ms besides the measured round trip, each value goes straight to every node instead.",
        tests: &[
            ("3a", "--node-count 1 --time-limit 20 --rate 10"),
            ("3b", "--node-count 5 --time-limit 20 --rate 10"),
            ("3c", "--node-count 5 --time-limit 20 --rate 10 --nemesis partition"),
            ("3d", "--node-count 25 --time-limit 20 --rate 100 --latency 100"),
            ("3e", "--node-count 25 --time-limit 20 --rate 100 --latency 100 -- --latency-budget 1750"),
            ("", "--node-count 25 --time-limit 20 --rate 100 --latency 100 -- --latency-budget 150"),
        ],
        tolerates: Tolerance::AllButDamage,
    },
    Node {
        name: "echo",
        workload: "echo",
        schema: echo::SCHEMA,
        about: "The response repeats the value of the request, byte for byte.",
        tests: &[("1", "--node-count 1 --time-limit 10")],
        tolerates: Tolerance::AllButStops,
    },
    Node {
        name: "g-counter",
        workload: "g-counter",
        schema: g_counter::SCHEMA,
        about: "\
Each node keeps the sum of the additions that it received, and sends its total to the others at intervals. The counter is
the sum of all totals. Every operation is answered at once, during a partition too.",
        tests: &[("4", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
        tolerates: Tolerance::AllButDamage,
    },
    Node {
        name: "g-counter-seq-kv",
        workload: "g-counter",
        schema: g_counter::SCHEMA,
        about: "\
The solution that the challenge's text proposes: the counter is kept in the service seq-kv, where each node publishes its
total under a key of its own. A read writes first, so that the values it then reads are not stale.",
        tests: &[("4", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
        tolerates: Tolerance::Everything,
    },
    Node {
        name: "g-set",
        workload: "g-set",
        schema: g_set::SCHEMA,
        about: "\
Each node's set is the union of the sets of all nodes: a node sends new elements to the others until they have them.
Every operation is answered at once, during a partition too.",
        tests: &[("", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
        tolerates: Tolerance::AllButDamage,
    },
    Node {
        name: "kafka",
        workload: "kafka",
        schema: kafka::SCHEMA,
        about: "\
Each node assigns offsets itself, and polls show a log only up to a low watermark, below which no node can add anything.
Every operation is answered at once, during a partition too; messages sent meanwhile become visible after it.",
        tests: &[
            ("5a", "--node-count 1 --concurrency 2n --time-limit 20 --rate 1000"),
            ("5b", "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000"),
            ("5c", "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000"),
        ],
        tolerates: Tolerance::AllButDamage,
    },
    Node {
        name: "kafka-lin-kv",
        workload: "kafka",
        schema: kafka::SCHEMA,
        about: "\
The solution that the challenge's text proposes: logs and commits are kept in the service lin-kv. Each entry of a log is a
key, and the node that creates it by compare-and-set has claimed its offset.",
        tests: &[("5b", "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000")],
        tolerates: Tolerance::Everything,
    },
    Node {
        name: "lin-kv",
        workload: "lin-kv",
        schema: lin_kv::SCHEMA,
        about: "\
Every read, write and compare-and-set is a command in one log, on which the nodes agree by consensus. The majority side
of a partition continues; the other side fails its requests. With a disk, any nodes may be killed and restarted.",
        tests: &[("", "--node-count 5 --concurrency 2n --rate 100 --time-limit 20 --nemesis partition")],
        tolerates: Tolerance::EvenDamage,
    },
    Node {
        name: "lin-kv-proxy",
        workload: "lin-kv",
        schema: lin_kv::SCHEMA,
        about: "\
Each request is forwarded to the service lin-kv, and its response is sent back. A missing response becomes an indefinite
error.",
        tests: &[("", "--node-count 2 --concurrency 4n --rate 100 --time-limit 20 --nemesis partition")],
        tolerates: Tolerance::Everything,
    },
    Node {
        name: "pn-counter",
        workload: "pn-counter",
        schema: pn_counter::SCHEMA,
        about: "\
Each node keeps the sum of the additions and subtractions that it received, and sends its total to the others at
intervals. The counter is the sum of all totals. Every operation is answered at once, during a partition too.",
        tests: &[("", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
        tolerates: Tolerance::AllButDamage,
    },
    Node {
        name: "txn-list-append",
        workload: "txn-list-append",
        schema: txn_list_append::SCHEMA,
        about: "\
Every transaction is a command in one log, on which the nodes agree by consensus. Strictly serializable. The majority side
of a partition continues. With a disk, any nodes may be killed and restarted.",
        tests: &[("", "--node-count 5 --concurrency 2n --rate 1000 --time-limit 20 --nemesis partition")],
        tolerates: Tolerance::EvenDamage,
    },
    Node {
        name: "txn-list-append-lin-kv",
        workload: "txn-list-append",
        schema: txn_list_append::SCHEMA,
        about: "\
All lists are one value under one key of the service lin-kv. A transaction reads it, changes its copy, and replaces it by
compare-and-set; if another transaction was faster, it starts again. Strictly serializable.",
        tests: &[("", "--node-count 2 --concurrency 2n --time-limit 20 --rate 100 --nemesis partition")],
        tolerates: Tolerance::Everything,
    },
    Node {
        name: "txn-rw-register",
        workload: "txn-rw-register",
        schema: txn_rw_register::SCHEMA,
        about: "\
Each transaction runs at once on the node that receives it, and of two writes to one register the later wins on all nodes,
by a Lamport clock. At least read committed, and always available.",
        tests: &[
            (
                "6a",
                "--node-count 1 --concurrency 2n --time-limit 20 --rate 1000 --consistency-models read-uncommitted --availability total",
            ),
            (
                "6b",
                "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000 --consistency-models read-uncommitted --availability total --nemesis partition",
            ),
            (
                "6c",
                "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000 --consistency-models read-committed --availability total --nemesis partition",
            ),
        ],
        tolerates: Tolerance::AllButDamage,
    },
    Node {
        name: "unique-ids",
        workload: "unique-ids",
        schema: unique_ids::SCHEMA,
        about: "\
An id is the node's name, a random number drawn when the process starts, and a counter. Nodes need no messages and no
clock.",
        tests: &[("2", "--node-count 3 --time-limit 30 --rate 1000 --availability total --nemesis partition")],
        tolerates: Tolerance::Everything,
    },
];

#[cfg(test)]
mod tests {
    use super::{NODES, runner};

    #[test]
    fn every_node_can_be_run_here() {
        for node in NODES {
            assert!(runner(node.name).is_some(), "{}", node.name);
        }
    }
}
