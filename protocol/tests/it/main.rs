//! All tests that use the crate as its users do, in one program: linking is the larger part of building a test.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

mod bad_input;
mod context;
mod crashing;
#[cfg(feature = "schema")]
mod described;
mod durable;
mod fuzz;
mod generated;
mod log;
#[path = "../mutations/mod.rs"]
mod mutations;
mod parrot;
mod properties;
mod recordings;
