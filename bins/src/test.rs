//! `glomers test`: one test, simulated or hosted.

use crate::{
    arguments::{TestOptions, command},
    interrupt, nodes,
    progress::Line,
};
use glomers_report::store::Store;
use glomers_workbench::{Bench, Options, Program, Report, TestConfig, Validity, workload};
use std::{io::Write, time::SystemTime};

/// Runs the test, prints what it found out, and keeps it in the store.
pub(crate) fn run(arguments: &TestOptions) -> anyhow::Result<Validity> {
    let options = Options { journal: true, ..arguments.options() };
    if options.log_send || options.log_receive {
        tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().with_target(false).init();
    }
    #[expect(clippy::disallowed_methods, reason = "it names a folder for people and decides nothing")]
    let folder = Store::new(&arguments.store).begin(arguments.workload(), SystemTime::now())?.made_by(command());
    interrupt::listen(arguments.bin.is_some())?;
    let mut line = Line::new(arguments.workload().to_owned(), arguments.is_quiet());
    let mut observer = |progress: &_| line.show(progress);
    let report = match &arguments.bin {
        None => nodes::simulate(arguments.node()?, &options, &arguments.arguments, &mut observer)?,
        Some(path) => {
            let program = Program {
                path: path.clone(),
                arguments: arguments.arguments.clone(),
                logs: Some(folder.node_logs()),
                show_stderr: arguments.log_stderr,
            };
            let bench = Bench::new(workload(arguments.workload())?, &options);
            bench.watched_by(&mut observer).run_program(&program)?
        }
    };
    let kept = folder.save(&report);
    drop(line);
    // What was found out is worth showing, all the more if the disk is full.
    print(&report, arguments.expectations.json)?;
    kept?;
    if !arguments.expectations.json {
        if let Some(TestConfig { stopped: Some(stopped), .. }) = &report.config {
            let (seconds, signal) = (stopped.as_secs_f64(), interrupt::name());
            writeln!(std::io::stdout(), "stopped after {seconds:.1} s by {signal}")?;
        }
        writeln!(std::io::stdout(), "kept in {}", folder.path().display())?;
        writeln!(std::io::stdout(), "report: {}", folder.page().display())?;
        if report.valid() != Validity::Valid && arguments.bin.is_none() {
            writeln!(std::io::stdout(), "again: {}", command())?;
        }
    }
    Ok(report.valid())
}

fn print(report: &Report, as_json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(())
}
