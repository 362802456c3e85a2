//! Maelstrom nodes in Rust: every message typed, handlers as plain functions.
//!
//! The principal types are
//!
//! - a **handler**: your struct, with [`#[handler]`](macro@handler) on an `impl` block that has one function per message;
//! - [`Context`]: a handler's access to its node: ids, messages, time, randomness, and Maelstrom's services as [`Kv`] and
//!   [`Tso`];
//! - [`Disk`] and [`Log`]: what a node keeps when it is killed, on a [`Storage`];
//! - the **messages** of each workload, generated from JSON Schemas into one module each: [`echo`], [`broadcast`],
//!   [`kafka`], ...; with [`Json`] for the fields that Maelstrom leaves untyped, and [`NodeId`];
//! - [`RpcError`], the error that a handler returns to a client, and [`CallError`], the failure of a call that the handler
//!   makes itself;
//! - [`Node`]: the node without input and output, driven by [`run`] over stdin and stdout, or by a simulation.
//!
//! ```no_run
//! use glomers_protocol::{handler, run, echo::{Echo, EchoOk}};
//!
//! #[derive(Default)]
//! struct Parrot;
//!
//! #[handler(echo)]
//! impl Parrot {
//!     fn echo(&self, request: Echo) -> EchoOk {
//!         EchoOk { echo: request.echo }
//!     }
//! }
//!
//! fn main() -> std::io::Result<()> {
//!     run::<Parrot>()
//! }
//! ```
//!
//! The manual is on the [`handler`](macro@handler) attribute. Below it are [`Message`], [`Payload`], [`Request`] and
//! [`Handler`], which the macro uses and which you need only to write what it writes, and [`Reply`], which a function may return.
//!
//! # Features
//!
//! - `schema`: the trait `Described`, for nodes that print the JSON Schema of all their messages, and the crate `schemars`.
//!
//! # Public dependencies
//!
//! Types of these crates appear in signatures: glomers-json ([`Json`]), serde 1, serde_json 1 (its `Result` in
//! [`Payload::encode`]), rand 0.10 (its `Rng` is implemented by [`NodeRng`]; the crate is re-exported as [`rand`]), and, with
//! the feature `schema`, schemars 0.8.

// Generated code and the macro name this crate as their users do.
extern crate self as glomers_protocol;

mod calls;
mod cluster;
mod context;
mod data_folder;
#[cfg(feature = "schema")]
mod described;
mod disk;
mod envelope;
mod error;
mod failure;
mod fast_path;
mod generated;
mod group_commit;
mod handler;
mod in_flight;
mod json_path;
mod kv;
mod lines;
mod log;
mod map;
mod message;
mod messages;
mod node;
mod node_id;
mod outbox;
mod panics;
mod pending_calls;
mod plain_form;
mod repeated;
mod reply;
mod round_trips;
mod serve;
mod sleep;
mod stdio;
mod storage;
#[doc(hidden)]
pub mod support;
mod tagged_tuple;
mod tasks;
mod ticker;
mod timers;

pub use calls::Call;
pub use context::{Context, NodeRng};
#[cfg(feature = "schema")]
pub use described::Described;
pub use disk::{Disk, Synced};
pub use error::{CallError, DecodeError, Rejected};
pub use failure::Failure;
pub use generated::{
    errors::{ErrorCode, RpcError},
    *,
};
pub use glomers_json::Json;
#[doc = include_str!("../handler.md")]
pub use glomers_macros::handler;
pub use handler::{Handler, IntoHandler};
pub use kv::{Kv, Tso};
pub use log::Log;
pub use message::{Message, Payload, Request};
pub use node::Node;
pub use node_id::NodeId;
pub use panics::Panic;
pub use rand;
pub use reply::{IntoReply, IntoResult, Reply};
#[cfg(feature = "schema")]
pub use schemars;
pub use sleep::Sleep;
pub use stdio::{run, run_in, run_over, run_with};
pub use storage::{Storage, error::DiskError, memory::MemoryStorage};
