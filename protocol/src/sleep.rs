//! Waiting for a time: [`Context::sleep`].

use crate::{
    context::{Context, Waiter},
    timers::TimerKey,
};
use std::{fmt, future::Future, pin::Pin, task::Poll, time::Duration};

/// Waiting.
impl Context {
    /// Waits for `duration`.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let deadline = self.now().saturating_add(duration);
        Sleep { key: self.timers().key(deadline), cx: self.clone() }
    }
}

/// A future that waits for a time; made by [`Context::sleep`].
pub struct Sleep {
    cx: Context,
    key: TimerKey,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let (deadline, _) = self.key;
        if self.cx.now() >= deadline {
            return Poll::Ready(());
        }
        self.cx.timers().wait(self.key, Waiter::Task(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cx.timers().forget(self.key);
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (deadline, _) = self.key;
        f.debug_struct("Sleep").field("deadline", &deadline).finish_non_exhaustive()
    }
}
