//! The integration tests of the crate, in one program. `tests/compiled.rs` is the only other one: it includes the code
//! in `golden/`, which must be rewritable by a test here when it does not compile.
//!
//! The fixtures are beside this folder: `golden/`, `bad/` and `import/`. `UPDATE_GOLDEN=1` rewrites their expected
//! files.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

mod bad;
mod cases;
mod command_line;
mod fuzz;
mod golden;
mod import;
mod import_handlers;
#[path = "../../../protocol/tests/mutations/mod.rs"]
mod mutations;
mod no_workload_named;
mod with_form;
