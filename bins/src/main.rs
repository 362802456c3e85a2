//! `glomers`: runs the challenges in the workbench's simulation and judges them.

mod nodes;
mod table;

use anyhow::{Context, bail};
use clap::Parser;
use glomers_workbench::{
    Validity,
    challenge::{Challenge, challenges},
};
use std::{
    io::Write,
    process::ExitCode,
    time::{Duration, Instant},
};

/// Runs the Gossip Glomers challenges in a deterministic simulation and judges them.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  glomers            all challenges\n  glomers 3a 3c      two of them\n  \
    glomers 3c --seed 7  the same run again, byte for byte\n\nExit code: 0 all passed, 1 one failed, 2 one is unknown."
)]
struct Arguments {
    /// Which challenges; all if none is named.
    challenges: Vec<String>,
    /// Fixes latencies, partitions, operations and the nodes' own chance.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut rows = Vec::new();
    for challenge in select(&arguments)? {
        let (report, wall) = stopwatch(|| nodes::simulate(&challenge));
        let report = report.with_context(|| format!("challenge {}", challenge.name))?;
        rows.push(table::Row { challenge, report, wall });
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", table::render(&rows))?;
    for row in rows.iter().filter(|row| row.report.valid() != Validity::Valid) {
        let (name, seed) = (row.challenge.name, arguments.seed);
        writeln!(out, "\nChallenge {name}: {}\nAgain: glomers {name} --seed {seed}", row.report)?;
    }
    let worst = rows.iter().map(|row| row.report.valid()).max().unwrap_or(Validity::Valid);
    Ok(match worst {
        Validity::Valid => ExitCode::SUCCESS,
        Validity::Invalid => ExitCode::from(1),
        Validity::Unknown => ExitCode::from(2),
    })
}

/// The named challenges, or all of them, with the seed set.
fn select(arguments: &Arguments) -> anyhow::Result<Vec<Challenge>> {
    let mut known = challenges();
    known.iter_mut().for_each(|challenge| challenge.options.seed = arguments.seed);
    if arguments.challenges.is_empty() {
        return Ok(known);
    }
    let find = |name: &String| match known.iter().find(|challenge| challenge.name == name) {
        Some(challenge) => Ok(challenge.clone()),
        None => {
            let names: Vec<_> = known.iter().map(|challenge| challenge.name).collect();
            bail!("there is no challenge `{name}`; known: {}", names.join(", "))
        }
    };
    arguments.challenges.iter().map(find).collect()
}

fn stopwatch<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "wall time is shown to people and decides nothing")]
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}
