//! Keeps, shows and explains the runs of `glomers-workbench`.
//!
//! The principal types are [`Store`](store::Store), the folder of runs in Jepsen's layout, [`Page`](page::Page), a run
//! as one HTML page, and [`Explanation`](explain::Explanation), a finding for the terminal.
//!
//! ```
//! use glomers_report::{explain::Explanation, store::manifest::read_run};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::path::Path::new("../checkers/tests/histories/broadcast-false-lost");
//! let report = read_run(folder, Some("broadcast"))?;
//! for finding in report.judgement.findings() {
//!     println!("{}", Explanation::of(&report, &finding));
//! }
//! # Ok(())
//! # }
//! ```

pub mod explain;
pub mod messages;
pub mod page;
pub mod recording;
pub mod store;
