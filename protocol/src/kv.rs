//! Clients of the services that Maelstrom runs beside the nodes (Maelstrom: `service.clj`, `doc/services.md`).

use crate::{
    context::Context,
    error::{CallError, DecodeError},
    generated::{
        errors::ErrorCode,
        services::{
            kv::{self, Cas, Read, Write},
            tso::{self, Ts},
        },
    },
};
use glomers_json::Json;
use serde::{Serialize, de::DeserializeOwned};

/// Services.
impl Context {
    /// The linearizable key-value service, `lin-kv`.
    pub fn lin_kv(&self) -> Kv {
        Kv::new(self, kv::LIN_KV)
    }

    /// The sequentially consistent key-value service, `seq-kv`.
    pub fn seq_kv(&self) -> Kv {
        Kv::new(self, kv::SEQ_KV)
    }

    /// The last-write-wins key-value service, `lww-kv`.
    pub fn lww_kv(&self) -> Kv {
        Kv::new(self, kv::LWW_KV)
    }

    /// The timestamp oracle, `lin-tso`.
    pub fn lin_tso(&self) -> Tso {
        Tso { cx: self.clone() }
    }
}

/// A client of a key-value service, `lin-kv`, `seq-kv` or `lww-kv`, with keys and values of any type that has a JSON form.
///
/// Every method fails as a [`Call`](crate::Call) does, and with [`CallError::Unencodable`] if a key or value has no JSON
/// form. After [`CallError::Timeout`] the outcome of a write is unknown.
#[derive(Clone, Debug)]
pub struct Kv {
    cx: Context,
    address: &'static str,
}

impl Kv {
    fn new(cx: &Context, address: &'static str) -> Self {
        Self { cx: cx.clone(), address }
    }

    /// The value of `key`; `None` if the key does not exist.
    ///
    /// `seq-kv` may return a stale value, and does so for ever to a client that only reads; a write by the same client
    /// makes its next read current. `lww-kv` may return any value that the key ever had.
    ///
    /// # Errors
    ///
    /// If there is no reply, an error other than 20, or a value that is not a `V`.
    pub async fn read<V: DeserializeOwned>(&self, key: &(impl Serialize + ?Sized)) -> Result<Option<V>, CallError> {
        match self.cx.call(self.address, &Read { key: encode("key", key)? }).await {
            Ok(response) => decode(&response.value).map(Some),
            Err(error) if error.code() == Some(ErrorCode::KeyDoesNotExist) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets `key` to `value`.
    ///
    /// # Errors
    ///
    /// If there is no reply, or an error.
    pub async fn write(
        &self,
        key: &(impl Serialize + ?Sized),
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), CallError> {
        let request = Write { key: encode("key", key)?, value: encode("value", value)? };
        self.cx.call(self.address, &request).await.map(|_| ())
    }

    /// Sets `key` to `to` if its value is `from`.
    ///
    /// # Errors
    ///
    /// 20 `key-does-not-exist`; 22 `precondition-failed` if the value is not `from`; or no reply.
    pub async fn cas(
        &self,
        key: &(impl Serialize + ?Sized),
        from: &(impl Serialize + ?Sized),
        to: &(impl Serialize + ?Sized),
    ) -> Result<(), CallError> {
        self.compare_and_set(encode("key", key)?, encode("from", from)?, encode("to", to)?, None).await
    }

    /// Sets `key` to `to` if its value is `from` or it does not exist. `lww-kv` does not support this and answers 20.
    ///
    /// # Errors
    ///
    /// 22 `precondition-failed` if the value is not `from`, or no reply.
    pub async fn cas_or_create(
        &self,
        key: &(impl Serialize + ?Sized),
        from: &(impl Serialize + ?Sized),
        to: &(impl Serialize + ?Sized),
    ) -> Result<(), CallError> {
        self.compare_and_set(encode("key", key)?, encode("from", from)?, encode("to", to)?, Some(true)).await
    }

    /// Replaces the value of `key` by `change` of it and returns the new value. `change` receives `None` if the key does not
    /// exist. If another client changes the key meanwhile, it tries again with the newer value.
    ///
    /// `change` may run more than once. On `lww-kv`, a key that does not exist is written without a comparison.
    ///
    /// # Errors
    ///
    /// If there is no reply. The change may have happened then, unless the missing reply is to a read.
    pub async fn update<V: Serialize + DeserializeOwned>(
        &self,
        key: &(impl Serialize + ?Sized),
        mut change: impl FnMut(Option<V>) -> V,
    ) -> Result<V, CallError> {
        let key = encode("key", key)?;
        loop {
            let current: Option<Json> = self.read(&key).await?;
            let value = change(current.as_ref().map(decode).transpose()?);
            let to = encode("value", &value)?;
            let create = current.is_none().then_some(true);
            let from = current.unwrap_or_else(Json::null);
            match self.compare_and_set(key.clone(), from, to.clone(), create).await {
                Ok(()) => return Ok(value),
                Err(error) if error.code() == Some(ErrorCode::PreconditionFailed) => {}
                Err(error) if error.code() == Some(ErrorCode::KeyDoesNotExist) && create.is_some() => {
                    self.write(&key, &to).await?;
                    return Ok(value);
                }
                Err(error) if error.code() == Some(ErrorCode::KeyDoesNotExist) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn compare_and_set(&self, key: Json, from: Json, to: Json, create: Option<bool>) -> Result<(), CallError> {
        let request = Cas { key, from, to, create_if_not_exists: create };
        self.cx.call(self.address, &request).await.map(|_| ())
    }
}

/// Encodes the part `name` of a request.
fn encode(name: &'static str, value: &(impl Serialize + ?Sized)) -> Result<Json, CallError> {
    Json::from_serialize(value).map_err(|error| CallError::Unencodable { name, detail: error.to_string() })
}

fn decode<V: DeserializeOwned>(value: &Json) -> Result<V, CallError> {
    value.decode().map_err(|error| CallError::Malformed(DecodeError::new("read_ok", &format!("value: {error}"))))
}

/// A client of the timestamp oracle `lin-tso`.
#[derive(Clone, Debug)]
pub struct Tso {
    cx: Context,
}

impl Tso {
    /// A timestamp greater than all that were issued before this call.
    ///
    /// # Errors
    ///
    /// If there is no reply.
    pub async fn ts(&self) -> Result<i64, CallError> {
        Ok(self.cx.call(tso::LIN_TSO, &Ts {}).await?.ts)
    }
}
