//! Judges Maelstrom nodes without a JVM: the workloads, the network and the checkers of `maelstrom test`, in a
//! simulation that a seed repeats byte for byte.
//!
//! ```
//! use glomers_protocol::{handler, echo::{Echo, EchoOk}};
//! use glomers_workbench::{Options, Validity, simulate, workload};
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
//! let report = simulate::<Parrot>(workload::named("echo")?, &Options::default())?;
//! assert_eq!(report.valid(), Validity::Valid, "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! - [`workload`]: the operations of clients.
//! - `engine`: everything on the network, in virtual or in real time.
//! - `run`: a test from its options to its [`Report`].
//! - [`simulation`]: a cluster that a test drives step by step.
//! - [`explore`]: all schedules of a few operations, or many chosen ones.
//! - [`options`], [`challenge`], [`soak`]: a test's options; the Gossip Glomers challenges with their official
//!   arguments; options that a seed draws.
//! - [`history`], [`checker`], [`judgement`]: what happened and what it is worth, from `glomers-checkers`.

pub mod challenge;
mod engine;
pub mod explore;
pub mod options;
mod run;
pub mod simulation;
pub mod soak;
pub mod workload;

pub use engine::{
    failure::{self, NodeFailure},
    host::program::{Program, StartError},
    journal,
    network::{Counts, Traffic},
    violation::{self, Violations},
};
pub use glomers_checkers::{
    checker, expectations, finding, history, judgement, recording, summary, text, validity, verdict,
};
pub use judgement::{Failure, Judgement};
pub use options::Options;
pub use run::{
    effect::Effect,
    error::RunError,
    load::Load,
    progress::{Progress, Stage, Stop},
    report::{Report, TestConfig},
    start::{Bench, simulate, simulate_with, test_program},
};
pub use validity::Validity;
