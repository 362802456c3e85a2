//! Workloads named as Maelstrom does, in quotes, or by a name that there is not.

use glomers_protocol::handler;

struct Dashed;

#[handler(g-counter)]
impl Dashed {}

struct Quoted;

#[handler("txn-rw-register")]
impl Quoted {}

struct Capital;

#[handler(Echo)]
impl Capital {}

struct Unknown;

#[handler(counter)]
impl Unknown {}

fn main() {}
