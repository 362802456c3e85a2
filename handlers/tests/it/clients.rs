//! Clients of a map or of lists on a [`Cluster`]: they make random requests, and the answers become a history that the
//! workbench judges.
use crate::cluster::Cluster;
use glomers_protocol::{
    ErrorCode, Handler, Json, Message, Payload, RpcError,
    lin_kv::{Cas, Read, ReadOk, Write},
    rand::RngExt,
    txn_list_append::{MicroOp, Txn, TxnOk},
};
use glomers_workbench::{
    Judgement, Validity,
    checker::checker,
    expectations::Expectations,
    history::{History, Kind, Op, Process},
};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const MILLISECOND: Duration = Duration::from_millis(1);

/// The number of requests per key.
const REQUESTS_PER_KEY: i64 = 10;

/// The object that clients use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kv {
    Map,
    Lists,
}

pub(crate) struct Clients {
    kv: Kv,
    ops: Vec<Op>,
    /// The requests without an answer: their operation and argument.
    open: BTreeMap<i64, (Cow<'static, str>, Value)>,
    requests: i64,
    /// The requests that a node has found right or wrong.
    pub(crate) served: BTreeSet<i64>,
    /// Requests up to this number are those of other clients.
    others: i64,
}

impl Clients {
    pub(crate) fn new(kv: Kv) -> Self {
        Self { kv, ops: Vec::new(), open: BTreeMap::new(), requests: 0, served: BTreeSet::new(), others: 0 }
    }

    /// Clients who know nothing of what those before them have done.
    pub(crate) fn after(before: &Self) -> Self {
        Self { requests: before.requests, others: before.requests, ..Self::new(before.kv) }
    }

    /// Makes a random request to a node, if it lives. Returns its number.
    pub(crate) fn request<H: Handler>(&mut self, cluster: &mut Cluster<H>, node: usize) -> i64 {
        self.requests += 1;
        if !cluster.is_dead(node) {
            match self.kv {
                Kv::Map => self.request_map(cluster, node),
                Kv::Lists => self.request_lists(cluster, node),
            }
        }
        self.hear(cluster);
        self.requests
    }

    fn request_map<H: Handler>(&mut self, cluster: &mut Cluster<H>, node: usize) {
        let number = self.requests;
        let (key, value) = (number / REQUESTS_PER_KEY, Json::from(number));
        let expected = cluster.rng.random_range(0..3) + number - 4;
        match cluster.rng.random_range(0..4) {
            0 => {
                self.invoke(cluster, "read", json!([key, null]));
                cluster.request(node, number, &Read { key: Json::from(key) });
            }
            1 => {
                self.invoke(cluster, "cas", json!([key, [expected, number]]));
                cluster.request(node, number, &Cas { key: Json::from(key), from: Json::from(expected), to: value });
            }
            _ => {
                self.invoke(cluster, "write", json!([key, number]));
                cluster.request(node, number, &Write { key: Json::from(key), value });
            }
        }
    }

    fn request_lists<H: Handler>(&mut self, cluster: &mut Cluster<H>, node: usize) {
        let number = self.requests;
        let key = |ago: i64| Json::from(number / REQUESTS_PER_KEY - ago);
        let ago = cluster.rng.random_range(0..3);
        let append = MicroOp::Append { key: key(0), value: Json::from(number) };
        let request = Txn { txn: vec![MicroOp::Read { key: key(ago) }, append, MicroOp::Read { key: key(0) }] };
        self.invoke(cluster, "txn", json!(request)["txn"].take());
        cluster.request(node, number, &request);
    }

    fn invoke<H: Handler>(&mut self, cluster: &Cluster<H>, f: &'static str, value: Value) {
        self.open.insert(self.requests, (Cow::Borrowed(f), value.clone()));
        self.note(cluster, self.requests, Kind::Invoke, Cow::Borrowed(f), &value);
    }

    fn note<H: Handler>(&mut self, cluster: &Cluster<H>, number: i64, kind: Kind, f: Cow<'static, str>, value: &Value) {
        let process = Process::Client(number.unsigned_abs());
        let (index, time, value) = (0, cluster.now(), Json::new(value));
        self.ops.push(Op { index, time, kind, process, f, value, error: None, extra: Vec::new() });
    }

    /// Takes in the answers that have come.
    pub(crate) fn hear<H: Handler>(&mut self, cluster: &mut Cluster<H>) {
        for answer in std::mem::take(&mut cluster.answers) {
            let message = Message::parse(&answer).unwrap();
            let number = message.in_reply_to().unwrap();
            if number <= self.others {
                continue;
            }
            let (f, mut value) = self.open.remove(&number).expect("one answer to one request");
            let error = (message.wire_type() == RpcError::TYPE).then(|| message.payload::<RpcError>().unwrap().code);
            let kind = match &error {
                Some(code) if code.is_definite() => Kind::Fail,
                Some(_) => Kind::Info,
                None => Kind::Ok,
            };
            if !matches!(error, Some(ErrorCode::TemporarilyUnavailable | ErrorCode::Timeout)) {
                self.served.insert(number);
            }
            match message.wire_type() {
                ReadOk::TYPE => value[1] = json!(message.payload::<ReadOk>().unwrap().value),
                TxnOk::TYPE => value = json!(message.payload::<TxnOk>().unwrap())["txn"].take(),
                _ => {}
            }
            self.note(cluster, number, kind, f, &value);
        }
    }

    /// Makes requests to a node until it serves one, ten a second, and says how long that took.
    #[track_caller]
    pub(crate) fn insist<H: Handler>(&mut self, cluster: &mut Cluster<H>, node: usize) -> Duration {
        let (begin, mut requests) = (cluster.now(), BTreeSet::new());
        while self.served.is_disjoint(&requests) {
            assert!(cluster.now() < begin + Duration::from_secs(30), "node {node} does not come back");
            requests.insert(self.request(cluster, node));
            for _ in 0..20 {
                cluster.run(5 * MILLISECOND);
                self.hear(cluster);
            }
        }
        cluster.now() - begin
    }

    /// The workload's verdict on all that clients have heard.
    pub(crate) fn judge(&self) -> Validity {
        let name = if self.kv == Kv::Map { "lin-kv" } else { "txn-list-append" };
        let history: History = self.ops.iter().cloned().collect();
        let judgement = Judgement::of(&*checker(name).unwrap(), &history, &Expectations::default());
        judgement.verdict.valid
    }
}
