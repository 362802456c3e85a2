//! The services from etcd, by its JSON gateway, which every member serves at `/v3` (etcd: `dev-guide/api_grpc_gateway`).
//!
//! etcd's documentation (`learning/api_guarantees`, `learning/api`) says:
//!
//! - *All operations but watches, and reads with `serializable`, are linearizable.* So `lin-kv`'s `read` is a plain range,
//!   and its `write` a plain put.
//! - *A transaction is atomic,* and its comparison can be of `mod_revision`, the store's revision at the last change of the
//!   key, or 0 if it does not exist. So a `cas` that has read a revision and writes only if it is the same has changed the value
//!   that it read. The read and the write are one atomic step, at the time of the transaction.
//! - *A serializable read is served from a member's own state,* which may be stale but is the state of the store at the
//!   revision in the answer's header. Revisions grow by each change, in the one order of all changes. So a node that only takes
//!   answers whose revision is no smaller than the largest that it has seen reads along that order: `seq-kv` is sequentially
//!   consistent, each node being a process. A member that lags is passed over; if all do, the read is a linearizable one. So is
//!   a bridge's first read, because an earlier bridge of the same node may have seen more. Whatever changes something is
//!   linearizable, as in Maelstrom.
//! - Any state of the past will do for `lww-kv`, whose writes etcd orders. It is stronger than Maelstrom's: acknowledged
//!   writes are not lost.
//! - *The `version` of a key is the number of its changes since it was created.* So a put and a read in one transaction
//!   number the transactions without a gap: `lin-tso` is dense.
//!
//! A request that got no answer may have been carried out. Reads are sent to the next member then. A change is sent to the
//! next member only if the connection was refused, so that nothing was sent; otherwise the node gets error 0, after which nobody
//! knows whether it happened. A retry could undo a later write.
//!
//! It does not speak TLS: an etcd that asks for it needs a local proxy that adds it.

use crate::store::{Entry, Freshness, Refusal};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use ureq::Agent;

/// The time in which a member must accept a connection.
const CONNECT: Duration = Duration::from_millis(500);

/// The time in which it must answer. An election takes one to two seconds.
const ANSWER: Duration = Duration::from_secs(3);

/// The code of gRPC for an argument that is refused, such as a value that is too large.
const INVALID_ARGUMENT: i64 = 3;

/// The way to etcd.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct EtcdOptions {
    /// The etcd members, separated by commas; if one is gone, the next is used
    #[arg(
        long,
        value_name = "URLS",
        value_delimiter = ',',
        env = "BRIDGE_ETCD",
        default_value = "http://127.0.0.1:2379"
    )]
    etcd: Vec<String>,
    /// The user and the password, separated by a colon
    #[arg(long, value_name = "NAME:PASSWORD", env = "BRIDGE_ETCD_USER", hide_env_values = true)]
    etcd_user: Option<String>,
}

/// A cluster of etcd.
#[derive(Debug)]
pub(crate) struct Etcd {
    agent: Agent,
    options: EtcdOptions,
    /// The beginning of all keys.
    prefix: String,
    /// The member that answered last.
    preferred: AtomicUsize,
    /// The largest revision that was seen.
    seen: AtomicU64,
    token: Mutex<Option<String>>,
}

/// The reason why a member gave no answer.
enum Failure {
    /// Nothing was sent.
    NotSent(String),
    /// The token is not valid any more, so nothing was done.
    LoggedOut(String),
    /// It may have been carried out.
    Open(String),
    Refused(Refusal),
}

#[derive(Debug, Default, Deserialize)]
struct Header {
    #[serde(deserialize_with = "number")]
    revision: u64,
}

/// An answer to a range, a put or a transaction: the fields of all of them. The gateway leaves out what is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reply {
    header: Header,
    kvs: Vec<Kv>,
    succeeded: bool,
    responses: Vec<Response>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Response {
    response_range: Reply,
}

