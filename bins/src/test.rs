//! `glomers test`: one test, simulated or hosted, or several in a row.

pub(crate) mod options;

use crate::{interrupt, junit::Junit, progress::Line, shell};
use glomers::catalogue::SimulateError;
use glomers_report::store::{Folder, Store};
use glomers_workbench::{Bench, Options, Program, Report, RunError, TestConfig, Validity, workload};
use options::{TestOptions, repeat_command};
use std::{
    io::{Write, stderr, stdout},
    time::SystemTime,
};

/// Runs the test as often as it is asked for, until one run is not valid; prints the results and keeps the runs.
pub(crate) fn run(arguments: &TestOptions, words: &[String]) -> anyhow::Result<Validity> {
    let mut junit = arguments.junit.begin("test");
    let result = run_all(arguments, words, &mut junit);
    junit.finish(result)
}

fn run_all(arguments: &TestOptions, words: &[String], junit: &mut Junit) -> anyhow::Result<Validity> {
    let mut options = arguments.options()?.journal(true);
    for remark in arguments.remarks(words) {
        // The test does not depend on who reads this.
        let _ = writeln!(stderr(), "note: {remark}");
    }
    if options.log_send || options.log_receive {
        tracing_subscriber::fmt().with_writer(stderr).without_time().with_target(false).init();
    }
    if draws_seed(arguments) {
        options.seed = drawn_seed();
    }
    interrupt::listen(arguments.bin.is_some())?;
    for number in 1..=arguments.test_count {
        let command = match (number, arguments.bin.is_some()) {
            (1, _) if arguments.test_count == 1 => shell::typed_command(),
            (_, false) => repeat_command(arguments.builtin()?.name, &options, &arguments.arguments),
            (_, true) => shell::typed_command(),
        };
        let report = run_once(arguments, &options, &command)?;
        let name = match arguments.test_count {
            1 => arguments.workload().to_owned(),
            _ => format!("{}, seed {}", arguments.workload(), options.seed),
        };
        junit.add_run(&name, &report, &[], &command);
        let validity = report.valid();
        if validity != Validity::Valid || interrupt::is_pressed() {
            return Ok(validity);
        }
        options.seed += 1;
    }
    Ok(Validity::Valid)
}

/// Tells if the test gets a random seed: with real processes a run is never repeated byte for byte, and a fixed seed
/// would show the same faults in every run.
fn draws_seed(arguments: &TestOptions) -> bool {
    arguments.bin.is_some() && !arguments.has_seed()
}

/// A seed of nine digits at most, to be typed again.
fn drawn_seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "it draws the faults of a test in real time")]
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| u64::from(time.subsec_nanos()))
}

/// Tells which seed was drawn, so that the run can be repeated.
fn print_seed(arguments: &TestOptions, options: &Options) -> anyhow::Result<()> {
    if draws_seed(arguments) {
        writeln!(stdout(), "seed: {0}, drawn for this run; --seed {0} draws the same faults", options.seed)?;
    }
    Ok(())
}

fn run_once(arguments: &TestOptions, options: &Options, command: &str) -> anyhow::Result<Report> {
    #[expect(clippy::disallowed_methods, reason = "it names a folder for people and decides nothing")]
    let begin = SystemTime::now();
    let folder = Store::new(&arguments.store).begin(arguments.workload(), begin)?.made_by(command.to_owned());
    let mut line = Line::new(arguments.workload().to_owned(), arguments.is_quiet());
    let report = match judge(arguments, options, &folder, &mut line) {
        Ok(report) => report,
        Err(error) => {
            drop(line);
            return Err(keep_failed(error, arguments, options, &folder)?);
        }
    };
    let kept = folder.save(&report);
    drop(line);
    // The results are worth showing, all the more if the disk is full.
    print(&report, arguments.json)?;
    kept?;
    if !arguments.json {
        if let Some(TestConfig { stopped: Some(stopped), .. }) = &report.config {
            let (seconds, signal) = (stopped.as_secs_f64(), interrupt::name());
            writeln!(stdout(), "stopped after {seconds:.1} s by {signal}")?;
        }
        print_seed(arguments, options)?;
        writeln!(stdout(), "kept in {}", folder.path().display())?;
        writeln!(stdout(), "report: {}", folder.page().display())?;
        if report.valid() != Validity::Valid && arguments.bin.is_none() {
            writeln!(stdout(), "again: {command}")?;
        }
    }
    Ok(report)
}

/// Keeps what happened until a node failed. Returns the error again.
fn keep_failed(
    error: anyhow::Error,
    arguments: &TestOptions,
    options: &Options,
    folder: &Folder,
) -> anyhow::Result<anyhow::Error> {
    let simulated = match error.downcast_ref() {
        Some(SimulateError::Run(error)) => Some(error),
        _ => None,
    };
    if let Some(RunError::Node(report)) = error.downcast_ref().or(simulated) {
        folder.save(report)?;
        if arguments.json {
            print(report, true)?;
        } else {
            print_seed(arguments, options)?;
            writeln!(stdout(), "kept in {}", folder.path().display())?;
        }
    }
    Ok(error)
}

fn judge(arguments: &TestOptions, options: &Options, folder: &Folder, line: &mut Line) -> anyhow::Result<Report> {
    let observer = |progress: &_| line.show(progress);
    let Some(path) = &arguments.bin else {
        return Ok(arguments.builtin()?.simulate(options, &arguments.arguments, observer)?);
    };
    let program = Program {
        path: path.clone(),
        arguments: arguments.arguments.clone(),
        logs: Some(folder.node_logs()),
        data: Some(folder.node_data()),
        show_stderr: arguments.log_stderr,
    };
    Ok(Bench::new(workload::named(arguments.workload())?, options).watched_by(observer).run_program(&program)?)
}

fn print(report: &Report, as_json: bool) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(())
}
