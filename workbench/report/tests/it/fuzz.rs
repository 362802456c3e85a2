//! Damaged files: histories in EDN and in JSON, results, and whole folders of a run. They are read or refused with the
//! line that is wrong, and what was read is read again as it was. CONTRIBUTING.md says how to run a million of each.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::mutations::mutated;
use flate2::read::GzDecoder;
use glomers_checkers::history::{History, edn};
use glomers_checkers::recording::Recording;
use glomers_report::page::{Page, Provenance};
use glomers_workbench::{Options, Report, workload};
use proptest::{collection::vec, prelude::*};
use serde_json::{json, value::RawValue};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The folders of runs of the real Maelstrom.
fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../checkers/tests/histories");
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The first lines of a file of each of them.
fn first_lines(name: &str, count: usize) -> Vec<Vec<String>> {
    let lines = |folder: PathBuf| {
        let file = fs::File::open(folder.join(name)).unwrap();
        BufReader::new(GzDecoder::new(file)).lines().take(count).collect::<Result<_, _>>().unwrap()
    };
    folders().into_iter().map(lines).collect()
}

/// Short histories, in both notations.
static HISTORIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let edn: Vec<_> = first_lines("history.edn.gz", 6).into_iter().map(|lines| lines.join("\n")).collect();
    let json = |text: &String| {
        let entries = History::parse(text).unwrap();
        entries.ops().iter().map(|op| json!(op).to_string() + "\n").collect::<String>()
    };
    let json: Vec<_> = edn.iter().map(json).collect();
    edn.into_iter().chain(json).filter(|text| text.len() < 4000).map(String::into_bytes).collect()
});

/// Longer ones, each below a line with the name of its workload.
static JUDGED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let names = folders().into_iter().map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned());
    let workload = |name: String| name.split_once("-true").or(name.split_once("-false")).unwrap().0.to_owned();
    let named = names.map(workload).zip(first_lines("history.edn.gz", 40));
    let texts = named.map(|(name, lines)| format!("{name}\n{}", lines.join("\n")));
    texts.filter(|text| text.len() < 8000).map(String::into_bytes).collect()
});

/// Results, and the beginnings of long ones.
static RESULTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    first_lines("results.edn.gz", 40).into_iter().map(|lines| lines.join("\n").into_bytes()).collect()
});

/// Writes a history in both notations and reads it again.
fn check_read_back(history: &History) -> Result<(), TestCaseError> {
    let (mut as_edn, mut as_json) = (String::new(), String::new());
    for op in history.ops() {
        edn::write(op, &mut as_edn);
        as_edn.push('\n');
        as_json += &(serde_json::to_string(op).unwrap() + "\n");
    }
    let again = History::parse(&as_json);
    prop_assert!(again.is_ok(), "{:?} of {}", again.map(drop), as_json);
    // EDN says less: which of two members with one key, which name; but it is EDN.
    let _ = History::parse(&as_edn);
    Ok(())
}

/// Writes a file anew: to write over one costs some file systems a wait for the disk.
fn write(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

proptest! {
    #[test]
    fn a_history_is_read_or_refused(text in mutated(&HISTORIES)) {
        let text = String::from_utf8_lossy(&text);
        match History::parse(&text) {
            Ok(history) => check_read_back(&history)?,
            Err(error) => prop_assert!(error.line <= 1 + text.matches('\n').count() + text.matches('\r').count(), "{}", error),
        }
    }

    #[test]
    fn a_history_is_judged(text in mutated(&JUDGED)) {
        let text = String::from_utf8_lossy(&text);
        let Some((name, text)) = text.split_once('\n') else { return Ok(()) };
        let (Ok(workload), Ok(history)) = (workload::named(name), History::parse(text)) else { return Ok(()) };
        let report = Report::of(&*workload, history, &Options::default());
        let _ = (report.valid(), report.to_string(), report.results().to_string());
        let _ = Page::of(&report, &Provenance::default());
    }

    #[test]
    fn edn_becomes_json_or_is_refused(text in mutated(&HISTORIES)) {
        let text = String::from_utf8_lossy(&text);
        match edn::to_json(&text) {
            Ok(json) => prop_assert!(serde_json::from_str::<&RawValue>(&json).is_ok(), "{}", json),
            Err(error) => prop_assert!(error.line <= 1 + text.matches('\n').count(), "{}", error),
        }
    }

    #[test]
    fn a_folder_is_read_or_refused(history in mutated(&HISTORIES), results in mutated(&RESULTS)) {
        thread_local! {
            static FOLDER: tempfile::TempDir = tempfile::tempdir().unwrap();
        }
        FOLDER.with(|folder| {
            write(&folder.path().join("history.edn"), &history);
            write(&folder.path().join("results.edn"), &results);
            if let Ok(recording) = Recording::read(folder.path()) {
                let _ = (recording.valid(), recording.workload_valid());
            }
            // As if it were packed.
            write(&folder.path().join("results.edn"), &[b"\x1f\x8b", &results[..]].concat());
            prop_assert!(Recording::read(folder.path()).is_err());
            Ok(())
        })?;
    }

    #[test]
    fn packed_files_are_unpacked_or_refused(packed in mutated(&PACKED), cuts in vec(any::<u8>(), 0..3)) {
        thread_local! {
            static FILE: tempfile::NamedTempFile = tempfile::NamedTempFile::new().unwrap();
        }
        FILE.with(|file| {
            write(file.path(), &[&packed[..], &cuts[..]].concat());
            let _ = History::read(file.path());
        });
    }
}

/// Short histories as they are stored.
static PACKED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let packed = folders().into_iter().map(|folder| fs::read(folder.join("history.edn.gz")).unwrap());
    packed.filter(|packed| packed.len() < 4000).collect()
});
