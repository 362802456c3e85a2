//! Gossip Glomers solved: one module a challenge, named by its algorithm.
//!
//! | workload | module |
//! |---|---|
//! | echo | [`echo`] |
//! | unique-ids | [`prefixed_ids`] |
//! | broadcast | [`gossip`] |

pub mod echo;
pub mod gossip;
pub mod prefixed_ids;

pub use echo::Parrot;
pub use gossip::Gossip;
pub use prefixed_ids::PrefixedIds;

/// The README's examples, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
