//! Runs of every workload, kept and read again: what `history.edn` says is what `history.jsonl` says.

mod nodes;

use clojure_reader::edn::{Edn, read_string};
use glomers_protocol::{
    Any, Context, ErrorCode, Handler, RpcError, g_counter, g_set, handler, kafka, lin_kv, pn_counter, txn_list_append,
    txn_rw_register,
};
use glomers_workbench::{
    Options, Report, Store, edn,
    history::Kind,
    options::{Concurrency, Fault},
    run, workload,
    workload::WORKLOADS,
};
use nodes::{Flood, SmallDice};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    time::{Duration, SystemTime},
};

/// A node with a memory of its own: wrong in a cluster, but it answers everything.
#[derive(Default)]
struct Memory {
    counter: Cell<i64>,
    elements: RefCell<Vec<Any>>,
    values: RefCell<BTreeMap<Any, Any>>,
    lists: RefCell<BTreeMap<Any, Vec<Any>>>,
    logs: RefCell<BTreeMap<String, Vec<kafka::OffsetMessage>>>,
}

#[handler(g_set)]
impl Memory {
    fn add(&self, request: g_set::Add) -> g_set::AddOk {
        self.elements.borrow_mut().push(request.element);
        g_set::AddOk {}
    }

    fn read(&self, _: g_set::Read) -> g_set::ReadOk {
        g_set::ReadOk { value: self.elements.borrow().clone() }
    }
}
