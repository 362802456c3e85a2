//! The attribute stands on something that has no functions of a node.

use glomers_protocol::handler;

#[handler(echo)]
fn echo() {}

#[handler(echo)]
enum Parrot {}

#[handler(echo)]
trait Talk {}

fn main() {}
