//! A client's place on the network: it sends requests, holds those that wait, and takes answers.
//!
//! It is not a node of the node library. A node there is strict and answers what it does not know; a client of Maelstrom
//! takes answers that the library would refuse, and never answers anybody (Maelstrom: `client.clj`).

use crate::{
    engine::{
        json::members,
        participant::Participant,
        violation::{Violation, ViolationKind},
    },
    workload::client::{
        answer::{Envelope, Form, in_reply_to},
        error::UNMATCHED,
    },
};
use futures_util::{FutureExt, future::LocalBoxFuture};
use glomers_json::SortedMap;
use glomers_protocol::{Message, NodeId, Rejected, Request};
use std::{
    cell::{Cell, RefCell},
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// A client on the network. Clones are the same client.
#[derive(Clone)]
pub(crate) struct Endpoint(Rc<Core>);

struct Core {
    id: NodeId,
    now: Cell<Duration>,
    last_msg_id: Cell<i64>,
    last_request: RefCell<Option<Sent>>,
    waiting: RefCell<SortedMap<i64, Waiting>>,
    outbox: RefCell<Vec<(NodeId, Rc<str>)>>,
    tasks: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    violations: RefCell<Vec<(String, Violation)>>,
}

/// A request that was sent.
#[derive(Clone)]
pub(super) struct Sent {
    line: Rc<str>,
    msg_id: i64,
    form: Form,
}

impl Sent {
    /// The request's line.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// The form of the answer.
    pub(super) fn expected(&self) -> String {
        self.form.text(self.msg_id)
    }
}

/// A request that is being written.
struct Draft {
    line: Vec<u8>,
    /// The place at which its fields begin.
    fields: usize,
    msg_id: i64,
    form: Form,
}

impl Draft {
    /// The whole line.
    fn finish(self) -> String {
        let Self { mut line, fields, .. } = self;
        match &mut line[fields..] {
            [first @ b'{', second, ..] if *second != b'}' => *first = b',',
            // No fields: an empty object, or `null`.
            _ => {
                line.truncate(fields);
                line.push(b'}');
            }
        }
        line.push(b'}');
        String::from_utf8(line).expect("JSON is UTF-8")
    }
}

/// A request that waits for its answer.
struct Waiting {
    sent: Sent,
    deadline: Duration,
    answer: Option<Box<str>>,
    unmatched: Option<String>,
}

/// Waits for the end of a request.
pub(super) struct Asked {
    core: Rc<Core>,
    msg_id: i64,
}

impl Future for Asked {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Ended> {
        self.core.poll(self.msg_id)
    }
}

/// The end of a request.
pub(super) enum Ended {
    /// A line that answers it came.
    Answered {
        /// The answer.
        line: Box<str>,
        /// The request.
        request: Sent,
    },
    /// No answer came in time, but perhaps a message that answers nothing.
    TimedOut { unmatched: Option<String> },
}

impl Endpoint {
    /// A client of this name.
    pub(crate) fn new(id: NodeId) -> Self {
        Self(Rc::new(Core {
            id,
            now: Cell::default(),
            last_msg_id: Cell::new(0),
            last_request: RefCell::default(),
            waiting: RefCell::default(),
            outbox: RefCell::default(),
            tasks: RefCell::default(),
            violations: RefCell::default(),
        }))
    }

    /// Runs a future in this client's time. It begins when the client is woken.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.0.tasks.borrow_mut().push(task.boxed_local());
    }

    /// Sends a request. The future waits for its answer, and needs the request no longer.
    pub(super) fn ask<R: Request>(&self, node: &NodeId, request: &R, timeout: Duration) -> Asked {
        let mut draft = self.0.begin(node, Form::of::<R>());
        request.encode(&mut draft.line).expect("a request has a JSON form");
        self.send(node, draft, timeout)
    }

    /// As [`Self::ask`], with the text of the request's fields.
    pub(super) fn ask_written(&self, node: &NodeId, form: Form, fields: &[u8], timeout: Duration) -> Asked {
        let mut draft = self.0.begin(node, form);
        // Two brackets more.
        draft.line.reserve_exact(fields.len() + 2);
        draft.line.extend_from_slice(fields);
        self.send(node, draft, timeout)
    }

    fn send(&self, node: &NodeId, draft: Draft, timeout: Duration) -> Asked {
        let (core, msg_id) = (Rc::clone(&self.0), draft.msg_id);
        core.send(node, draft, timeout);
        Asked { core, msg_id }
    }

    /// The last request, and the form of its answer; empty texts before the first.
    pub(crate) fn last_request(&self) -> (String, String) {
        let last = self.0.last_request.borrow();
        last.as_ref().map(|sent| (sent.line().to_owned(), sent.expected())).unwrap_or_default()
    }

    /// Notes a violation.
    pub(super) fn violate(&self, subject: String, violation: Violation) {
        self.0.violations.borrow_mut().push((subject, violation));
    }
}