#[derive(Debug, Deserialize)]
struct Kv {
    #[serde(deserialize_with = "number")]
    mod_revision: u64,
    #[serde(deserialize_with = "number")]
    version: u64,
    #[serde(default)]
    value: String,
}

/// A number of 64 bits, which the gateway writes as a string.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

impl Etcd {
    pub(crate) fn new(options: EtcdOptions, prefix: String) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .max_idle_connections_per_host(16)
            .build();
        Self {
            agent: config.new_agent(),
            options,
            prefix,
            preferred: AtomicUsize::new(0),
            seen: AtomicU64::new(0),
            token: Mutex::new(None),
        }
    }

    pub(crate) fn read(&self, key: &str, freshness: Freshness) -> Result<Option<Entry>, Refusal> {
        let seen = self.seen.load(Ordering::SeqCst);
        let range = |serializable: bool| json!({ "key": self.key(key), "serializable": serializable });
        let reply = match freshness {
            Freshness::Session if seen > 0 => {
                let fresh = |reply: &Reply| reply.header.revision >= seen;
                self.ask_any("kv/range", &range(true), fresh)
                    .or_else(|_| self.ask_any("kv/range", &range(false), |_| true))
            }
            Freshness::Any => self.ask_any("kv/range", &range(true), |_| true),
            Freshness::Newest | Freshness::Session => self.ask_any("kv/range", &range(false), |_| true),
        }?;
        let entry = |kv: Kv| Some(Entry { value: decode(&kv.value)?, revision: kv.mod_revision });
        Ok(reply.kvs.into_iter().next().and_then(entry))
    }

    pub(crate) fn write(&self, key: &str, value: &str) -> Result<(), Refusal> {
        let put = json!({ "key": self.key(key), "value": STANDARD.encode(value) });
        self.change("kv/put", &put).map(|_| ())
    }

    pub(crate) fn swap(&self, key: &str, revision: u64, value: &str) -> Result<bool, Refusal> {
        let key = self.key(key);
        let unchanged = json!({ "key": key, "target": "MOD", "result": "EQUAL", "mod_revision": revision.to_string() });
        let put = json!({ "request_put": { "key": key, "value": STANDARD.encode(value) } });
        let reply = self.change("kv/txn", &json!({ "compare": [unchanged], "success": [put] }))?;
        Ok(reply.succeeded)
    }

    pub(crate) fn next(&self, key: &str) -> Result<u64, Refusal> {
        let key = self.key(key);
        let put = json!({ "request_put": { "key": key, "value": "" } });
        let range = json!({ "request_range": { "key": key } });
        let reply = self.change("kv/txn", &json!({ "success": [put, range] }))?;
        let kv =
            reply.responses.into_iter().filter_map(|response| response.response_range.kvs.into_iter().next()).next();
        kv.map(|kv| kv.version - 1).ok_or_else(|| Refusal::unknown("etcd did not return the key that it wrote"))
    }

    fn key(&self, key: &str) -> String {
        STANDARD.encode(format!("{}/{key}", self.prefix))
    }

    /// Asks one member after the other for something without effect, until one has an answer that will do.
    fn ask_any(&self, path: &str, body: &Value, will_do: impl Fn(&Reply) -> bool) -> Result<Reply, Refusal> {
        let mut reasons = Vec::new();
        for index in self.members() {
            match self.ask(index, path, body) {
                Ok(reply) if will_do(&reply) => return Ok(reply),
                Ok(reply) => reasons.push(format!("a member is at revision {}", reply.header.revision)),
                Err(Failure::Refused(refusal)) => return Err(refusal),
                Err(Failure::NotSent(reason) | Failure::LoggedOut(reason) | Failure::Open(reason)) => {
                    reasons.push(reason)
                }
            }
        }
        Err(Refusal::unavailable(format!("no etcd member answers: {}", reasons.join("; "))))
    }

    /// Asks for a change, of one member after the other until one may have done it.
    fn change(&self, path: &str, body: &Value) -> Result<Reply, Refusal> {
        let mut reasons = Vec::new();
        for index in self.members() {
            match self.ask(index, path, body) {
                Ok(reply) => return Ok(reply),
                Err(Failure::Refused(refusal)) => return Err(refusal),
                Err(Failure::NotSent(reason) | Failure::LoggedOut(reason)) => reasons.push(reason),
                Err(Failure::Open(reason)) => {
                    // The next request goes to another member.
                    self.preferred.store(index + 1, Ordering::Relaxed);
                    return Err(Refusal::unknown(format!("etcd gave no answer, and may do it yet: {reason}")));
                }
            }
        }
        Err(Refusal::unavailable(format!("no etcd member can be reached: {}", reasons.join("; "))))
    }

    /// All members, the one that answered last first.
    fn members(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, count) = (self.preferred.load(Ordering::Relaxed), self.options.etcd.len());
        (first..first + count).map(move |index| index % count)
    }

    /// Asks a member, once more if the token had ended.
    fn ask(&self, index: usize, path: &str, body: &Value) -> Result<Reply, Failure> {
        match self.ask_once(index, path, body) {
            Err(Failure::LoggedOut(_)) => self.ask_once(index, path, body),
            asked => asked,
        }
    }

    fn ask_once(&self, index: usize, path: &str, body: &Value) -> Result<Reply, Failure> {
        let url = &self.options.etcd[index];
        let mut request = self.agent.post(format!("{url}/v3/{path}"));
        if let Some(token) = self.token(url)? {
            request = request.header("Authorization", token);
        }
        let mut response = request.send(body.to_string()).map_err(|error| failure(url, error))?;
        let text = response.body_mut().read_to_string().map_err(|error| Failure::Open(format!("{url}: {error}")))?;
        if response.status() != 200 {
            return Err(self.refusal(url, &text));
        }
        let reply: Reply = serde_json::from_str(&text).map_err(|error| Failure::Open(format!("{url}: {error}")))?;
        self.seen.fetch_max(reply.header.revision, Ordering::SeqCst);
        self.preferred.store(index, Ordering::Relaxed);
        Ok(reply)
    }

    /// The meaning of a status other than 200.
    fn refusal(&self, url: &str, text: &str) -> Failure {
        let error: Value = serde_json::from_str(text).unwrap_or_default();
        let reason = format!("{url}: {}", error["error"].as_str().unwrap_or(text));
        if reason.contains("invalid auth token") {
            // Tokens expire. It was refused before it was done.
            self.token.lock().map(|mut token| *token = None).unwrap_or_default();
            return Failure::LoggedOut(reason);
        }
        match error["code"].as_i64() {
            Some(INVALID_ARGUMENT) => {
                Failure::Refused(Refusal { code: crate::message::code::MALFORMED_REQUEST, text: reason })
            }
            _ => Failure::Open(reason),
        }
    }

    /// The token of the login, if there is one.
    fn token(&self, url: &str) -> Result<Option<String>, Failure> {
        let Some(user) = &self.options.etcd_user else { return Ok(None) };
        let Ok(mut token) = self.token.lock() else { return Ok(None) };
        if token.is_none() {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let body = json!({ "name": name, "password": password }).to_string();
            let sent = self.agent.post(format!("{url}/v3/auth/authenticate")).send(body);
            let text = sent.and_then(|mut response| response.body_mut().read_to_string());
            let text = text.map_err(|error| Failure::NotSent(format!("{url}: {error}")))?;
            let reply: Value = serde_json::from_str(&text).unwrap_or_default();
            let given = reply["token"].as_str().ok_or_else(|| Failure::NotSent(format!("{url}: no login: {text}")))?;
            *token = Some(given.to_owned());
        }
        Ok(token.clone())
    }
}

/// Tells whether a request was sent that got no answer.
fn failure(url: &str, error: ureq::Error) -> Failure {
    let reason = format!("{url}: {error}");
    match error {
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => Failure::NotSent(reason),
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => Failure::NotSent(reason),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => Failure::NotSent(reason),
        _ => Failure::Open(reason),
    }
}

fn decode(value: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(value).ok()?).ok()
}
