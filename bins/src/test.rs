//! `glomers test`: one test, simulated or hosted, or several in a row.

pub(crate) mod options;

use crate::{interrupt, junit::Junit, node_logs, out, progress::Line, shell};
use glomers::catalogue::SimulateError;
use glomers_report::{
    messages::MessageFile,
    store::{Folder, Store},
};
use glomers_workbench::{
    Bench, Options, Program, Report, RunError, TestConfig, Validity, finding::Weight, text::time, workload,
};
use options::{TestOptions, repeat_command};
use std::{
    io::{Write, stderr},
    path::Path,
    time::{Duration, SystemTime},
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

fn run_once(arguments: &TestOptions, options: &Options, command: &str) -> anyhow::Result<Report> {
    #[expect(clippy::disallowed_methods, reason = "it names a folder for people and decides nothing")]
    let begin = SystemTime::now();
    let folder = Store::new(&arguments.store).begin(arguments.workload(), begin)?.made_by(command.to_owned());
    let mut line = Line::new(arguments.workload().to_owned(), arguments.is_quiet());
    let messages = folder.messages();
    let report = match judge(arguments, options, &folder, &messages, &mut line) {
        Ok(report) => report,
        Err(error) => {
            drop(line);
            return Err(keep_failed(error, arguments, options, &folder, &messages)?);
        }
    };
    let kept = folder.save_with(&report, &messages);
    drop(line);
    // The results are worth showing, all the more if the disk is full.
    if arguments.json || arguments.verbose {
        print_results(&report)?;
    }
    if !arguments.json {
        let took = begin.elapsed().unwrap_or_default();
        let end = if kept.is_ok() { conclusion(arguments, &report, command, &folder, took) } else { String::new() };
        out::line(format!("{report}{end}"))?;
    }
    kept?;
    Ok(report)
}

/// The lines behind a report: what was run, where it is kept, and what to do next. The last one is Jepsen's.
fn conclusion(arguments: &TestOptions, report: &Report, command: &str, folder: &Folder, took: Duration) -> String {
    // A report may end with violations of the protocol.
    let mut text = if report.violations.is_empty() { String::new() } else { "\n".to_owned() };
    let mut add = |name: &str, value: &str| text.push_str(&format!("\n  {name:<13} {value}"));
    if draws_seed(arguments) {
        let seed = report.config.as_ref().map_or(0, |config| config.options.seed);
        add("drawn", &format!("the faults; --seed {seed} draws the same"));
    }
    if let Some(TestConfig { stopped: Some(stopped), .. }) = &report.config {
        add("stopped", &format!("after {:.1} s by {}", stopped.as_secs_f64(), interrupt::name()));
    }
    add("took", &duration(report, took));
    add("kept in", &folder.path().display().to_string());
    add("report", &folder.page().display().to_string());
    let findings = report.judgement.findings();
    if report.valid() != Validity::Valid || findings.iter().any(|finding| finding.weight == Weight::Strict) {
        add(
            "explain",
            if arguments.store == Path::new("store") { "glomers explain" } else { "glomers explain FOLDER" },
        );
        add("again", command);
        text.push_str(&node_logs::ends(&folder.path()));
    }
    format!("{text}\n\n{}", verdict_of_jepsen(report.valid()))
}

/// The time of the test, and the real time if that is another.
fn duration(report: &Report, took: Duration) -> String {
    let lasted = report.history.ops().last().map_or(Duration::ZERO, |op| op.time);
    match report.config.as_ref().is_some_and(|_| took < lasted) {
        true => format!("{} for {} of simulated time", time(took), time(lasted)),
        false => time(took),
    }
}

/// The line with which Jepsen ends a test, for scripts that look for it (jepsen: `core.clj`).
fn verdict_of_jepsen(valid: Validity) -> &'static str {
    match valid {
        Validity::Valid => "Everything looks good! \u{30fd}(\u{2018}\u{30fc}`)\u{30ce}",
        Validity::Unknown => "Errors occurred during analysis, but no anomalies found. \u{ca0}~\u{ca0}",
        Validity::Invalid => {
            "Analysis invalid! (\u{ff89}\u{ca5}\u{76ca}\u{ca5}\u{ff09}\u{ff89} \u{253b}\u{2501}\u{253b}"
        }
    }
}

/// Keeps what happened until a node failed. Returns the error again.
fn keep_failed(
    error: anyhow::Error,
    arguments: &TestOptions,
    options: &Options,
    folder: &Folder,
    messages: &MessageFile,
) -> anyhow::Result<anyhow::Error> {
    let simulated = match error.downcast_ref() {
        Some(SimulateError::Run(error)) => Some(error),
        _ => None,
    };
    if let Some(RunError::Node(report)) = error.downcast_ref().or(simulated) {
        folder.save_with(report, messages)?;
        if arguments.json {
            print_results(report)?;
        } else {
            let (seed, path) = (options.seed, folder.path());
            let drawn = if draws_seed(arguments) {
                format!(", drawn for this run; --seed {seed} draws the same faults")
            } else {
                String::new()
            };
            out::line(format!("  {:<13} {seed}{drawn}", "seed"))?;
            out::line(format!("  {:<13} {}", "kept in", path.display()))?;
        }
    }
    Ok(error)
}

fn judge(
    arguments: &TestOptions,
    options: &Options,
    folder: &Folder,
    messages: &MessageFile,
    line: &mut Line,
) -> anyhow::Result<Report> {
    let bench = Bench::new(workload::named(arguments.workload())?, options)
        .watched_by(|progress: &_| line.show(progress))
        .recorded_by(messages.recorder());
    let Some(path) = &arguments.bin else {
        return Ok(arguments.builtin()?.simulate_in(bench, &arguments.arguments)?);
    };
    let program = Program {
        path: path.clone(),
        arguments: arguments.arguments.clone(),
        logs: Some(folder.node_logs()),
        data: Some(folder.node_data()),
        show_stderr: arguments.log_stderr,
    };
    Ok(bench.run_program(&program)?)
}

fn print_results(report: &Report) -> anyhow::Result<()> {
    Ok(out::line(serde_json::to_string_pretty(report)?)?)
}
