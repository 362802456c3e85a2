//! Judges Jepsen histories without a node, a network or a JVM: Maelstrom's checkers for its ten workloads.
//!
//! The principal types are [`History`](history::History), read from EDN or JSON lines, and
//! [`Judgement`](judgement::Judgement), the verdicts on it.
//!
//! ```
//! use glomers_checkers::{checker::checker, expectations::Expectations, history::History, judgement::Judgement, validity::Validity};
//!
//! let history = History::parse(
//!     "{:type :invoke, :process 0, :f :generate, :time 1, :index 0}
//!      {:type :ok, :process 0, :f :generate, :value 7, :time 2, :index 1}
//!      {:type :invoke, :process 0, :f :generate, :time 3, :index 2}
//!      {:type :ok, :process 0, :f :generate, :value 7, :time 4, :index 3}",
//! )?;
//! let judgement = Judgement::of(&*checker("unique-ids").unwrap(), &history, &Expectations::default());
//! assert_eq!(judgement.valid(), Validity::Invalid);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! - [`history`]: what clients did; how it is read and written, and when faults were in force.
//! - [`recording`]: a run of the real Maelstrom, with its results.
//! - [`checker`]: one checker a file, and their table by workload.
//! - [`verdict`], [`judgement`], [`expectations`], [`budget`], [`validity`]: what comes out, and what a history is held
//!   to.
//! - [`summary`], [`json`], [`named`], [`text`]: verdicts, values and texts for people.

mod both;
pub mod budget;
pub mod checker;
pub mod expectations;
pub mod finding;
pub mod history;
pub mod json;
pub mod judgement;
pub mod named;
mod order;
pub mod recording;
pub mod summary;
pub mod text;
pub mod validity;
pub mod verdict;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
