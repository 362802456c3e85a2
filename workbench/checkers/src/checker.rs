//! Judges of histories. A checker never fails: it finds any history valid, invalid or unknown, and gives the reasons.
//!
//! [`CHECKERS`] lists Maelstrom's by workload.

pub mod availability;
mod clojure_set;
mod comparable;
pub mod counter;
pub mod echo;
mod evidence;
pub mod exceptions;
pub mod kafka;
pub mod lin_kv;
pub mod linearizability;
pub mod liveness;
mod numbers;
mod rounding;
pub mod set_full;
pub mod stats;
mod steps;
pub mod strict;
pub mod txn;
pub mod unique_ids;

use crate::{
    checker::{
        counter::CounterChecker,
        set_full::SetChecker,
        txn::{Objects, TxnChecker},
    },
    verdict::Checker,
};

/// Makes a checker.
pub type Make = fn() -> Box<dyn Checker>;

/// Maelstrom's checkers, by the name of the workload.
pub const CHECKERS: &[(&str, Make)] = &[
    ("broadcast", || Box::new(SetChecker { add: "broadcast" })),
    ("echo", || Box::new(echo::EchoChecker)),
    ("g-counter", || Box::new(CounterChecker { grows_only: true })),
    ("g-set", || Box::new(SetChecker { add: "add" })),
    ("kafka", || Box::new(kafka::KafkaChecker)),
    ("lin-kv", || Box::new(lin_kv::LinKvChecker)),
    ("pn-counter", || Box::new(CounterChecker { grows_only: false })),
    ("txn-list-append", || Box::new(TxnChecker { objects: Objects::Lists })),
    ("txn-rw-register", || Box::new(TxnChecker { objects: Objects::Registers })),
    ("unique-ids", || Box::new(unique_ids::UniqueIdsChecker)),
];

/// The checker of a workload, by the workload's name; `None` for an unknown name.
pub fn checker(workload: &str) -> Option<Box<dyn Checker>> {
    CHECKERS.iter().find(|(name, _)| *name == workload).map(|(_, make)| make())
}
