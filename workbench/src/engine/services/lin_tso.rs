//! `lin-tso`: counts requests from 0.

use glomers_protocol::{
    handler,
    services::tso::{Ts, TsOk},
};
use std::cell::Cell;

#[derive(Default)]
pub(super) struct LinTso(Cell<i64>);

#[handler(glomers_protocol::services::tso)]
impl LinTso {
    fn ts(&self, _: Ts) -> TsOk {
        TsOk { ts: self.0.replace(self.0.get() + 1) }
    }
}
