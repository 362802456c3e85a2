//! `lin-kv`: one copy, one request at a time.

use super::kv;
use glomers_protocol::{
    Json, RpcError, handler,
    services::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Default)]
pub(super) struct LinKv(RefCell<BTreeMap<Json, Json>>);

#[handler(glomers_protocol::services::kv)]
impl LinKv {
    fn read(&self, request: Read) -> Result<ReadOk, RpcError> {
        kv::read(self.0.borrow().get(&request.key))
    }

    fn write(&self, request: Write) -> WriteOk {
        self.0.borrow_mut().insert(request.key, request.value);
        WriteOk {}
    }

    fn cas(&self, request: Cas) -> Result<CasOk, RpcError> {
        let mut values = self.0.borrow_mut();
        kv::compare(values.get(&request.key), &request, true)?;
        values.insert(request.key, request.to);
        Ok(CasOk {})
    }
}
