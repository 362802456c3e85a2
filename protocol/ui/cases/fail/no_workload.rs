//! The attribute does not say which workload the node serves, or says more than that.

use glomers_protocol::handler;

#[handler]
struct NotAnImpl;

#[handler]
impl NotAnImpl {}

struct Quoted;

#[handler("echo")]
impl Quoted {}

struct Two;

#[handler(echo, broadcast)]
impl Two {}

fn main() {}
