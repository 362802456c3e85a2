//! `glomers test`: one test, simulated or hosted.

use crate::{
    arguments::{TestOptions, command},
    nodes,
};
use glomers_workbench::{Options, Program, Report, Store, Validity, run_program, workload};
use std::{io::Write, time::SystemTime};

/// Runs the test, prints what it found out, and keeps it in the store.
pub(crate) fn run(arguments: &TestOptions) -> anyhow::Result<Validity> {
    let options = Options { journal: true, ..arguments.options() };
    if options.log_send || options.log_receive {
        tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().with_target(false).init();
    }
    #[expect(clippy::disallowed_methods, reason = "it names a folder for people and decides nothing")]
    let folder = Store::new(&arguments.store).begin(arguments.workload(), SystemTime::now())?.made_by(command());
    let report = match &arguments.bin {
        None => nodes::simulate(arguments.node()?, &options, &arguments.arguments)?,
        Some(path) => {
            let program = Program {
                path: path.clone(),
                arguments: arguments.arguments.clone(),
                logs: Some(folder.node_logs()),
                show_stderr: arguments.log_stderr,
            };
            run_program(workload(arguments.workload())?, &options, &program)?
        }
    };
    let kept = folder.save(&report);
    // What was found out is worth showing, all the more if the disk is full.
    print(&report, arguments.expectations.json)?;
    kept?;
    if !arguments.expectations.json {
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
