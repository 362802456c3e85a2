//! The types that the build script compiles from `schema/`: one module per workload, the services, `init` and the errors.
//!
//! Generated code and the macro name this crate as their users do, by `::glomers_protocol`. So these modules, which stand
//! below all others, take `Payload`, `Context` and other names from above. No file written by hand does.

include!(concat!(env!("OUT_DIR"), "/mod.rs"));
