//! The run that a path on the command line means: a run, a file with its history, or a store, which means its last run.

use crate::usage::usage;
use std::path::{Path, PathBuf};

/// The names of files with a history.
const HISTORIES: [&str; 3] = ["history.jsonl", "history.edn", "history.edn.gz"];

/// The endings of files of a run that hold no history.
const OTHERS: [&str; 8] =
    ["results.json", "results.edn", "test.json", "messages.jsonl", ".html", ".svg", ".log", ".fressian"];

/// The folder of the run, or the file with its history.
pub(crate) fn find(path: &Path) -> anyhow::Result<PathBuf> {
    let shown = path.display();
    if path.as_os_str() == "-" {
        return Err(usage("`-` is not a file, and standard input is not read: name a file or the folder of a run"));
    }
    if !path.exists() {
        return Err(usage(format!(
            "there is no run in {shown}; `glomers test` makes one, and keeps the last one in store/latest"
        )));
    }
    let has_history = |folder: &Path| HISTORIES.iter().any(|name| folder.join(name).is_file());
    if path.is_dir() {
        let latest = path.join("latest");
        return match [path, &latest].into_iter().find(|folder| has_history(folder)) {
            Some(folder) => Ok(folder.to_owned()),
            None => Err(usage(format!(
                "there is no run in {shown}: it has none of {}; name the folder of a run, such as store/latest",
                HISTORIES.join(", ")
            ))),
        };
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !OTHERS.iter().any(|end| name.ends_with(end)) {
        return Ok(path.to_owned());
    }
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    Err(usage(format!("{shown} holds no history; name the folder of the run: {}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_path_means_a_run_or_says_what_to_type() {
        let store = tempfile::tempdir().unwrap();
        let run = store.path().join("echo/1");
        fs::create_dir_all(&run).unwrap();
        for file in ["history.edn", "results.json", "report.html"] {
            fs::write(run.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("1", store.path().join("echo/latest")).unwrap();
        std::os::unix::fs::symlink("echo/1", store.path().join("latest")).unwrap();
        let check = |path: &str, expected: Result<&str, &str>| {
            let found = find(&store.path().join(path)).map_err(|error| error.to_string());
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, store.path().join(expected), "{path}"),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{path}: {error}"),
                (found, expected) => panic!("{path}: {found:?}, not {expected:?}"),
            }
        };
        check("", Ok("latest"));
        check("echo", Ok("echo/latest"));
        check("echo/1", Ok("echo/1"));
        check("echo/1/history.edn", Ok("echo/1/history.edn"));
        check("echo/1/results.json", Err("holds no history; name the folder of the run: "));
        check("echo/1/report.html", Err("/echo/1"));
        check("kafka", Err("there is no run in "));
    }
}
