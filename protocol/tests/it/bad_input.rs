//! A node's reaction to bad input: lines that are not messages, requests that it cannot serve, handlers that panic, an
//! end of the input at any byte. In each case the node answers if it can, logs if it cannot, and continues. Many rows
//! are defects that were measured in other Maelstrom libraries.

use elsewhere::{FormlessOk, ShapelessOk};
use glomers_protocol::{
    Context, Handler, Json, Message, RpcError,
    echo::{Echo, EchoOk},
    handler,
    kafka::{CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Poll, PollOk, Send, SendOk},
    run_over,
    txn_rw_register::{Txn, TxnOk},
};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    io::{self, BufRead, BufReader, PipeReader, PipeWriter, Write},
    sync::{Arc, Mutex, Once},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Answers at once; panics when asked to.
#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        assert!(request.echo != Json::from("panic"), "a parrot's panic");
        EchoOk { echo: request.echo }
    }

    #[message]
    fn startle(&self, startle: Startle) {
        panic!("startled {} times", startle.times);
    }

    #[rpc]
    fn shapeless(&self, _: Shapeless) -> ShapelessOk {
        ShapelessOk(1)
    }
}

#[derive(Serialize, Deserialize)]
struct Startle {
    times: u64,
}

#[derive(Serialize, Deserialize)]
struct Flinch {
    times: u64,
}

#[derive(Serialize, Deserialize)]
struct Shapeless {}

#[derive(Serialize, Deserialize)]
struct Formless {}

/// Messages in a module of their own, where the macro does not look.
mod elsewhere {
    use serde::{Deserialize, Serialize};

    /// A response that is no JSON object, which only shows when it is sent.
    #[derive(Serialize, Deserialize)]
    pub(super) struct ShapelessOk(pub(super) u64);

    /// As [`ShapelessOk`].
    #[derive(Serialize, Deserialize)]
    pub(super) struct FormlessOk(pub(super) u64);
}

/// Answers after what it is asked to wait for.
#[derive(Default)]
struct Waiter;

#[handler(echo)]
impl Waiter {
    async fn echo(&self, cx: &Context, request: Echo) -> Result<EchoOk, RpcError> {
        match request.echo.as_str() {
            "\"panic\"" => panic!("panic before waiting"),
            "\"wait, panic\"" => {
                cx.sleep(Duration::from_millis(1)).await;
                panic!("panic after waiting");
            }
            "\"call\"" => return Ok(cx.call("n2", &Echo { echo: Json::from("called") }).await?),
            "\"call anybody\"" => {
                return Ok(cx.call("n2", &Echo { echo: Json::from("called") }).from_anybody().await?);
            }
            "\"call briefly\"" => {
                let call = cx.call("n2", &Echo { echo: Json::from("called") });
                return Ok(call.timeout(Duration::from_millis(1)).await?);
            }
            "\"for ever\"" => std::future::pending().await,
            _ => {}
        }
        if let Ok(millis) = request.echo.decode() {
            cx.sleep(Duration::from_millis(millis)).await;
        }
        Ok(EchoOk { echo: request.echo })
    }

    #[message]
    async fn flinch(&self, flinch: Flinch) {
        panic!("flinched {} times", flinch.times);
    }

    #[rpc]
    async fn formless(&self, cx: &Context, _: Formless) -> FormlessOk {
        cx.sleep(Duration::from_millis(1)).await;
        FormlessOk(1)
    }
}

/// Panics on its first `init`, then counts its requests.
struct LateStarter {
    served: Cell<u64>,
}

thread_local! {
    static STARTED: Cell<bool> = const { Cell::new(false) };
}

#[handler(echo)]
impl LateStarter {
    #[init]
    fn new(cx: &Context) -> Self {
        if !STARTED.replace(true) {
            cx.spawn(async { panic!("the failed start goes on") });
            panic!("a false start");
        }
        Self { served: Cell::new(0) }
    }

    fn echo(&self, _: Echo) -> EchoOk {
        self.served.set(self.served.get() + 1);
        EchoOk { echo: Json::from(self.served.get()) }
    }
}

/// Says each tick to c1; panics in the first one, before and after it waits.
#[derive(Default)]
struct Ticker {
    ticks: Cell<u64>,
    waits: Cell<u64>,
}

#[handler(echo)]
impl Ticker {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[every(millis = 1)]
    fn tick(&self, cx: &Context) {
        self.ticks.set(self.ticks.get() + 1);
        assert!(self.ticks.get() > 1, "the first tick");
        cx.send("c1", &EchoOk { echo: Json::from("tick") });
    }

    #[every(millis = 1)]
    async fn wait(&self, cx: &Context) {
        cx.sleep(Duration::from_millis(1)).await;
        self.waits.set(self.waits.get() + 1);
        assert!(self.waits.get() > 1, "the first wait");
        cx.send("c1", &EchoOk { echo: Json::from("wait") });
    }
}

