//! The exit codes of `glomers`, which are Maelstrom's, and the texts printed with them.

use std::process::Command;

/// Runs `glomers` with these words, in cargo's folder for the files of tests.
fn check(words: &str, code: i32, expected: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(words.split_whitespace())
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words}: {text}");
    assert!(text.contains(expected), "{words}: {text}");
}

#[test]
fn a_valid_run_is_0() {
    check("test -w echo --time-limit 2 --rate 20", 0, "echo: valid");
    check("challenge 1 3a", 0, "Broadcast, one node");
    check("test -w echo --time-limit 2 --json", 0, "\"valid?\": true");
    check("test -w echo --time-limit 2", 0, "report.html");
    check("test -w echo --time-limit 2", 0, "\n\nEverything looks good! ");
    check("test --time-limit 5", 0, "lin-kv: valid");
    check("challenge 3", 0, "3e  msgs/op 0.361 < 20, median 879 < 1000 ms, maximum 1640 < 2000 ms");
    check("test -w echo --node-count 1 --time-limit 5 --rate 10 --nemesis partition", 0, "  begun         4");
    check("test -w echo --rate 0", 0, "none, so the verdict says nothing about the nodes");
    check("test --builtin kafka-lin-kv --time-limit 2", 0, "kafka: valid");
}

#[test]
fn an_invalid_run_is_1_and_says_how_to_repeat_it() {
    let words = "test -w txn-rw-register --node-count 2 --rate 100 --time-limit 5 --nemesis partition --seed 3";
    check(words, 1, &format!("  again         glomers {words}\n"));
    check(words, 1, "\nAnalysis invalid! ");
    check("test -w echo --rate 0 --availability 2", 254, "a number from 0 to 1");
}

#[test]
fn a_run_that_tells_nothing_is_2() {
    check("test -w broadcast --rate 0 --time-limit 2", 2, "broadcast: unknown");
}

#[test]
fn an_exploration_takes_its_bounds_from_the_command_line() {
    check("explore -w echo --operations 2", 0, "echo: explored all 3 schedules; none is wrong");
    check("explore -w echo --operations 2 --concurrency 2n --json", 0, "\"schedules\"");
    check("explore -w lin-kv --operations 2 --concurrency 3", 254, "so it must be a multiple of 4, such as 2n");
}

#[test]
fn built_in_nodes_take_their_arguments() {
    let words = "test -w broadcast --time-limit 2 --latency 100 --json -- --latency-budget";
    check(&format!("{words} 150"), 0, "\"valid?\": true");
    check(&format!("{words} soon"), 254, "invalid value 'soon' for '--latency-budget <MILLIS>'");
    check("test -w echo -- --loud", 254, "this node takes no arguments, but got --loud");
}

#[test]
fn bad_arguments_are_254() {
    check("test -w nope", 254, "txn-list-append");
    check("test --concurrency 0n", 254, "a multiple of the nodes");
    check("frobnicate", 254, "unrecognized subcommand");
    check("test --builtin nope", 254, "txn-list-append-lin-kv");
    check("test --builtin echo --bin ./my-node", 254, "cannot be used with");
    check("test -w echo --time-limit 0", 254, "greater than 0");
    check(
        "test -w echo --availability total \u{2013}-nemesis partition",
        254,
        "an en dash (U+2013): did you mean `--nemesis`?",
    );
    check("test -w echo --availability \u{201c}total\u{201d}", 254, "did you mean `total`?");
    check("test -w txn-rw-register --consistency-models read-comitted", 254, "similar: read-committed");
    check("check -w txn-rw-register history.edn --consistency-models READ-COMMITTED", 254, "similar: read-committed");
    check("demo", 254, "glomers challenge");
    check("doc", 254, "--schema");
    check("test -w echo --bin ./nothing-here", 254, "cannot find ./nothing-here");
    check("test -w echo --builtin kafka-lin-kv", 254, "the built-in node kafka-lin-kv serves kafka, not echo");
    check(
        "test -w lin-kv --concurrency 1n",
        254,
        "the concurrency is 5, but in a lin-kv test two clients of each node share a key",
    );
    check("challenge 9", 254, "invalid value '9'");
    check("soak 3f", 254, "invalid value '3f'");
    check("soak --merge part-1.json", 254, "there is no file part-1.json; name one that exists");
    check("test -w echo --nodes-file nodes.txt", 254, "there is no file nodes.txt; name one that exists");
    check("serve --store nowhere", 254, "there is no store in nowhere; `glomers test` makes one");
    check("soak nothing", 254, "invalid value 'nothing'");
    check(
        concat!("test -w echo --bin ", env!("CARGO_MANIFEST_DIR")),
        254,
        "it is a folder; name the program in it; if the crate",
    );
}

