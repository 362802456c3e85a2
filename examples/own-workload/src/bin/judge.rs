//! Tests the node in simulation, or any program in real time: `cargo run --bin judge [PROGRAM]`.

use glomers_workbench::{Options, Program, options::Fault, simulate, test_program};
use own_workload::{Board, Leaderboard};
use std::{error::Error, process::ExitCode, time::Duration};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::default()
        .rate(20.0)
        .time_limit(Duration::from_secs(5))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(1));
    let report = match std::env::args().nth(1) {
        None => simulate::<Board>(Box::new(Leaderboard), &options)?,
        Some(path) => test_program(Box::new(Leaderboard), &options, &Program::new(path))?,
    };
    println!("{report}");
    Ok(report.valid().into())
}
