//! The last words of nodes: the end of each log of stderr in a run's folder.

use std::{fmt::Write, fs, path::Path};

/// The number of lines that are shown of a log.
const LINES: usize = 4;

/// The number of nodes whose logs are shown.
const NODES: usize = 3;

/// The most characters that are shown of a line.
const LINE: usize = 200;

/// The ends of the logs in the folder of a run, fit for a terminal; empty if no node wrote anything.
pub(crate) fn ends(run: &Path) -> String {
    let mut logs: Vec<_> =
        fs::read_dir(run.join("node-logs")).into_iter().flatten().flatten().map(|log| log.path()).collect();
    logs.sort();
    let read = |log: &Path| String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let texts = logs.iter().map(|log| (log, read(log))).filter(|(_, text)| !text.trim().is_empty());
    let texts: Vec<_> = texts.collect();
    let mut shown = String::new();
    for (log, text) in texts.iter().take(NODES) {
        let node = log.file_stem().unwrap_or_default().to_string_lossy();
        let _ = write!(shown, "\n  stderr of {node}, the end of {}:", log.display());
        let lines: Vec<_> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(LINES)..] {
            let line: String = line.chars().filter(|c| !c.is_control()).take(LINE).collect();
            let _ = write!(shown, "\n    {line}");
        }
    }
    let more = texts.len().saturating_sub(NODES);
    if more > 0 {
        let _ = write!(shown, "\n  and {more} more nodes wrote to stderr");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_each_log_is_shown_without_control_characters() {
        let run = tempfile::tempdir().unwrap();
        let logs = run.path().join("node-logs");
        fs::create_dir(&logs).unwrap();
        fs::write(logs.join("n0.log"), "").unwrap();
        fs::write(logs.join("n1.log"), "a\nb\nc\nd\n\x1b[31me\n").unwrap();
        let shown = ends(run.path()).replace(logs.to_str().unwrap(), "LOGS");
        assert_eq!(shown, "\n  stderr of n1, the end of LOGS/n1.log:\n    b\n    c\n    d\n    [31me");
        assert_eq!(ends(&logs), "");
    }
}
