//! Runs of every workload, kept and read again: what `history.edn` says is what `history.jsonl` says.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::nodes::{Flood, Lagging, SmallDice};
use glomers_checkers::history::{Kind, Process, edn};
use glomers_edn::{Form, Kind as Edn, Number};
use glomers_protocol::{ErrorCode, Handler, Json, RpcError, g_counter, g_set, handler, kafka, lin_kv, pn_counter};
use glomers_protocol::{txn_list_append, txn_rw_register};
use glomers_report::store::Store;
use glomers_workbench::{
    Options, Report,
    options::{Concurrency, Fault},
    simulate, workload,
    workload::WORKLOADS,
};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    time::{Duration, SystemTime},
};

// Nodes that keep to themselves: wrong in a cluster, but they answer everything.

#[derive(Default)]
struct Elements(RefCell<Vec<Json>>);

#[handler(g_set)]
impl Elements {
    fn add(&self, request: g_set::Add) -> g_set::AddOk {
        self.0.borrow_mut().push(request.element);
        g_set::AddOk {}
    }

    fn read(&self, _: g_set::Read) -> g_set::ReadOk {
        g_set::ReadOk { value: self.0.borrow().clone() }
    }
}

#[derive(Default)]
struct Growing(Cell<i64>);

#[handler(g_counter)]
impl Growing {
    fn add(&self, request: g_counter::Add) -> Result<g_counter::AddOk, RpcError> {
        self.0.set(self.0.get() + request.delta);
        if self.0.get() % 5 == 0 {
            return Err(RpcError::new(ErrorCode::TemporarilyUnavailable, "a \"five\"\n"));
        }
        Ok(g_counter::AddOk {})
    }

    fn read(&self, _: g_counter::Read) -> g_counter::ReadOk {
        g_counter::ReadOk { value: self.0.get() }
    }
}

#[derive(Default)]
struct Changing(Cell<i64>);

#[handler(pn_counter)]
impl Changing {
    fn add(&self, request: pn_counter::Add) -> pn_counter::AddOk {
        self.0.set(self.0.get() + request.delta);
        pn_counter::AddOk {}
    }

    fn read(&self, _: pn_counter::Read) -> pn_counter::ReadOk {
        pn_counter::ReadOk { value: self.0.get() }
    }
}

#[derive(Default)]
struct Registers(RefCell<BTreeMap<Json, Json>>);

#[handler(lin_kv)]
impl Registers {
    async fn read(&self, request: lin_kv::Read) -> Result<lin_kv::ReadOk, RpcError> {
        let value = self.0.borrow().get(&request.key).cloned();
        Ok(lin_kv::ReadOk { value: value.ok_or(RpcError::from(ErrorCode::KeyDoesNotExist))? })
    }

    async fn write(&self, request: lin_kv::Write) -> lin_kv::WriteOk {
        if request.value == Json::from(4) {
            std::future::pending::<()>().await;
        }
        self.0.borrow_mut().insert(request.key, request.value);
        lin_kv::WriteOk {}
    }

    fn cas(&self, request: lin_kv::Cas) -> Result<lin_kv::CasOk, RpcError> {
        match self.0.borrow_mut().get_mut(&request.key) {
            None => Err(RpcError::new(ErrorCode::KeyDoesNotExist, "not found")),
            Some(value) if *value != request.from => Err(RpcError::new(ErrorCode::PreconditionFailed, "mismatch")),
            Some(value) => {
                *value = request.to;
                Ok(lin_kv::CasOk {})
            }
        }
    }
}

#[derive(Default)]
struct Logs(RefCell<BTreeMap<String, Vec<Json>>>);

#[handler(kafka)]
impl Logs {
    fn send(&self, request: kafka::Send) -> kafka::SendOk {
        let mut logs = self.0.borrow_mut();
        let log = logs.entry(request.key).or_default();
        log.push(request.msg);
        kafka::SendOk { offset: log.len() as i64 - 1 }
    }

    fn poll(&self, request: kafka::Poll) -> kafka::PollOk {
        let logs = self.0.borrow();
        let after = |(key, offset): (String, i64)| {
            let messages = logs.get(&key).into_iter().flatten().enumerate().skip(offset as usize);
            let messages = messages.map(|(at, msg)| kafka::OffsetMessage((at as i64, msg.clone()))).collect();
            (key, messages)
        };
        kafka::PollOk { msgs: request.offsets.into_iter().map(after).collect() }
    }

    fn commit_offsets(&self, _: kafka::CommitOffsets) -> kafka::CommitOffsetsOk {
        kafka::CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, _: kafka::ListCommittedOffsets) -> kafka::ListCommittedOffsetsOk {
        kafka::ListCommittedOffsetsOk { offsets: BTreeMap::new() }
    }
}

#[derive(Default)]
struct Lists(RefCell<BTreeMap<Json, Vec<Json>>>);

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

#[derive(Default)]
struct Cells(RefCell<BTreeMap<Json, Json>>);