/// Lines of Maelstrom's guide and of public scripts have parts that other tests here do not have.
#[test]
fn lines_of_maelstrom_are_taken() {
    check("test -w echo --nodes n1 --time-limit 1 --rate 1 --rate 20", 0, "echo: valid (2");
    check("test -w echo -n a --node b --time-limit=1 --availability 1/2 --nemesis-interval 1/2", 0, "echo: valid");
    check("test -w echo --time-limit 1 --username u --no-ssh", 0, "--username, --no-ssh: no effect here");
    check("test -w broadcast --time-limit 1 now", 254, "unexpected argument 'now' found");
}

#[test]
fn a_test_is_repeated_until_it_fails() {
    let runs = |words: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_glomers"));
        let output = command.args(words.split_whitespace()).current_dir(&folder).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text.matches("kept in").count(), text)
    };
    let (code, count, _) = runs("test -w echo --time-limit 1 --test-count 3");
    assert_eq!((code, count), (Some(0), 3));
    let (code, count, text) = runs("test -w broadcast --rate 0 --time-limit 1 --test-count 3 --seed 7");
    assert_eq!((code, count), (Some(2), 1));
    assert!(
        text.contains("  again         glomers test --builtin broadcast --time-limit 1 --rate 0 --seed 7\n"),
        "{text}"
    );
}

#[test]
fn histories_are_judged_again() {
    let histories = concat!(env!("CARGO_MANIFEST_DIR"), "/../workbench/checkers/tests/histories");
    let check = |words: &str, code, expected| check(&words.replace("HISTORIES", histories), code, expected);
    check("check -w kafka HISTORIES/kafka-true-0", 0, "kafka: valid");
    check("check -w kafka HISTORIES/kafka-false-lost/history.edn.gz", 1, "lost-write");
    check(
        "check -w broadcast HISTORIES/broadcast-true-flicker",
        0,
        "20 x flicker, 1 x unread-own-write (counts only under --strict)",
    );
    check("check -w broadcast HISTORIES/broadcast-true-flicker --strict", 1, "20 x flicker");
    check("check -w g-set HISTORIES/g-set-true-0 --json --availability 0.5", 0, "\"ok-fraction\"");
    check("check -w kafka HISTORIES/kafka-false-lost --report page.html", 1, "lost-write");
    let page = std::fs::read_to_string(concat!(env!("CARGO_TARGET_TMPDIR"), "/page.html")).unwrap();
    assert!(page.contains("glomers check -w kafka") && page.contains("lost-write"));
    check("check -w kafka HISTORIES/kafka-true-0 --report no/page.html", 255, "cannot write no/page.html");
    check("check -w kafka HISTORIES/kafka-true-0 --availability total", 1, "  availability  invalid  97.5 %");
    check("check -w echo HISTORIES/kafka-true-0", 254, "`poll`, but the operations of echo are echo");
    check("check -w echo HISTORIES/kafka-true-0/run.json", 255, "run.json: line 1: ");
    check("check -w echo -", 254, "name a file or the folder of a run");
    check("check -w echo HISTORIES/nothing", 254, "there is no run in ");
    check("check HISTORIES/kafka-true-0", 254, "does not name its workload; say it with -w");
}

