//! `glomers soak`: many random tests of the built-in nodes, on all cores. A failing test is printed with the command
//! that repeats it.

mod merge;
mod shard;
mod subject;
mod summary;

use crate::{
    interrupt,
    junit::{Junit, JunitArgument},
    names::{challenge_names, disk_uses, fault_names},
    out,
    progress::Count,
    test::options::repeat_command,
    usage::usage,
};
use clap::Args;
use glomers::catalogue::SimulateError;
use glomers_workbench::{
    Load, Options, Progress, Report, RunError, Stop, Validity,
    options::{DiskUse, Fault},
    soak,
};
use merge::Merged;
use serde::Serialize;
use shard::Shard;
use std::{
    fmt,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread,
};
use subject::Subject;
use summary::{Failure, Scope, Summary};

/// The number of tests that are tried to make a failing one smaller.
const TRIES: usize = 300;

/// The number of outcomes that may wait to be counted.
const WAITING: usize = 64;

/// The arguments.
#[derive(Args)]
#[command(after_help = include_str!("help/soak.txt"))]
pub(crate) struct Arguments {
    /// Challenges such as 3c or 3, or nodes such as lin-kv; every node if none is given
    #[arg(value_parser = challenge_names(true), hide_possible_values = true, ignore_case = true)]
    pub(crate) names: Vec<String>,
    /// The number of seeds per node
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    first_seed: u64,
    /// The part of the seeds to run: 2/8 is the second of eight
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    shard: Shard,
    /// The faults to draw from, separated by commas [default: those that a node promises to tolerate]
    #[arg(long, value_name = "FAULTS", value_delimiter = ',', value_parser = fault_names())]
    nemesis: Option<Vec<Fault>>,
    /// The tests in which nodes have a disk
    #[arg(long, value_name = "WHEN", default_value_t, value_parser = disk_uses())]
    disk: DiskUse,
    /// Also fail on anomalies that Maelstrom does not check
    #[arg(long)]
    strict: bool,
    /// Make each failing test smaller
    #[arg(long)]
    shrink: bool,
    /// Print a summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    junit: JunitArgument,
    /// Run nothing; add up the parts of a soak, which are files that --shard and --json made
    #[arg(long, value_name = "FILES", num_args = 1.., conflicts_with_all = ["names", "seeds", "first_seed", "shard", "nemesis", "disk", "strict", "shrink"])]
    merge: Option<Vec<PathBuf>>,
}

/// The summary of one part, as JSON.
#[derive(Serialize)]
struct Part<'a> {
    scope: Scope,
    shard: Shard,
    #[serde(flatten)]
    summary: &'a Summary,
}

impl Arguments {
    fn scope(&self) -> Scope {
        Scope {
            names: self.names.clone(),
            first_seed: self.first_seed,
            seeds: self.seeds,
            nemesis: self.nemesis.as_ref().map(|faults| faults.iter().map(Fault::to_string).collect()),
            disk: self.disk.to_string(),
            strict: self.strict,
        }
    }
}

/// One test.
struct Case<'a> {
    subject: &'a Subject,
    options: Options,
}

/// The outcome of a test.
enum Outcome {
    Valid(Load),
    Undecided(Load),
    /// With the explanation.
    Invalid(String),
}

impl Outcome {
    /// Invalid is a test with a wrong node, and one that did too little to find it.
    fn of(report: &Report) -> Self {
        let load = report.load.unwrap_or_default();
        match soak::verdict(report) {
            Validity::Invalid => Self::Invalid(report.to_string()),
            _ if load.is_short() => Self::Invalid(format!(
                "only {} of {} operations began that were due while clients were free, so the test says too little; \
                 please report this\n\n{report}",
                load.begun, load.due
            )),
            Validity::Valid => Self::Valid(load),
            Validity::Unknown => Self::Undecided(load),
        }
    }
}

/// Runs all tests and prints those that failed, or adds up the parts of a soak.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Validity> {
    let mut junit = arguments.junit.begin("soak");
    let result = run_all(arguments, &mut junit);
    junit.finish(result)
}

fn run_all(arguments: &Arguments, junit: &mut Junit) -> anyhow::Result<Validity> {
    if let Some(files) = &arguments.merge {
        let merged = Merged::read(files)?;
        junit.add("tests", merged.total.cases());
        print(&merged, &merged, arguments.json)?;
        return Ok(merged.valid());
    }
    let subjects = subject::select(&arguments.names)?;
    let cases = cases(arguments, &subjects);
    if cases.is_empty() {
        return Err(usage("there is no test to run: --seeds is 0, or no seed belongs to this --shard"));
    }
    interrupt::listen(false)?;
    let count = Count::new(cases.len(), "tests");
    let (next, (sender, outcomes)) = (AtomicUsize::new(0), sync_channel(WAITING));
    let mut summary = thread::scope(|scope| {
        for _ in 0..thread::available_parallelism()?.get() {
            let (sender, next, cases) = (sender.clone(), &next, &cases);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed))
                    && !interrupt::is_pressed()
                {
                    if sender.send((case, case.judge())).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        anyhow::Ok(gather(&outcomes, &count, arguments))
    })?;
    drop(count);
    summary.finish(cases.len());
    junit.add("tests", summary.cases());
    let part = Part { scope: arguments.scope(), shard: arguments.shard, summary: &summary };
    print(&part, &summary, arguments.json)?;
    Ok(summary.valid())
}

/// Prints a result, as JSON or for people.
fn print(json: &impl Serialize, text: &impl fmt::Display, as_json: bool) -> anyhow::Result<()> {
    match as_json {
        true => out::line(serde_json::to_string_pretty(json)?)?,
        false => out::line(text)?,
    }
    Ok(())
}

