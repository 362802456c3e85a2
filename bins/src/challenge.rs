//! `glomers challenge`: the challenges in simulation, one row each.

use crate::{
    interrupt,
    junit::{Junit, JunitArgument},
    maelstrom::Maelstrom,
    progress::Line,
    table,
};
use anyhow::{Context, bail};
use clap::Args;
use glomers::catalogue::Node;
use glomers_workbench::{
    Report, Validity,
    challenge::{Challenge, challenges},
};
use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

/// The arguments.
#[derive(Args, Default)]
#[command(after_help = include_str!("help/challenge.txt"))]
pub(crate) struct Selection {
    /// The numbers of the challenges; all if none is given
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
    let challenges = select(selection)?;
    let count = challenges.len();
    for (index, challenge) in challenges.into_iter().enumerate() {
        let title = format!("{} ({} of {count})", challenge.name, index + 1);
        let (judged, wall) = stopwatch(|| judge(&challenge, maelstrom.as_ref(), Line::new(title, false)));
        if judged.is_err() && interrupt::is_pressed() {
            break;
        }
        let (report, valid) = judged.with_context(|| format!("challenge {}", challenge.name))?;
        let failures = challenge.failures(&report);
        let mut missed = failures.clone();
        if valid > report.valid() {
            missed.push(format!("Maelstrom judges this run {valid}"));
        }
        junit.add_run(challenge.name, &report, &missed, &again(&challenge, selection));
        rows.push(table::Row { failures, challenge, report, valid, wall });
        if interrupt::is_pressed() {
            break;
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", table::render(&rows))?;
    for row in rows.iter().filter(|row| row.passed() != Validity::Valid) {
        writeln!(out, "\nChallenge {}: {}", row.challenge.name, row.report)?;
        for failure in &row.failures {
            writeln!(out, "{failure}")?;
        }
        writeln!(out, "Again: {}", again(&row.challenge, selection))?;
    }
    for row in rows.iter().filter(|row| row.valid != row.report.valid()) {
        let (name, theirs, ours) = (row.challenge.name, row.valid, row.report.valid());
        writeln!(out, "\nChallenge {name}: Maelstrom judges its run {theirs}, glomers judges it {ours}.")?;
    }
    let passed = rows.iter().map(table::Row::passed).max().unwrap_or(Validity::Valid);
    if !interrupt::is_pressed() {
        return Ok(passed);
    }
    writeln!(out, "\nstopped by {}: {} of {count} challenges were started", interrupt::name(), rows.len())?;
    Ok(passed.max(Validity::Unknown))
}

/// The command that runs a challenge again.
fn again(challenge: &Challenge, selection: &Selection) -> String {
    match &selection.maelstrom {
        Some(folder) => format!("glomers challenge {} --maelstrom {}", challenge.name, folder.display()),
        None => format!("glomers challenge {} --seed {}", challenge.name, selection.seed),
    }
}

/// Runs a challenge in simulation, or under Maelstrom, whose verdict then counts.
fn judge(challenge: &Challenge, maelstrom: Option<&Maelstrom>, mut line: Line) -> anyhow::Result<(Report, Validity)> {
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
fn select(selection: &Selection) -> anyhow::Result<Vec<Challenge>> {
    let mut known = challenges();
    known.iter_mut().for_each(|challenge| challenge.options.seed = selection.seed);
    if selection.challenges.is_empty() {
        return Ok(known);
    }
    let find = |name: &String| match known.iter().find(|challenge| challenge.name == name) {
        Some(challenge) => Ok(challenge.clone()),
        None => {
            let names: Vec<_> = known.iter().map(|challenge| challenge.name).collect();
            bail!("there is no challenge `{name}`; known: {}", names.join(", "))
        }
    };
    selection.challenges.iter().map(find).collect()
}

fn stopwatch<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "wall time is shown to people and decides nothing")]
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}
