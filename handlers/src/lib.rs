//! The Gossip Glomers challenges, solved: one module per workload, named by its algorithm.
//!
//! The principal types are the handlers. Each is given to `glomers_protocol::run`, or to the workbench in a test.
//!
//! | workload | module | handler |
//! |---|---|---|
//! | echo | [`echo`] | [`Parrot`] |
//! | unique-ids | [`prefixed_ids`] | [`PrefixedIds`] |
//! | broadcast | [`star_broadcast`] | [`StarBroadcast`] |
//! | g-counter, pn-counter | [`running_totals`] | [`GCounter`], [`PnCounter`] |
//! | g-set | [`set_union`] | [`SetUnion`] |
//! | kafka | [`watermark_logs`] | [`WatermarkLogs`] |
//! | lin-kv | [`replicated_map`] | [`ReplicatedMap`] |
//! | txn-list-append | [`replicated_lists`] | [`ReplicatedLists`] |
//! | txn-rw-register | [`last_writer_wins`] | [`LastWriterWins`] |
//!
//! [`via_services`] has the solutions that the challenges' own texts propose, which keep their state in Maelstrom's
//! services.
//!
//! The counters, the set, the logs and the registers are a [`shared_state`], and send new data to other nodes through a
//! [`replication_feed`]. The map and the lists are state machines on a [`replicated_log`].

pub mod durable;
pub mod echo;
pub mod last_writer_wins;
pub mod prefixed_ids;
pub mod replicated_lists;
pub mod replicated_log;
pub mod replicated_map;
pub mod replication_feed;
pub mod running_totals;
pub mod set_union;
pub mod shared_state;
pub mod star_broadcast;
mod value_set;
pub mod via_services;
pub mod watermark_logs;

pub use echo::Parrot;
pub use last_writer_wins::LastWriterWins;
pub use prefixed_ids::PrefixedIds;
pub use replicated_lists::ReplicatedLists;
pub use replicated_map::ReplicatedMap;
pub use running_totals::{GCounter, PnCounter};
pub use set_union::SetUnion;
pub use star_broadcast::StarBroadcast;
pub use watermark_logs::WatermarkLogs;

/// The examples of the documents, compiled and run. Those of the tutorial are in `tests/it/tutorial`.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/coming-from.md")]
    struct ComingFrom;
}
