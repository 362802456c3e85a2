//! The table of recorded runs in `docs/verdicts.md` says what is so. `UPDATE_GOLDEN=1` writes it anew, with its times.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::recorded;
use glomers_checkers::checker::checker;
use glomers_checkers::expectations::Expectations;
use glomers_checkers::judgement::Judgement;
use std::{env, fs};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verdicts.md");
const HEAD: &str = "| case | entries | Maelstrom | here | `--strict` | time |\n|---|---|---|---|---|---|\n";

/// A row without its last column, and that column.
fn row(run: &recorded::Recorded) -> (String, String) {
    let options = Expectations { strict: true, ..run.options.clone() };
    #[expect(clippy::disallowed_methods, reason = "the table says how long each case took")]
    let begin = std::time::Instant::now();
    let mut judgement = Judgement::of(&*checker(&run.workload).unwrap(), &run.history, &options);
    let took = begin.elapsed();
    let kinds: Vec<_> = judgement.strict_findings.counts.names().collect();
    let theirs = run.all_valid;
    let strict_verdict = format!("{} {}", judgement.valid(), kinds.join(", "));
    judgement.strict = false;
    let ours = judgement.valid();
    let (name, entries) = (&run.name, run.history.ops().len());
    (format!("| {name} | {entries} | {theirs} | {ours} | {} |", strict_verdict.trim()), format!(" {took:.1?} |"))
}

#[test]
fn the_table_of_recorded_runs_is_right() {
    let rows: Vec<_> = recorded::runs("").into_iter().map(row).collect();
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = document.split_once("documented -->\n").unwrap();
    let (table, after) = rest.split_once("<!-- end -->").unwrap();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        let rows: String = rows.iter().map(|(row, time)| format!("{row}{time}\n")).collect();
        let document = format!("{before}documented -->\n{HEAD}{rows}<!-- end -->{after}");
        return fs::write(DOCUMENT, document).unwrap();
    }
    let written: Vec<_> = table.strip_prefix(HEAD).unwrap().lines().collect();
    assert_eq!(written.len(), rows.len());
    for ((row, _), written) in rows.iter().zip(written) {
        assert!(written.starts_with(row.as_str()), "docs/verdicts.md says {written}; it should say {row}");
    }
}
