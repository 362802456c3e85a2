//! The node's executor: a `FuturesUnordered` that is polled on the node's own thread whenever a task was woken.

use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use std::{
    any::Any,
    cell::RefCell,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Work that continues after the message or timer that started it.
pub(crate) type Task = LocalBoxFuture<'static, ()>;

/// Makes a task of a future. A panic ends the task only, and is told to `panicked`.
pub(crate) fn task(
    future: impl Future<Output = ()> + 'static,
    panicked: impl FnOnce(&(dyn Any + Send)) + 'static,
) -> Task {
    let caught = AssertUnwindSafe(future).catch_unwind();
    caught.map(|ended| ended.unwrap_or_else(|panic| panicked(&*panic))).boxed_local()
}

pub(crate) struct Tasks {
    running: FuturesUnordered<Task>,
    woken: Arc<Woken>,
    waker: Waker,
}

/// Set when a task was woken.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Tasks {
    pub(crate) fn new() -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        Self { running: FuturesUnordered::new(), waker: Waker::from(Arc::clone(&woken)), woken }
    }

    /// Takes new tasks and polls until all tasks wait. Tasks may spawn tasks, so it looks for new ones again each time.
    pub(crate) fn run(&mut self, spawned: &RefCell<Vec<Task>>) {
        loop {
            // A load before the store: this runs for every message, mostly with nothing to do, and a swap locks the bus.
            if spawned.borrow().is_empty() && !self.woken.0.load(Ordering::Relaxed) {
                return;
            }
            self.woken.0.store(false, Ordering::Relaxed);
            self.running.extend(spawned.borrow_mut().drain(..));
            let mut context = Context::from_waker(&self.waker);
            while let Poll::Ready(Some(())) = self.running.poll_next_unpin(&mut context) {}
        }
    }
}