#[handler(txn_rw_register)]
impl Cells {
    fn txn(&self, request: txn_rw_register::Txn) -> Result<txn_rw_register::TxnOk, RpcError> {
        use txn_rw_register::{CompletedMicroOp as Completed, MicroOp};
        if request.txn.len() == 4 {
            return Err(RpcError::new(ErrorCode::TxnConflict, "too long"));
        }
        let mut cells = self.0.borrow_mut();
        let steps = request.txn.into_iter().map(|step| match step {
            MicroOp::Read { key } => {
                Completed::Read { value: cells.get(&key).cloned().unwrap_or_else(Json::null), key }
            }
            MicroOp::Write { key, value } => {
                cells.insert(key.clone(), value.clone());
                Completed::Write { key, value }
            }
        });
        Ok(txn_rw_register::TxnOk { txn: steps.collect() })
    }
}

fn report<H: Handler>(name: &str) -> Report {
    let options = Options::default()
        .seed(5)
        .rate(50.0)
        .concurrency(Concurrency::PerNode(2))
        .time_limit(Duration::from_secs(6))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(1));
    simulate::<H>(workload::named(name).unwrap(), &options).unwrap()
}

fn report_of(name: &str) -> Report {
    match name {
        "broadcast" => report::<Flood>(name),
        "echo" => report::<Lagging>(name),
        "g-counter" => report::<Growing>(name),
        "g-set" => report::<Elements>(name),
        "kafka" => report::<Logs>(name),
        "lin-kv" => report::<Registers>(name),
        "pn-counter" => report::<Changing>(name),
        "txn-list-append" => report::<Lists>(name),
        "txn-rw-register" => report::<Cells>(name),
        "unique-ids" => report::<SmallDice>(name),
        other => panic!("no node for the workload {other}"),
    }
}

/// Tells whether the values are the same. Names and sets in EDN are strings and arrays in JSON.
fn is_same(edn: &Form<'_>, json: &Value) -> bool {
    match (&edn.kind, json) {
        (Edn::Nil, Value::Null) => true,
        (Edn::Bool(read), Value::Bool(value)) => read == value,
        (Edn::Number(Number::Integer(read)), Value::Number(value)) => *read == value.to_string(),
        (Edn::String(read) | Edn::Keyword(read), Value::String(value)) => read == value,
        (Edn::Vector(read), Value::Array(values)) => {
            read.len() == values.len() && read.iter().zip(values).all(|(read, value)| is_same(read, value))
        }
        (Edn::Set(read), Value::Array(values)) => {
            read.len() == values.len() && values.iter().all(|value| read.iter().any(|read| is_same(read, value)))
        }
        (Edn::Map(read), Value::Object(values)) => {
            let is_value = |(key, read): &(Form<'_>, Form<'_>)| {
                let key = match &key.kind {
                    Edn::String(key) | Edn::Keyword(key) => key.to_string(),
                    other => other.to_string(),
                };
                values.get(&key).is_some_and(|value| is_same(read, value))
            };
            read.len() == values.len() && read.iter().all(is_value)
        }
        _ => false,
    }
}

#[test]
fn both_histories_of_every_workload_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    for (name, _) in WORKLOADS {
        let report = report_of(name);
        let path = store.write(&report, SystemTime::UNIX_EPOCH).unwrap();
        let [edn, json] = ["history.edn", "history.jsonl"].map(|file| fs::read_to_string(path.join(file)).unwrap());
        let ops = report.history.ops();
        assert!(ops.len() > 200 && ops.iter().any(|op| op.process == Process::Nemesis), "{name} did little");
        assert!(ops.iter().any(|op| op.kind == Kind::Ok), "{name}: nothing succeeded");
        assert_eq!([edn.lines().count(), json.lines().count()], [ops.len(); 2], "{name}");
        for (edn, json) in edn.lines().zip(json.lines()) {
            let read = Form::read(edn).unwrap_or_else(|error| panic!("{name}: {error}: {edn}"));
            assert!(is_same(&read, &serde_json::from_str(json).unwrap()), "{name}: {edn} is not {json}");
        }
    }
}

/// The forms that only runs with errors, faults and extras have.
#[test]
fn runs_hold_the_rare_forms() {
    let text = |name: &str| {
        let mut text = String::new();
        report_of(name).history.ops().iter().for_each(|op| edn::write(op, &mut text));
        text
    };
    for (name, forms) in [
        ("broadcast", &[":value [:isolated {\"n1\" #{", ":value :network-healed}", ":final? true}"][..]),
        ("echo", &[":type \"echo_ok\"", ":echo \"Please echo "]),
        ("g-counter", &[":type :info, :process ", "a \\\"five\\\"\\n"]),
        ("kafka", &[":value [[:send \"", ":value [[:poll {\"", ":seek-to-beginning? true}", ":poll-ms 1000}"]),
        ("lin-kv", &[":error :net-timeout}", ":error [:precondition-failed \"mismatch\"]}"]),
        ("txn-list-append", &["[:append ", " nil]"]),
        ("txn-rw-register", &["[[:w ", ":type :fail, ", ":error [:txn-conflict \"too long\"]}"]),
    ] {
        let text = text(name);
        for form in forms {
            assert!(text.contains(form), "{name} without {form}");
        }
    }
}
