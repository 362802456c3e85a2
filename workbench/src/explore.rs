//! Exploration: instead of one schedule that latencies and a seed decide, all schedules of a small cluster and a few
//! operations, or many chosen ones. `docs/explore.md` says which schedules that are.
//!
//! ```
//! use glomers_protocol::{handler, echo::{Echo, EchoOk}};
//! use glomers_workbench::{explore::{Exploration, explore}, workload};
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
//! let explored = explore::<Parrot>(workload::maker("echo")?, &Exploration::default())?;
//! assert!(explored.is_valid() && explored.is_complete, "{explored}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! - `exploration`: the bounds. `program`: the operations.
//! - `step`: what can happen next, and which steps do not concern each other. `schedule`: the same as a text.
//! - `execution`: one schedule from `init` to its verdict; it executes the engine's choices. `subject` has what all executions
//!   share, `ending` says what is wrong in the end, and `verdicts` remembers histories that were judged.
//! - `memo`: what participants answer is remembered, because schedules tell them the same again and again.
//! - `search`: all schedules, each once. `chance`: random ones. `crew`: the threads.
//! - `reduce`: a smaller counterexample. `result`: what came out.

mod chance;
mod crew;
mod ending;
mod execution;
mod exploration;
mod explorer;
mod memo;
mod program;
mod reduce;
mod result;
mod schedule;
mod search;
mod step;
mod subject;
mod text;
mod verdicts;

pub use exploration::{Exploration, Mode, Order};
pub use explorer::{Explorer, explore, explore_with};
pub use result::{Counterexample, Explored, Tally};
pub use schedule::{Choice, Link, ParseScheduleError, Schedule};
pub use subject::Cluster;
