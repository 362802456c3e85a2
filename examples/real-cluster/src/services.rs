//! The services of Maelstrom (Maelstrom: `service.clj`) over a store. A value is stored as the text that the node wrote, and
//! compared as JSON: `{"a": 1}` equals `{"a":1}`, and 1 does not equal 1.0.
//!
//! A `cas` is a linearizable read, a comparison here, and a write on condition that nobody has written since the read. If the
//! comparison fails, the read alone is the operation. If somebody has written, it begins again; then that other operation
//! made progress.
//!
//! Requests of one node are served at the same time, so answers may come in another order than the requests.

use crate::{
    message::{code, error},
    store::{Freshness, Refusal, Store},
};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// The ids of the services.
pub(crate) const IDS: [&str; 4] = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];

/// Serves a request, and returns the body of the answer.
pub(crate) async fn answer(store: &Store, service: &str, body: &RawValue) -> String {
    let request: Request<'_> = serde_json::from_str(body.get()).unwrap_or_default();
    let in_reply_to = request.get("msg_id").and_then(|id| id.get().parse().ok());
    match serve(store, service, &request).await {
        Ok(mut fields) => {
            let id = in_reply_to.map_or_else(|| "null".to_owned(), |id: i64| id.to_string());
            fields.insert_str(0, "{\"type\":");
            fields + &format!(",\"in_reply_to\":{id}}}")
        }
        Err(Refusal { code, text }) => error(code, &text, in_reply_to).to_string(),
    }
}

/// The fields of a request, each as it was written.
type Request<'a> = BTreeMap<String, &'a RawValue>;

/// The type of the answer and its other fields, as JSON without braces.
async fn serve(store: &Store, service: &str, request: &Request<'_>) -> Result<String, Refusal> {
    let kind: String = request.get("type").and_then(|kind| serde_json::from_str(kind.get()).ok()).unwrap_or_default();
    if service == "lin-tso" {
        return match kind.as_str() {
            "ts" => Ok(format!(r#""ts_ok","ts":{}"#, store.next().await?)),
            _ => Err(unsupported(service, &kind)),
        };
    }
    let key = format!("{service}/{}", canonical(field(request, "key")?)?);
    match kind.as_str() {
        "read" => {
            let freshness = match service {
                "lin-kv" => Freshness::Newest,
                "seq-kv" => Freshness::Session,
                _ => Freshness::Any,
            };
            let entry = store.read(&key, freshness).await?.ok_or_else(missing)?;
            Ok(format!(r#""read_ok","value":{}"#, entry.value))
        }
        "write" => {
            store.write(&key, field(request, "value")?.get()).await?;
            Ok(r#""write_ok""#.to_owned())
        }
        "cas" => {
            swap(store, &key, request, service != "lww-kv").await?;
            Ok(r#""cas_ok""#.to_owned())
        }
        _ => Err(unsupported(service, &kind)),
    }
}

async fn swap(store: &Store, key: &str, request: &Request<'_>, may_create: bool) -> Result<(), Refusal> {
    let (from, to) = (field(request, "from")?, field(request, "to")?);
    let creates = may_create && request.get("create_if_not_exists").is_some_and(|value| value.get() == "true");
    loop {
        let revision = match store.read(key, Freshness::Newest).await? {
            Some(entry) if parsed(&entry.value)? == parsed(from.get())? => entry.revision,
            Some(entry) => {
                let text = format!("current value {} is not {}", entry.value, from.get());
                return Err(Refusal { code: code::PRECONDITION_FAILED, text });
            }
            None if creates => 0,
            None => return Err(missing()),
        };
        if store.swap(key, revision, to.get()).await? {
            return Ok(());
        }
    }
}

fn field<'a>(request: &Request<'a>, name: &str) -> Result<&'a RawValue, Refusal> {
    request.get(name).copied().ok_or_else(|| malformed(format!("the field `{name}` is missing")))
}

fn parsed(text: &str) -> Result<Value, Refusal> {
    serde_json::from_str(text).map_err(|error| malformed(format!("`{text}` cannot be read: {error}")))
}

/// The one text of a value, with sorted keys.
fn canonical(value: &RawValue) -> Result<String, Refusal> {
    parsed(value.get()).map(|value| value.to_string())
}

fn malformed(text: String) -> Refusal {
    Refusal { code: code::MALFORMED_REQUEST, text }
}

fn missing() -> Refusal {
    Refusal { code: code::KEY_DOES_NOT_EXIST, text: "key does not exist".to_owned() }
}

fn unsupported(service: &str, kind: &str) -> Refusal {
    Refusal { code: code::NOT_SUPPORTED, text: format!("{service} does not serve `{kind}` here") }
}
