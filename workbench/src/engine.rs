//! The engine: everything on the network, in virtual or in real time.
//!
//! - `world`: the agenda, and what happens next.
//! - `network`: latencies, losses and partitions.
//! - `participant`: the interface of everything that takes part. `services`: Maelstrom's services. `host`: programs in
//!   processes of their own.

pub(crate) mod host;
pub(crate) mod network;
pub(crate) mod participant;
pub(crate) mod services;
pub(crate) mod world;
