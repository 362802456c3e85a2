//! The node's executor: a `FuturesUnordered` that is polled, on the node's own thread, whenever something woke it.

use futures::{FutureExt, StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Work that goes on after the message or timer that began it.
pub(crate) type Task = LocalBoxFuture<'static, ()>;

/// Makes a future a task that survives its own panic; the panic hook has reported it by then.
pub(crate) fn task(future: impl Future<Output = ()> + 'static) -> Task {
    AssertUnwindSafe(future).catch_unwind().map(|_| ()).boxed_local()
}

pub(crate) struct Tasks {
    running: FuturesUnordered<Task>,
    woken: Arc<Woken>,
    waker: Waker,
}

/// Set when a task can go on.
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

    /// Takes over new tasks and polls until every task waits. Tasks may spawn tasks: `spawned` gives the newest.
    pub(crate) fn run(&mut self, mut spawned: impl FnMut() -> Vec<Task>) {
        loop {
            let new = spawned();
            // Looks first: this runs for every message, mostly in vain, and a swap locks the bus.
            if new.is_empty() && !self.woken.0.load(Ordering::Relaxed) {
                return;
            }
            self.woken.0.store(false, Ordering::Relaxed);
            self.running.extend(new);
            let mut context = Context::from_waker(&self.waker);
            while let Poll::Ready(Some(())) = self.running.poll_next_unpin(&mut context) {}
        }
    }
}
