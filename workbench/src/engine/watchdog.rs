//! The watchdog of simulations. A handler that never returns hangs the test without a word: a loop without end, a lock that
//! nobody releases, a `thread::sleep`. One thread of the process looks at all simulations, names such a handler after a
//! second on stderr, once in a simulation, and ends the process after a minute.
//!
//! It decides nothing else, so real time does not reach the simulation.

use glomers_protocol::{Message, NodeId};
use std::{
    io::{Write, stderr},
    sync::{
        Arc, Mutex, MutexGuard, Once, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// The time between two looks.
const PERIOD: Duration = Duration::from_millis(250);

/// The looks after which a step is named: a second.
const NAMED: u32 = 4;

/// The looks after which the process ends: a minute.
const ENDED: u32 = 240;

/// The exit code of a test program that failed.
const FAILED: i32 = 101;

/// The most bytes that are kept of a message, enough for its `type`.
const KEPT: usize = 1000;

/// The simulations that are watched.
static WATCHED: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// Starts the thread.
static START: Once = Once::new();

struct Entry {
    shared: Weak<Shared>,
    /// The step that the last look saw, and the number of looks that saw it.
    seen: (u64, u32),
    /// The handlers and tasks that were named, without their nodes.
    named: Vec<String>,
}

/// The step of a simulation.
#[derive(Default)]
struct Shared {
    /// Odd during a step of a node, even between two.
    step: AtomicU64,
    what: Mutex<What>,
}

#[derive(Default)]
struct What {
    node: String,
    /// The message; empty for a timer.
    line: String,
}

/// A simulation's part in it. A clone watches the same simulation, of which one runs at a time.
#[derive(Clone)]
pub(crate) struct Watchdog(Arc<Shared>);

impl Watchdog {
    /// Watches a simulation until this is dropped.
    pub(crate) fn new() -> Self {
        let shared = Arc::new(Shared::default());
        lock(&WATCHED).push(Entry { shared: Arc::downgrade(&shared), seen: (0, 0), named: Vec::new() });
        START.call_once(|| drop(thread::spawn(watch)));
        Self(shared)
    }

    /// Runs a step in which a node takes a message or, with an empty line, lets time pass.
    pub(crate) fn step<T>(&self, node: &NodeId, line: &str, step: impl FnOnce() -> T) -> T {
        let mut what = lock(&self.0.what);
        what.node.clear();
        what.node.push_str(node.as_str());
        what.line.clear();
        what.line.push_str(if line.len() > KEPT { "" } else { line });
        drop(what);
        // Only this thread changes it, and an atomic addition costs more.
        let number = self.0.step.load(Ordering::Relaxed);
        self.0.step.store(number + 1, Ordering::Relaxed);
        let result = step();
        self.0.step.store(number + 2, Ordering::Relaxed);
        result
    }
}

/// Whatever panicked elsewhere, these are whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() {
    loop {
        thread::park_timeout(PERIOD);
        lock(&WATCHED).retain_mut(|entry| {
            entry.shared.upgrade().is_some_and(|shared| {
                look(entry, &shared);
                true
            })
        });
    }
}

fn look(entry: &mut Entry, shared: &Shared) {
    let step = shared.step.load(Ordering::Relaxed);
    let (seen, looks) = entry.seen;
    let is_in_step = step % 2 == 1;
    entry.seen = (step, if is_in_step && step == seen { looks + 1 } else { 0 });
    let told = match entry.seen.1 {
        NAMED => "has not returned for a second of real time",
        ENDED => "has not returned for a minute, so the test program ends here",
        _ => return,
    };
    let (subject, node) = subject(&lock(&shared.what));
    let is_new = !entry.named.contains(&subject);
    if is_new || entry.seen.1 == ENDED {
        // Not `eprintln`, which the harness of tests holds back until the test ends.
        let _ = writeln!(stderr(), "\nglomers: {subject} on {node} {told}.\n{ADVICE}");
    }
    if is_new {
        entry.named.push(subject);
    }
    if entry.seen.1 == ENDED {
        std::process::exit(FAILED);
    }
}

const ADVICE: &str =
    "Look for a loop without end, a blocking call or `thread::sleep`; to wait, use `cx.sleep(..).await`.";

/// `the handler of `read``, and its node.
fn subject(What { node, line }: &What) -> (String, String) {
    let subject = match Message::parse(line) {
        Ok(message) => format!("the handler of `{}`", message.wire_type()),
        Err(_) => "a timer or a task".to_owned(),
    };
    (subject, node.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_the_name_of_its_message() {
        let check = |line: &str, expected: &str| {
            let (subject, node) = subject(&What { node: "n2".to_owned(), line: line.to_owned() });
            assert_eq!(format!("{subject} on {node}"), expected);
        };
        let read = r#"{"src":"c1","dest":"n2","body":{"type":"read","msg_id":1}}"#;
        check(read, "the handler of `read` on n2");
        check("", "a timer or a task on n2");
    }

    #[test]
    fn only_a_step_that_stays_is_counted() {
        let shared = Arc::new(Shared::default());
        let mut entry = Entry { shared: Arc::downgrade(&shared), seen: (0, 0), named: Vec::new() };
        let mut looks = |step: u64| {
            shared.step.store(step, Ordering::Relaxed);
            look(&mut entry, &shared);
            entry.seen.1
        };
        assert_eq!([0, 0, 1, 1, 1, 2, 3, 3].map(&mut looks), [0, 0, 0, 1, 2, 0, 0, 1]);
    }

    #[test]
    fn a_handler_is_named_once_on_whatever_nodes() {
        let shared = Arc::new(Shared::default());
        let mut entry = Entry { shared: Arc::downgrade(&shared), seen: (0, 0), named: Vec::new() };
        let mut stay = |step: u64, node: &str, wire_type: &str| {
            let line = format!(r#"{{"src":"c1","dest":"{node}","body":{{"type":"{wire_type}"}}}}"#);
            *lock(&shared.what) = What { node: node.to_owned(), line };
            shared.step.store(step, Ordering::Relaxed);
            (0..=NAMED).for_each(|_| look(&mut entry, &shared));
            entry.named.clone()
        };
        let (read, write) = ("the handler of `read`", "the handler of `write`");
        assert_eq!(stay(1, "n1", "read"), [read]);
        assert_eq!(stay(3, "n2", "read"), [read]);
        assert_eq!(stay(5, "n2", "write"), [read, write]);
    }
}
