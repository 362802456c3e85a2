//! Each anomaly of logs in the shortest history that has it, and beside it a history that almost has it.
//!
//! A history is a list of operations, `;` between them, each told when it ends; it begins right before, unless an own
//! entry says `begins`. The number is the client's:
//!
//! ```text
//! 0 send a 1@0             the message 1 is sent to the log a and gets the offset 0
//! 0 send a 1 fails         ... or is refused; `1 open`: nobody knows
//! 1 poll a 1@0 2@1 b       a has messages at 0 and 1; b has none
//! 1 assign a b             the client follows a and b from now on
//! 0 txn send a 1@0 poll a 1@0
//! ```
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::Any;
use glomers_workbench::{
    Validity,
    checker::kafka::{self, Kafka},
    history::{History, Kind, Op, Process},
    workload::Verdict,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, time::Duration};

/// The operations as a history; a second passes with each entry.
fn history(text: &str) -> History {
    let mut ops: Vec<Op> = Vec::new();
    let mut open: BTreeSet<Process> = BTreeSet::new();
    for told in text.split(';').map(str::trim).filter(|told| !told.is_empty()) {
        let mut words: Vec<&str> = told.split_whitespace().collect();
        let process = Process::Client(words.remove(0).parse().unwrap());
        let f = words.remove(0);
        let kind = match words.last() {
            Some(&"begins") => Kind::Invoke,
            Some(&"fails") => Kind::Fail,
            Some(&"open") => Kind::Info,
            _ if f == "crash" => Kind::Info,
            _ => Kind::Ok,
        };
        words.retain(|word| !matches!(*word, "begins" | "fails" | "open"));
        let value = match f {
            "assign" => json!(words),
            "txn" => steps(&words),
            "crash" => Value::Null,
            _ => steps(&[&[f], &words[..]].concat()),
        };
        let entry = |kind, place: usize| Op {
            index: 0,
            time: Duration::from_secs(place as u64),
            kind,
            process,
            f: f.to_owned().leak(),
            value: Any::new(&if kind == Kind::Invoke && f != "assign" { asked(&value) } else { value.clone() }),
            error: (kind == Kind::Info && f != "crash").then(|| Any::from("net-timeout")),
            extra: Vec::new(),
        };
        if kind == Kind::Invoke {
            open.insert(process);
        } else if !open.remove(&process) {
            ops.push(entry(Kind::Invoke, ops.len()));
        }
        ops.push(entry(kind, ops.len()));
    }
    ops.into_iter().collect()
}

/// The steps before anything is known of offsets, and of what is there to poll.
fn asked(steps: &Value) -> Value {
    let step = |step: &Value| match step[2].as_array() {
        Some(pair) => json!(["send", step[1], pair[1]]),
        None if step[0] == "poll" => json!(["poll"]),
        None => step.clone(),
    };
    steps.as_array().map_or(Value::Null, |steps| steps.iter().map(step).collect())
}

/// `send a 1@0 poll a 1@0 b` as the steps of a transaction.
fn steps(words: &[&str]) -> Value {
    let mut steps: Vec<Value> = Vec::new();
    let mut key = "";
    for word in words {
        let step = steps.last_mut();
        match (*word, word.split_once('@')) {
            ("poll", _) => steps.push(json!(["poll", {}])),
            ("send", _) => steps.push(json!(["send"])),
            (message, pair) if message.starts_with(|c: char| c.is_ascii_digit()) => {
                let number = |text: &str| json!(text.parse::<i64>().unwrap());
                let value =
                    pair.map_or_else(|| number(message), |(message, offset)| json!([number(offset), number(message)]));
                let step = step.unwrap();
                if step[0] == "poll" {
                    step[1][key].as_array_mut().unwrap().push(value);
                } else {
                    step.as_array_mut().unwrap().push(value);
                }
            }
            (name, _) => {
                key = name;
                match step.unwrap() {
                    Value::Array(step) if step[0] == "poll" => step[1][name] = json!([]),
                    step => step.as_array_mut().unwrap().push(json!(name)),
                }
            }
        }
    }
    Value::Array(steps)
}

