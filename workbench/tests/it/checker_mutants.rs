//! Registers and transactions that are wrong on purpose must be found, on nearly every seed; right ones never.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{
    Context, ErrorCode, Handler, IntoHandler, Json, RpcError, handler, lin_kv, rand::RngExt, txn_list_append,
    txn_rw_register,
};
use glomers_workbench::{
    Options, Report, Validity,
    options::{Availability, Concurrency},
    simulate_with, workload,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

const SEEDS: u64 = 10;

fn judge<H: Handler, M: IntoHandler<H>>(
    name: &str,
    options: Options,
    make: impl Fn(&Context) -> M + Clone + 'static,
) -> Report {
    simulate_with(workload::named(name).unwrap(), &options, make).unwrap()
}

fn options(seed: u64) -> Options {
    Options::default()
        .node_count(1)
        .seed(seed)
        .rate(100.0)
        .time_limit(Duration::from_secs(5))
        .concurrency(Concurrency::PerNode(4))
}

fn found<H: Handler, M: IntoHandler<H>>(name: &str, make: impl Fn(&Context) -> M + Clone + 'static) {
    let invalid = |seed: &u64| judge(name, options(*seed), make.clone()).judgement.verdict.valid == Validity::Invalid;
    let count = (0..SEEDS).filter(invalid).count() as u64;
    assert!(count + 1 >= SEEDS, "{name}: found on {count} of {SEEDS} seeds");
}

fn never_blamed<H: Handler, M: IntoHandler<H>>(name: &str, make: impl Fn(&Context) -> M + Clone + 'static) {
    for seed in 0..SEEDS {
        let report = judge(name, options(seed), make.clone());
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
    }
}

/// The mistake that a node makes.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Fault {
    #[default]
    None,
    /// Reads from a copy that is made five times a second.
    Stale,
    /// Sets without comparing.
    Blind,
    /// Gives up some transactions after it has done them.
    Aborts,
    /// Confirms some writes and does not do them.
    Loses,
    /// Reads every second step from a copy that is made five times a second.
    Fractured,
}

#[derive(Default)]
struct Registers {
    fault: Fault,
    values: RefCell<BTreeMap<Json, Json>>,
    copy: RefCell<BTreeMap<Json, Json>>,
}

impl Registers {
    fn with(fault: Fault) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self { fault, ..Self::default() }
    }
}

#[handler(lin_kv)]
impl Registers {
    fn read(&self, request: lin_kv::Read) -> Result<lin_kv::ReadOk, RpcError> {
        let source = if self.fault == Fault::Stale { &self.copy } else { &self.values };
        let value = source.borrow().get(&request.key).cloned();
        Ok(lin_kv::ReadOk { value: value.ok_or(RpcError::from(ErrorCode::KeyDoesNotExist))? })
    }

    fn write(&self, request: lin_kv::Write) -> lin_kv::WriteOk {
        self.values.borrow_mut().insert(request.key, request.value);
        lin_kv::WriteOk {}
    }

    fn cas(&self, request: lin_kv::Cas) -> Result<lin_kv::CasOk, RpcError> {
        match self.values.borrow_mut().get_mut(&request.key) {
            None => Err(RpcError::from(ErrorCode::KeyDoesNotExist)),
            Some(value) if *value != request.from && self.fault != Fault::Blind => {
                Err(RpcError::from(ErrorCode::PreconditionFailed))
            }
            Some(value) => {
                *value = request.to;
                Ok(lin_kv::CasOk {})
            }
        }
    }

    #[every(millis = 200)]
    fn copy(&self) {
        self.copy.borrow_mut().clone_from(&self.values.borrow());
    }
}

#[derive(Default)]
struct Lists {
    fault: Fault,
    lists: RefCell<BTreeMap<Json, Vec<Json>>>,
}

impl Lists {
    fn with(fault: Fault) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self { fault, ..Self::default() }
    }
}

#[handler(txn_list_append)]
impl Lists {
    fn txn(&self, cx: &Context, request: txn_list_append::Txn) -> Result<txn_list_append::TxnOk, RpcError> {
        use txn_list_append::{CompletedMicroOp as Completed, MicroOp};
        let mut lists = self.lists.borrow_mut();
        let loses = self.fault == Fault::Loses && cx.rng().random_ratio(1, 10);
        let steps = request.txn.into_iter().map(|step| match step {
            MicroOp::Read { key } => Completed::Read { value: lists.get(&key).cloned(), key },
            MicroOp::Append { key, value } => {
                let list = lists.entry(key.clone()).or_default();
                if !loses {
                    list.push(value.clone());
                }
                Completed::Append { key, value }
            }
        });
        let steps = steps.collect();
        if self.fault == Fault::Aborts && cx.rng().random_ratio(1, 10) {
            return Err(RpcError::from(ErrorCode::TxnConflict));
        }
        Ok(txn_list_append::TxnOk { txn: steps })
    }
}

