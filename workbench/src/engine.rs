//! The engine: everything on the network, in virtual or in real time.
//!
//! - `world`: one step after the other. It stands on `agenda` (what happens next), `members` (every participant),
//!   `inbox` (messages in flight; `flight` while a search chooses) and `journal` (every message that was sent or received).
//! - `network`: latencies, losses and partitions.
//! - `participant`: the interface of everything on the network. `services`: Maelstrom's services. `host`: programs in
//!   processes of their own.
//! - `disk`: the disks of simulated nodes.
//! - `tamper`: a test's hand in the network. `watchdog`: names a handler that never returns.
//! - `sorted`: small maps and sets. `json`: the lenient reading of what nodes write. `violation`, `failure`: what they did wrong.

pub(crate) mod agenda;
pub(crate) mod disk;
pub mod failure;
pub(crate) mod flight;
pub(crate) mod host;
pub(crate) mod inbox;
pub mod journal;
pub(crate) mod json;
pub(crate) mod members;
pub(crate) mod network;
pub(crate) mod participant;
pub(crate) mod services;
pub(crate) mod tamper;
pub mod violation;
pub(crate) mod watchdog;
pub(crate) mod world;
