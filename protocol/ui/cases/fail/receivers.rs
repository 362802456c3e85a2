//! Receivers by which a handler cannot be called.

use glomers_protocol::{g_set, handler};
use std::rc::Rc;

#[derive(Default)]
struct Set;

#[handler(g_set)]
impl Set {
    fn add(self: Rc<Self>, _: g_set::Add) -> g_set::AddOk {
        g_set::AddOk {}
    }

    fn read(self: Box<Self>, _: g_set::Read) -> g_set::ReadOk {
        g_set::ReadOk { value: Vec::new() }
    }

    #[init]
    fn new(&self) -> Self {
        Self
    }
}

fn main() {}
