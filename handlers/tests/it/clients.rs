//! Clients of a map or of lists on a [`Cluster`]: they make random requests, and the answers become a history that the
//! workbench judges.
use crate::cluster::Cluster;
use glomers_protocol::{
    CallError, ErrorCode, Json, Request,
    lin_kv::{Cas, Read, Write},
    rand::RngExt,
    txn_list_append::{MicroOp, Txn},
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
    /// The requests without a reply.
    open: BTreeMap<i64, Open>,
    requests: i64,
    /// The requests that a node has found right or wrong.
    pub(crate) served: BTreeSet<i64>,
}

/// A request that waits for its reply.
struct Open {
    f: Cow<'static, str>,
    value: Value,
    /// Takes the value of the operation when the reply has come.
    take: Box<dyn Fn() -> Option<Result<Value, CallError>>>,
}

impl Clients {
    pub(crate) fn new(kv: Kv) -> Self {
        Self { kv, ops: Vec::new(), open: BTreeMap::new(), requests: 0, served: BTreeSet::new() }
    }

    /// Clients that know nothing of what those before them have done.
    pub(crate) fn after(before: &Self) -> Self {
        Self { requests: before.requests, ..Self::new(before.kv) }
    }

    /// Makes a random request to a node, if it lives. Returns its number.
    pub(crate) fn request(&mut self, cluster: &mut Cluster, node: usize) -> i64 {
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

    fn request_map(&mut self, cluster: &mut Cluster, node: usize) {
        let number = self.requests;
        let (key, value) = (number / REQUESTS_PER_KEY, Json::from(number));
        let expected = cluster.rng.random_range(0..3) + number - 4;
        let key = Json::from(key);
        match cluster.rng.random_range(0..4) {
            0 => self.invoke(cluster, node, "read", json!([key, null]), &Read { key }, |value, reply| {
                value[1] = json!(reply.value);
            }),
            1 => {
                let argument = json!([key, [expected, number]]);
                let cas = Cas { key, from: Json::from(expected), to: value };
                self.invoke(cluster, node, "cas", argument, &cas, |_, _| ());
            }
            _ => self.invoke(cluster, node, "write", json!([key, number]), &Write { key, value }, |_, _| ()),
        }
    }

    fn request_lists(&mut self, cluster: &mut Cluster, node: usize) {
        let number = self.requests;
        let key = |ago: i64| Json::from(number / REQUESTS_PER_KEY - ago);
        let ago = cluster.rng.random_range(0..3);
        let append = MicroOp::Append { key: key(0), value: Json::from(number) };
        let request = Txn { txn: vec![MicroOp::Read { key: key(ago) }, append, MicroOp::Read { key: key(0) }] };
        let argument = json!(request)["txn"].take();
        self.invoke(cluster, node, "txn", argument, &request, |value, reply| *value = json!(reply)["txn"].take());
    }

    /// Sends a request; `complete` turns the argument of its operation into the result.
    fn invoke<R: Request<Response: 'static> + 'static>(
        &mut self,
        cluster: &mut Cluster,
        node: usize,
        f: &'static str,
        value: Value,
        request: &R,
        complete: fn(&mut Value, R::Response),
    ) {
        let f = Cow::Borrowed(f);
        self.note(cluster.now(), self.requests, Kind::Invoke, f.clone(), &value);
        let (reply, argument) = (cluster.send(node, request), value.clone());
        let take = Box::new(move || {
            let completed = |response| {
                let mut value = argument.clone();
                complete(&mut value, response);
                value
            };
            reply.take().map(|reply| reply.map(completed))
        });
        self.open.insert(self.requests, Open { f, value, take });
    }

    fn note(&mut self, time: Duration, number: i64, kind: Kind, f: Cow<'static, str>, value: &Value) {
        let process = Process::Client(number.unsigned_abs());
        self.ops.push(Op::new(time, process, kind, f, Json::new(value)));
    }

    /// Takes in the replies that have come.
    pub(crate) fn hear(&mut self, cluster: &Cluster) {
        let replies: Vec<_> = self.open.iter().filter_map(|(number, open)| Some((*number, (open.take)()?))).collect();
        for (number, reply) in replies {
            let Some(Open { f, value, .. }) = self.open.remove(&number) else { continue };
            let is_unserved = |code| matches!(code, ErrorCode::TemporarilyUnavailable | ErrorCode::Timeout);
            match &reply {
                Err(CallError::Rpc(error)) if is_unserved(error.code) => {}
                Err(CallError::Timeout { .. }) => {}
                _ => {
                    self.served.insert(number);
                }
            }
            let (kind, value) = match reply {
                Ok(value) => (Kind::Ok, value),
                Err(CallError::Rpc(error)) if error.code.is_definite() => (Kind::Fail, value),
                Err(CallError::Rpc(_) | CallError::Timeout { .. }) => (Kind::Info, value),
                Err(error) => panic!("request {number}: {error}"),
            };
            self.note(cluster.now(), number, kind, f, &value);
        }
    }

    /// Makes requests to a node until it serves one, ten a second, and says how long that took.
    #[track_caller]
    pub(crate) fn insist(&mut self, cluster: &mut Cluster, node: usize) -> Duration {
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

    /// The workload's verdict on all that clients have heard. Requests without a reply end like those that time out,
    /// because each operation of a history must end.
    pub(crate) fn judge(mut self) -> Validity {
        let end = self.ops.last().map_or(Duration::ZERO, |op| op.time);
        for (number, Open { f, value, .. }) in std::mem::take(&mut self.open) {
            self.note(end, number, Kind::Info, f, &value);
        }
        let name = if self.kv == Kv::Map { "lin-kv" } else { "txn-list-append" };
        let history: History = self.ops.into_iter().collect();
        let judgement = Judgement::of(&*checker(name).unwrap(), &history, &Expectations::default());
        judgement.verdict.valid
    }
}