#[test]
fn help_is_0() {
    check("--help", 0, "glomers challenge 3a 3c");
}

#[test]
fn findings_are_explained() {
    let histories = concat!(env!("CARGO_MANIFEST_DIR"), "/../workbench/checkers/tests/histories");
    let check = |words: &str, code, expected: &str| {
        check(&words.replace("HISTORIES", histories), code, &expected.replace("HISTORIES", histories));
    };
    check(
        "explain -w kafka HISTORIES/kafka-false-lost",
        0,
        "   …  4 to 8: more of this kind\n   9  lost-write: A message was not polled",
    );
    check("explain -w kafka HISTORIES/kafka-false-lost 9", 0, "\n*    140     1.2502      7  invoke send ");
    check(
        "explain -w kafka HISTORIES/kafka-false-lost int",
        0,
        "\n\u{2026} and 5 more of this kind; `glomers explain HISTORIES/kafka-false-lost 4` is the next",
    );
    check("explain -w kafka HISTORIES/kafka-false-twice DUP", 0, "duplicate: A message stands at several offsets");
    check("explain -w kafka HISTORIES/kafka-false-lost 99", 254, "there is no finding `99`; the run has ");
    check("explain HISTORIES/kafka-false-lost", 254, "does not name its workload; say it with -w");
    check("explain no/where", 254, "there is no run in no/where; `glomers test` makes one");
}

/// A reader that has seen enough is no error, and the exit code stays that of the verdict.
#[test]
fn a_closed_pipe_does_not_change_the_exit_code() {
    let glomers = env!("CARGO_BIN_EXE_glomers");
    for (words, code) in
        [("test -w echo --time-limit 2", 0), ("test -w broadcast --rate 0 --time-limit 1", 2), ("--help", 0)]
    {
        let script = format!("{{ {glomers} {words}; echo $? >&2; }} | true");
        let output =
            Command::new("sh").args(["-c", &script]).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), code.to_string(), "{words}");
    }
}

/// A run of this program names its workload; what belongs to a run but holds no history leads to it.
#[test]
fn a_run_is_found_from_whatever_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glomers"));
        let output = command.args(words.split_whitespace()).current_dir(&folder).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), text)
    };
    assert_eq!(run("test -w g-set --time-limit 2").0, 0);
    for words in ["check", "check store", "check store/latest", "check store/g-set", "check store/latest/history.edn"] {
        let (code, text) = run(words);
        assert!(code == 0 && text.starts_with("g-set: valid"), "{words}: {text}");
    }
    for words in ["explain", "explain store", "explain store/g-set/latest"] {
        let (code, text) = run(words);
        assert!(code == 0 && text.starts_with("g-set: valid"), "{words}: {text}");
    }
    for words in ["check store/latest/results.json", "explain store/latest/report.html"] {
        let (code, text) = run(words);
        assert!(code == 254 && text.contains("name the folder of the run: store/latest"), "{words}: {text}");
    }
    let (code, text) = run("explain lost");
    assert!(code == 254 && text.contains("there is no finding `lost`"), "{text}");
}

/// The command that repeats a run can be pasted into a shell.
#[test]
fn commands_are_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(["test", "-w", "broadcast", "--rate", "0", "--time-limit", "1", "--store", "it's a store"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let again = text.lines().find_map(|line| line.strip_prefix("  again         glomers ")).unwrap();
    let binary = env!("CARGO_BIN_EXE_glomers");
    let pasted = Command::new("sh").args(["-c", &format!("{binary} {again}")]).current_dir(folder.path()).output();
    assert_eq!(pasted.unwrap().status.code(), output.status.code());
    let runs = std::fs::read_dir(folder.path().join("it's a store/broadcast")).unwrap();
    assert_eq!(runs.filter(|run| run.as_ref().unwrap().file_type().unwrap().is_dir()).count(), 2, "{again}");
}
