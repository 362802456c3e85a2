//! The nodes as processes: exit codes, stderr, closed pipes and memory, which only a real process shows. What they
//! answer is tested elsewhere.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Output, Stdio},
    thread,
};

const ECHO: &str = env!("CARGO_BIN_EXE_echo");
const NODES: [&str; 3] = [ECHO, env!("CARGO_BIN_EXE_unique-ids"), env!("CARGO_BIN_EXE_broadcast")];

const INIT: &str = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;
const INIT_OK: &str = r#"{"src":"n1","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}"#;

fn echo(value: &str) -> String {
    format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"echo","msg_id":2,"echo":{value}}}}}"#)
}

fn echoed(value: &str) -> String {
    format!(r#"{{"src":"n1","dest":"c1","body":{{"type":"echo_ok","in_reply_to":2,"echo":{value}}}}}"#)
}

fn node(path: &str) -> Command {
    let mut command = Command::new(path);
    // Without a disk: all nodes that a process starts share a folder of data.
    command.env_remove("RUST_LOG").env("GLOMERS_DATA", "");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a node on all of `input`.
fn run(mut command: Command, input: &str) -> Output {
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

/// Runs the echo node and compares all that it leaves: stdout and stderr (each log line from its level on), and the
/// exit code, which is 0.
#[track_caller]
fn check(command: Command, input: &[&str], stdout: &[&str], stderr: &[&str]) {
    let output = run(command, &(input.join("\n") + "\n"));
    let lines = |bytes| String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    let level_on = |line: String| line.find("WARN").map_or(line.clone(), |at| line[at..].to_owned());
    assert_eq!(lines(output.stdout), stdout);
    assert_eq!(lines(output.stderr).into_iter().map(level_on).collect::<Vec<_>>(), stderr);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn without_trouble_a_node_writes_messages_and_nothing_else() {
    for path in NODES {
        check(node(path), &[INIT], &[INIT_OK], &[]);
    }
    check(node(ECHO), &[INIT, &echo("1")], &[INIT_OK, &echoed("1")], &[]);
}

#[test]
fn without_input_a_node_ends_well() {
    for path in NODES {
        let output = run(node(path), "");
        assert_eq!((output.stdout, output.stderr, output.status.code()), (vec![], vec![], Some(0)));
        let mut command = node(path);
        command.stdin(Stdio::null());
        assert_eq!(command.output().unwrap().status.code(), Some(0));
    }
}

#[test]
fn trouble_goes_to_stderr_and_the_node_lives_on() {
    let bad = r#"{"src":"c1","dest":"n1","body":{"type":"dance"}}"#;
    let unknown = format!(
        "WARN node{{id=n1}}: skipped a message of unknown type `dance` (it has no `msg_id` to answer; known: echo): {bad}"
    );
    let no_message =
        |id: &str| format!("WARN {id}skipped a line that is not a message (expected value at column 1): hello");
    check(
        node(ECHO),
        &["hello", INIT, "hello", bad, &echo("1")],
        &[INIT_OK, &echoed("1")],
        &[&no_message(""), &no_message("node{id=n1}: "), &unknown],
    );
}

#[test]
fn what_is_logged_can_be_chosen() {
    let rows = [
        (None, true),
        (Some(""), true),
        (Some("warn"), true),
        (Some("a=b=c"), true),
        (Some("error"), false),
        (Some("off"), false),
    ];
    for (filter, logs) in rows {
        let mut command = node(ECHO);
        command.envs(filter.map(|filter| ("RUST_LOG", filter)));
        let output = run(command, "hello\n");
        assert_eq!(!output.stderr.is_empty(), logs, "RUST_LOG={filter:?}");
    }
}

#[test]
fn a_closed_stderr_does_not_matter() {
    let mut child = node(ECHO).spawn().unwrap();
    drop(child.stderr.take());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("hello\n{INIT}\nhello\n{}\n", echo("1")).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{INIT_OK}\n{}\n", echoed("1")));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_closed_stdout_ends_the_node_quietly() {
    let mut child = node(ECHO).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // Whether the node reads all of it before it notices does not matter.
    let _ = stdin.write_all(format!("{INIT}\n{}", (echo("1") + "\n").repeat(2000)).as_bytes());
    // The node ends although its input has not.
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.stderr, output.status.code()), (vec![], Some(0)));
    drop(stdin);
}

/// A flood that is answered as slowly as the reader reads must wait in the pipes, not in the node.
#[cfg(target_os = "linux")]
#[test]
fn a_flood_needs_little_memory() {
    const REQUESTS: usize = 50_000;
    let mut child = node(ECHO).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let flood = format!("{INIT}\n{}", (echo(&format!("\"{}\"", "x".repeat(500))) + "\n").repeat(REQUESTS));
    let writer = thread::spawn(move || stdin.write_all(flood.as_bytes()).map(|()| stdin));
    let answers = BufReader::new(child.stdout.as_mut().unwrap()).lines().take(1 + REQUESTS).count();
    let open_stdin = writer.join().unwrap().unwrap();
    let peak_kib = memory(&child, "VmHWM:");
    drop(open_stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(answers, 1 + REQUESTS);
    // All of it together would be 60 MiB.
    assert!(peak_kib < 24 * 1024, "{peak_kib} KiB at the peak");
}

/// The memory of a process in KiB, as reported by the operating system.
#[cfg(target_os = "linux")]
fn memory(child: &std::process::Child, what: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_line_gives_its_memory_back() {
    const LENGTH: usize = 60_000_000;
    let mut child = node(ECHO).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let long = "x".repeat(LENGTH);
    let input = [INIT, &echo(&format!("\"{long}\"")), &long].join("\n") + "\n";
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()).map(|()| stdin));
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let long_answer = answers.nth(1).unwrap();
    let mut open_stdin = writer.join().unwrap().unwrap();
    // When it has been answered, nothing before it is at hand any more.
    open_stdin.write_all((echo("1") + "\n").as_bytes()).unwrap();
    assert_eq!(answers.next(), Some(echoed("1")));
    let (peak, rest) = (memory(&child, "VmHWM:"), memory(&child, "VmRSS:"));
    drop(open_stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(long_answer.len() > LENGTH);
    // glibc keeps up to 64 MiB for itself.
    assert!(peak > LENGTH / 1024 && rest < 80 * 1024, "{peak} KiB at the peak, {rest} KiB at the end");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_node_and_is_named() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = node(ECHO);
    command.stdout(full);
    let output = run(command, INIT);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && stderr.contains("No space left on device"), "{stderr}");
}
