//! `glomers watch` ends a run with all its processes: a test with a loop without end survives cargo.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

/// Stands for cargo, which starts a test that does not end.
const CARGO: &str = "#!/bin/sh\nsleep 1000 &\necho $! > started\nwait\n";

/// Waits until something is there.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "other processes take real time")]
fn eventually<T>(find: impl Fn() -> Option<T>) -> T {
    for _ in 0..1500 {
        if let Some(found) = find() {
            return found;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("not within 30 s")
}

/// The test that a run has started.
fn started(folder: &Path) -> u32 {
    let file = folder.join("started");
    let process = eventually(|| fs::read_to_string(&file).ok()?.trim().parse().ok());
    fs::remove_file(file).unwrap();
    process
}

/// Waits until a process has ended.
#[track_caller]
fn await_end(process: u32) {
    let runs =
        || Command::new("kill").args(["-0", &process.to_string()]).stderr(Stdio::null()).status().unwrap().success();
    eventually(|| (!runs()).then_some(()));
}

#[test]
fn no_test_survives_a_change_or_the_end_of_the_watch() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cargo = folder.join("bin/cargo");
    for (file, text) in [("Cargo.toml", ""), ("src/lib.rs", ""), ("bin/cargo", CARGO)] {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.join("bin").display(), env::var("PATH").unwrap());
    let mut watch = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .arg("watch")
        .current_dir(folder)
        .env("PATH", path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let first = started(folder);
    fs::write(folder.join("src/lib.rs"), "//! Mended.").unwrap();
    let second = started(folder);
    await_end(first);
    Command::new("kill").args(["-INT", &watch.id().to_string()]).status().unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(130));
    await_end(second);
}
