//! The solutions that the challenges' texts propose: they keep their state in the services that Maelstrom runs beside
//! the nodes.
//!
//! | workload | service | module | handler |
//! |---|---|---|---|
//! | g-counter | `seq-kv` | [`published_totals`] | [`PublishedTotals`] |
//! | kafka | `lin-kv` | [`claimed_offsets`] | [`ClaimedOffsets`] |
//! | lin-kv | `lin-kv` | [`forwarded_registers`] | [`ForwardedRegisters`] |
//! | txn-list-append | `lin-kv` | [`swapped_root`] | [`SwappedRoot`] |
//!
//! A partition never cuts off a service, so none of these handlers notices one. The price is messages: each operation
//! takes at least one round trip, while the other modules of this crate share a message among many operations.
//!
//! All of them limit the time that they wait for a service. An unanswered request may have been executed, or may still
//! be. So such an operation ends in an indefinite error, unless it can be repeated without harm. It ends before its
//! client stops waiting: Maelstrom removes a client that has timed out from the network, and then ignores a node that
//! answers it.

pub mod claimed_offsets;
mod deadline;
pub mod forwarded_registers;
pub mod published_totals;
pub mod swapped_root;

pub use claimed_offsets::ClaimedOffsets;
pub use forwarded_registers::ForwardedRegisters;
pub use published_totals::PublishedTotals;
pub use swapped_root::SwappedRoot;
