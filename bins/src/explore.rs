//! `glomers explore`: all schedules of a small cluster and a few operations, or many chosen ones. A counterexample is made
//! smaller, printed step by step, and kept as a run.

use crate::{
    interrupt,
    names::{disk_uses, workload_names},
    progress::Spinner,
    shell,
    test::options::{TestOptions, builtin_names},
    usage::usage,
};
use anyhow::Context;
use clap::{Args, ValueEnum};
use glomers::catalogue::Node;
use glomers_report::store::Store;
use glomers_workbench::{
    Validity,
    explore::{Exploration, Explored, Mode, Order, Schedule, Tally},
    options::{Concurrency, DiskUse},
};
use std::{
    io::{Write, stdout},
    ops::ControlFlow,
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// The arguments.
#[derive(Args, Debug)]
#[command(after_help = include_str!("help/explore.txt"))]
pub(crate) struct Arguments {
    /// The workload [default: that of --builtin, or broadcast]
    #[arg(short, long, value_parser = workload_names())]
    workload: Option<String>,
    /// The built-in node [default: the one with the workload's name]
    #[arg(long, value_name = "NAME", value_parser = builtin_names())]
    builtin: Option<String>,
    /// The way in which schedules are chosen
    #[arg(long, value_enum, default_value_t = Choice::All)]
    mode: Choice,
    /// The number of nodes
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..))]
    node_count: u8,
    /// The number of clients: a number, or a multiple of the nodes such as 2n [default: 1n; lin-kv: 2n]
    #[arg(long, value_name = "CLIENTS")]
    concurrency: Option<Concurrency>,
    /// The number of operations, all clients together
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    operations: usize,
    /// The largest number of messages between servers that are lost
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    drops: usize,
    /// The largest number of messages between nodes that come twice
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    duplicates: usize,
    /// The largest number of crashes; nodes have a disk then
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    crashes: usize,
    /// The largest number of times that a node is cut off from the others
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    partitions: usize,
    /// The largest number of timers that fire before the rest of a schedule is run by time
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    timers: usize,
    /// The milliseconds by which clocks may differ
    #[arg(long, value_name = "MILLIS", default_value_t = 0)]
    drift: u64,
    /// The milliseconds for which the cluster runs by itself before the first choice, to elect a leader for example
    #[arg(long, value_name = "MILLIS", default_value_t = 0)]
    warm_up: u64,
    /// The order of messages on a link: as they were sent, or any
    #[arg(long, value_name = "fifo|any", default_value_t = Order::Fifo)]
    order: Order,
    /// The largest number of steps of a schedule; the rest is run by time
    #[arg(long, value_name = "STEPS", default_value_t = 200)]
    depth: usize,
    /// The number of steps whose order matters, in the mode pct
    #[arg(long, value_name = "STEPS", default_value_t = 3)]
    pct_depth: usize,
    /// The number of schedules after which to end [default: all of them; 1000 in the modes pct and random]
    #[arg(long, value_name = "NUMBER")]
    max_schedules: Option<u64>,
    /// The seconds after which to end
    #[arg(long, value_name = "SECONDS")]
    time: Option<f64>,
    /// The number of threads [default: that of the cores]
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// The seed, which draws the operations, the nodes' random numbers and random schedules
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// The tests in which nodes have a disk; auto: with --crashes
    #[arg(long, value_name = "WHEN", default_value_t, value_parser = disk_uses())]
    disk: DiskUse,
    /// The consistency models that transactions are held to [default: those that the node promises]
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    consistency_models: Option<Vec<String>>,
    /// Also require that each node serves its clients in the end
    #[arg(long)]
    liveness: bool,
    /// Explore also schedules that differ only in the order of independent steps, to see how many there are
    #[arg(long)]
    no_reduction: bool,
    /// A schedule to repeat
    #[arg(long, value_name = "STEPS")]
    schedule: Option<Schedule>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The folder in which counterexamples are kept
    #[arg(long, value_name = "DIR", default_value = "store")]
    store: PathBuf,
    /// Arguments of the node
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// A mode by its name.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Choice {
    /// Every schedule within the bounds, once
    All,
    /// Random priorities with a few changes, which find a mistake with a known probability
    Pct,
    /// Each step evenly among those that are possible
    Random,
}

