//! The price of a disk: nodes as processes over real files, beside the same nodes without a disk, and beside one
//! `fdatasync` per operation by hand: `cargo bench --bench disk`.
//!
//! The three are measured in turn, and their ratios count. What the disk of a machine does differs from minute to minute.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not part of the product"
)]

mod by_hand;
#[path = "../../tests/cluster/mod.rs"]
mod cluster;
mod figures;
mod load;

use cluster::{Cluster, Setup};
use figures::{Figures, median};
use load::{Kind, add, write};
use std::path::Path;

/// A program under a load.
struct Row {
    program: &'static str,
    nodes: usize,
    clients: usize,
    kind: Kind,
}

const ROWS: [Row; 5] = [
    Row { program: "g-counter", nodes: 1, clients: 1, kind: add },
    Row { program: "g-counter", nodes: 1, clients: 100, kind: add },
    Row { program: "lin-kv", nodes: 1, clients: 1, kind: write },
    Row { program: "lin-kv", nodes: 1, clients: 100, kind: write },
    Row { program: "lin-kv", nodes: 3, clients: 100, kind: write },
];

/// The operations of a client in a run.
#[derive(Clone, Copy)]
struct Size {
    operations: usize,
    runs: usize,
}

fn main() {
    // `cargo bench -- --test` only wants to know whether all of it works.
    let quick = std::env::args().any(|argument| argument == "--test");
    let size = if quick { Size { operations: 2, runs: 1 } } else { Size { operations: 300, runs: 5 } };
    println!("{:31} {:^21} {:^21} {:^21} {:^23}", "", "disk", "no disk", "fdatasync by hand", "disk, times the rate");
    println!(
        "{:31} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>11} {:>11} {:>10}",
        "",
        "a second",
        "median ms",
        "a second",
        "median ms",
        "a second",
        "median ms",
        "of no disk",
        "by hand",
        "per sync"
    );
    ROWS.iter().for_each(|row| row.measure(size));
}

impl Row {
    fn measure(&self, size: Size) {
        let turns: Vec<[Figures; 3]> = (0..size.runs).map(|_| self.turn(size)).collect();
        let [disk, memory, by_hand] = [0, 1, 2].map(|column| turns.iter().map(|turn| turn[column]).collect::<Vec<_>>());
        let ratio =
            |to: &[Figures]| median(disk.iter().zip(to).map(|(ours, theirs)| ours.per_second / theirs.per_second));
        let ratios = (ratio(&memory), ratio(&by_hand));
        let name = format!("{}, nodes {}, clients {}", self.program, self.nodes, self.clients);
        print!("{name:31}");
        for column in [disk, memory, by_hand] {
            let Figures { per_second, latency } = Figures::median(&column);
            print!(" {per_second:>10.0} {latency:>10.2}");
        }
        println!(" {:>11.2} {:>11.2} {:>10.1}", ratios.0, ratios.1, self.per_sync(size));
    }

    /// The figures with a disk, without, and by hand.
    fn turn(&self, size: Size) -> [Figures; 3] {
        let folder = folder();
        let disk = self.run(Some(&folder.path().join("data")), None, size);
        let memory = self.run(None, None, size);
        let times = by_hand::times(&folder.path().join("by-hand"), size.operations);
        let all = times.iter().sum();
        [disk, memory, Figures::of(times, all)]
    }

    fn run(&self, data: Option<&Path>, log: Option<&Path>, size: Size) -> Figures {
        let cluster = Cluster::start(Setup { program: self.program, nodes: self.nodes, data, log });
        let figures = load::run(&cluster, self.nodes, self.kind, self.clients, self.clients * size.operations);
        cluster.kill();
        figures
    }

    /// The requests for each sync of a node, from a run in which the nodes log their syncs.
    fn per_sync(&self, size: Size) -> f64 {
        let folder = folder();
        let log = folder.path().join("log");
        self.run(Some(&folder.path().join("data")), Some(&log), size);
        let syncs = std::fs::read_to_string(log).unwrap().matches("synced the disk").count();
        assert!(syncs > 0, "{} does not sync its disk", self.program);
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52")]
        let per_sync = (self.clients * size.operations) as f64 / syncs as f64;
        per_sync
    }
}

/// A folder on the disk of the build, because that of temporary files may be in memory.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
