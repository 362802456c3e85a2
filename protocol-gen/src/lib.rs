//! Compiles JSON Schemas of Maelstrom messages into typed Rust.
//!
//! # Layout
//!
//! - `generate`: the public functions, from a schema folder to source files; `folder` lists the schema files.
//! - `compile`: one schema file to Rust items.
//! - `schema`: reads and checks one schema file; `cursor` gives every error its file and JSON pointer.
//! - `payload`: the payload types. typify makes them from the output of `prepare`; `tuples` and `codes` make the rest.
//! - `messages`: the pairing of requests and responses, and the enums over them.
//! - `workload`, `service`: the handler trait with its dispatch; the addresses of a service.
//! - `names`: Rust names for the names in a schema.
//! - `docs`, `format`: doc comments with wire examples; formatted source text.
//! - `import`: Maelstrom's documents to schemas, and the differences between the two.
//!
//! This crate names no workload: a new schema file needs no change here.
//!
//! # Features
//!
//! `command`, on by default, adds the program, [`check()`] and [`import()`]. A build script does not need it.
//!
//! # Your own schemas
//!
//! Put the schemas into `schema/workloads/NAME.json`. Your crate depends on `glomers-protocol` and `serde`, and on this
//! crate as a build dependency without default features. The build script has one line:
//!
//! ```no_run
//! glomers_protocol_gen::build("schema");
//! ```
//!
//! The source file that is to hold the modules has another: `include!(concat!(env!("OUT_DIR"), "/mod.rs"));`. A node
//! serves such a workload like a built-in one, by its path: `#[handler(crate::NAME)]`.
//!
//! [`generate()`] and [`write()`] do the same without a build script. [`generate_workload`] compiles one text:
//!
//! ```
//! let schema = r##"{
//!   "title": "bell",
//!   "oneOf": [{"$ref": "#/definitions/Ring"}, {"$ref": "#/definitions/RingOk"}],
//!   "definitions": {
//!     "Ring": {
//!       "type": "object",
//!       "required": ["type", "msg_id"],
//!       "properties": {
//!         "type": {"const": "ring"},
//!         "msg_id": {"type": "integer"},
//!         "times": {"type": "integer"}
//!       },
//!       "x-response": {"$ref": "#/definitions/RingOk"},
//!       "examples": [{"type": "ring", "msg_id": 1, "times": 3}]
//!     },
//!     "RingOk": {
//!       "type": "object",
//!       "required": ["type", "in_reply_to"],
//!       "additionalProperties": false,
//!       "properties": {"type": {"const": "ring_ok"}, "msg_id": {"type": "integer"}, "in_reply_to": {"type": "integer"}},
//!       "examples": [{"type": "ring_ok", "in_reply_to": 1}]
//!     }
//!   }
//! }"##;
//! let code = glomers_protocol_gen::generate_workload("bell.json", schema)?;
//! assert!(code.contains("pub times: ::std::option::Option<i64>"));
//! assert!(code.contains("impl ::glomers_protocol::Request for Ring"));
//! # Ok::<(), glomers_protocol_gen::Error>(())
//! ```

mod codec;
mod codes;
mod compile;
mod cursor;
mod docs;
mod error;
mod folder;
mod format;
mod generate;
#[cfg(feature = "command")]
mod import;
mod messages;
mod names;
mod payload;
mod prepare;
mod schema;
mod service;
mod tuples;
mod workload;

pub use error::Error;
pub use generate::{Source, build, generate, generate_workload, write};
#[cfg(feature = "command")]
pub use import::{check, differences::Difference, import};
