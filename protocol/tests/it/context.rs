//! The context of a handler in virtual time: calls, timers, random numbers and services. A test is a script that the
//! node runs after `init`, the messages that reach it, and the transcript of its log and its messages.
//!
//! The tests drive the `Node` itself rather than the workbench's `Simulation`. They are about its deadlines and the
//! exact lines that it takes and gives, where there is no network to simulate. The simulation relies on what is shown
//! here, and this crate does not depend on the workbench, not even for tests.

use futures_util::future::{LocalBoxFuture, join, select};
use glomers_protocol::{
    CallError, Context, ErrorCode, Failure, Handler, Json, Message, Node, Payload, Rejected, RpcError,
    echo::{Echo, EchoOk},
    rand::Rng,
};
use std::{cell::RefCell, collections::BTreeMap, future::Future, rc::Rc, time::Duration};

/// A handler that runs a script and serves nothing.
struct Scripted {
    script: Box<dyn Fn(Context) -> LocalBoxFuture<'static, ()>>,
}

/// The notes of the script, with their times.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn note(&self, cx: &Context, what: impl std::fmt::Debug) {
        self.0.borrow_mut().push(format!("{:?}: {what:?}", cx.now()));
    }
}

impl Handler for Scripted {
    fn init(_: &Context) -> Result<Self, Failure> {
        unreachable!("made by `Node::with`")
    }

    fn start(self: &Rc<Self>, cx: &Context) {
        cx.spawn((self.script)(cx.clone()));
    }

    fn dispatch(self: &Rc<Self>, _: &Context, message: &Message<'_>) -> Result<(), Rejected> {
        panic!("nobody sends {}", message.line())
    }
}

const INIT: &str =
    r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1","n2"]}}"#;

/// Moves a node through virtual time and writes down what it logs and sends. Requests are numbered from 1 here,
/// wherever the node begins.
struct Player {
    node: Node,
    log: Log,
    transcript: Vec<String>,
    /// The lines that were sent, as they are.
    sent: Vec<String>,
    /// The number before that of the node's first request.
    base: i64,
}

