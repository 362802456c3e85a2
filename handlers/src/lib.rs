//! Gossip Glomers solved: one module a challenge, named by its algorithm.
//!
//! | workload | module | handler |
//! |---|---|---|
//! | echo | [`echo`] | [`Parrot`] |
//! | unique-ids | [`prefixed_ids`] | [`PrefixedIds`] |
//! | broadcast | [`hub`] | [`Hub`] |
//! | g-counter, pn-counter | [`running_totals`] | [`GCounter`], [`PnCounter`] |
//! | g-set | [`set_union`] | [`SetUnion`] |
//! | kafka | [`horizon_logs`] | [`HorizonLogs`] |
//! | lin-kv | [`replicated_map`] | [`ReplicatedMap`] |
//! | txn-list-append | [`replicated_lists`] | [`ReplicatedLists`] |
//! | txn-rw-register | [`last_writer_wins`] | [`LastWriterWins`] |
//!
//! How the challenges' own texts go about it, with the services beside the nodes, is in [`taught`].
//!
//! The counters, the set, the logs and the registers have in common how nodes tell each other what is new: [`feed`].
//! The map and the lists are kept by one [`replicated_log`].

pub mod echo;
pub mod feed;
pub mod horizon_logs;
pub mod hub;
pub mod last_writer_wins;
pub mod prefixed_ids;
pub mod replicated_lists;
pub mod replicated_log;
pub mod replicated_map;
pub mod running_totals;
pub mod set_union;
pub mod taught;

pub use echo::Parrot;
pub use horizon_logs::HorizonLogs;
pub use hub::Hub;
pub use last_writer_wins::LastWriterWins;
pub use prefixed_ids::PrefixedIds;
pub use replicated_lists::ReplicatedLists;
pub use replicated_map::ReplicatedMap;
pub use running_totals::{GCounter, PnCounter};
pub use set_union::SetUnion;

/// The documents' examples, compiled and run; those of the tutorial are in `tests/tutorial`.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/coming-from.md")]
    struct ComingFrom;
}