fn judge(text: &str) -> Kafka {
    kafka::check(&history(text))
}

/// The anomalies found and how many there are of each: `lost-write 1, unseen`.
fn anomalies(kafka: &Kafka) -> String {
    let findings = json!(kafka);
    let count = |name: &&str| match &findings[*name]["count"] {
        Value::Null => (*name).to_owned(),
        count => format!("{name} {count}"),
    };
    kafka.error_types.iter().map(count).collect::<Vec<_>>().join(", ")
}

/// The history has these anomalies, and is invalid if there are any.
fn check(text: &str, expected: &str) {
    let kafka = judge(text);
    assert_eq!(anomalies(&kafka), expected, "{text}");
    assert_eq!(kafka.error, None, "{text}");
    assert_eq!(kafka.valid, Validity::from_valid(expected.is_empty()), "{text}");
}

#[test]
fn the_notation_says_what_it_says() {
    let text = "0 send a 1 begins; 1 poll a 1@0 2@-1 b; 0 send a 1@0; 1 send a 3 open; 0 assign a b; 0 crash";
    let told = history(text);
    let lines: Vec<_> = told.ops().iter().map(|op| format!("{:?} {} {}", op.kind, op.f, op.value)).collect();
    let expected = [
        r#"Invoke send [["send","a",1]]"#,
        r#"Invoke poll [["poll"]]"#,
        r#"Ok poll [["poll",{"a":[[0,1],[-1,2]],"b":[]}]]"#,
        r#"Ok send [["send","a",[0,1]]]"#,
        r#"Invoke send [["send","a",3]]"#,
        r#"Info send [["send","a",3]]"#,
        r#"Invoke assign ["a","b"]"#,
        r#"Ok assign ["a","b"]"#,
        "Invoke crash null",
        "Info crash null",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn everything_in_order_is_valid() {
    check("", "");
    check("0 send a 1@0; 0 send a 2@1; 1 assign a; 1 poll a 1@0 2@1; 1 poll a; 1 poll", "");
    check("0 send a 1@0; 1 send a 2@5; 0 send a 3@900; 1 poll a 1@0 2@5; 1 poll a 3@900", "");
    check("0 send a 1@0; 0 send b 1@0; 0 poll a 1@0 b 1@0; 1 poll b 1@0; 1 poll a 1@0", "");
}

#[test]
fn lost_write() {
    check("0 send a 1@0; 0 send a 2@1; 1 poll a 2@1", "lost-write 1, unseen");
    // Somebody else has polled it.
    check("0 send a 1@0; 0 send a 2@1; 1 poll a 2@1; 2 poll a 1@0", "");
    // Nobody was behind it.
    check("0 send a 1@0; 0 send a 2@1; 1 poll a 1@0", "unseen");
    // It may not have been sent, or it was not.
    check("0 send a 1 open; 1 send a 2@1; 1 poll a 2@1", "");
    check("0 send a 1 fails; 1 send a 2@1; 1 poll a 2@1", "");
}

/// A message at two offsets stands at the last one, for what must have been polled.
#[test]
fn lost_writes_among_duplicates() {
    check("0 send a 1@0; 0 send a 2@1; 0 send a 1@2; 1 poll a 2@1", "duplicate 1, nonmonotonic-send 1, unseen");
    check(
        "0 send a 1@0; 0 send a 2@1; 0 send a 1@2; 0 send a 3@3; 1 poll a 2@1; 2 poll a 3@3",
        "duplicate 1, lost-write 1, nonmonotonic-send 1, unseen",
    );
}

#[test]
fn unseen() {
    check("0 send a 1@0; 1 poll", "unseen");
    check("0 send a 1 open; 1 poll; 1 poll", "");
    let found = judge("0 send a 1@0; 0 send b 10@0; 0 send b 9@1; 0 send b 7@2; 1 poll a 1@0; 2 poll b 7@2; 3 poll");
    let findings = json!(found.anomalies.unseen);
    assert_eq!(findings, json!({"time": 13_000_000_000_u64, "unseen": {"b": 2}, "messages": {"b": [9, 10]}}));
}

/// Jepsen takes the messages of a log for unseen, if no send to it succeeded before the very last operation polls it.
#[test]
fn unseen_at_first_sight() {
    check("0 send a 1 open; 1 poll; 1 poll a 1@0", "unseen");
    check("0 send a 1 open; 1 poll; 1 poll a 1@0; 1 poll", "");
}

#[test]
fn duplicate() {
    check("0 send a 1@0; 1 send a 1@1; 1 poll a 1@0", "duplicate 1");
    check("0 send a 1@0; 0 send b 1@1; 1 poll a 1@0 b 1@1", "");
    let found = judge("0 send a 1@0; 1 poll a 1@0; 2 poll a 1@7");
    assert_eq!(json!(found.anomalies.duplicate.errs), json!([{"key": "a", "value": 1, "count": 2, "offsets": [0, 7]}]));
}

#[test]
fn inconsistent_offsets() {
    check("0 send a 1@0; 1 send a 2@0; 1 poll a 1@0; 2 poll a 2@0", "inconsistent-offsets 1");
    check("0 send a 1@0; 1 send b 2@0; 1 poll a 1@0 b 2@0", "");
    let found = judge("0 send a 1@3; 0 send a 10@5; 1 send a 9@5; 1 poll a 1@3 9@5; 2 poll a 1@3 10@5");
    let expected = json!([{"key": "a", "offset": 5, "index": 1, "values": [9, 10]}]);
    assert_eq!(json!(found.anomalies.inconsistent_offsets.errs), expected);
}

#[test]
fn int_poll_skip() {
    const SENT: &str = "0 send a 1@0; 0 send a 2@1; 0 send a 3@2; ";
    check(&format!("{SENT} 1 poll a 1@0 3@2; 2 poll a 2@1"), "int-poll-skip 1");
    check(&format!("{SENT} 1 poll a 1@0 2@1 3@2"), "");
    let found = judge(&format!("{SENT} 1 poll a 1@0 3@2; 2 poll a 2@1"));
    let skip = &json!(found.anomalies.int_poll_skip)["errs"][0];
    assert_eq!([&skip["values"], &skip["delta"], &skip["skipped"]], [&json!([1, 3]), &json!(2), &json!([2])]);
    assert_eq!(skip["op"]["value"], json!([["poll", {"a": [[0, 1], [2, 3]]}]]));
    // A gap in the offsets is none in the log.
    check("0 send a 1@0; 0 send a 3@2; 1 poll a 1@0 3@2", "");
}

#[test]
fn int_nonmonotonic_poll() {
    const SENT: &str = "0 send a 1@0; 0 send a 2@1; ";
    check(&format!("{SENT} 1 poll a 2@1 1@0"), "int-nonmonotonic-poll 1");
    check(&format!("{SENT} 1 poll a 1@0 1@0 2@1"), "int-nonmonotonic-poll 1");
    check(&format!("{SENT} 1 poll a 1@0 2@1"), "");
}

#[test]
fn poll_skip() {
    const SENT: &str = "0 send a 1@0; 0 send a 2@1; 0 send a 3@2; 2 poll a 1@0 2@1 3@2; ";
    check(&format!("{SENT} 1 assign a; 1 poll a 1@0; 1 poll a 3@2"), "poll-skip 1");
    check(&format!("{SENT} 1 assign a; 1 poll a 1@0; 1 poll a 2@1 3@2"), "");
    // Who is assigned the same log goes on in it; who is assigned another one and then this one may begin anywhere.
    check(&format!("{SENT} 1 assign a; 1 poll a 1@0; 1 assign a b; 1 poll a 3@2"), "poll-skip 1");
    check(&format!("{SENT} 1 assign a; 1 poll a 1@0; 1 assign b; 1 assign a; 1 poll a 3@2"), "");
    // An assignment that failed changed nothing, one that is open may have.
    check(&format!("{SENT} 1 poll a 1@0; 1 assign b fails; 1 poll a 3@2"), "poll-skip 1");
    check(&format!("{SENT} 1 poll a 1@0; 1 assign b open; 1 poll a 3@2"), "");
    // After a crash there is a new client, to which nothing is owed.
    check(&format!("{SENT} 1 poll a 1@0; 1 crash; 3 assign a; 3 poll a 3@2"), "");
    // A poll of nothing makes forget where the client was.
    check(&format!("{SENT} 1 poll a 1@0; 1 poll a; 1 poll a 3@2"), "");
    // One that failed does not.
    check(&format!("{SENT} 1 poll a 1@0; 1 poll fails; 1 poll a 3@2"), "poll-skip 1");
}

#[test]
fn nonmonotonic_poll() {
    const SENT: &str = "0 send a 1@0; 0 send a 2@1; ";
    check(&format!("{SENT} 1 poll a 1@0 2@1; 1 poll a 1@0"), "nonmonotonic-poll 1");
    check(&format!("{SENT} 1 poll a 1@0; 1 poll a 1@0 2@1"), "nonmonotonic-poll 1");
    check(&format!("{SENT} 1 poll a 1@0; 1 poll a 2@1"), "");
    check(&format!("{SENT} 1 poll a 1@0 2@1; 2 poll a 1@0"), "");
    check(&format!("{SENT} 1 poll a 1@0 2@1; 1 assign b; 1 assign a; 1 poll a 1@0"), "");
    let found = judge(&format!("{SENT} 1 poll a 1@0 2@1; 1 poll a 1@0"));
    let back = &json!(found.anomalies.nonmonotonic_poll)["errs"][0];
    assert_eq!([&back["values"], &back["delta"]], [&json!([2, 1]), &json!(-1)]);
    assert_eq!([&back["ops"][0]["index"], &back["ops"][1]["index"]], [&json!(5), &json!(7)]);
}

#[test]
fn nonmonotonic_send() {
    const POLLED: &str = "2 poll a 1@0 2@1";
    check(&format!("0 send a 2@1; 0 send a 1@0; {POLLED}"), "nonmonotonic-send 1");
    check(&format!("0 send a 2@1; 1 send a 1@0; {POLLED}"), "");
    check(&format!("0 send a 1@0; 0 send b 1@0; 0 send a 2@1; {POLLED} b 1@0"), "");
    check(&format!("0 send a 2@1; 0 assign b; 0 send a 1@0; {POLLED}"), "");
    // One whose end is unknown counts by what others saw of it.
    check(&format!("0 send a 2 open; 0 send a 1@0; {POLLED}"), "nonmonotonic-send 1");
    check(&format!("0 send a 2 fails; 0 send a 1@0; 2 poll a 1@0"), "");
}

/// Sends skip whenever somebody else sends in between, which nobody minds.
#[test]
fn int_send_skip() {
    let text = "0 send a 2@1; 1 txn send a 1@0 send a 3@2; 2 poll a 1@0 2@1 3@2";
    let kafka = judge(text);
    assert_eq!((anomalies(&kafka).as_str(), kafka.valid), ("int-send-skip 1", Validity::Valid));
    assert!(kafka.bad_error_types.is_empty());
    check("1 txn send a 1@0 send a 2@1; 0 send a 3@2; 2 poll a 1@0 2@1 3@2", "");
}

#[test]
fn int_nonmonotonic_send() {
    check("0 txn send a 2@1 send a 1@0; 2 poll a 1@0 2@1", "int-nonmonotonic-send 1");
    check("0 txn send a 1@0 send a 2@1; 2 poll a 1@0 2@1", "");
}

#[test]
fn precommitted_read() {
    check("0 txn send a 1@0 poll a 1@0; 1 poll", "precommitted-read 1");
    check("0 txn send a 1@0 poll b; 1 poll a 1@0; 1 send b 1@0; 1 poll b 1@0", "");
}

#[test]
fn aborted_read() {
    check("0 send a 1 fails; 1 poll a 1@0; 1 poll", "G1a 1");
    check("0 send a 1 open; 1 poll a 1@0; 1 poll", "");
    check("0 send a 1 fails; 0 send a 2@0; 1 poll a 2@0; 1 poll", "");
}

#[test]
fn read_before_it_was_sent() {
    check("1 poll a 1@0; 0 send a 1@0; 1 poll", "G1c-realtime 1, strong-PL-2-cycle-exists 1");
    check("0 send a 1 begins; 1 poll a 1@0; 0 send a 1@0; 1 poll", "");
}

#[test]
fn nothing_to_go_by() {
    check("0 send a 1 fails; 0 poll fails", "empty-transaction-graph 1");
    check("0 poll", "empty-transaction-graph 1");
    check("0 poll; 0 poll", "");
}

/// The history is one that Jepsen's checker gives up on.
fn check_unknown(text: &str, reason: &str) {
    let kafka = judge(text);
    assert_eq!(kafka.valid, Validity::Unknown, "{text}");
    assert!(kafka.error.as_ref().is_some_and(|error| error.contains(reason)), "{text}: {:?}", kafka.error);
}

#[test]
fn messages_that_nobody_sent_leave_it_open() {
    check_unknown("0 send a 1@0; 1 poll a 1@0 2@1; 1 poll", "the message 2, which nobody sent");
    check("0 send a 1@0; 0 send a 2 open; 1 poll a 1@0 2@1; 1 poll", "");
}

#[test]
fn logs_that_were_empty_for_everybody_leave_it_open() {
    check_unknown("0 send a 1@0; 1 poll a 1@0 b; 1 poll", "log \"b\" is empty");
    check_unknown("0 send a 1@-1; 1 poll a 1@-1; 1 poll", "log \"a\" is empty");
    check("0 send a 1@0; 0 send b 1@0; 1 poll a 1@0 b; 1 poll b 1@0", "");
}

#[test]
fn causes_are_named_once() {
    let kafka = judge("0 send a 1 open; 1 send a 2 open; 2 poll open; 3 crash");
    assert_eq!(json!(kafka.info_txn_causes), json!(["net-timeout"]));
}

/// The worst lag: when the poll began, and for how long the log had had another end.
fn check_lag(text: &str, expected: (f64, f64)) {
    let lag = judge(text).worst_realtime_lag;
    assert_eq!((lag.time, lag.lag), expected, "{text}");
}

#[test]
fn lag() {
    check_lag("0 send a 1@0", (0.0, 0.0));
    // The second message was there at 3; the polls begin at 4, 6 and 8.
    const SENT: &str = "0 send a 1@0; 0 send a 2@1; ";
    check_lag(&format!("{SENT} 1 poll a 1@0; 1 poll a; 1 poll a 2@1"), (6.0, 3.0));
    check_lag(&format!("{SENT} 1 poll a 1@0 2@1; 1 poll a"), (4.0, 0.0));
    // Whoever follows a log without having seen anything of it is behind since its first message.
    check_lag(&format!("{SENT} 1 assign a; 1 poll; 1 poll a 2@1"), (6.0, 5.0));
    check_lag(&format!("{SENT} 1 assign b; 1 poll; 1 poll a 2@1"), (6.0, 0.0));
}

/// Values from elsewhere must not bring the checker down.
#[test]
fn strange_values_do_no_harm() {
    let values = [
        "null",
        "1",
        "[]",
        "[null]",
        "[[]]",
        r#"[["poll"]]"#,
        r#"[["poll",1]]"#,
        r#"[["poll",{"a":1}]]"#,
        r#"[["send"]]"#,
        r#"[["send",1,2]]"#,
        r#"[["send","a",[]]]"#,
        r#"[["send","a",[1,2,3]]]"#,
        r#"[["send","a",[null,1]]]"#,
        r#"[["send","a",[0,1e400]]]"#,
        r#"[["poll",{"a":[[0,"\ud800"],[1,1e400],[9223372036854775807,{"b":[]}]]}]]"#,
        r#"[["poll",{"a":[[-9223372036854775808,1],[null,2]]}]]"#,
    ];
    let mut ops = Vec::new();
    for value in values {
        for f in ["poll", "send", "txn", "assign", "crash"] {
            for kind in [Kind::Invoke, Kind::Ok, Kind::Invoke, Kind::Info, Kind::Ok, Kind::Fail] {
                ops.push(Op {
                    index: 0,
                    time: Duration::ZERO,
                    kind,
                    process: Process::Client(0),
                    f,
                    value: serde_json::from_str(value).unwrap(),
                    error: None,
                    extra: Vec::new(),
                });
            }
        }
    }
    let verdict = Verdict::from(kafka::check(&ops.into_iter().collect()));
    assert!(json!(verdict)["error-types"].is_array());
}

/// What a model of right logs does: sends that get the next offset or the one after, and may be open; polls that go on where
/// the client was; assignments; crashes.
fn right(script: &[(u8, u8, u8)]) -> String {
    #[derive(Clone, Default)]
    struct Client {
        process: usize,
        places: Map<String, Value>,
    }
    let mut clients: Vec<Client> = (0..3).map(|process| Client { process, ..Client::default() }).collect();
    let mut logs: Vec<Vec<(usize, u64)>> = vec![Vec::new(); 3];
    let (mut message, mut next_process, mut told) = (0, 3, Vec::new());
    let poll = |client: &mut Client, logs: &[Vec<(usize, u64)>]| {
        let mut words = format!("{} poll", client.process);
        for (key, place) in &mut client.places {
            let log = &logs[usize::from(key.as_bytes()[0] - b'a')];
            let from = place.as_u64().unwrap() as usize;
            if from < log.len() {
                words += &format!(" {key}");
                log[from..].iter().for_each(|(offset, message)| words += &format!(" {message}@{offset}"));
                *place = json!(log.len());
            }
        }
        words
    };
    for (who, what, which) in script {
        let client = &mut clients[usize::from(*who) % 3];
        let key = usize::from(*which) % 3;
        let name = ["a", "b", "c"][key];
        match what % 8 {
            0..=2 => {
                message += 1;
                let offset = logs[key].last().map_or(0, |(last, _)| last + 1) + usize::from(*which) / 128;
                match what / 32 {
                    0 => told.push(format!("{} send {name} {message} fails", client.process)),
                    way => {
                        logs[key].push((offset, message));
                        // A message whose sender never heard of its end is there all the same.
                        let end = if way == 1 { format!("{message} open") } else { format!("{message}@{offset}") };
                        told.push(format!("{} send {name} {end}", client.process));
                    }
                }
            }
            3..=5 => told.push(poll(client, &logs)),
            6 => {
                client.places.retain(|known, _| known == name);
                client.places.entry(name).or_insert(json!(0));
                told.push(format!("{} assign {name}", client.process));
            }
            _ => {
                told.push(format!("{} crash", client.process));
                *client = Client { process: next_process, ..Client::default() };
                next_process += 1;
            }
        }
    }
    // In the end everybody polls everything, twice: the last operation sees nothing new.
    for client in &mut clients {
        client.places = ["a", "b", "c"].into_iter().map(|key| (key.to_owned(), json!(0))).collect();
        told.push(format!("{} crash", client.process));
        client.process = next_process;
        next_process += 1;
        told.push(format!("{} assign a b c", client.process));
        told.push(poll(client, &logs));
        told.push(poll(client, &logs));
    }
    told.join(";")
}

proptest! {
    #[test]
    fn right_logs_are_never_invalid(script: Vec<(u8, u8, u8)>) {
        let text = right(&script);
        let kafka = judge(&text);
        prop_assert_eq!(kafka.valid, Validity::Valid, "{}\n{}", text, json!(kafka));
    }

    /// Whichever message the polls of a right log leave out, it is missed.
    #[test]
    fn a_message_that_is_hidden_is_missed(script in prop::collection::vec(any::<(u8, u8, u8)>(), 20..60), which: prop::sample::Index) {
        let text = right(&script);
        let sends: Vec<_> = text.split(';').filter(|told| told.contains(" send ") && told.contains('@')).collect();
        prop_assume!(!sends.is_empty());
        let hidden = which.get(&sends).split(' ').next_back().unwrap();
        let hide = |told: &str| match told.contains(" poll") {
            true => told.split(' ').filter(|word| *word != hidden).collect::<Vec<_>>().join(" "),
            false => told.to_owned(),
        };
        let kafka = judge(&text.split(';').map(hide).collect::<Vec<_>>().join(";"));
        prop_assert!(kafka.anomalies.unseen.is_some(), "{text}");
        prop_assert!(kafka.valid != Validity::Valid);
    }
}
