//! The progress of a test, in one line on the terminal while it runs. It is only for people who wait: it does not
//! appear if stderr is a pipe or a file, nor in the store.

use crate::{interrupt, terminal};
use glomers_workbench::{Progress, Stage, Stop};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::ControlFlow;
use std::{
    fmt::Write as _,
    io::{IsTerminal, Write, stderr},
    time::Duration,
};

/// The period at which the line moves while the test reports nothing.
const TICK: Duration = Duration::from_millis(100);

/// The progress line of a test.
pub(crate) struct Line {
    bar: ProgressBar,
    stage: Option<Stage>,
    /// The time at which the stage began.
    begin: Duration,
    is_stopping: bool,
}

impl Line {
    /// A line that begins with `title`. A quiet one is never shown.
    pub(crate) fn new(title: String, is_quiet: bool) -> Self {
        let bar = bar(None, title, is_quiet);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, stage: None, begin: Duration::ZERO, is_stopping: false }
    }

    /// Shows the progress, and returns what Ctrl-C asks of the test.
    pub(crate) fn show(&mut self, progress: &Progress) -> ControlFlow<Stop> {
        let wanted = interrupt::wanted(progress.stage);
        if wanted == ControlFlow::Break(Stop::Early) && !self.is_stopping {
            self.is_stopping = true;
            self.say("stopping; the history so far will be judged. Ctrl-C again ends the test at once");
        }
        if !self.bar.is_hidden() {
            self.draw(progress);
        }
        wanted
    }

    fn draw(&mut self, progress: &Progress) {
        if self.stage != Some(progress.stage) {
            (self.stage, self.begin) = (Some(progress.stage), progress.elapsed);
        }
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let since_begin = |time: Duration| millis(time.saturating_sub(self.begin));
        let (done, whole) = (since_begin(progress.elapsed), progress.until.map_or(0, since_begin));
        self.bar.set_length(whole.max(1));
        self.bar.set_position(if whole > 0 { done.min(whole) } else { 1 });
        self.bar.set_message(describe(progress));
    }

    fn say(&self, text: &str) {
        if !self.bar.is_hidden() {
            self.bar.println(text);
        } else if stderr().is_terminal() {
            // Nothing is left to do if the terminal is gone.
            let _ = writeln!(stderr(), "{text}");
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A progress line that counts.
pub(crate) struct Count(ProgressBar);

impl Count {
    /// A line at 0 of `whole`.
    pub(crate) fn new(whole: usize, of: &'static str) -> Self {
        Self(bar(Some(whole as u64), of.to_owned(), false))
    }

    /// Shows the number of those that are done.
    pub(crate) fn show(&self, done: usize, message: &str) {
        if !self.0.is_hidden() {
            self.0.set_position(done as u64);
            self.0.set_message(format!("{done} of {}, {message}", self.0.length().unwrap_or_default()));
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A progress line without an end.
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
    /// A line that begins with `title`. A quiet one is never shown.
    pub(crate) fn new(title: String, is_quiet: bool) -> Self {
        let bar = bar(None, title, is_quiet);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }

    /// The time since it was made.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Shows a message.
    pub(crate) fn show(&self, message: impl FnOnce() -> String) {
        if !self.0.is_hidden() {
            self.0.set_message(message());
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar that is shown only on a terminal.
fn bar(length: Option<u64>, prefix: String, is_quiet: bool) -> ProgressBar {
    let is_seen = !is_quiet && stderr().is_terminal();
    let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    ProgressBar::with_draw_target(length, target).with_style(style()).with_prefix(prefix)
}

fn style() -> ProgressStyle {
    let template = if terminal::is_colored(&stderr()) {
        "{spinner:.cyan} {prefix:.bold} {bar:16.cyan/dim} {wide_msg}"
    } else {
        "{spinner} {prefix} {bar:16} {wide_msg}"
    };
    ProgressStyle::with_template(template).expect("it is well-formed").progress_chars("━━─")
}

/// A text such as `working, 48 s left, partition; 60 operations (58 ok, 1 failed), 1204 messages`.
fn describe(progress: &Progress) -> String {
    let mut text = match progress.stage {
        Stage::Setup => "getting ready",
        Stage::Work => "working",
        Stage::Recovery => "recovering",
        Stage::FinalOperations => "last operations",
        Stage::Checking => "checking",
    }
    .to_owned();
    if let Some(until) = progress.until {
        let left = until.saturating_sub(progress.elapsed).as_secs_f64().ceil();
        write!(text, ", {left} s left").expect("a String takes everything");
    }
    progress.faults.iter().for_each(|fault| text.extend([", ", fault]));
    let mut ended = vec![format!("{} ok", progress.ok)];
    let others = [(progress.failed, "failed"), (progress.unknown, "unknown")];
    ended.extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")));
    let (begun, ended, messages) = (progress.begun, ended.join(", "), progress.messages);
    write!(text, "; {begun} operations ({ended}), {messages} messages").expect("a String takes everything");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_going_on() {
        let mut progress = Progress::default();
        progress.stage = Stage::Work;
        (progress.begun, progress.ok, progress.failed, progress.messages) = (60, 58, 1, 1204);
        progress.faults = vec!["partition".to_owned()];
        (progress.elapsed, progress.until) = (Duration::from_millis(12_300), Some(Duration::from_secs(60)));
        let expected = "working, 48 s left, partition; 60 operations (58 ok, 1 failed), 1204 messages";
        assert_eq!(describe(&progress), expected);
        progress.stage = Stage::Checking;
        (progress.failed, progress.unknown) = (0, 2);
        (progress.faults, progress.until) = (Vec::new(), None);
        assert_eq!(describe(&progress), "checking; 60 operations (58 ok, 2 unknown), 1204 messages");
    }
}
