//! `glomers challenge`: the challenges in simulation, one row each. They are independent of each other, so they run on all
//! cores; under Maelstrom, which needs the cores itself, one after the other.

use crate::{
    interrupt,
    junit::{Junit, JunitArgument},
    maelstrom::Maelstrom,
    names::{challenge_names, means},
    out,
    progress::{Count, Line},
    table,
};
use anyhow::Context;
use clap::Args;
use glomers::catalogue::Node;
use glomers_workbench::{
    Report, Validity,
    challenge::{Challenge, challenges},
    text::time,
};
use std::{
    fmt::Write,
    num::NonZero,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The arguments.
#[derive(Args, Default)]
#[command(after_help = include_str!("help/challenge.txt"))]
pub(crate) struct Selection {
    /// The numbers of the challenges, such as 3c, or 3 for 3a to 3e; all if none is given
    #[arg(value_parser = challenge_names(false), hide_possible_values = true, ignore_case = true)]
    pub(crate) challenges: Vec<String>,
    /// The seed, which determines every byte of the runs
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Run them in real time under the real Maelstrom in this folder instead
    #[arg(long, value_name = "DIR", conflicts_with = "seed")]
    pub(crate) maelstrom: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) junit: JunitArgument,
}

/// Runs the challenges, prints the table, and explains those that did not pass.
pub(crate) fn run(selection: &Selection) -> anyhow::Result<Validity> {
    let mut junit = selection.junit.begin("challenge");
    let result = run_all(selection, &mut junit);
    junit.finish(result)
}

fn run_all(selection: &Selection, junit: &mut Junit) -> anyhow::Result<Validity> {
    let maelstrom = selection.maelstrom.as_deref().map(Maelstrom::find).transpose()?;
    interrupt::listen(false)?;
    let mut rows = Vec::new();
    let challenges = select(selection);
    let count = challenges.len();
    let (all, took) = stopwatch(|| judge_all(&challenges, maelstrom.as_ref()));
    for (challenge, judged) in challenges.into_iter().zip(all) {
        let Some(judged) = judged else { continue };
        if judged.is_err() && interrupt::is_pressed() {
            continue;
        }
        let (report, valid) = judged.with_context(|| format!("challenge {}", challenge.name))?;
        let failures = challenge.failures(&report);
        let mut missed: Vec<_> = failures.iter().map(ToString::to_string).collect();
        if valid > report.valid() {
            missed.push(format!("Maelstrom judges this run {valid}"));
        }
        junit.add_run(challenge.name, &report, &missed, &again(&challenge, selection));
        rows.push(table::Row { failures, challenge, report, valid });
    }
    out::line(table::render(&rows))?;
    for text in rows.iter().map(|row| conclusion(row, selection)).filter(|text| !text.is_empty()) {
        out::line(text)?;
    }
    let passed = rows.iter().map(table::Row::passed).max().unwrap_or(Validity::Valid);
    out::line(total(&rows, count, took))?;
    if !interrupt::is_pressed() {
        return Ok(passed);
    }
    Ok(passed.max(Validity::Unknown))
}

/// The command that runs a challenge again.
fn again(challenge: &Challenge, selection: &Selection) -> String {
    match &selection.maelstrom {
        Some(folder) => format!("glomers challenge {} --maelstrom {}", challenge.name, folder.display()),
        None => format!("glomers challenge {} --seed {}", challenge.name, selection.seed),
    }
}

/// Why a challenge did not pass and how to repeat it; nothing of one that did.
fn conclusion(row: &table::Row, selection: &Selection) -> String {
    let (name, mut text) = (row.challenge.name, String::new());
    if row.passed() != Validity::Valid {
        let _ = write!(text, "\nChallenge {name}: {}", row.report);
        for failure in &row.failures {
            let _ = write!(text, "\n  {:<13} {failure}", "missed");
        }
        let _ = write!(text, "\n  {:<13} {}", "again", again(&row.challenge, selection));
    }
    let (theirs, ours) = (row.valid, row.report.valid());
    if theirs != ours {
        let _ = write!(text, "\nChallenge {name}: Maelstrom judges its run {theirs}, glomers judges it {ours}.");
    }
    text
}

/// The last line: how many passed, and how long it took.
fn total(rows: &[table::Row], count: usize, took: Duration) -> String {
    let passed = rows.iter().filter(|row| row.passed() == Validity::Valid).count();
    let stopped = match interrupt::is_pressed() {
        true => format!("stopped by {}: {} of {count} challenges were started; ", interrupt::name(), rows.len()),
        false => String::new(),
    };
    format!("{stopped}{passed} of {} passed in {}", rows.len(), time(took))
}

/// The report, and the verdict that counts.
type Judged = anyhow::Result<(Report, Validity)>;

/// Runs the challenges, several at a time if they are simulated. `None` stands for one that an interrupt kept from starting.
fn judge_all(challenges: &[Challenge], maelstrom: Option<&Maelstrom>) -> Vec<Option<Judged>> {
    let threads = match maelstrom {
        Some(_) => 1,
        None => thread::available_parallelism().map_or(1, NonZero::get).min(challenges.len()),
    };
    let all: Vec<_> = challenges.iter().map(|_| OnceLock::new()).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let count = (threads > 1).then(|| Count::new(challenges.len(), "challenges"));
    let work = || {
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(challenge) = challenges.get(index)
            && !interrupt::is_pressed()
        {
            let title = format!("{} ({} of {})", challenge.name, index + 1, challenges.len());
            let line = Line::new(title, count.is_some());
            all[index].get_or_init(|| judge(challenge, maelstrom, line));
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            count.iter().for_each(|count| count.show(done, challenge.title));
        }
    };
    thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    all.into_iter().map(OnceLock::into_inner).collect()
}

/// Runs a challenge in simulation, or under Maelstrom, whose verdict then counts.
fn judge(challenge: &Challenge, maelstrom: Option<&Maelstrom>, mut line: Line) -> Judged {
    if let Some(maelstrom) = maelstrom {
        return maelstrom.run(challenge);
    }
    let observer = |progress: &_| line.show(progress);
    let node = Node::find(challenge.workload).context("every challenge has a built-in node")?;
    let arguments: Vec<_> = challenge.node_arguments.iter().map(|word| (*word).to_owned()).collect();
    let report = node.simulate(&challenge.options, &arguments, observer)?;
    let valid = report.valid();
    Ok((report, valid))
}

/// The named challenges, or all of them, with the seed set.
fn select(selection: &Selection) -> Vec<Challenge> {
    let mut known = challenges();
    known.iter_mut().for_each(|challenge| challenge.options.seed = selection.seed);
    if selection.challenges.is_empty() {
        return known;
    }
    let is_wanted = |challenge: &Challenge| selection.challenges.iter().any(|name| means(name, challenge.name));
    known.retain(is_wanted);
    known
}

fn stopwatch<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "wall time is shown to people and decides nothing")]
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}
