//! Histories built in code: each call is one entry, and the history is always well-formed.

use crate::history::{
    clients::Clients,
    model::{History, Kind, Op},
    name::Name,
    process::Process,
};
use glomers_json::Json;
use std::time::Duration;

/// A history under construction.
///
/// ```
/// use glomers_checkers::history::{History, builder::Builder};
/// use glomers_json::Json;
///
/// let mut history = Builder::default();
/// history.invoke(0, "write", 7).ok(0, 7);
/// history.invoke(1, "read", Json::null()).ok(1, 7);
/// let history: History = history.finish();
/// assert_eq!(history.operations().len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    history: History,
    time: Duration,
    /// The running operation of each client.
    running: Clients<Option<(Name, Json)>>,
}

impl Builder {
    /// Lets everything that follows happen at this time, since the beginning of the test.
    pub fn at(&mut self, time: Duration) -> &mut Self {
        self.time = time;
        self
    }

    /// Begins an operation of a client.
    ///
    /// # Panics
    ///
    /// If an operation of the client is running.
    pub fn invoke(&mut self, process: u64, f: impl Into<Name>, value: impl Into<Json>) -> &mut Self {
        let (f, value) = (f.into(), value.into());
        let earlier = self.running.of(Process::Client(process)).replace((f.clone(), value.clone()));
        assert!(earlier.is_none(), "client {process} has a running operation: {earlier:?}");
        self.push(process, Kind::Invoke, f, value)
    }

    /// Ends the running operation of a client with this result.
    ///
    /// # Panics
    ///
    /// If no operation of the client is running.
    pub fn ok(&mut self, process: u64, value: impl Into<Json>) -> &mut Self {
        let (f, _) = self.end(process);
        self.push(process, Kind::Ok, f, value.into())
    }

    /// Ends the running operation of a client, which did not happen.
    ///
    /// # Panics
    ///
    /// If no operation of the client is running.
    pub fn fail(&mut self, process: u64) -> &mut Self {
        let (f, value) = self.end(process);
        self.push(process, Kind::Fail, f, value)
    }

    /// Ends the running operation of a client with an unknown outcome. A client with another number takes its place.
    ///
    /// # Panics
    ///
    /// If no operation of the client is running.
    pub fn info(&mut self, process: u64) -> &mut Self {
        let (f, value) = self.end(process);
        self.push(process, Kind::Info, f, value)
    }

    /// The history.
    pub fn finish(self) -> History {
        self.history
    }

    fn end(&mut self, process: u64) -> (Name, Json) {
        self.running
            .of(Process::Client(process))
            .take()
            .unwrap_or_else(|| panic!("client {process} has no running operation"))
    }

    fn push(&mut self, process: u64, kind: Kind, f: Name, value: Json) -> &mut Self {
        self.history.push(Op::new(self.time, Process::Client(process), kind, f, value));
        self
    }
}
