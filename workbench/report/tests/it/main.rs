//! The integration tests of this crate, in one program: it links once.

mod explain;
mod fuzz;
#[path = "../../../../protocol/tests/mutations/mod.rs"]
mod mutations;
#[path = "../../../tests/it/nodes.rs"]
mod nodes;
mod page;
mod read_back;
mod store;
mod strange_values;
