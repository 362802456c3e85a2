//! Maelstrom nodes in Rust: every message typed, handlers as plain functions.
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
//! # Layout
//!
//! - Generated from the JSON Schemas in `schema/`: one module a workload ([`echo`], [`broadcast`], [`kafka`], ...), the
//!   [`services`], [`init`] and [`errors`].
//! - For handlers: the [`macro@handler`] attribute, [`Context`], [`Kv`] and [`Tso`], [`RpcError`] and [`CallError`].
//! - Values: [`Json`], [`NodeId`].
//! - The node: [`Node`] without input and output, [`run`] over stdin and stdout.
//! - Underneath: [`Message`], [`Payload`], [`Request`], [`Handler`], [`Reply`].
//! - With the feature `schema`: `Described`, for nodes that print the JSON Schema of all they speak, and `schemars`.

// Generated code and the macro name this crate as their users do.
extern crate self as glomers_protocol;

mod calls;
mod context;
#[cfg(feature = "schema")]
mod described;
mod envelope;
mod error;
mod handler;
mod kv;
mod lines;
mod message;
mod node;
mod node_id;
mod outbox;
mod owed;
mod place;
mod plain;
mod reply;
mod stdio;
#[doc(hidden)]
pub mod support;
mod tasks;
mod ticker;
mod timers;

include!(concat!(env!("OUT_DIR"), "/mod.rs"));

pub use calls::Call;
pub use context::{Context, NodeRng, Sleep};
#[cfg(feature = "schema")]
pub use described::Described;
pub use error::{CallError, DecodeError, Rejected};
pub use errors::{ErrorCode, RpcError};
pub use glomers_json::Json;
#[doc = include_str!("../handler.md")]
pub use glomers_macros::handler;
pub use handler::Handler;
pub use kv::{Kv, Tso};
pub use message::{Message, Payload, Request};
pub use node::Node;
pub use node_id::NodeId;
pub use rand;
pub use reply::{IntoReply, Reply};
#[cfg(feature = "schema")]
pub use schemars;
pub use stdio::{run, run_over, run_with};
