//! Tests that mostly wait, for programs in real time. Tests begin in the order of their names, so these begin first, and the
//! others use the cores meanwhile.

mod hosted;
mod hosted_faults;
mod hosted_operations;
mod nemesis_command;
mod odd_nodes;
