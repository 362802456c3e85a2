//! A store with revisions: a number for each key that changes with each write to it.

mod etcd;
mod jetstream;

pub(crate) use etcd::{Etcd, EtcdOptions};
pub(crate) use jetstream::JetStream;

use crate::message::code;
use std::sync::Arc;

/// A value, and the revision of its key. No key has the revision 0.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: String,
    pub(crate) revision: u64,
}

/// The age that a read may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Freshness {
    /// None: it sees every write that ended before it began.
    Newest,
    /// No older than what this node has seen.
    Session,
    /// Any.
    Any,
}

/// An error answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) text: String,
}

impl Refusal {
    /// It did not happen.
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self { code: code::TEMPORARILY_UNAVAILABLE, text: text.into() }
    }

    /// Nobody knows whether it happened.
    pub(crate) fn unknown(text: impl Into<String>) -> Self {
        Self { code: code::TIMEOUT, text: text.into() }
    }
}

/// The stores.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    Etcd(Arc<Etcd>),
    JetStream(Box<JetStream>),
    None,
}

impl Store {
    pub(crate) async fn read(&self, key: &str, freshness: Freshness) -> Result<Option<Entry>, Refusal> {
        match self {
            Self::Etcd(etcd) => blocking(etcd, key, move |etcd, key| etcd.read(&key, freshness)).await,
            Self::JetStream(bucket) => bucket.read(key).await,
            Self::None => Err(none()),
        }
    }

    pub(crate) async fn write(&self, key: &str, value: &str) -> Result<(), Refusal> {
        let value = value.to_owned();
        match self {
            Self::Etcd(etcd) => blocking(etcd, key, move |etcd, key| etcd.write(&key, &value)).await,
            Self::JetStream(bucket) => bucket.write(key, value).await,
            Self::None => Err(none()),
        }
    }

    /// Writes if the key still has this revision, or with 0 if it does not exist. Returns whether it did.
    pub(crate) async fn swap(&self, key: &str, revision: u64, value: &str) -> Result<bool, Refusal> {
        let value = value.to_owned();
        match self {
            Self::Etcd(etcd) => blocking(etcd, key, move |etcd, key| etcd.swap(&key, revision, &value)).await,
            Self::JetStream(bucket) => bucket.swap(key, revision, value).await,
            Self::None => Err(none()),
        }
    }

    /// The next number, from 0 on.
    pub(crate) async fn next(&self) -> Result<u64, Refusal> {
        match self {
            Self::Etcd(etcd) => blocking(etcd, "lin-tso", |etcd, key| etcd.next(&key)).await,
            Self::JetStream(_) => {
                Err(Refusal { code: code::NOT_SUPPORTED, text: "lin-tso is served from etcd only".to_owned() })
            }
            Self::None => Err(none()),
        }
    }
}

fn none() -> Refusal {
    Refusal { code: code::NOT_SUPPORTED, text: "this cluster has no key-value store: --kv none".to_owned() }
}

/// Runs a request to etcd, which blocks, on a thread of its own.
async fn blocking<T: Send + 'static>(
    etcd: &Arc<Etcd>,
    key: &str,
    act: impl FnOnce(&Etcd, String) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let (etcd, key) = (Arc::clone(etcd), key.to_owned());
    let done = tokio::task::spawn_blocking(move || act(&etcd, key)).await;
    done.unwrap_or_else(|panic| Err(Refusal::unknown(panic.to_string())))
}
