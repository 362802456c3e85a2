//! The interface of a workload, which the runs use and every workload implements.

use crate::{
    options::{Options, Unsuitable},
    workload::{
        client::{Client, ClientError, Outcome},
        generator::{Generator, Invocation},
    },
};
use futures_util::future::{LocalBoxFuture, ready};
use glomers_checkers::verdict::Checker;
use std::rc::Rc;

/// A client of one process: it performs each operation that it is given, and may keep state from one to the next.
pub type Connection = Rc<dyn Fn(Invocation) -> LocalBoxFuture<'static, Outcome>>;

/// A workload. [`WORKLOADS`](crate::workload::WORKLOADS) lists the built-in ones; [`simulate`](crate::simulate) takes
/// any other as well, and `docs/own-workload.md` walks through one.
pub trait Workload {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// The names of the operations.
    fn operations(&self) -> &'static [&'static str];

    /// Checks that the workload can run with these options.
    ///
    /// # Errors
    ///
    /// The option to change, and why.
    fn accept(&self, options: &Options) -> Result<(), Unsuitable> {
        let _ = options;
        Ok(())
    }

    /// Prepares a node before the first operation.
    ///
    /// # Errors
    ///
    /// If the node does not answer as it should; the test cannot begin then.
    fn setup(&self, client: Client, options: &Options) -> LocalBoxFuture<'static, Result<(), ClientError>> {
        let _ = (client, options);
        Box::pin(ready(Ok(())))
    }

    /// The operations of a run.
    fn generator(&self, options: &Options) -> Box<dyn Generator>;

    /// The operation with which each client begins before an exploration; `None`: none. A client of a few operations may
    /// need one to do anything of interest.
    fn opening(&self, options: &Options) -> Option<Invocation> {
        let _ = options;
        None
    }

    /// The final operations, after the network has healed and rested; `None`: no such phase.
    fn final_generator(&self, options: &Options) -> Option<Box<dyn Generator>> {
        let _ = options;
        None
    }

    /// Connects a new client to a node.
    fn connect(&self, client: Client, options: &Options) -> Connection;

    /// True if a client goes on after an operation whose outcome is unknown.
    fn is_reusable(&self) -> bool {
        false
    }

    /// The checker of its histories.
    fn checker(&self) -> Box<dyn Checker>;
}

/// A connection without state.
pub fn stateless<F>(client: Client, invoke: impl Fn(Client, Invocation) -> F + 'static) -> Connection
where
    F: Future<Output = Outcome> + 'static,
{
    Rc::new(move |invocation| Box::pin(invoke(client.clone(), invocation)))
}