impl Player {
    fn new<F: Future<Output = ()> + 'static>(seed: u64, script: impl Fn(Context, Log) -> F + 'static) -> Self {
        let log = Log::default();
        let (script, noted) = (Rc::new(script), log.clone());
        let make = move |_: &Context| {
            let (script, log) = (Rc::clone(&script), noted.clone());
            Scripted { script: Box::new(move |cx| Box::pin(script(cx, log.clone()))) }
        };
        let mut node = Node::with(seed, make);
        node.deliver(INIT.as_bytes(), Duration::ZERO).unwrap();
        let mut player = Self { node, log, transcript: Vec::new(), sent: Vec::new(), base: 0 };
        player.record(Duration::ZERO);
        assert!(player.transcript.remove(0).contains("init_ok"));
        player.sent.remove(0);
        player
    }

    /// Lets every deadline up to `end` pass.
    fn run_until(&mut self, end: Duration) {
        while let Some(deadline) = self.node.deadline().filter(|deadline| *deadline <= end) {
            self.node.advance(deadline);
            self.record(deadline);
        }
    }

    fn receive(&mut self, at: Duration, src: &str, body: &str) {
        self.run_until(at);
        let body = renumber(body, r#""in_reply_to":"#, self.base);
        let line = format!(r#"{{"src":"{src}","dest":"n1","body":{body}}}"#);
        self.node.deliver(line.as_bytes(), at).unwrap();
        self.record(at);
    }

    fn record(&mut self, now: Duration) {
        let Self { node, transcript, sent, base, .. } = self;
        node.drain(|dest, line| {
            let body = line.strip_prefix(&format!(r#"{{"src":"n1","dest":"{dest}","body":"#)).expect("from this node");
            let body = body.strip_suffix('}').expect("an object");
            if let Some(msg_id) = Message::parse(line).unwrap().msg_id().filter(|_| *base == 0) {
                *base = msg_id - 1;
            }
            sent.push(line.to_owned());
            transcript.push(format!("{now:?} to {dest}: {}", renumber(body, r#""msg_id":"#, -*base)));
        });
        transcript.append(&mut self.log.0.borrow_mut());
    }
}

/// The body with the number behind this key, if it has one, changed by so much.
fn renumber(body: &str, key: &str, by: i64) -> String {
    let Some((before, after)) = body.split_once(key) else { return body.to_owned() };
    let end = after.find(|next: char| !next.is_ascii_digit()).unwrap_or(after.len());
    let number: i64 = after[..end].parse().unwrap();
    format!("{before}{key}{}{}", number + by, &after[end..])
}

const END: Duration = Duration::from_secs(60);

/// Runs `script`, gives it `messages` (millisecond, sender, body) and compares the transcript.
#[track_caller]
fn check<F: Future<Output = ()> + 'static>(
    script: impl Fn(Context, Log) -> F + 'static,
    messages: &[(u64, &str, &str)],
    expected: &[&str],
) {
    let mut player = Player::new(0, script);
    for (millis, src, body) in messages {
        player.receive(Duration::from_millis(*millis), src, body);
    }
    player.run_until(END);
    let sorted = |lines: &[String]| lines.iter().map(|line| sort_fields(line)).collect::<Vec<_>>();
    assert_eq!(sorted(&player.transcript), sorted(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()));
}

/// A line of a transcript with the fields of its body, if it has one, in alphabetical order: JSON knows none.
fn sort_fields(line: &str) -> String {
    let Some((head, body)) = line.split_once(": {") else { return line.to_owned() };
    let fields: BTreeMap<String, Json> = serde_json::from_str(&format!("{{{body}")).expect("a body is an object");
    format!("{head}: {fields:?}")
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn echo(value: i64) -> Echo {
    Echo { echo: Json::from(value) }
}

/// Calls `echo` on n2 and notes the outcome.
async fn call_and_note(cx: Context, log: Log) {
    let outcome = cx.call("n2", &echo(7)).await;
    log.note(&cx, outcome);
}

const CALLED: &str = r#"0ns to n2: {"type":"echo","msg_id":1,"echo":7}"#;
const TIMED_OUT: &str = r#"1s: Err(Timeout { dest: n2, request: "echo", timeout: 1s })"#;

#[test]
fn a_call_ends_with_the_answer_of_the_node_that_was_asked() {
    let answer = r#"{"type":"echo_ok","in_reply_to":1,"echo":8}"#;
    let answered = "30ms: Ok(EchoOk { echo: 8 })";
    check(call_and_note, &[(30, "n2", answer)], &[CALLED, answered]);
    // Someone else's answer, or an answer to something else, is none.
    check(call_and_note, &[(20, "n3", answer), (30, "n2", answer)], &[CALLED, answered]);
    let unasked = r#"{"type":"echo_ok","in_reply_to":2,"echo":8}"#;
    check(call_and_note, &[(20, "n2", unasked), (30, "n2", answer)], &[CALLED, answered]);
    // Of two answers the first counts.
    let second = r#"{"type":"echo_ok","in_reply_to":1,"echo":9}"#;
    check(call_and_note, &[(30, "n2", answer), (40, "n2", second)], &[CALLED, answered]);
}

#[test]
fn a_call_ends_with_an_error_that_says_what_came() {
    let rows = [
        (
            r#"{"type":"error","in_reply_to":1,"code":11,"text":"later"}"#,
            r#"30ms: Err(Rpc(RpcError { code: TemporarilyUnavailable, text: Some("later") }))"#,
        ),
        (
            r#"{"type":"error","in_reply_to":1,"code":1234}"#,
            r#"30ms: Err(Rpc(RpcError { code: Custom(1234), text: None }))"#,
        ),
        (
            r#"{"type":"read_ok","in_reply_to":1,"value":3}"#,
            r#"30ms: Err(Malformed(DecodeError { wire_type: "read_ok", detail: "unknown type, expected one of: echo_ok, error" }))"#,
        ),
        (
            r#"{"type":"echo_ok","in_reply_to":1}"#,
            r#"30ms: Err(Malformed(DecodeError { wire_type: "echo_ok", detail: "body: missing field `echo`" }))"#,
        ),
    ];
    for (answer, outcome) in rows {
        check(call_and_note, &[(30, "n2", answer)], &[CALLED, outcome]);
    }
}

#[test]
fn a_call_times_out_and_a_late_answer_is_dropped() {
    check(call_and_note, &[], &[CALLED, TIMED_OUT]);
    let late = r#"{"type":"echo_ok","in_reply_to":1,"echo":8}"#;
    check(call_and_note, &[(1000, "n2", late)], &[CALLED, TIMED_OUT]);
    check(call_and_note, &[(1500, "n2", late), (1501, "n2", late)], &[CALLED, TIMED_OUT]);
}

/// The numbers of the first two requests of a node with this seed.
fn numbers(seed: u64) -> [i64; 2] {
    let script = |cx: Context, _| async move { drop((cx.call("n2", &echo(1)), cx.call("n2", &echo(2)))) };
    let [first, second] = &Player::new(seed, script).sent[..] else { panic!("two requests") };
    [first, second].map(|line| Message::parse(line).unwrap().msg_id().unwrap())
}

#[test]
fn an_answer_to_a_former_life_is_none() {
    let [before, _] = numbers(0);
    let mut player = Player::new(1, call_and_note);
    let answer = format!(r#"{{"src":"n2","dest":"n1","body":{{"type":"echo_ok","in_reply_to":{before},"echo":8}}}}"#);
    player.node.deliver(answer.as_bytes(), millis(10)).unwrap();
    player.run_until(END);
    assert_eq!(player.transcript, [CALLED, TIMED_OUT]);
}

#[test]
fn lives_number_their_requests_apart_and_such_that_a_double_holds_it() {
    let numbers: Vec<_> = (0..200).map(numbers).collect();
    assert!(numbers.iter().all(|[first, second]| *first > 0 && *second == first + 1 && *second < 1 << 53));
    let mut firsts: Vec<_> = numbers.iter().map(|[first, _]| *first).collect();
    firsts.sort_unstable();
    assert!(firsts.windows(2).all(|pair| pair[1] - pair[0] >= 1_000_000), "{firsts:?}");
}

#[test]
fn a_call_waits_as_long_as_it_is_told() {
    let rows = [
        (millis(20), vec![CALLED, r#"20ms: Err(Timeout { dest: n2, request: "echo", timeout: 20ms })"#]),
        (millis(30_000), vec![CALLED, r#"30s: Err(Timeout { dest: n2, request: "echo", timeout: 30s })"#]),
        (Duration::MAX, vec![CALLED]),
    ];
    for (timeout, expected) in rows {
        let script = move |cx: Context, log: Log| async move {
            let outcome = cx.call("n2", &echo(7)).timeout(timeout).await;
            log.note(&cx, outcome);
        };
        check(script, &[], &expected);
    }
}

#[test]
fn a_dropped_call_leaves_nothing_behind() {
    let script = |cx: Context, log: Log| async move {
        drop(cx.call("n2", &echo(7)));
        // The loser of a race is dropped as well.
        select(cx.call("n2", &echo(8)), cx.sleep(millis(5))).await;
        log.note(&cx, "raced");
    };
    let mut player = Player::new(0, script);
    player.run_until(END);
    assert_eq!(player.node.deadline(), None);
    player.receive(END, "n2", r#"{"type":"echo_ok","in_reply_to":1,"echo":7}"#);
    player.receive(END, "n2", r#"{"type":"echo_ok","in_reply_to":2,"echo":8}"#);
    let called_again = r#"0ns to n2: {"type":"echo","msg_id":2,"echo":8}"#;
    assert_eq!(player.transcript, [CALLED, called_again, "5ms: \"raced\""]);
}

#[test]
fn after_the_end_of_input_calls_fail_and_none_spins() {
    let script = |cx: Context, log: Log| async move {
        loop {
            match cx.call("n2", &echo(7)).await {
                Ok(_) => return,
                Err(error) => log.note(&cx, error.to_string()),
            }
        }
    };
    let mut player = Player::new(0, script);
    player.node.advance(millis(10));
    player.node.close();
    player.record(millis(10));
    player.run_until(millis(1500));
    let expected = [
        CALLED,
        r#"10ms to n2: {"type":"echo","msg_id":2,"echo":7}"#,
        r#"10ms: "the node's input has ended""#,
        r#"1.01s to n2: {"type":"echo","msg_id":3,"echo":7}"#,
        r#"1.01s: "n2 did not answer `echo` within 1s""#,
    ];
    assert_eq!(player.transcript, expected);
}

#[test]
fn sleepers_wake_by_deadline_then_by_who_came_first() {
    let script = |cx: Context, log: Log| async move {
        for (name, wait) in [("a", 30), ("b", 10), ("c", 30), ("d", 0), ("e", 10)] {
            let (log, sleeper) = (log.clone(), cx.clone());
            cx.spawn(async move {
                sleeper.sleep(millis(wait)).await;
                log.note(&sleeper, name);
            });
        }
    };
    check(script, &[], &["0ns: \"d\"", "10ms: \"b\"", "10ms: \"e\"", "30ms: \"a\"", "30ms: \"c\""]);
}

#[test]
fn sleeping_without_end_is_no_overflow() {
    let script = |cx: Context, log: Log| async move {
        cx.sleep(millis(1)).await;
        select(cx.sleep(Duration::MAX), cx.sleep(millis(1))).await;
        log.note(&cx, "awake");
    };
    check(script, &[], &["2ms: \"awake\""]);
}

#[test]
fn the_deadline_is_that_of_the_first_who_still_waits() {
    let script = |cx: Context, _: Log| async move {
        select(cx.sleep(millis(20)), cx.sleep(millis(50))).await;
        cx.sleep(millis(100)).await;
    };
    let mut player = Player::new(0, script);
    let mut deadlines = Vec::new();
    while let Some(deadline) = player.node.deadline() {
        deadlines.push(deadline);
        player.node.advance(deadline);
    }
    assert_eq!(deadlines, [millis(20), millis(120)]);
}

#[test]
fn every_tick_comes_one_period_after_the_last_and_survives_a_panic() {
    let script = |cx: Context, log: Log| async move {
        let (ticks, owner) = (Rc::new(RefCell::new(0)), cx.clone());
        cx.every(millis(100), move || {
            *ticks.borrow_mut() += 1;
            log.note(&owner, &*ticks);
            assert!(*ticks.borrow() != 2, "a tick that panics");
        });
    };
    let mut player = Player::new(0, script);
    player.run_until(millis(299));
    // Late by five periods; they are not made up for.
    player.node.advance(millis(800));
    player.record(millis(800));
    player.run_until(millis(900));
    let ticks = ["1", "2", "3", "4"].map(|tick| format!("RefCell {{ value: {tick} }}"));
    let expected: Vec<_> =
        ["100ms", "200ms", "800ms", "900ms"].iter().zip(ticks).map(|(at, tick)| format!("{at}: {tick}")).collect();
    assert_eq!(player.transcript, expected);
}

#[test]
#[should_panic(expected = "cannot run every 0 seconds")]
fn every_refuses_a_period_of_zero() {
    // Tasks survive their panics, so this one is carried out of the task.
    let script = |cx: Context, log: Log| async move {
        let attempt = std::panic::AssertUnwindSafe(|| cx.every(Duration::ZERO, || {}));
        if let Err(panic) = std::panic::catch_unwind(attempt) {
            log.note(&cx, panic.downcast_ref::<String>().expect("assert! formats"));
        }
    };
    panic!("{:?}", Player::new(0, script).transcript);
}

#[test]
fn spawned_work_runs_beside_its_spawner_and_spawns_more() {
    let script = |cx: Context, log: Log| async move {
        let (inner, inner_log) = (cx.clone(), log.clone());
        cx.spawn(async move {
            let (innermost, innermost_log) = (inner.clone(), inner_log.clone());
            inner.spawn(async move { innermost_log.note(&innermost, "innermost") });
            inner_log.note(&inner, "inner");
        });
        log.note(&cx, "outer");
    };
    check(script, &[], &["0ns: \"outer\"", "0ns: \"inner\"", "0ns: \"innermost\""]);
}

#[test]
fn a_task_that_panics_takes_no_other_with_it() {
    let script = |cx: Context, log: Log| async move {
        let sleeper = cx.clone();
        cx.spawn(async move {
            sleeper.sleep(millis(10)).await;
            panic!("this task only");
        });
        cx.sleep(millis(20)).await;
        log.note(&cx, "alive");
    };
    check(script, &[], &["20ms: \"alive\""]);
}

#[test]
fn ids_are_those_of_init() {
    let script = |cx: Context, log: Log| async move {
        log.note(&cx, (cx.id(), cx.ids(), cx.peers().collect::<Vec<_>>()));
    };
    check(script, &[], &["0ns: (n1, [n1, n2], [n2])"]);
}

#[test]
fn a_message_that_was_read_from_several_lines_is_sent_on_one() {
    let script = |cx: Context, _: Log| async move {
        let value: Json = serde_json::from_str("{\"a\":\r\n [1,\n2],\"b\":\"\\n\"}").unwrap();
        cx.send("n2", &EchoOk { echo: value });
    };
    check(script, &[], &[r#"0ns to n2: {"type":"echo_ok","echo":{"a":   [1, 2],"b":"\n"}}"#]);
}

#[test]
fn a_payload_that_is_no_object_sends_nothing() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Bare(u64);

    impl Payload for Bare {
        const TYPE: &'static str = "bare";
    }

    let script = |cx: Context, log: Log| async move {
        let attempt = std::panic::AssertUnwindSafe(|| cx.send("n2", &Bare(1)));
        log.note(&cx, std::panic::catch_unwind(attempt).is_err());
        cx.send("n2", &EchoOk { echo: Json::null() });
    };
    check(script, &[], &[r#"0ns to n2: {"type":"echo_ok","echo":null}"#, "0ns: true"]);
}

/// Ten random numbers and pauses, each sent to n2.
async fn dice(cx: Context, _: Log) {
    for _ in 0..10 {
        let (value, pause) = (cx.rng().next_u32(), cx.rng().next_u32() % 1000);
        cx.send("n2", &EchoOk { echo: Json::from(value) });
        cx.sleep(millis(u64::from(pause))).await;
    }
}

#[test]
fn a_seed_fixes_every_byte() {
    let transcript = |seed| {
        let mut player = Player::new(seed, dice);
        player.run_until(END);
        player.transcript
    };
    assert_eq!(transcript(1).len(), 10);
    assert_eq!(transcript(1), transcript(1));
    assert_ne!(transcript(1), transcript(2));
}

#[test]
fn a_node_takes_everything_along_when_it_is_dropped() {
    let alive = Rc::new(());
    let held = Rc::clone(&alive);
    let script = move |cx: Context, _: Log| {
        let (task, timer, held) = (Rc::clone(&held), Rc::clone(&held), Rc::clone(&held));
        async move {
            let waiting = cx.call("n2", &echo(1)).timeout(Duration::MAX);
            cx.every(millis(10), move || drop(Rc::clone(&timer)));
            let sleeper = cx.clone();
            cx.spawn(async move {
                sleeper.sleep(Duration::MAX).await;
                drop(task);
            });
            let _ = waiting.await;
            drop(held);
        }
    };
    let mut player = Player::new(0, script);
    player.run_until(millis(25));
    assert!(Rc::strong_count(&alive) > 4);
    drop(player);
    assert_eq!(Rc::strong_count(&alive), 1);
}

/// Notes the outcome of one operation on lin-kv.
macro_rules! kv {
    (|$kv:ident| $operation:expr) => {
        |cx: Context, log: Log| async move {
            let $kv = cx.lin_kv();
            let outcome: Result<_, CallError> = $operation.await;
            log.note(&cx, outcome);
        }
    };
}

#[test]
fn one_key_value_operation_is_one_request() {
    let ok = |wire_type: &str| format!(r#"{{"type":"{wire_type}","in_reply_to":1}}"#);
    let error = |code: i64| format!(r#"{{"type":"error","in_reply_to":1,"code":{code}}}"#);
    let value = |value: &str| format!(r#"{{"type":"read_ok","in_reply_to":1,"value":{value}}}"#);

    let read = r#"0ns to lin-kv: {"type":"read","msg_id":1,"key":"k"}"#;
    for (answer, outcome) in [
        (value("4"), "5ms: Ok(Some(4))"),
        (error(20), "5ms: Ok(None)"),
        (error(13), "5ms: Err(Rpc(RpcError { code: Crash, text: None }))"),
        (
            value("\"4\""),
            r#"5ms: Err(Malformed(DecodeError { wire_type: "read_ok", detail: "value: invalid type: string \"4\", expected i64 at line 1 column 3" }))"#,
        ),
    ] {
        check(kv!(|kv| kv.read::<i64>("k")), &[(5, "lin-kv", &answer)], &[read, outcome]);
    }
    check(kv!(|kv| kv.read::<Option<i64>>("k")), &[(5, "lin-kv", &value("null"))], &[read, "5ms: Ok(Some(None))"]);

    let write = r#"0ns to lin-kv: {"type":"write","msg_id":1,"key":["a",1],"value":{"x":null}}"#;
    check(
        kv!(|kv| kv.write(&("a", 1), &serde_json::json!({"x": null}))),
        &[(5, "lin-kv", &ok("write_ok"))],
        &[write, "5ms: Ok(())"],
    );

    let cas = r#"0ns to lin-kv: {"type":"cas","msg_id":1,"key":7,"from":1,"to":2}"#;
    let cas_or_create =
        r#"0ns to lin-kv: {"type":"cas","msg_id":1,"key":7,"from":1,"to":2,"create_if_not_exists":true}"#;
    for (answer, outcome) in [
        (ok("cas_ok"), "5ms: Ok(())"),
        (error(20), "5ms: Err(Rpc(RpcError { code: KeyDoesNotExist, text: None }))"),
        (error(22), "5ms: Err(Rpc(RpcError { code: PreconditionFailed, text: None }))"),
    ] {
        check(kv!(|kv| kv.cas(&7, &1, &2)), &[(5, "lin-kv", &answer)], &[cas, outcome]);
        check(kv!(|kv| kv.cas_or_create(&7, &1, &2)), &[(5, "lin-kv", &answer)], &[cas_or_create, outcome]);
    }
}

#[test]
fn services_are_addressed_by_name() {
    let script = |cx: Context, log: Log| async move {
        let (lin, seq, lww) = (cx.lin_kv(), cx.seq_kv(), cx.lww_kv());
        let reads = join(join(lin.read::<i64>("k"), seq.read::<i64>("k")), lww.read::<i64>("k")).await;
        log.note(&cx, reads);
    };
    let answer = |msg_id: i64| format!(r#"{{"type":"read_ok","in_reply_to":{msg_id},"value":{msg_id}}}"#);
    let (lin, seq, lww) = (answer(1), answer(2), answer(3));
    let expected = [
        r#"0ns to lin-kv: {"type":"read","msg_id":1,"key":"k"}"#,
        r#"0ns to seq-kv: {"type":"read","msg_id":2,"key":"k"}"#,
        r#"0ns to lww-kv: {"type":"read","msg_id":3,"key":"k"}"#,
        "3ms: ((Ok(Some(1)), Ok(Some(2))), Ok(Some(3)))",
    ];
    check(script, &[(1, "lww-kv", &lww), (2, "seq-kv", &seq), (3, "lin-kv", &lin)], &expected);
}

/// Adds 1 to a counter and notes the new value.
async fn increment(cx: Context, log: Log) {
    let outcome = cx.seq_kv().update("sum", |sum: Option<i64>| sum.unwrap_or(0) + 1).await;
    log.note(&cx, outcome);
}

/// As [`check`], with messages that `service` sends in reply to the first, second, ... call, a millisecond apart.
#[track_caller]
fn check_served<F: Future<Output = ()> + 'static>(
    script: impl Fn(Context, Log) -> F + 'static,
    service: &str,
    answers: &[&str],
    expected: &[&str],
) {
    let number = |(answer, msg_id): (&&str, i64)| answer.replacen('{', &format!(r#"{{"in_reply_to":{msg_id},"#), 1);
    let answers: Vec<_> = answers.iter().zip(1..).map(number).collect();
    let messages: Vec<_> = answers.iter().zip(1..).map(|(answer, millis)| (millis, service, answer.as_str())).collect();
    check(script, &messages, expected);
}

#[test]
fn update_tries_again_when_someone_was_faster() {
    check_served(
        increment,
        "seq-kv",
        &[
            r#"{"type":"read_ok","value":4}"#,
            r#"{"type":"error","code":22}"#,
            r#"{"type":"read_ok","value":6}"#,
            r#"{"type":"cas_ok"}"#,
        ],
        &[
            r#"0ns to seq-kv: {"type":"read","msg_id":1,"key":"sum"}"#,
            r#"1ms to seq-kv: {"type":"cas","msg_id":2,"key":"sum","from":4,"to":5}"#,
            r#"2ms to seq-kv: {"type":"read","msg_id":3,"key":"sum"}"#,
            r#"3ms to seq-kv: {"type":"cas","msg_id":4,"key":"sum","from":6,"to":7}"#,
            "4ms: Ok(7)",
        ],
    );
}

#[test]
fn update_creates_a_missing_key() {
    let read = r#"0ns to seq-kv: {"type":"read","msg_id":1,"key":"sum"}"#;
    let create =
        r#"1ms to seq-kv: {"type":"cas","msg_id":2,"key":"sum","from":null,"to":1,"create_if_not_exists":true}"#;
    let missing = r#"{"type":"error","code":20}"#;
    check_served(increment, "seq-kv", &[missing, r#"{"type":"cas_ok"}"#], &[read, create, "2ms: Ok(1)"]);
    // Someone else created it in between.
    check_served(
        increment,
        "seq-kv",
        &[missing, r#"{"type":"error","code":22}"#, r#"{"type":"read_ok","value":1}"#, r#"{"type":"cas_ok"}"#],
        &[
            read,
            create,
            r#"2ms to seq-kv: {"type":"read","msg_id":3,"key":"sum"}"#,
            r#"3ms to seq-kv: {"type":"cas","msg_id":4,"key":"sum","from":1,"to":2}"#,
            "4ms: Ok(2)",
        ],
    );
    // lww-kv does not create by cas, so the key is written.
    check_served(
        increment,
        "seq-kv",
        &[missing, missing, r#"{"type":"write_ok"}"#],
        &[read, create, r#"2ms to seq-kv: {"type":"write","msg_id":3,"key":"sum","value":1}"#, "3ms: Ok(1)"],
    );
}

#[test]
fn update_starts_over_when_the_key_is_gone() {
    check_served(
        increment,
        "seq-kv",
        &[
            r#"{"type":"read_ok","value":4}"#,
            r#"{"type":"error","code":20}"#,
            r#"{"type":"read_ok","value":4}"#,
            r#"{"type":"cas_ok"}"#,
        ],
        &[
            r#"0ns to seq-kv: {"type":"read","msg_id":1,"key":"sum"}"#,
            r#"1ms to seq-kv: {"type":"cas","msg_id":2,"key":"sum","from":4,"to":5}"#,
            r#"2ms to seq-kv: {"type":"read","msg_id":3,"key":"sum"}"#,
            r#"3ms to seq-kv: {"type":"cas","msg_id":4,"key":"sum","from":4,"to":5}"#,
            "4ms: Ok(5)",
        ],
    );
}

#[test]
fn update_compares_with_the_very_text_that_was_read() {
    let script = |cx: Context, log: Log| async move {
        let outcome = cx.lin_kv().update("k", |_: Option<Json>| Json::from(0)).await;
        log.note(&cx, outcome);
    };
    check_served(
        script,
        "lin-kv",
        &[r#"{"type":"read_ok","value":[1e400, 123456789012345678901234567890]}"#, r#"{"type":"cas_ok"}"#],
        &[
            r#"0ns to lin-kv: {"type":"read","msg_id":1,"key":"k"}"#,
            r#"1ms to lin-kv: {"type":"cas","msg_id":2,"key":"k","from":[1e400, 123456789012345678901234567890],"to":0}"#,
            "2ms: Ok(0)",
        ],
    );
}

#[test]
fn update_passes_other_failures_on() {
    let read = r#"0ns to seq-kv: {"type":"read","msg_id":1,"key":"sum"}"#;
    check_served(
        increment,
        "seq-kv",
        &[],
        &[read, r#"1s: Err(Timeout { dest: seq-kv, request: "read", timeout: 1s })"#],
    );
    check_served(
        increment,
        "seq-kv",
        &[r#"{"type":"read_ok","value":4}"#, r#"{"type":"error","code":13}"#],
        &[
            read,
            r#"1ms to seq-kv: {"type":"cas","msg_id":2,"key":"sum","from":4,"to":5}"#,
            "2ms: Err(Rpc(RpcError { code: Crash, text: None }))",
        ],
    );
}

#[test]
fn the_oracle_gives_timestamps() {
    let script = |cx: Context, log: Log| async move {
        let outcome = (cx.lin_tso().ts().await, cx.lin_tso().ts().await);
        log.note(&cx, outcome);
    };
    let expected = [
        r#"0ns to lin-tso: {"type":"ts","msg_id":1}"#,
        r#"1ms to lin-tso: {"type":"ts","msg_id":2}"#,
        "2ms: (Ok(123), Ok(124))",
    ];
    check_served(script, "lin-tso", &[r#"{"type":"ts_ok","ts":123}"#, r#"{"type":"ts_ok","ts":124}"#], &expected);
}

/// A map whose keys are lists has no JSON form.
#[test]
fn a_value_without_a_json_form_is_an_error_and_no_request() {
    let script = |cx: Context, log: Log| async move {
        let (kv, odd) = (cx.lin_kv(), BTreeMap::from([(vec![1], 2)]));
        let outcomes = [
            kv.read::<i64>(&odd).await.map(drop),
            kv.write("k", &odd).await,
            kv.cas("k", &odd, &1).await,
            kv.cas_or_create("k", &1, &odd).await,
            kv.update(&odd, |_: Option<i64>| 1).await.map(drop),
        ];
        outcomes.into_iter().for_each(|outcome| log.note(&cx, outcome.unwrap_err().to_string()));
    };
    let expected = ["key", "value", "from", "to", "key"].map(|name| {
        format!(
            "0ns: \"the {name} has no JSON form (key must be a string): use a type that does, such as a map with string \
             keys\""
        )
    });
    check(script, &[], &expected.each_ref().map(String::as_str));
}

#[test]
fn a_failed_call_becomes_the_error_for_the_client() {
    let rpc = RpcError::new(ErrorCode::TxnConflict, "lost");
    let rows = [
        (CallError::Rpc(rpc.clone()), rpc.to_string(), Some(ErrorCode::TxnConflict)),
        (
            CallError::Timeout { dest: "n2".into(), request: "echo", timeout: millis(20) },
            "0 timeout: n2 did not answer `echo` within 20ms".to_owned(),
            None,
        ),
        (
            CallError::Unencodable { name: "key", detail: "key must be a string".to_owned() },
            "13 crash: the key has no JSON form (key must be a string): use a type that does, such as a map with string keys"
                .to_owned(),
            None,
        ),
        (CallError::Closed, "13 crash: the node's input has ended".to_owned(), None),
    ];
    for (error, expected, code) in rows {
        assert_eq!(error.code(), code);
        assert_eq!(RpcError::from(error).to_string(), expected);
    }
}
