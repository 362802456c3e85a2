//! Clients for the services that Maelstrom runs beside the nodes (Maelstrom: `service.clj`, `doc/services.md`).

use crate::{
    CallError, Context, ErrorCode, Json,
    services::{
        kv::{Cas, Read, Write},
        tso::Ts,
    },
};
use serde::{Serialize, de::DeserializeOwned};

/// A key-value service: `lin-kv`, `seq-kv` or `lww-kv`, with values of any type that has a JSON form.
///
/// Every method may fail as a [`Call`](crate::Call) does. After [`CallError::Timeout`] a write may or may not have
/// happened.
#[derive(Clone)]
pub struct Kv {
    cx: Context,
    address: &'static str,
}

impl Kv {
    pub(crate) fn new(cx: &Context, address: &'static str) -> Self {
        Self { cx: cx.clone(), address }
    }

    /// The value of `key`; `None` if there is no such key.
    ///
    /// `seq-kv` may answer with an old value, for ever to a client that only reads; a write of your own first makes the
    /// read current. `lww-kv` may answer with any value it ever had.
    ///
    /// # Errors
    ///
    /// No answer, an error other than 20, or a value that is no `V`.
    pub async fn read<V: DeserializeOwned>(&self, key: &(impl Serialize + ?Sized)) -> Result<Option<V>, CallError> {
        match self.cx.call(self.address, &Read { key: Json::new(key) }).await {
            Ok(answer) => decode(&answer.value).map(Some),
            Err(error) if error.code() == Some(ErrorCode::KeyDoesNotExist) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets `key` to `value`, whatever it was.
    ///
    /// # Errors
    ///
    /// No answer, or an error.
    pub async fn write(
        &self,
        key: &(impl Serialize + ?Sized),
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), CallError> {
        let request = Write { key: Json::new(key), value: Json::new(value) };
        self.cx.call(self.address, &request).await.map(|_| ())
    }

    /// Sets `key` to `to` if it is `from`.
    ///
    /// # Errors
    ///
    /// 20 `key-does-not-exist`, 22 `precondition-failed` if it is something else, or no answer.
    pub async fn cas(
        &self,
        key: &(impl Serialize + ?Sized),
        from: &(impl Serialize + ?Sized),
        to: &(impl Serialize + ?Sized),
    ) -> Result<(), CallError> {
        self.compare_and_set(Json::new(key), Json::new(from), Json::new(to), None).await
    }

    /// As [`Self::cas`], but a missing key is set to `to` as well. `lww-kv` does not know this and answers 20.
    ///
    /// # Errors
    ///
    /// 22 `precondition-failed`, or no answer.
    pub async fn cas_or_create(
        &self,
        key: &(impl Serialize + ?Sized),
        from: &(impl Serialize + ?Sized),
        to: &(impl Serialize + ?Sized),
    ) -> Result<(), CallError> {
        self.compare_and_set(Json::new(key), Json::new(from), Json::new(to), Some(true)).await
    }

    /// Replaces the value of `key` by `change` of it (of `None` if there is no such key) and returns the new value. If
    /// someone else was faster, it tries again with their value.
    ///
    /// `change` may run more than once. On `lww-kv`, where nobody is told who was first, the key is simply written if it
    /// is missing.
    ///
    /// # Errors
    ///
    /// No answer; the change may have happened then, except if the answer to a read is missing.
    pub async fn update<V: Serialize + DeserializeOwned>(
        &self,
        key: &(impl Serialize + ?Sized),
        mut change: impl FnMut(Option<V>) -> V,
    ) -> Result<V, CallError> {
        let key = Json::new(key);
        loop {
            let current: Option<Json> = self.read(&key).await?;
            let value = change(current.as_ref().map(decode).transpose()?);
            let to = Json::new(&value);
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

fn decode<V: DeserializeOwned>(value: &Json) -> Result<V, CallError> {
    value.decode().map_err(|error| CallError::Malformed(crate::DecodeError::new("read_ok", &format!("value: {error}"))))
}

/// The timestamp oracle `lin-tso`.
#[derive(Clone)]
pub struct Tso {
    cx: Context,
}

impl Tso {
    pub(crate) fn new(cx: &Context) -> Self {
        Self { cx: cx.clone() }
    }

    /// A timestamp greater than every one that was given before the call.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn ts(&self) -> Result<i64, CallError> {
        Ok(self.cx.call("lin-tso", &Ts {}).await?.ts)
    }
}
