//! The key-value store of NATS JetStream. **It is not linearizable, so it is no `lin-kv`.** It is here as a lesson: the code is
//! as short as one could wish, each call does what its name says, and a test of ten seconds without any fault finds it
//! out. See `docs/judging.md`.
//!
//! Writes are ordered by the stream's leader, and a write with an expected revision is atomic. But a bucket's streams are
//! made with `allow_direct`, and a direct read is answered by any replica. A replica that has not applied a write yet answers
//! with the value before it, after the write was acknowledged. NATS says so (ADR-8: read-after-write is not guaranteed with
//! direct gets).

use crate::store::{Entry, Refusal};
use anyhow::{Context, Result};
use async_nats::{
    Client,
    jetstream::{
        self,
        kv::{CreateErrorKind, Store as Bucket, UpdateErrorKind},
        stream::{Config, DiscardPolicy},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A bucket.
#[derive(Clone, Debug)]
pub(crate) struct JetStream {
    bucket: Bucket,
}

impl JetStream {
    /// The bucket of a cluster in an epoch, on three servers.
    pub(crate) async fn open(client: &Client, prefix: &str) -> Result<Self> {
        let bucket = prefix.trim_start_matches('/').replace('/', "-");
        let context = jetstream::new(client.clone());
        // The stream that `create_key_value` makes. That asks about the account first, in words that NATS 2.9 does not have.
        let stream = Config {
            name: format!("KV_{bucket}"),
            subjects: vec![format!("$KV.{bucket}.>")],
            max_messages_per_subject: 1,
            discard: DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            num_replicas: 3,
            ..Config::default()
        };
        let made = context.create_stream(stream).await;
        made.context("JetStream makes no stream; are three servers started with `--jetstream`?")?;
        Ok(Self { bucket: context.get_key_value(bucket).await.context("JetStream has no bucket")? })
    }

    pub(crate) async fn read(&self, key: &str) -> Result<Option<Entry>, Refusal> {
        let entry = self.bucket.entry(encode(key)).await.map_err(|error| Refusal::unavailable(error.to_string()))?;
        let read = |entry: jetstream::kv::Entry| {
            Some(Entry { value: String::from_utf8(entry.value.to_vec()).ok()?, revision: entry.revision })
        };
        Ok(entry.and_then(read))
    }

    pub(crate) async fn write(&self, key: &str, value: String) -> Result<(), Refusal> {
        let put = self.bucket.put(encode(key), value.into()).await;
        put.map(|_| ()).map_err(|error| Refusal::unknown(error.to_string()))
    }

    pub(crate) async fn swap(&self, key: &str, revision: u64, value: String) -> Result<bool, Refusal> {
        if revision == 0 {
            return match self.bucket.create(encode(key), value.into()).await {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(Refusal::unknown(error.to_string())),
            };
        }
        match self.bucket.update(encode(key), value.into(), revision).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(false),
            Err(error) => Err(Refusal::unknown(error.to_string())),
        }
    }
}

/// A key in the letters that a bucket takes.
fn encode(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}
