//! How long long histories take: `cargo test --release --test checker_speed -- --ignored --nocapture`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not part of the product"
)]

use glomers_protocol::{Any, ErrorCode, RpcError, handler, lin_kv, txn_list_append, txn_rw_register};
use glomers_workbench::{Options, options::Concurrency, run, workload};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::{Duration, Instant},
};

#[derive(Default)]
struct Values(RefCell<BTreeMap<Any, Vec<Any>>>);

#[handler(txn_rw_register)]
impl Values {
    fn txn(&self, request: txn_rw_register::Txn) -> txn_rw_register::TxnOk {
        use txn_rw_register::{CompletedMicroOp as Completed, MicroOp};
        let mut values = self.0.borrow_mut();
        let steps = request.txn.into_iter().map(|step| match step {
            MicroOp::Read { key } => {
                let value = values.get(&key).and_then(|all| all.last()).cloned().unwrap_or_else(Any::null);
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

#[derive(Default)]
struct Lists(RefCell<BTreeMap<Any, Vec<Any>>>);

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
struct Forgetful(RefCell<BTreeMap<Any, Any>>, Cell<u64>);

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

fn options(seconds: u64, nodes: usize, models: &str) -> Options {
    Options {
        rate: 1000.0,
        time_limit: Duration::from_secs(seconds),
        concurrency: Concurrency::Total(10),
        consistency_models: vec![models.to_owned()],
        ..Options::default().with_node_count(nodes)
    }
}

fn measure<H: glomers_protocol::Handler + Default>(name: &str, options: &Options) {
    let report = run::<H>(workload(name).unwrap(), options).unwrap();
    let begin = Instant::now();
    let verdict = workload(name).unwrap().check(&report.history, options);
    let (took, count) = (begin.elapsed(), report.judgement.stats.all.count);
    let (nodes, models) = (options.nodes.len(), &options.consistency_models[0]);
    println!("{name} on {nodes}, {models}: {count} operations: {} in {took:.1?}", verdict.valid);
}

#[test]
#[ignore = "takes a while, and says something in release only"]
fn long_histories() {
    for seconds in [2, 20, 200] {
        for nodes in [1, 2] {
            for models in ["strict-serializable", "read-committed"] {
                measure::<Values>("txn-rw-register", &options(seconds, nodes, models));
                measure::<Lists>("txn-list-append", &options(seconds, nodes, models));
            }
            measure::<Forgetful>("lin-kv", &options(seconds, nodes, "linearizable"));
        }
    }
}
