//! The workloads: the operations of clients, their generator, and the checker of their history. Each workload has a
//! file; the two counters share one, and so do the two kinds of transactions. [`WORKLOADS`] lists them all.

pub mod broadcast;
pub mod client;
pub mod counter;
pub mod echo;
pub mod g_set;
pub mod generator;
mod interface;
pub mod kafka;
pub mod lin_kv;
mod topology;
pub mod transactions;
pub mod txn;
pub mod unique_ids;

pub use interface::{Connection, Workload, stateless};

use glomers_checkers::checker::txn::Objects;

/// A function that makes a built-in workload.
pub type Make = fn() -> Box<dyn Workload>;

/// The built-in workloads, by their name on the command line.
pub const WORKLOADS: &[(&str, Make)] = &[
    ("broadcast", || Box::new(broadcast::BroadcastWorkload::default())),
    ("echo", || Box::new(echo::EchoWorkload)),
    ("g-counter", || Box::new(counter::CounterWorkload { grows_only: true })),
    ("g-set", || Box::new(g_set::GSetWorkload)),
    ("kafka", || Box::new(kafka::KafkaWorkload::default())),
    ("lin-kv", || Box::new(lin_kv::LinKvWorkload)),
    ("pn-counter", || Box::new(counter::CounterWorkload { grows_only: false })),
    ("txn-list-append", || Box::new(txn::TxnWorkload { objects: Objects::Lists })),
    ("txn-rw-register", || Box::new(txn::TxnWorkload { objects: Objects::Registers })),
    ("unique-ids", || Box::new(unique_ids::UniqueIdsWorkload)),
];

/// The error for an unknown workload.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[error("there is no workload `{name}`; known: {known}")]
pub struct UnknownWorkload {
    name: String,
    known: String,
}

/// The built-in workload of this name.
///
/// # Errors
///
/// If there is none.
pub fn named(name: &str) -> Result<Box<dyn Workload>, UnknownWorkload> {
    maker(name).map(|make| make())
}

/// The function that makes the built-in workload of this name again and again, as
/// [`explore`](crate::explore::explore) needs it.
///
/// # Errors
///
/// If there is none.
pub fn maker(name: &str) -> Result<Make, UnknownWorkload> {
    let found = WORKLOADS.iter().find(|(known, _)| *known == name);
    found.map(|(_, make)| *make).ok_or_else(|| UnknownWorkload {
        name: name.to_owned(),
        known: WORKLOADS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}
