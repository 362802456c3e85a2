//! What a node does again and again: `#[every(..)]` and [`Context::every`]. Mostly a tick has nothing to wait for, often
//! nothing to do; so a ticker is called straight from the timers, and only a tick that waits becomes a task.

use crate::{Context, Reply, RpcError, support::report, timers::Waiter};
use futures::FutureExt;
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    time::Duration,
};

pub(crate) struct Ticker {
    what: &'static str,
    period: Duration,
    tick: RefCell<Box<dyn FnMut() -> Reply<()>>>,
}

impl Ticker {
    /// Calls `tick` every `period`, one call after the other. A tick that fails or panics does not end the series.
    pub(crate) fn start(cx: &Context, what: &'static str, period: Duration, tick: impl FnMut() -> Reply<()> + 'static) {
        assert!(!period.is_zero(), "`{what}` cannot run every 0 seconds");
        Rc::new(Self { what, period, tick: RefCell::new(Box::new(tick)) }).wait(cx);
    }

    fn wait(self: Rc<Self>, cx: &Context) {
        let deadline = cx.now().saturating_add(self.period);
        let mut timers = cx.timers();
        let key = timers.key(deadline);
        timers.wait(key, Waiter::Ticker(self));
    }

    /// Its time has come.
    pub(crate) fn tick(self: Rc<Self>, cx: &Context) {
        let reply = catch_unwind(AssertUnwindSafe(|| (self.tick.borrow_mut())()));
        match reply {
            Ok(Reply::Later(future)) => {
                let owner = cx.clone();
                cx.spawn(async move {
                    let result = AssertUnwindSafe(future).catch_unwind().await;
                    self.ticked(&owner, result.ok());
                });
            }
            Ok(Reply::Ready(result)) => self.ticked(cx, Some(result)),
            Err(_) => self.ticked(cx, None),
        }
    }

    /// Waits for the next tick. The panic hook has reported a panic by now.
    fn ticked(self: Rc<Self>, cx: &Context, result: Option<Result<(), RpcError>>) {
        if let Some(result) = result {
            report(self.what, result);
        }
        self.wait(cx);
    }
}
