//! Periodic work: `#[every(..)]` and [`Context::every`]. Most ticks wait for nothing and many do nothing, so the timers
//! call a ticker directly, and a tick becomes a task only if it waits.

use crate::{
    context::{Context, Tick, Waiter},
    generated::errors::RpcError,
    reply::{Reply, report},
};
use futures_util::FutureExt;
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    thread,
    time::Duration,
};

/// Periodic work.
impl Context {
    /// Runs `tick` once every `period`, for the first time after one period. Late ticks are not caught up.
    ///
    /// # Panics
    ///
    /// If the period is zero: the node would do nothing else.
    pub fn every(&self, period: Duration, mut tick: impl FnMut() + 'static) {
        every(self, "every", period, move || {
            tick();
            Reply::Ready(Ok(()))
        });
    }
}

/// Runs `tick` every `period`, one call after the other. A tick that fails or panics does not end the series.
pub fn every(cx: &Context, name: &'static str, period: Duration, tick: impl FnMut() -> Reply<()> + 'static) {
    assert!(!period.is_zero(), "`{name}` cannot run every 0 seconds: give it a period above zero");
    Rc::new(Ticker { name, period, tick: RefCell::new(Box::new(tick)) }).wait(cx);
}

struct Ticker {
    name: &'static str,
    period: Duration,
    tick: RefCell<Box<dyn FnMut() -> Reply<()>>>,
}

impl Ticker {
    fn wait(self: Rc<Self>, cx: &Context) {
        let deadline = cx.now().saturating_add(self.period);
        let mut timers = cx.timers();
        let key = timers.key(deadline);
        timers.wait(key, Waiter::Tick(self));
    }

    /// Sets the next timer.
    fn ticked(self: Rc<Self>, cx: &Context, result: thread::Result<Result<(), RpcError>>) {
        match result {
            Ok(result) => report(self.name, result),
            Err(panic) => drop(cx.panicked(format!("the timer `{}`", self.name), &*panic)),
        }
        self.wait(cx);
    }
}

impl Tick for Ticker {
    fn tick(self: Rc<Self>, cx: &Context) {
        let reply = catch_unwind(AssertUnwindSafe(|| (self.tick.borrow_mut())()));
        match reply {
            Ok(Reply::Later(future)) => {
                let owner = cx.clone();
                cx.spawn(async move {
                    let result = AssertUnwindSafe(future).catch_unwind().await;
                    self.ticked(&owner, result);
                });
            }
            Ok(Reply::Ready(result)) => self.ticked(cx, Ok(result)),
            Err(panic) => self.ticked(cx, Err(panic)),
        }
    }
}