/// Every subject with every seed of the shard.
fn cases<'a>(arguments: &Arguments, subjects: &'a [Subject]) -> Vec<Case<'a>> {
    let Shard { index, count } = arguments.shard;
    let seeds = (arguments.first_seed..).take(usize::try_from(arguments.seeds).unwrap_or(usize::MAX));
    let seeds = seeds.filter(|seed| seed % count == index);
    let case = |seed, subject: &'a Subject| {
        let faults = arguments.nemesis.as_ref().unwrap_or(&subject.tolerates);
        let base = subject.options.clone().strict(arguments.strict).liveness(true).disk(arguments.disk);
        Case { subject, options: soak::draw(&base, faults, seed) }
    };
    seeds.flat_map(|seed| subjects.iter().map(move |subject| case(seed, subject))).collect()
}

/// Counts outcomes as they arrive, and shrinks tests that are invalid.
fn gather(outcomes: &Receiver<(&Case<'_>, Outcome)>, count: &Count, arguments: &Arguments) -> Summary {
    let mut summary = Summary::default();
    for (case, outcome) in outcomes {
        match outcome {
            Outcome::Invalid(text) if !interrupt::is_pressed() => {
                let smaller = arguments.shrink.then(|| case.shrink().command());
                let (name, seed) = (case.subject.name.clone(), case.options.seed);
                summary.failures.push(Failure { name, seed, command: case.command(), smaller, text });
            }
            Outcome::Undecided(load) => {
                summary.undecided += 1;
                summary.add(load);
            }
            Outcome::Valid(load) => summary.add(load),
            Outcome::Invalid(_) => {}
        }
        summary.runs += 1;
        count.show(summary.runs, &format!("{} failed", summary.failures.len()));
    }
    summary
}

impl Case<'_> {
    fn judge(&self) -> Outcome {
        self.run(&self.options).unwrap_or_else(|error| Outcome::Invalid(error.to_string()))
    }

    /// # Errors
    ///
    /// The workload cannot be run with these options, which no drawn test should be, but a smaller one may.
    fn run(&self, options: &Options) -> Result<Outcome, RunError> {
        let observer = |_: &Progress| {
            if interrupt::is_pressed() { ControlFlow::Break(Stop::Early) } else { ControlFlow::Continue(()) }
        };
        let simulated = || self.subject.node.simulate(options, &self.subject.arguments, observer);
        let text = match catch_unwind(AssertUnwindSafe(simulated)) {
            Ok(Ok(report)) => {
                return Ok(Outcome::of(&report));
            }
            Ok(Err(SimulateError::Run(RunError::Options(text)))) => return Err(RunError::Options(text)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the simulation panicked".to_owned(),
        };
        Ok(Outcome::Invalid(text))
    }

    /// The smallest test found that is invalid, too.
    fn shrink(&self) -> Self {
        let fails =
            |options: &Options| !interrupt::is_pressed() && matches!(self.run(options), Ok(Outcome::Invalid(_)));
        Case { subject: self.subject, options: soak::shrink(&self.options, TRIES, fails) }
    }

    /// The command that repeats it.
    fn command(&self) -> String {
        repeat_command(self.subject.node.name, &self.options, &self.subject.arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::options::TestOptions;
    use std::collections::BTreeSet;

    fn soak(words: &str) -> Arguments {
        use clap::Parser;
        #[derive(Parser)]
        struct Soak {
            #[command(flatten)]
            arguments: Arguments,
        }
        Soak::try_parse_from(["soak"].into_iter().chain(words.split_whitespace())).unwrap().arguments
    }

    #[test]
    fn shards_split_the_seeds() {
        let subjects = subject::select(&["echo".to_owned()]).unwrap();
        let seeds = |words: &str| -> BTreeSet<_> {
            cases(&soak(words), &subjects).iter().map(|case| case.options.seed).collect()
        };
        let parts = ["1/3", "2/3", "3/3"].map(|shard| seeds(&format!("--seeds 10 --first-seed 5 --shard {shard}")));
        assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), 10);
        assert_eq!(parts.into_iter().flatten().collect::<BTreeSet<_>>(), (5..15).collect());
        for wrong in ["0/3", "4/3", "3", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    /// So few operations succeed that none says anything of another.
    #[test]
    fn a_test_that_says_nothing_is_undecided() {
        for (name, words) in [
            ("txn-rw-register", "--nemesis kill --first-seed 300065 --seeds 1"),
            ("kafka-lin-kv", "--nemesis kill --first-seed 700026 --seeds 1"),
        ] {
            let subjects = subject::select(&[name.to_owned()]).unwrap();
            let soak = soak(words);
            let cases = cases(&soak, &subjects);
            assert!(cases.iter().all(|case| matches!(case.judge(), Outcome::Undecided(_))));
            let (options, arguments) = (&cases[0].options, &cases[0].subject.arguments);
            let node = cases[0].subject.node;
            let report = node.simulate(options, arguments, |_: &Progress| ControlFlow::Continue(())).unwrap();
            assert_eq!(report.valid(), Validity::Invalid, "{report}");
        }
    }

    #[test]
    fn a_command_repeats_its_test() {
        let subjects = subject::select(&[]).unwrap();
        for case in cases(&soak("--seeds 20"), &subjects) {
            let options = TestOptions::read(&case.command()).unwrap();
            assert_eq!(options.builtin().unwrap().name, case.subject.node.name);
            assert_eq!(options.options().unwrap(), case.options, "{}", case.command());
            assert_eq!(options.arguments, case.subject.arguments);
        }
    }
}