impl Core {
    /// The beginning of a request's line, up to its fields.
    fn begin(&self, node: &NodeId, form: Form) -> Draft {
        let msg_id = self.last_msg_id.get() + 1;
        self.last_msg_id.set(msg_id);
        let mut line = Vec::with_capacity(128);
        for (before, text) in
            [("{\"src\":", self.id.as_str()), (",\"dest\":", node.as_str()), (",\"body\":{\"type\":", form.request)]
        {
            line.extend_from_slice(before.as_bytes());
            serde_json::to_writer(&mut line, text).expect("a text has a JSON form");
        }
        line.extend_from_slice(format!(",\"msg_id\":{msg_id}").as_bytes());
        Draft { fields: line.len(), line, msg_id, form }
    }

    /// Sends a request whose fields have been written.
    fn send(&self, node: &NodeId, draft: Draft, timeout: Duration) {
        let Draft { msg_id, form, .. } = draft;
        let line: Rc<str> = draft.finish().into();
        let sent = Sent { line: Rc::clone(&line), msg_id, form };
        self.last_request.replace(Some(sent.clone()));
        let waiting = Waiting { sent, deadline: self.now.get().saturating_add(timeout), answer: None, unmatched: None };
        self.waiting.borrow_mut().insert(msg_id, waiting);
        self.outbox.borrow_mut().push((node.clone(), line));
    }

    fn poll(&self, msg_id: i64) -> Poll<Ended> {
        let mut all = self.waiting.borrow_mut();
        let waiting = all.get_mut(&msg_id).expect("a request waits until it has ended");
        let answer = waiting.answer.take();
        if answer.is_none() && self.now.get() < waiting.deadline {
            return Poll::Pending;
        }
        let waiting = all.remove(&msg_id).expect("it was there");
        Poll::Ready(match answer {
            Some(line) => Ended::Answered { line, request: waiting.sent },
            None => Ended::TimedOut { unmatched: waiting.unmatched },
        })
    }

    /// Lets every task go on. A task waits for an answer or for time to pass, and both are looked at here.
    fn run(&self) {
        let mut cx = Context::from_waker(Waker::noop());
        let mut tasks = self.tasks.take();
        tasks.retain_mut(|task| task.poll_unpin(&mut cx).is_pending());
        // A task may have spawned others.
        let spawned = self.tasks.replace(tasks);
        let has_more = !spawned.is_empty();
        self.tasks.borrow_mut().extend(spawned);
        if has_more {
            self.run();
        }
    }

    /// Takes a message. A late answer, or a second one, is passed over as in Maelstrom; a message that answers nothing that
    /// this client ever asked is a violation.
    fn take(&self, line: &str) {
        let Some(found) = number(line) else { return };
        let mut all = self.waiting.borrow_mut();
        match found {
            Ok(msg_id) if all.contains_key(&msg_id) => {
                if let Some(waiting) = all.get_mut(&msg_id) {
                    waiting.answer.get_or_insert_with(|| line.into());
                }
            }
            Ok(msg_id) if (1..=self.last_msg_id.get()).contains(&msg_id) => {}
            found => {
                let src = serde_json::from_str::<Envelope>(line).map(|envelope| envelope.src).unwrap_or_default();
                let why = found.map_or_else(|why| why, |number| format!("in_reply_to is {number}"));
                let asked = all.last().map(|(asked, _)| *asked);
                let asked =
                    asked.map_or_else(|| "had no open request".to_owned(), |asked| format!("had asked msg_id {asked}"));
                let reason = format!("{src} {UNMATCHED} {}: {why}, but {0} {asked}", self.id);
                let mut violation =
                    Violation::new(ViolationKind::UnmatchedAnswer, &NodeId::from(&*src), line, reason.clone());
                if let Some((_, waiting)) = all.iter_mut().next_back() {
                    violation = violation.answering(waiting.sent.line()).expecting(waiting.sent.expected());
                    waiting.unmatched = Some(reason);
                }
                self.violations.borrow_mut().push((String::new(), violation));
            }
        }
    }
}

/// The number of the request that a line answers, or the reason why it has none; nothing if it is no message. Nearly all lines
/// have a form that the node library reads faster.
fn number(line: &str) -> Option<Result<i64, String>> {
    if let Some(number) = Message::parse(line).ok().and_then(|message| message.in_reply_to()) {
        return Some(Ok(number));
    }
    let Envelope { body, .. } = serde_json::from_str(line).ok()?;
    Some(in_reply_to(&members(body).unwrap_or_default()))
}

impl Participant for Endpoint {
    fn deliver(&mut self, _: u64, line: &str, now: Duration) -> Result<(), Rejected> {
        self.advance(now);
        self.0.take(line);
        self.0.run();
        Ok(())
    }

    fn advance(&mut self, now: Duration) {
        self.0.now.set(now);
        self.0.run();
    }

    fn deadline(&self) -> Option<Duration> {
        self.0.waiting.borrow().values().map(|waiting| waiting.deadline).min()
    }

    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, Rc<str>)) {
        self.0.outbox.borrow_mut().drain(..).for_each(|(node, line)| send(&node, line));
    }

    fn drain_violations(&mut self, report: &mut dyn FnMut(String, Violation)) {
        self.0.violations.borrow_mut().drain(..).for_each(|(subject, violation)| report(subject, violation));
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.0.id).finish()
    }
}
