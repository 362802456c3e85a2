//! What clients do to a system and what they may expect of it. One file a workload, named as on the wire; each holds
//! its operations and their generator, and names its checker. [`WORKLOADS`] lists them all.

pub mod broadcast;
pub mod client;
pub mod echo;
pub mod g_counter;
pub mod g_set;
pub mod generator;
pub mod kafka;
pub mod lin_kv;
pub mod pn_counter;
mod topology;
pub mod transactions;
pub mod txn_list_append;
pub mod txn_rw_register;
pub mod unique_ids;

use crate::{
    options::Options,
    workload::{
        client::{Client, Outcome},
        generator::{Generator, Invocation},
    },
};
use futures::future::{LocalBoxFuture, ready};
use glomers_checkers::verdict::Checker;
use glomers_protocol::CallError;
use std::rc::Rc;

/// What one client does with each operation it is given; it may remember things from one to the next.
pub type Connection = Rc<dyn Fn(Invocation) -> LocalBoxFuture<'static, Outcome>>;

/// A workload. The built-in ones are in [`WORKLOADS`]; [`run`](crate::run) takes any other as well, and
/// `docs/own-workload.md` walks through one.
pub trait Workload {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// The names of its operations.
    fn operations(&self) -> &'static [&'static str];

    /// Whether it can be run with these options.
    ///
    /// # Errors
    ///
    /// What must be different, in words.
    fn accept(&self, options: &Options) -> Result<(), String> {
        let _ = options;
        Ok(())
    }

    /// What is said to each node before the first operation.
    ///
    /// # Errors
    ///
    /// The node did not answer as it should, so the test cannot begin.
    fn setup(&self, client: Client, options: &Options) -> LocalBoxFuture<'static, Result<(), CallError>> {
        let _ = (client, options);
        Box::pin(ready(Ok(())))
    }

    /// The operations of a run.
    fn generator(&self, options: &Options) -> Box<dyn Generator>;

    /// The operations at the very end, after the network has healed and rested; `None`: there is no such phase.
    fn last_generator(&self, options: &Options) -> Option<Box<dyn Generator>> {
        let _ = options;
        None
    }

    /// What a new client does with operations.
    fn connect(&self, client: Client, options: &Options) -> Connection;

    /// Whether a client goes on after an operation whose outcome is unknown.
    fn is_reusable(&self) -> bool {
        false
    }

    /// The judge of its histories.
    fn checker(&self) -> Box<dyn Checker>;
}

/// A connection that remembers nothing.
pub fn stateless<F>(client: Client, invoke: impl Fn(Client, Invocation) -> F + 'static) -> Connection
where
    F: Future<Output = Outcome> + 'static,
{
    Rc::new(move |invocation| Box::pin(invoke(client.clone(), invocation)))
}

/// Makes a built-in workload.
pub type Make = fn() -> Box<dyn Workload>;

/// Every built-in workload, by the name on the command line.
pub const WORKLOADS: &[(&str, Make)] = &[
    ("broadcast", || Box::new(broadcast::BroadcastWorkload)),
    ("echo", || Box::new(echo::EchoWorkload)),
    ("g-counter", || Box::new(g_counter::GCounterWorkload)),
    ("g-set", || Box::new(g_set::GSetWorkload)),
    ("kafka", || Box::new(kafka::KafkaWorkload::default())),
    ("lin-kv", || Box::new(lin_kv::LinKvWorkload)),
    ("pn-counter", || Box::new(pn_counter::PnCounterWorkload)),
    ("txn-list-append", || Box::new(txn_list_append::TxnListAppendWorkload)),
    ("txn-rw-register", || Box::new(txn_rw_register::TxnRwRegisterWorkload)),
    ("unique-ids", || Box::new(unique_ids::UniqueIdsWorkload)),
];

/// There is no built-in workload of that name.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[error("there is no workload `{name}`; known: {known}")]
pub struct UnknownWorkload {
    name: String,
    known: String,
}

/// The built-in workload of that name.
///
/// # Errors
///
/// There is none.
pub fn workload(name: &str) -> Result<Box<dyn Workload>, UnknownWorkload> {
    let found = WORKLOADS.iter().find(|(known, _)| *known == name);
    found.map(|(_, make)| make()).ok_or_else(|| UnknownWorkload {
        name: name.to_owned(),
        known: WORKLOADS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}