/// Serves nothing: all its requests are malformed.
#[derive(Default)]
struct Unreached;

#[handler(kafka)]
impl Unreached {
    fn send(&self, _: Send) -> SendOk {
        unreachable!()
    }

    fn poll(&self, _: Poll) -> PollOk {
        unreachable!()
    }

    fn commit_offsets(&self, _: CommitOffsets) -> CommitOffsetsOk {
        unreachable!()
    }

    fn list_committed_offsets(&self, _: ListCommittedOffsets) -> ListCommittedOffsetsOk {
        unreachable!()
    }
}

/// As [`Unreached`].
#[derive(Default)]
struct UnreachedTxn;

#[handler(txn_rw_register)]
impl UnreachedTxn {
    fn txn(&self, _: Txn) -> TxnOk {
        unreachable!()
    }
}

const INIT: &str =
    r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1","n2"]}}"#;

/// A node on a thread of its own, between pipes.
struct Session {
    input: PipeWriter,
    output: BufReader<PipeReader>,
    node: JoinHandle<Ended>,
    log: Log,
    /// The number of the node's last request that was read.
    asked: i64,
}

/// The end of a node.
struct Ended {
    result: io::Result<()>,
    panics: Vec<String>,
}

/// The log of a node.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

thread_local! {
    /// The panics of this thread, if a node runs on it.
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Keeps the nodes' panics for the tests to look at; others are reported as ever.
fn record_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.with_borrow_mut(|panics| match panics {
                Some(panics) => panics.push(info.payload_as_str().unwrap_or("?").to_owned()),
                None => default(info),
            });
        }));
    });
}

impl Session {
    fn start<H: Handler>() -> Self {
        record_panics();
        let (their_input, input) = io::pipe().unwrap();
        let (output, their_output) = io::pipe().unwrap();
        let log = Log::default();
        let writer = log.clone();
        let node = thread::spawn(move || {
            PANICS.set(Some(Vec::new()));
            let subscriber = tracing_subscriber::fmt()
                .without_time()
                .with_target(false)
                .with_writer(move || writer.clone())
                .finish();
            let result = tracing::subscriber::with_default(subscriber, || run_over::<H>(their_input, their_output));
            Ended { result, panics: PANICS.take().unwrap_or_default() }
        });
        Self { input, output: BufReader::new(output), node, log, asked: 0 }
    }

