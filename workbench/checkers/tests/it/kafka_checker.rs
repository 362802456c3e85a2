//! Each anomaly of logs in the shortest history that has it, and beside it a history that almost has it.

use crate::notation::kafka::history;
use glomers_checkers::validity::Validity;
use glomers_checkers::{
    checker::kafka::{self, Kafka, KafkaChecker},
    expectations::Expectations,
    history::{Kind, Op, Process},
    verdict::Checker,
};
use glomers_json::Json;
use serde_json::{Value, json};
use std::time::Duration;

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
    let text = ">0 send a 1; 1 poll a 1@0 2@-1 b; 0 send a 1@0; ?1 send a 3; 0 assign a b; 0 crash";
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
    check("?0 send a 1; 1 send a 2@1; 1 poll a 2@1", "");
    check("!0 send a 1; 1 send a 2@1; 1 poll a 2@1", "");
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
    check("?0 send a 1; 1 poll; 1 poll", "");
    let found = judge("0 send a 1@0; 0 send b 10@0; 0 send b 9@1; 0 send b 7@2; 1 poll a 1@0; 2 poll b 7@2; 3 poll");
    let findings = json!(found.anomalies.unseen);
    assert_eq!(findings, json!({"time": 13_000_000_000_u64, "unseen": {"b": 2}, "messages": {"b": [9, 10]}}));
}

/// Jepsen takes the messages of a log for unseen, if no send to it succeeded before the very last operation polls it.
#[test]
fn unseen_at_first_sight() {
    check("?0 send a 1; 1 poll; 1 poll a 1@0", "unseen");
    check("?0 send a 1; 1 poll; 1 poll a 1@0; 1 poll", "");
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
    check(&format!("{SENT} 1 poll a 1@0; !1 assign b; 1 poll a 3@2"), "poll-skip 1");
    check(&format!("{SENT} 1 poll a 1@0; ?1 assign b; 1 poll a 3@2"), "");
    // After a crash there is a new client, to which nothing is owed.
    check(&format!("{SENT} 1 poll a 1@0; 1 crash; 3 assign a; 3 poll a 3@2"), "");
    // A poll of nothing makes forget where the client was.
    check(&format!("{SENT} 1 poll a 1@0; 1 poll a; 1 poll a 3@2"), "");
    // One that failed does not.
    check(&format!("{SENT} 1 poll a 1@0; !1 poll; 1 poll a 3@2"), "poll-skip 1");
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
    check(&format!("?0 send a 2; 0 send a 1@0; {POLLED}"), "nonmonotonic-send 1");
    check("!0 send a 2; 0 send a 1@0; 2 poll a 1@0", "");
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
    check("!0 send a 1; 1 poll a 1@0; 1 poll", "G1a 1");
    check("?0 send a 1; 1 poll a 1@0; 1 poll", "");
    check("!0 send a 1; 0 send a 2@0; 1 poll a 2@0; 1 poll", "");
}

#[test]
fn read_before_it_was_sent() {
    check("1 poll a 1@0; 0 send a 1@0; 1 poll", "G1c-realtime 1, strong-PL-2-cycle-exists 1");
    check(">0 send a 1; 1 poll a 1@0; 0 send a 1@0; 1 poll", "");
}

#[test]
fn nothing_to_go_by() {
    check("!0 send a 1; !0 poll", "empty-transaction-graph 1");
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
    check("0 send a 1@0; ?0 send a 2; 1 poll a 1@0 2@1; 1 poll", "");
}

#[test]
fn logs_that_were_empty_for_everybody_leave_it_open() {
    check_unknown("0 send a 1@0; 1 poll a 1@0 b; 1 poll", "log \"b\" is empty");
    check_unknown("0 send a 1@-1; 1 poll a 1@-1; 1 poll", "log \"a\" is empty");
    check("0 send a 1@0; 0 send b 1@0; 1 poll a 1@0 b; 1 poll b 1@0", "");
}

#[test]
fn causes_are_named_once() {
    let kafka = judge("?0 send a 1; ?1 send a 2; ?2 poll; 3 crash");
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
                let value: Json = serde_json::from_str(value).unwrap();
                ops.push(Op::new(Duration::ZERO, Process::Client(0), kind, f, value));
            }
        }
    }
    let verdict = KafkaChecker.check(&ops.into_iter().collect(), &Expectations::default());
    assert!(json!(verdict)["error-types"].is_array());
}
