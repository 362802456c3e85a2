//! Results as a JUnit file, which CI systems show: a suite for each run, a case for each judged part.
//!
//! An invalid part is a `failure`. A part without a verdict, and a command that broke off, is an `error`: the node may
//! be right. The file is written even if the command fails, because that is when people read it.

use anyhow::Context;
use glomers_workbench::{Report, Validity, finding::Weight, summary::Part};
use maud::{Markup, PreEscaped, html};
use std::{
    fmt::Write,
    fs, mem,
    path::PathBuf,
    time::{Duration, Instant},
};

/// The number of findings that a failure quotes.
const FINDINGS: usize = 12;

/// The argument of the commands that can write such a file.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct JunitArgument {
    /// Also write the results as a JUnit file, which CI systems show
    #[arg(long, value_name = "FILE", overrides_with = "junit")]
    junit: Option<PathBuf>,
}

/// The results of a command so far.
pub(crate) struct Junit {
    file: Option<PathBuf>,
    command: &'static str,
    suites: Vec<Suite>,
    since: Instant,
}

/// The results of one run.
struct Suite {
    name: String,
    /// The command that repeats the run; empty if there is none.
    again: String,
    took: Duration,
    cases: Vec<Case>,
}

/// The result of one part.
pub(crate) struct Case {
    /// The name.
    pub(crate) name: String,
    /// The verdict.
    pub(crate) valid: Validity,
    /// The reason for the verdict, on one line.
    pub(crate) reason: String,
    /// More about it.
    pub(crate) text: String,
}

impl JunitArgument {
    /// A file for the results of a command, if the command line asks for one.
    pub(crate) fn begin(&self, command: &'static str) -> Junit {
        Junit { file: self.junit.clone(), command, suites: Vec::new(), since: now() }
    }
}

impl Junit {
    /// Adds a run: its parts, and the thresholds that it missed. `again` is the command that repeats it.
    pub(crate) fn add_run(&mut self, name: &str, report: &Report, missed: &[String], again: &str) {
        let parts = report.judgement.parts().into_iter().filter(|part| part.counts);
        let mut cases: Vec<_> = parts.map(|part| case(report, part, again)).collect();
        cases.extend(missed.iter().map(|missed| Case {
            name: "threshold".to_owned(),
            valid: Validity::Invalid,
            reason: missed.clone(),
            text: format!("again: {again}"),
        }));
        self.push(name, again, cases);
    }

    /// Adds a suite. The time since the one before, or since the command began, is its duration.
    pub(crate) fn add(&mut self, name: &str, cases: Vec<Case>) {
        self.push(name, "", cases);
    }

    fn push(&mut self, name: &str, again: &str, cases: Vec<Case>) {
        let since = mem::replace(&mut self.since, now());
        let (name, again) = (name.to_owned(), again.to_owned());
        self.suites.push(Suite { name, again, took: self.since - since, cases });
    }

    /// Writes the file, if the command line asks for one, with the error that broke the command off. Returns the
    /// command's result.
    pub(crate) fn finish(mut self, result: anyhow::Result<Validity>) -> anyhow::Result<Validity> {
        let Some(file) = self.file.take() else { return result };
        if let Err(error) = &result {
            let reason = format!("{error:#}");
            let line = reason.lines().next().unwrap_or_default().to_owned();
            let case = Case { name: "command".to_owned(), valid: Validity::Unknown, reason: line, text: reason };
            self.add("error", vec![case]);
        }
        let text = self.render().into_string();
        let written = fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()));
        // The command's own error is the one to show.
        result.and_then(|valid| written.map(|()| valid))
    }

    fn render(&self) -> Markup {
        let cases = || self.suites.iter().flat_map(|suite| &suite.cases);
        html! {
            (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
            testsuites name={ "glomers " (self.command) } tests=(cases().count())
                failures=(count(cases(), Validity::Invalid)) errors=(count(cases(), Validity::Unknown)) {
                @for suite in &self.suites {
                    (LINE) (self.suite(suite))
                }
                (LINE)
            }
            (LINE)
        }
    }

    fn suite(&self, suite: &Suite) -> Markup {
        let class = format!("glomers.{}.{}", self.command, suite.name.replace('.', "-"));
        let took = format!("{:.3}", suite.took.as_secs_f64());
        html! {
            testsuite name=(plain(&suite.name)) tests=(suite.cases.len()) time=(took)
                failures=(count(suite.cases.iter(), Validity::Invalid))
                errors=(count(suite.cases.iter(), Validity::Unknown)) {
                @if !suite.again.is_empty() {
                    (LINE)
                    properties { property name="command" value=(plain(&suite.again)) {} }
                }
                @for case in &suite.cases {
                    (LINE)
                    testcase classname=(plain(&class)) name=(plain(&case.name)) {
                        @match case.valid {
                            Validity::Valid => system-out { (plain(&case.reason)) },
                            Validity::Invalid => failure message=(plain(&case.reason)) { (plain(&case.text)) },
                            Validity::Unknown => error message=(plain(&case.reason)) { (plain(&case.text)) },
                        }
                    }
                }
                (LINE)
            }
        }
    }
}

const LINE: PreEscaped<&str> = PreEscaped("\n");

/// A part with the findings behind its verdict.
fn case(report: &Report, part: Part, again: &str) -> Case {
    let mut text = String::new();
    if part.valid != Validity::Valid {
        let findings = match part.name {
            "workload" => &report.judgement.verdict.findings,
            "strict" => &report.judgement.strict_findings.findings,
            _ => &Vec::new(),
        };
        let grave: Vec<_> = findings.iter().filter(|finding| finding.weight != Weight::Note).collect();
        for finding in grave.iter().take(FINDINGS) {
            let _ = writeln!(text, "{}: {}", finding.kind, finding.explanation);
        }
        if grave.len() > FINDINGS {
            let _ = writeln!(text, "and {} more", grave.len() - FINDINGS);
        }
        let _ = write!(text, "again: {again}");
    }
    Case { name: part.name.to_owned(), valid: part.valid, reason: part.reason, text }
}

fn count<'a>(cases: impl Iterator<Item = &'a Case>, valid: Validity) -> usize {
    cases.filter(|case| case.valid == valid).count()
}

/// A text without the characters that XML does not allow, which no escape can express.
fn plain(text: &str) -> String {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect()
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "wall time is shown to people and decides nothing")]
    Instant::now()
}
