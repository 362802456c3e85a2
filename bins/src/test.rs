//! `glomers test`: one test, simulated or hosted.

use crate::{arguments::TestOptions, nodes};
use glomers_workbench::{Program, Report, Validity, run_program, workload};
use std::io::Write;

/// Runs the test and prints what it found out.
pub(crate) fn run(arguments: &TestOptions) -> anyhow::Result<Validity> {
    let options = arguments.options();
    if options.log_send || options.log_receive {
        tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().with_target(false).init();
    }
    let report = match &arguments.bin {
        None => nodes::simulate(&arguments.workload, &options)?,
        Some(path) => {
            let program = Program {
                path: path.clone(),
                arguments: arguments.arguments.clone(),
                logs: None,
                show_stderr: arguments.log_stderr,
            };
            run_program(workload(&arguments.workload)?, &options, &program)?
        }
    };
    print(&report, arguments.json)?;
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
