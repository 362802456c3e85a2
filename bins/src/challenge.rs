//! `glomers challenge`: the challenges in simulation, a row each.

use crate::{nodes, table};
use anyhow::{Context, bail};
use clap::Args;
use glomers_workbench::{
    Validity,
    challenge::{Challenge, challenges},
};
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Which challenges.
#[derive(Args)]
pub(crate) struct Selection {
    /// The challenges' numbers; all if none is named.
    pub(crate) challenges: Vec<String>,
    /// Fixes every byte of the runs.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

/// Runs the challenges, prints the table, and explains what did not pass.
pub(crate) fn run(selection: &Selection) -> anyhow::Result<Validity> {
    let mut rows = Vec::new();
    for challenge in select(selection)? {
        let (report, wall) =
            stopwatch(|| nodes::simulate(challenge.workload, &challenge.options, challenge.latency_budget));
        let report = report.with_context(|| format!("challenge {}", challenge.name))?;
        rows.push(table::Row { failures: challenge.failures(&report), challenge, report, wall });
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", table::render(&rows))?;
    for row in rows.iter().filter(|row| row.passed() != Validity::Valid) {
        let (name, seed) = (row.challenge.name, selection.seed);
        writeln!(out, "\nChallenge {name}: {}", row.report)?;
        for failure in &row.failures {
            writeln!(out, "{failure}")?;
        }
        writeln!(out, "Again: glomers challenge {name} --seed {seed}")?;
    }
    Ok(rows.iter().map(table::Row::passed).max().unwrap_or(Validity::Valid))
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
