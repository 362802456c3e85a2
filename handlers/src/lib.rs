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
//! | txn-rw-register | [`last_writer_wins`] | [`LastWriterWins`] |
//!
//! Broadcast knows what others lack by [`knowledge`], and when to tell them by [`link`].
//!
//! The counters, the set, the logs and the registers have in common how nodes tell each other what is new: [`feed`].

pub mod echo;
pub mod feed;
pub mod horizon_logs;
pub mod hub;
pub mod knowledge;
pub mod last_writer_wins;
pub mod link;
pub mod prefixed_ids;
pub mod running_totals;
pub mod set_union;

pub use echo::Parrot;
pub use horizon_logs::HorizonLogs;
pub use hub::Hub;
pub use last_writer_wins::LastWriterWins;
pub use prefixed_ids::PrefixedIds;
pub use running_totals::{GCounter, PnCounter};
pub use set_union::SetUnion;

/// The README's examples, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