#[derive(Default)]
struct Cells {
    fault: Fault,
    values: RefCell<BTreeMap<Json, Json>>,
    copy: RefCell<BTreeMap<Json, Json>>,
    steps: Cell<usize>,
}

impl Cells {
    fn with(fault: Fault) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self { fault, ..Self::default() }
    }

    fn read(&self, key: &Json) -> Json {
        self.steps.set(self.steps.get() + 1);
        let stale = match self.fault {
            Fault::Fractured => self.steps.get().is_multiple_of(2),
            fault => fault == Fault::Stale,
        };
        let source = if stale { &self.copy } else { &self.values };
        source.borrow().get(key).cloned().unwrap_or_else(Json::null)
    }
}

#[handler(txn_rw_register)]
impl Cells {
    fn txn(&self, cx: &Context, request: txn_rw_register::Txn) -> Result<txn_rw_register::TxnOk, RpcError> {
        use txn_rw_register::{CompletedMicroOp as Completed, MicroOp};
        let steps = request.txn.into_iter().map(|step| match step {
            MicroOp::Read { key } => Completed::Read { value: self.read(&key), key },
            MicroOp::Write { key, value } => {
                self.values.borrow_mut().insert(key.clone(), value.clone());
                Completed::Write { key, value }
            }
        });
        let steps = steps.collect();
        if self.fault == Fault::Aborts && cx.rng().random_ratio(1, 10) {
            return Err(RpcError::from(ErrorCode::TxnConflict));
        }
        Ok(txn_rw_register::TxnOk { txn: steps })
    }

    #[every(millis = 200)]
    fn copy(&self) {
        self.copy.borrow_mut().clone_from(&self.values.borrow());
    }
}

#[test]
fn right_nodes_are_never_blamed() {
    never_blamed("lin-kv", Registers::with(Fault::None));
    never_blamed("txn-list-append", Lists::with(Fault::None));
    never_blamed("txn-rw-register", Cells::with(Fault::None));
}

#[test]
fn wrong_registers_are_found() {
    found("lin-kv", Registers::with(Fault::Stale));
    found("lin-kv", Registers::with(Fault::Blind));
}

#[test]
fn wrong_lists_are_found() {
    found("txn-list-append", Lists::with(Fault::Aborts));
    found("txn-list-append", Lists::with(Fault::Loses));
}

#[test]
fn wrong_cells_are_found() {
    found("txn-rw-register", Cells::with(Fault::Aborts));
    found("txn-rw-register", Cells::with(Fault::Stale));
    found("txn-rw-register", Cells::with(Fault::Fractured));
}

/// The arguments of the challenges about totally available transactions, for a shorter time.
fn total(seed: u64, nodes: usize, model: &str) -> Options {
    Options::default()
        .node_count(nodes)
        .seed(seed)
        .rate(1000.0)
        .time_limit(Duration::from_secs(4))
        .concurrency(Concurrency::PerNode(2))
        .consistency_models(vec![model.to_owned()])
        .availability(Some(Availability::Total))
}

#[test]
fn weak_models_permit_weak_nodes() {
    for fault in [Fault::None, Fault::Stale, Fault::Fractured] {
        let report = judge("txn-rw-register", total(1, 1, "read-uncommitted"), Cells::with(fault));
        assert!(report.judgement.stats.all.count > 3000, "{report}");
        assert_eq!(report.valid(), Validity::Valid, "{report}");
    }
    let report = judge("txn-rw-register", total(1, 1, "read-committed"), Cells::with(Fault::None));
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    // Nodes that never speak to each other keep even the strongest of these.
    let report = judge("txn-rw-register", total(1, 2, "read-committed"), Cells::with(Fault::None));
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    // Only who waits for them to agree sees it: at a low rate, some keys live long enough.
    let slow = total(1, 2, "read-committed").rate(2.0).time_limit(Duration::from_secs(600));
    let report = judge("txn-rw-register", slow, Cells::with(Fault::None));
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    assert!(report.judgement.strict_findings.counts.get("disagreement").is_some(), "{report}");
}
