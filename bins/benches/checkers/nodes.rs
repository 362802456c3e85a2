//! Nodes that make the histories: as simple as can be, for only judging is measured.

use glomers_protocol::{ErrorCode, Json, RpcError, handler, lin_kv, txn_list_append, txn_rw_register};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// Registers that one node holds alone.
#[derive(Default)]
pub(crate) struct Registers(RefCell<BTreeMap<Json, Vec<Json>>>);

#[handler(txn_rw_register)]
impl Registers {
    fn txn(&self, request: txn_rw_register::Txn) -> txn_rw_register::TxnOk {
        use txn_rw_register::{CompletedMicroOp as Completed, MicroOp};
        let mut values = self.0.borrow_mut();
        let steps = request.txn.into_iter().map(|step| match step {
            MicroOp::Read { key } => {
                let value = values.get(&key).and_then(|all| all.last()).cloned().unwrap_or_else(Json::null);
                Completed::Read { key, value }
            }
            MicroOp::Write { key, value } => {
                values.insert(key.clone(), vec![value.clone()]);
                Completed::Write { key, value }
            }
        });
        txn_rw_register::TxnOk { txn: steps.collect() }
    }
}

/// Lists that one node holds alone.
#[derive(Default)]
pub(crate) struct Lists(RefCell<BTreeMap<Json, Vec<Json>>>);

#[handler(txn_list_append)]
impl Lists {
    fn txn(&self, request: txn_list_append::Txn) -> txn_list_append::TxnOk {
        use txn_list_append::{CompletedMicroOp as Completed, MicroOp};
        let mut lists = self.0.borrow_mut();
        let steps = request.txn.into_iter().map(|step| match step {
            MicroOp::Read { key } => Completed::Read { value: lists.get(&key).cloned(), key },
            MicroOp::Append { key, value } => {
                lists.entry(key.clone()).or_default().push(value.clone());
                Completed::Append { key, value }
            }
        });
        txn_list_append::TxnOk { txn: steps.collect() }
    }
}

/// Every twentieth write and compare-and-set is done and never answered.
#[derive(Default)]
pub(crate) struct Forgetful(RefCell<BTreeMap<Json, Json>>, Cell<u64>);

impl Forgetful {
    async fn forget(&self) {
        self.1.set(self.1.get() + 1);
        if self.1.get().is_multiple_of(20) {
            std::future::pending::<()>().await;
        }
    }
}

#[handler(lin_kv)]
impl Forgetful {
    fn read(&self, request: lin_kv::Read) -> Result<lin_kv::ReadOk, RpcError> {
        let value = self.0.borrow().get(&request.key).cloned();
        Ok(lin_kv::ReadOk { value: value.ok_or(RpcError::from(ErrorCode::KeyDoesNotExist))? })
    }

    async fn write(&self, request: lin_kv::Write) -> lin_kv::WriteOk {
        self.0.borrow_mut().insert(request.key, request.value);
        self.forget().await;
        lin_kv::WriteOk {}
    }

    async fn cas(&self, request: lin_kv::Cas) -> Result<lin_kv::CasOk, RpcError> {
        let done = match self.0.borrow_mut().get_mut(&request.key) {
            None => Err(RpcError::from(ErrorCode::KeyDoesNotExist)),
            Some(value) if *value != request.from => Err(RpcError::from(ErrorCode::PreconditionFailed)),
            Some(value) => {
                *value = request.to;
                Ok(lin_kv::CasOk {})
            }
        };
        self.forget().await;
        done
    }
}
