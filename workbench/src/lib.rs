//! Judges Maelstrom nodes without a JVM: the workloads, the network and the checkers of `maelstrom test`, in a simulation
//! that a seed repeats byte for byte.
//!
//! ```
//! use glomers_protocol::{handler, echo::{Echo, EchoOk}};
//! use glomers_workbench::{Options, Validity, run, workload};
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
//! let report = run::<Parrot>(workload("echo")?, &Options::default())?;
//! assert_eq!(report.valid(), Validity::Valid, "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! - [`mod@workload`]: what clients do and expect; one file a workload.
//! - [`generator`]: which operation comes next.
//! - `run`: the ways to run a test. `test`, `phase`: its phases. `progress`: how far it is. `workers`: who is doing what.
//!   `probe`: who still serves.
//! - `world`: the engine, in virtual or in real time. `network`, `nemesis`: latencies and faults. `process`,
//!   [`client`], `services`, `hosted`: who takes part.
//! - [`history`]: what happened. [`checker`]: judges of it; `judgement`: all they say, and `report`: with what else is
//!   known of a run. `recording`: a run of the real Maelstrom.
//! - [`store`]: where runs are kept; `kept`: read back from there; [`edn`]: in Jepsen's form. `files`: texts that are
//!   read.
//! - `findings`: what was found, with its entries; [`page`]: to look at; [`explain`]: to read. `words`: in a form for
//!   people.
//! - [`challenge`]: the Gossip Glomers challenges, with their official arguments.

pub mod challenge;
pub mod checker;
pub mod client;
pub mod edn;
pub mod explain;
mod files;
mod findings;
pub mod generator;
pub mod history;
mod hosted;
mod json;
mod judgement;
mod kept;
mod nemesis;
mod network;
pub mod options;
mod packet;
pub mod page;
mod phase;
mod probe;
mod process;
mod progress;
mod recording;
mod report;
mod run;
mod services;
pub mod soak;
pub mod store;
mod test;
mod topology;
mod validity;
mod words;
mod workers;
pub mod workload;
mod world;

pub use files::{BadText, ReadError};
pub use findings::{Finding, Weight};
pub use hosted::{Crash, Program, StartError};
pub use judgement::{Failure, Judgement};
pub use kept::KeptError;
pub use network::{Counts, Traffic};
pub use options::Options;
pub use progress::{Control, Observer, Progress, Stage};
pub use recording::Recording;
pub use report::{Report, Setting};
pub use run::{Bench, RunError, run, run_program, run_with};
pub use store::Store;
pub use validity::Validity;
pub use workload::workload;
pub use world::Packet;
