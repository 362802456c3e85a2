//! glomers
fn main() {}