    fn initialised<H: Handler>() -> Self {
        let mut session = Self::start::<H>();
        session.write(INIT);
        assert_eq!(session.read(), r#"c0 {"type":"init_ok","in_reply_to":1}"#);
        session
    }

    fn write(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next message that the node sends: destination and body.
    fn read(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        self.asked = Message::parse(line.trim_end()).unwrap().msg_id().unwrap_or(self.asked);
        shorten(&line)
    }

    /// Answers the node's last request.
    fn answer(&mut self, src: &str, value: &str) {
        let body = format!(r#"{{"type":"echo_ok","in_reply_to":{},"echo":{value}}}"#, self.asked);
        self.write(&format!(r#"{{"src":"{src}","dest":"n1","body":{body}}}"#));
    }

    /// Ends the input and takes all that is left.
    fn end(mut self) -> Outcome {
        drop(self.input);
        let mut sent = Vec::new();
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            sent.push(shorten(&line));
            line.clear();
        }
        let ended = self.node.join().expect("a node does not panic");
        ended.result.expect("a node ends well");
        let log = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        Outcome { sent, log: log.lines().map(str::to_owned).collect(), panics: ended.panics }
    }
}

/// `DEST BODY` of a line that n1 wrote. Requests are numbered from 1, wherever the node begins.
#[track_caller]
fn shorten(line: &str) -> String {
    let rest = line.strip_prefix(r#"{"src":"n1","dest":""#).unwrap_or_else(|| panic!("not from n1: {line}"));
    let (dest, rest) = rest.split_once('"').unwrap();
    let body = rest.strip_prefix(r#","body":"#).unwrap().strip_suffix("}\n").unwrap();
    let Some((before, number)) = body.split_once(r#""msg_id":"#) else { return format!("{dest} {body}") };
    let (number, after) = number.split_once(',').unwrap();
    format!(r#"{dest} {before}"msg_id":{},{after}"#, number.parse::<i64>().unwrap() % 1_000_000)
}

/// All that came of some input.
struct Outcome {
    /// Messages, as destination and body.
    sent: Vec<String>,
    log: Vec<String>,
    panics: Vec<String>,
}

/// Runs an `H` on all of `input`.
fn serve<H: Handler>(input: &[u8]) -> Outcome {
    let session = Session::start::<H>();
    let (mut pipe, input) = (session.input.try_clone().unwrap(), input.to_vec());
    let writer = thread::spawn(move || pipe.write_all(&input));
    let outcome = session.end();
    writer.join().unwrap().unwrap();
    outcome
}

/// Runs an `H` on `init`, the given lines, and a last request, which shows that the node lives on.
#[track_caller]
fn serve_lines<H: Handler>(lines: &[&[u8]]) -> Outcome {
    let last = request(99, r#""alive""#);
    let input = [&[INIT.as_bytes()], lines, &[last.as_bytes(), b""]].concat().join(&b'\n');
    let mut outcome = serve::<H>(&input);
    assert_eq!(outcome.sent.remove(0), r#"c0 {"type":"init_ok","in_reply_to":1}"#);
    outcome.sent.retain(|message| *message != echoed(99, r#""alive""#));
    outcome
}

/// As [`serve_lines`], but all that matters is which messages come.
#[track_caller]
fn check<H: Handler>(lines: &[&str], sent: &[&str]) {
    let outcome = serve_lines::<H>(&lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>());
    assert_eq!(outcome.sent, sent);
    assert_eq!(outcome.log, [""; 0]);
}

/// An `echo` from c1.
fn request(msg_id: i64, value: &str) -> String {
    message(&format!(r#"{{"type":"echo","msg_id":{msg_id},"echo":{value}}}"#))
}

/// Any message from c1.
fn message(body: &str) -> String {
    format!(r#"{{"src":"c1","dest":"n1","body":{body}}}"#)
}

/// The answer to [`request`].
fn echoed(msg_id: i64, value: &str) -> String {
    format!(r#"c1 {{"type":"echo_ok","in_reply_to":{msg_id},"echo":{value}}}"#)
}

fn error(msg_id: i64, code: i64, text: &str) -> String {
    format!(r#"c1 {{"type":"error","in_reply_to":{msg_id},"code":{code},"text":{}}}"#, Json::from(text))
}

#[test]
fn a_line_that_is_no_message_is_shown_on_one_line_and_skipped() {
    let rows: [(&[u8], &str); 18] = [
        (b"hello", "not a message (expected value at column 1): hello"),
        (b"{\"src\":", "not a message (src: EOF while parsing a value at column 7): {\"src\":"),
        (b"\xff\xfe{}", "not UTF-8: \u{fffd}\u{fffd}{}"),
        (b"\"text\"", "not a message (invalid type: string \"text\", expected an object at column 6): \"text\""),
        (b"7", "not a message (invalid type: integer `7`, expected an object at column 1): 7"),
        (b"null", "not a message (invalid type: null, expected an object at column 4): null"),
        (
            br#"["c1","n1",{"type":"echo"}]"#,
            r#"not a message (invalid type: sequence, expected an object at column 0): ["c1","n1",{"type":"echo"}]"#,
        ),
        (b"{}", "not a message (missing field `src` at column 2): {}"),
        (br#"{"src":"c1"}"#, r#"not a message (missing field `dest` at column 12): {"src":"c1"}"#),
        (
            br#"{"src":"c1","dest":"n1"}"#,
            r#"not a message (missing field `body` at column 24): {"src":"c1","dest":"n1"}"#,
        ),
        (
            br#"{"src":1,"dest":"n1","body":{}}"#,
            r#"not a message (src: invalid type: integer `1`, expected a string at column 8): {"src":1,"dest":"n1","body":{}}"#,
        ),
        (
            br#"{"src":"c1","dest":"n1","body":{}}"#,
            r#"not a message (body: missing field `type` at column 33): {"src":"c1","dest":"n1","body":{}}"#,
        ),
        (
            br#"{"src":"c1","dest":"n1","body":["echo",1]}"#,
            r#"not a message (body: invalid type: sequence, expected an object at column 31): {"src":"c1","dest":"n1","body":["echo",1]}"#,
        ),
        (
            br#"{"src":"c1","dest":"n1","body":{"type":5}}"#,
            r#"not a message (body.type: invalid type: integer `5`, expected a string at column 40): {"src":"c1","dest":"n1","body":{"type":5}}"#,
        ),
        (
            br#"{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":"1"}}"#,
            r#"not a message (body.msg_id: invalid type: string "1", expected i64 at column 58): {"src":"c1","dest":"n1","body":{"type":"echo","msg_id":"1"}}"#,
        ),
        (
            br#"{"src":"c1","dest":"n1","body":{"type":"x"}} {}"#,
            r#"not a message (trailing characters at column 46): {"src":"c1","dest":"n1","body":{"type":"x"}} {}"#,
        ),
        (b"\x1b[31m\x07", "not a message (expected value at column 1): \\u{1b}[31m\\u{7}"),
        (b"a\0b\rc", "not a message (expected value at column 1): a\\u{0}b\\rc"),
    ];
    for (line, said) in rows {
        let outcome = serve_lines::<Parrot>(&[line]);
        let expected = format!(" WARN node{{id=n1}}: skipped a line that is {said}");
        assert_eq!(outcome.log, [expected], "{:?}", String::from_utf8_lossy(line));
        assert_eq!(outcome.sent, [""; 0]);
    }
}

#[test]
fn a_long_line_in_error_is_cut() {
    let long = "x".repeat(10_000_000);
    let shown = &long[..100];
    let rows = [
        long.clone(),
        format!(r#"{{"src":"c1","dest":"n1","body":"{long}"}}"#),
        format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"{long}"}}}}"#),
        format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"echo","echo":"{long}"}}}}"#),
        format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"startle","times":"{long}"}}}}"#),
        format!("{}{shown}", "\u{e9}".repeat(5_000_000)),
    ];
    for line in rows {
        let outcome = serve_lines::<Parrot>(&[line.as_bytes()]);
        assert_eq!(outcome.log.len(), 1);
        assert!(outcome.log[0].ends_with(&format!("... ({} bytes)", line.len())), "{}", outcome.log[0]);
        assert!(outcome.log[0].len() < 1200, "{} bytes", outcome.log[0].len());
        assert_eq!(outcome.sent, [""; 0]);
    }
}

#[test]
fn messages_that_are_read_together_are_served_one_by_one() {
    let (mut lines, mut expected) = (Vec::new(), Vec::new());
    for number in 2..50 {
        match number % 4 {
            0 => lines.push(String::new()),
            1 => lines.push("{\"src\":".to_owned()),
            2 => {
                lines.push(request(number, "\"panic\""));
                expected.push(error(number, 13, "the handler of `echo` panicked: a parrot's panic"));
            }
            _ => {
                lines.push(request(number, "7"));
                expected.push(echoed(number, "7"));
            }
        }
    }
    let outcome = serve_lines::<Parrot>(&lines.iter().map(String::as_bytes).collect::<Vec<_>>());
    assert_eq!(outcome.sent, expected);
    assert_eq!((outcome.panics.len(), outcome.log.len()), (12, 12));
}

#[test]
fn what_is_quoted_does_not_break_the_line() {
    let rows = [
        message(r#"{"type":"a\nb"}"#),
        message(r#"{"type":"startle","times":"a\nb\u001b"}"#),
        message(r#"{"type":"startle","times":{"a\nb":1}}"#),
        r#"{"src":["\n"]}"#.to_owned(),
    ];
    for line in rows {
        let outcome = serve_lines::<Parrot>(&[line.as_bytes()]);
        assert_eq!(outcome.log.len(), 1, "{:?}", outcome.log);
        assert!(!outcome.log[0].contains(char::is_control), "{:?}", outcome.log);
    }
}

#[test]
fn an_unknown_type_is_answered_once_or_shown_once() {
    let known = "n1 serves echo";
    check::<Parrot>(
        &[&message(r#"{"type":"dance","msg_id":5}"#)],
        &[&error(5, 10, &format!("unknown type `dance`; {known}"))],
    );

    let outcome = serve_lines::<Parrot>(&[message(r#"{"type":"dance"}"#).as_bytes()]);
    assert_eq!(outcome.sent, [""; 0]);
    assert_eq!(outcome.log.len(), 1);
    assert!(
        outcome.log[0].contains("unknown type `dance` (it has no `msg_id` to answer; known: echo): {"),
        "{:?}",
        outcome.log
    );
}

#[test]
fn a_request_that_cannot_be_answered_is_shown_once() {
    for body in [r#"{"type":"echo","echo":1}"#, r#"{"type":"echo","echo":1,"msg_id":null}"#] {
        let outcome = serve_lines::<Parrot>(&[message(body).as_bytes()]);
        assert_eq!(outcome.sent, [""; 0]);
        assert_eq!(outcome.log.len(), 1);
        assert!(
            outcome.log[0].contains("skipped a request without `msg_id`, which cannot be answered: {"),
            "{:?}",
            outcome.log
        );
    }
}

/// Checks that each body is answered by error 12 with the text, behind the type, that stands beside it.
#[track_caller]
fn check_malformed<H: Handler>(rows: &[(&str, &str)]) {
    let input: Vec<_> = rows.iter().map(|(body, _)| message(body)).collect();
    let outcome = serve::<H>(format!("{INIT}\n{}", input.join("\n")).as_bytes());
    let wire_type =
        |body| serde_json::from_str::<serde_json::Value>(body).unwrap()["type"].as_str().unwrap().to_owned();
    let expected = rows.iter().map(|(body, text)| error(5, 12, &format!("`{}`: {text}", wire_type(body))));
    assert_eq!(outcome.sent[1..], expected.collect::<Vec<_>>());
    assert_eq!(outcome.log, [""; 0]);
}

#[test]
fn a_body_that_does_not_fit_is_answered_with_field_expectation_and_value() {
    check_malformed::<Unreached>(&[
        (r#"{"type":"send","msg_id":5,"key":"k"}"#, "body: missing field `msg`"),
        (
            r#"{"type":"send","msg_id":5,"key":7,"msg":1}"#,
            "body.key: invalid type: integer `7`, expected a string at column 64",
        ),
        (
            r#"{"type":"poll","msg_id":5,"offsets":{"k":"first"}}"#,
            r#"body.offsets.k: invalid type: string "first", expected i64 at column 79"#,
        ),
        (
            r#"{"type":"poll","msg_id":5,"offsets":{"k":1.5}}"#,
            "body.offsets.k: invalid type: floating point `1.5`, expected i64 at column 75",
        ),
        (
            r#"{"type":"commit_offsets","msg_id":5,"offsets":[]}"#,
            "body.offsets: invalid type: sequence, expected a map at column 77",
        ),
        (
            r#"{"type":"list_committed_offsets","msg_id":5,"keys":"k"}"#,
            r#"body.keys: invalid type: string "k", expected a sequence at column 85"#,
        ),
        (
            r#"{"type":"list_committed_offsets","msg_id":5,"keys":["a",null]}"#,
            "body.keys[1]: invalid type: null, expected a string at column 91",
        ),
    ]);
    check_malformed::<UnreachedTxn>(&[
        (r#"{"type":"txn","msg_id":5}"#, "body: missing field `txn`"),
        (r#"{"type":"txn","msg_id":5,"txn":{}}"#, "body.txn: invalid type: map, expected a sequence at column 62"),
        (
            r#"{"type":"txn","msg_id":5,"txn":[["r",1,null],["x",1,null]]}"#,
            "body.txn[1]: unknown variant `x`, expected `r` or `w` at column 88",
        ),
        (r#"{"type":"txn","msg_id":5,"txn":[["r",1]]}"#, "body.txn[0]: item 3 is missing at column 70"),
        (
            r#"{"type":"txn","msg_id":5,"txn":[["r",1,2]]}"#,
            "body.txn[0][2]: invalid type: integer `2`, expected unit at column 71",
        ),
        (
            r#"{"type":"txn","msg_id":5,"txn":[["r",1,{"a":2}]]}"#,
            "body.txn[0][2]: invalid type: map, expected unit at column 70",
        ),
        (r#"{"type":"txn","msg_id":5,"txn":[["w",1,2,3]]}"#, "body.txn[0]: more than 3 items at column 74"),
        (r#"{"type":"txn","msg_id":5,"txn":[[]]}"#, "body.txn[0]: item 1 is missing at column 65"),
        (
            r#"{"type":"txn","msg_id":5,"txn":["w"]}"#,
            r#"body.txn[0]: invalid type: string "w", expected an array that begins with one of ["r", "w"] at column 66"#,
        ),
    ]);
    check_malformed::<Parrot>(&[(r#"{"type":"echo","msg_id":5}"#, "body: missing field `echo`")]);
}

#[test]
fn before_init_requests_are_put_off() {
    let early = [request(1, "1"), message(r#"{"type":"rumour"}"#), message(r#"{"type":"echo_ok","in_reply_to":4}"#)];
    let outcome = serve::<Parrot>(format!("{}\n{INIT}\n{}\n", early.join("\n"), request(2, "2")).as_bytes());
    let text = "received before `init`: retry after `init_ok`";
    assert_eq!(outcome.sent, [&error(1, 11, text), r#"c0 {"type":"init_ok","in_reply_to":1}"#, &echoed(2, "2")]);
    assert_eq!(outcome.log.len(), 1);
    assert!(outcome.log[0].contains("skipped a message that came before `init`: {"), "{:?}", outcome.log);
}

#[test]
fn an_init_that_does_not_fit_is_answered_and_another_one_counts() {
    let bad = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":3,"node_id":"n1"}}"#;
    let outcome = serve::<Parrot>(format!("{bad}\n{INIT}\n{bad}\n{}\n", request(2, "2")).as_bytes());
    let refused = r#"c0 {"type":"error","in_reply_to":3,"code":12,"text":"`init`: body: missing field `node_ids`"}"#;
    assert_eq!(outcome.sent, [refused, r#"c0 {"type":"init_ok","in_reply_to":1}"#, refused, &echoed(2, "2")]);
}

/// Handlers may count on being among all nodes.
#[test]
fn an_init_of_a_cluster_without_the_node_is_refused_and_another_one_counts() {
    for ids in ["[]", r#"["n2","n3"]"#] {
        let bad = format!(
            r#"{{"src":"c0","dest":"n1","body":{{"type":"init","msg_id":3,"node_id":"n1","node_ids":{ids}}}}}"#
        );
        let outcome = serve::<Parrot>(format!("{bad}\n{INIT}\n{bad}\n{}\n", request(2, "2")).as_bytes());
        let refused = r#"c0 {"type":"error","in_reply_to":3,"code":12,"text":"`init`: body.node_ids: does not contain `node_id`"}"#;
        assert_eq!(outcome.sent, [refused, r#"c0 {"type":"init_ok","in_reply_to":1}"#, refused, &echoed(2, "2")]);
        assert_eq!((outcome.log, outcome.panics), (vec![], vec![]));
    }
}

#[test]
fn a_second_init_is_answered_and_changes_nothing() {
    let mut session = Session::start::<LateStarter>();
    session.write(INIT);
    assert_eq!(
        session.read(),
        r#"c0 {"type":"error","in_reply_to":1,"code":13,"text":"the handler of `init` panicked: a false start"}"#
    );
    session.write(INIT);
    assert_eq!(session.read(), r#"c0 {"type":"init_ok","in_reply_to":1}"#);
    session.write(&request(2, "0"));
    session.write(&INIT.replace(r#""n1""#, r#""n7""#));
    session.write(&request(3, "0"));
    let outcome = session.end();
    assert_eq!(outcome.sent, [&echoed(2, "1"), r#"c0 {"type":"init_ok","in_reply_to":1}"#, &echoed(3, "2")]);
    assert_eq!(outcome.panics, ["a false start"]);
}

#[test]
fn a_panic_costs_one_error_and_the_node_lives_on() {
    let crashed =
        |wire_type: &str, panic: &str| error(5, 13, &format!("the handler of `{wire_type}` panicked: {panic}"));
    let no_object = |wire_type: &str| {
        let reason = "only structs and maps do";
        format!("the payload of `{wire_type}` does not encode as a JSON object: {reason}")
    };
    let (panic, wait) = (request(5, r#""panic""#), request(5, r#""wait, panic""#));
    let (startle, shapeless) =
        (message(r#"{"type":"startle","times":3}"#), message(r#"{"type":"shapeless","msg_id":5}"#));
    let (flinch, formless) = (message(r#"{"type":"flinch","times":4}"#), message(r#"{"type":"formless","msg_id":5}"#));
    let rows = [
        (
            serve_lines::<Parrot>(&[panic.as_bytes()]),
            vec![crashed("echo", "a parrot's panic")],
            "a parrot's panic".to_owned(),
        ),
        (serve_lines::<Parrot>(&[startle.as_bytes()]), vec![], "startled 3 times".to_owned()),
        (
            serve_lines::<Parrot>(&[shapeless.as_bytes()]),
            vec![crashed("shapeless", &no_object("shapeless_ok"))],
            no_object("shapeless_ok"),
        ),
        (
            serve_lines::<Waiter>(&[panic.as_bytes()]),
            vec![crashed("echo", "panic before waiting")],
            "panic before waiting".to_owned(),
        ),
        (
            serve_lines::<Waiter>(&[wait.as_bytes()]),
            vec![crashed("echo", "panic after waiting")],
            "panic after waiting".to_owned(),
        ),
        (serve_lines::<Waiter>(&[flinch.as_bytes()]), vec![], "flinched 4 times".to_owned()),
        (
            serve_lines::<Waiter>(&[formless.as_bytes()]),
            vec![crashed("formless", &no_object("formless_ok"))],
            no_object("formless_ok"),
        ),
    ];
    for (outcome, sent, panic) in rows {
        assert_eq!(outcome.sent, sent);
        assert_eq!(outcome.panics, [panic]);
        assert_eq!(outcome.log, [""; 0]);
    }
}

#[test]
fn timers_go_on_after_a_panic() {
    let mut session = Session::initialised::<Ticker>();
    let mut awaited = vec![r#"c1 {"type":"echo_ok","echo":"tick"}"#, r#"c1 {"type":"echo_ok","echo":"wait"}"#];
    while !awaited.is_empty() {
        let tick = session.read();
        awaited.retain(|message| *message != tick);
    }
    let mut panics = session.end().panics;
    panics.sort();
    assert_eq!(panics, ["the first tick", "the first wait"]);
}

#[test]
fn a_line_may_be_long_and_deep() {
    let [medium, long] = [100_000, 10_000_000].map(|length| format!("\"{}\"", "x".repeat(length)));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    for value in [&medium, &long, &deep, &deep_object] {
        let outcome = serve_lines::<Parrot>(&[request(5, value).as_bytes()]);
        // Not assert_eq!, which would print it all.
        assert!(outcome.sent == [echoed(5, value)], "{} bytes", value.len());
    }
    // Where depth is not allowed, it is refused.
    for body in [
        format!(r#"{{"type":"poll","msg_id":5,"offsets":{deep}}}"#),
        format!(r#"{{"type":"poll","msg_id":5,"offsets":{deep_object}}}"#),
    ] {
        let outcome = serve::<Unreached>(format!("{INIT}\n{}\n", message(&body)).as_bytes());
        assert_eq!(outcome.sent.len(), 2);
        assert!(
            outcome.sent[1].starts_with(r#"c1 {"type":"error","in_reply_to":5,"code":12,"text":"`poll`: body.offsets"#),
            "{}",
            outcome.sent[1]
        );
        assert!(outcome.sent[1].len() < 1000);
    }
    for line in [deep.clone(), deep_object.clone(), format!(r#"{{"src":{deep}}}"#), message(&deep)] {
        let outcome = serve_lines::<Parrot>(&[line.as_bytes()]);
        assert_eq!((outcome.sent.len(), outcome.log.len()), (0, 1));
    }
    // Elsewhere it is passed over.
    let line = format!(
        r#"{{"src":"c1","dest":"n1","more":{deep},"body":{{"type":"echo","more":{deep},"msg_id":5,"echo":1}}}}"#
    );
    check::<Parrot>(&[&line], &[&echoed(5, "1")]);
}

#[test]
fn an_error_quotes_a_long_value_in_part() {
    let body = format!(r#"{{"type":"send","msg_id":5,"key":["{}"],"msg":1}}"#, "x".repeat(10_000_000));
    let body_with_key = format!(r#"{{"type":"poll","msg_id":5,"offsets":"{}"}}"#, "x".repeat(10_000_000));
    let long_type = format!(r#"{{"type":"{}","msg_id":5}}"#, "x".repeat(10_000_000));
    for body in [body, body_with_key, long_type] {
        let outcome = serve::<Unreached>(format!("{INIT}\n{}\n", message(&body)).as_bytes());
        assert_eq!(outcome.sent.len(), 2);
        assert!(outcome.sent[1].len() < 1000, "{} bytes", outcome.sent[1].len());
    }
}

#[test]
fn a_late_reply_is_dropped_quietly() {
    let mut session = Session::initialised::<Waiter>();
    session.write(&request(5, r#""call briefly""#));
    assert_eq!(session.read(), r#"n2 {"type":"echo","msg_id":1,"echo":"called"}"#);
    assert_eq!(session.read(), error(5, 0, "n2 did not answer `echo` within 1ms"));
    for _ in 0..3 {
        session.answer("n2", r#""late""#);
    }
    session.write(&request(6, r#""alive""#));
    assert_eq!(session.read(), echoed(6, r#""alive""#));
    let outcome = session.end();
    assert_eq!((outcome.sent, outcome.log, outcome.panics), (vec![], vec![], vec![]));
}

#[test]
fn a_reply_counts_once_and_from_the_node_that_was_asked() {
    let mut session = Session::initialised::<Waiter>();
    session.write(&request(5, r#""call""#));
    assert_eq!(session.read(), r#"n2 {"type":"echo","msg_id":1,"echo":"called"}"#);
    for (src, value) in [("n3", "3"), ("c1", "1"), ("n2", "2"), ("n2", "22")] {
        session.answer(src, value);
    }
    let outcome = session.end();
    assert_eq!(outcome.sent, [echoed(5, "2")]);
    assert_eq!(outcome.log, [""; 0]);
}

#[test]
fn a_reply_counts_from_anybody_if_the_caller_says_so() {
    let mut session = Session::initialised::<Waiter>();
    session.write(&request(5, r#""call anybody""#));
    assert_eq!(session.read(), r#"n2 {"type":"echo","msg_id":1,"echo":"called"}"#);
    for (src, value) in [("n3", "3"), ("n2", "2")] {
        session.answer(src, value);
    }
    assert_eq!(session.end().sent, [echoed(5, "3")]);
}

#[test]
fn oddities_of_the_envelope() {
    // A null is as good as no field.
    check::<Parrot>(&[&message(r#"{"type":"echo","msg_id":5,"in_reply_to":null,"echo":1}"#)], &[&echoed(5, "1")]);
    // A reply is not a request, even if no call waits for it.
    check::<Parrot>(&[&message(r#"{"type":"echo","msg_id":5,"in_reply_to":3,"echo":1}"#)], &[]);
    // Unknown fields and escaped names are JSON's own business.
    check::<Parrot>(
        &[r#"{"id":4,"src":"c\u0031","dest":"n1","body":{"t\u0079pe":"\u0065cho","msg_id":5,"echo":1,"x":2}}"#],
        &[&echoed(5, "1")],
    );
    // Any order of fields, any white space.
    check::<Parrot>(
        &["{ \"body\" : {\t\"echo\" : 1 , \"msg_id\" : 5 , \"type\" : \"echo\" } , \"dest\":\"n1\", \"src\":\"c1\" } "],
        &[&echoed(5, "1")],
    );
    // Numbers beyond 64 bits in a value are the sender's business, too.
    check::<Parrot>(
        &[&request(-5, "[1e400, 123456789012345678901234567890]")],
        &[&echoed(-5, "[1e400, 123456789012345678901234567890]")],
    );
}

#[test]
fn empty_lines_are_passed_over_and_lines_may_end_in_crlf() {
    let input = format!("\n\r\n  \n{INIT}\r\n\n{}\r\n\t\r\n{}\r\n\r\n", request(2, "2"), request(3, "3"));
    let outcome = serve::<Parrot>(input.as_bytes());
    assert_eq!(outcome.sent, [r#"c0 {"type":"init_ok","in_reply_to":1}"#, &echoed(2, "2"), &echoed(3, "3")]);
    assert_eq!(outcome.log, [""; 0]);
}

#[test]
fn pipelined_requests_are_answered_in_order_by_an_initialised_node() {
    let requests: String = (2..2002).map(|msg_id| request(msg_id, &msg_id.to_string()) + "\n").collect();
    let expected: Vec<_> = (2..2002).map(|msg_id| echoed(msg_id, &msg_id.to_string())).collect();
    // `shorten` looks at the `src`.
    assert_eq!(serve::<Parrot>(format!("{INIT}\n{requests}").as_bytes()).sent[1..], expected);
    // An async handler that need not wait is as good as a function.
    let requests = requests.replace("\"echo\":", "\"echo\":\"\",\"x\":");
    let expected: Vec<_> = (2..2002).map(|msg_id| echoed(msg_id, "\"\"")).collect();
    assert_eq!(serve::<Waiter>(format!("{INIT}\n{requests}").as_bytes()).sent[1..], expected);
}

#[test]
fn whatever_was_read_before_the_end_is_answered() {
    let rows = [
        // Only the last line has no newline.
        (vec![request(2, "\"a\""), request(3, "\"b\"")], vec![echoed(2, "\"a\""), echoed(3, "\"b\"")]),
        // Sleepers end when their time has come.
        (
            vec![request(2, "\"a\""), request(3, "300"), request(4, "1")],
            vec![echoed(2, "\"a\""), echoed(4, "1"), echoed(3, "300")],
        ),
        // Nobody can answer a call any more.
        (
            vec![request(2, r#""call""#), request(3, r#""call""#)],
            vec![
                r#"n2 {"type":"echo","msg_id":1,"echo":"called"}"#.to_owned(),
                r#"n2 {"type":"echo","msg_id":2,"echo":"called"}"#.to_owned(),
                error(2, 13, "the node's input has ended"),
                error(3, 13, "the node's input has ended"),
            ],
        ),
        // Nobody waits for ever, nor much longer than clients do.
        (
            vec![request(2, r#""for ever""#), request(3, "3600000"), request(4, "1"), request(5, r#""wait, panic""#)],
            vec![
                echoed(4, "1"),
                error(5, 13, "the handler of `echo` panicked: panic after waiting"),
                error(2, 13, "the node stopped before the handler of `echo` finished"),
                error(3, 13, "the node stopped before the handler of `echo` finished"),
            ],
        ),
    ];
    for (requests, expected) in rows {
        for end in ["\n", "", "\n{\"src\":\"c1\",\"de"] {
            let outcome = serve::<Waiter>(format!("{INIT}\n{}{end}", requests.join("\n")).as_bytes());
            assert_eq!(outcome.sent[1..], expected);
            assert_eq!(outcome.log.len(), usize::from(end.len() > 1));
        }
    }
}

#[test]
fn input_may_end_at_any_byte() {
    let input = format!("{INIT}\n{}", request(2, "2"));
    for length in 0..=input.len() {
        let outcome = serve::<Parrot>(&input.as_bytes()[..length]);
        let complete = usize::from(length >= INIT.len()) + usize::from(length == input.len());
        assert_eq!(outcome.sent.len(), complete, "{length} bytes");
    }
}

#[test]
fn a_closed_output_ends_the_node_well() {
    let Session { mut input, output, node, log, .. } = Session::initialised::<Parrot>();
    drop(output);
    let requests: String = (2..2002).map(|msg_id| request(msg_id, "1") + "\n").collect();
    // Once the node has ended, its input is closed as well.
    let written = input.write_all(requests.as_bytes());
    let ended = node.join().unwrap();
    assert!(ended.result.is_ok(), "{:?}", ended.result);
    assert!(written.is_ok() || written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe));
    assert_eq!(ended.panics, [""; 0]);
    assert_eq!(log.0.lock().unwrap().len(), 0);
}