impl Arguments {
    fn node(&self) -> anyhow::Result<&'static Node> {
        let name = self.builtin.as_deref().or(self.workload.as_deref()).unwrap_or("broadcast");
        let node = Node::find(name).with_context(|| format!("there is no built-in node for the workload {name}"))?;
        match &self.workload {
            Some(workload) if workload != node.workload => {
                Err(usage(format!("the built-in node {name} serves {}, not {workload}", node.workload)))
            }
            _ => Ok(node),
        }
    }

    fn bounds(&self, node: &Node) -> anyhow::Result<Exploration> {
        let promised = || match node.lines().last() {
            Some(line) => Ok(TestOptions::read(&line)?.options()?.consistency_models),
            None => anyhow::Ok(Exploration::default().options.consistency_models),
        };
        let models = self.consistency_models.clone().map_or_else(promised, Ok)?;
        let threads = self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let mut bounds = Exploration::default()
            .node_count(self.node_count.into())
            .seed(self.seed)
            .liveness(self.liveness)
            .operations(self.operations)
            .mode(match self.mode {
                Choice::All => Mode::All,
                Choice::Pct => Mode::Pct { depth: self.pct_depth },
                Choice::Random => Mode::Random,
            })
            .order(self.order)
            .drops(self.drops)
            .duplicates(self.duplicates)
            .crashes(self.crashes)
            .partitions(self.partitions)
            .timers(self.timers)
            .drift(Duration::from_millis(self.drift))
            .warm_up(Duration::from_millis(self.warm_up))
            .depth(self.depth)
            .max_schedules(self.max_schedules)
            .threads(threads)
            .reduction(!self.no_reduction)
            .schedule(self.schedule.clone());
        bounds.options = bounds.options.disk(self.disk).consistency_models(models);
        if let Some(concurrency) = self.concurrency {
            bounds.options = bounds.options.concurrency(concurrency);
        }
        Ok(bounds)
    }
}

/// Explores, prints what was found, and keeps a counterexample.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Validity> {
    let node = arguments.node()?;
    let bounds = arguments.bounds(node)?;
    interrupt::listen(false)?;
    let explored = explore(arguments, node, &bounds)?;
    let mut out = stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &explored)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{explored}")?;
    }
    if let Some(found) = &explored.counterexample {
        let command = repeat_command(&found.schedule);
        #[expect(clippy::disallowed_methods, reason = "it names a folder for people and decides nothing")]
        let begin = SystemTime::now();
        let folder = Store::new(&arguments.store).begin(node.workload, begin)?.made_by(command.clone());
        folder.save(&found.report)?;
        if !arguments.json {
            writeln!(out, "kept in {}", folder.path().display())?;
            writeln!(out, "report: {}", folder.page().display())?;
            writeln!(out, "again: {command}")?;
        }
    }
    Ok(validity(&explored))
}

fn explore(arguments: &Arguments, node: &Node, bounds: &Exploration) -> anyhow::Result<Explored> {
    let line = Spinner::new(format!("{} {}", node.name, bounds.mode), arguments.json);
    let limit = arguments.time.map(Duration::try_from_secs_f64).transpose().context("--time")?;
    let observer = |tally: &Tally| {
        line.show(|| {
            let Tally { schedules, repetitions, longest, .. } = tally;
            format!("{schedules} schedules of up to {longest} steps, {repetitions} repetitions")
        });
        let is_over = interrupt::is_pressed() || limit.is_some_and(|limit| line.elapsed() >= limit);
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    Ok(node.explore(bounds, &arguments.arguments, observer)?)
}

/// Unknown is a search that Ctrl-C has ended.
fn validity(explored: &Explored) -> Validity {
    match explored.valid() {
        Validity::Valid if interrupt::is_pressed() => Validity::Unknown,
        valid => valid,
    }
}

/// The command that repeats a counterexample: the one that found it, with its schedule.
fn repeat_command(schedule: &Schedule) -> String {
    let mut words: Vec<String> = vec!["glomers".to_owned()];
    let mut typed = std::env::args().skip(1).peekable();
    let mut rest = Vec::new();
    while let Some(word) = typed.next() {
        match &*word {
            "--" => rest = std::iter::once(word).chain(typed.by_ref()).collect(),
            "--schedule" => _ = typed.next(),
            _ if word.starts_with("--schedule=") => {}
            _ => words.push(word),
        }
    }
    words.extend(["--schedule".to_owned(), schedule.to_string()]);
    words.extend(rest);
    shell::quote(words)
}
