//! The operations of the clients and their outcomes: the input of every checker.

use crate::history::{clients::Clients, name::Name, process::Process};
use glomers_json::{Json, share};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{fmt, time::Duration};

/// The stage of an operation that an entry records.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It begins.
    Invoke,
    /// It has happened.
    Ok,
    /// It has not happened and never will.
    Fail,
    /// It may have happened, or may happen yet; also everything that the nemesis does.
    Info,
}

impl Kind {
    /// The stage with a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "invoke" => Some(Self::Invoke),
            "ok" => Some(Self::Ok),
            "fail" => Some(Self::Fail),
            "info" => Some(Self::Info),
            _ => None,
        }
    }
}

/// An entry of a history, with Jepsen's names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Op {
    /// Its place in the history.
    pub index: usize,
    /// The time since the first operation could begin.
    pub time: Duration,
    /// The stage of the operation.
    pub kind: Kind,
    /// The client or nemesis that runs the operation.
    pub process: Process,
    /// The name of the operation: `read`, `broadcast` ...
    pub f: Name,
    /// Its argument or its result.
    pub value: Json,
    /// The fields that few entries have, so that the others are small: a history may have millions.
    rare: Option<Box<Rare>>,
}

#[derive(Clone, Debug, Default)]
struct Rare {
    error: Option<Json>,
    extra: Vec<(Name, Json)>,
}

impl Op {
    /// An entry without an error or further attributes. [`History::push`] numbers it.
    pub fn new(time: Duration, process: Process, kind: Kind, f: impl Into<Name>, value: impl Into<Json>) -> Self {
        Self { index: 0, time, kind, process, f: f.into(), value: value.into(), rare: None }
    }

    /// The reason of a failure or an unknown outcome: a name, or a name and a text.
    pub fn error(&self) -> Option<&Json> {
        self.rare.as_ref().and_then(|rare| rare.error.as_ref())
    }

    /// Sets the reason of a failure or an unknown outcome.
    pub fn set_error(&mut self, error: Option<Json>) {
        if error.is_some() || self.rare.is_some() {
            self.rare.get_or_insert_default().error = error;
        }
    }

    /// Further attributes, such as `final?`.
    pub fn extra(&self) -> &[(Name, Json)] {
        self.rare.as_ref().map_or(&[], |rare| &rare.extra)
    }

    /// Sets the further attributes.
    pub fn set_extra(&mut self, extra: Vec<(Name, Json)>) {
        if !extra.is_empty() || self.rare.is_some() {
            self.rare.get_or_insert_default().extra = extra;
        }
    }

    /// Tells whether it is one of the final reads, which follow once the network has healed.
    pub fn is_final(&self) -> bool {
        self.extra().iter().any(|(key, value)| *key == "final?" && value.as_str() == "true")
    }
}

/// As a JSON object with Jepsen's keys; times in nanoseconds.
impl Serialize for Op {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_map(None)?;
        entry.serialize_entry("index", &self.index)?;
        entry.serialize_entry("time", &self.time.as_nanos())?;
        entry.serialize_entry("type", &self.kind)?;
        entry.serialize_entry("process", &self.process)?;
        entry.serialize_entry("f", &self.f)?;
        entry.serialize_entry("value", &self.value)?;
        if let Some(error) = self.error() {
            entry.serialize_entry("error", error)?;
        }
        for (key, value) in self.extra() {
            entry.serialize_entry(key, value)?;
        }
        entry.end()
    }
}

/// The entries of a run in the order of their time.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct History {
    ops: Vec<Op>,
    /// The number of the first entries whose values share their texts.
    #[serde(skip)]
    shared: usize,
}

/// The number of entries that share the texts of their values.
const SHARING: usize = 1024;

/// An operation of a client: how it began and, unless the history ends before, how it ended.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// Its `invoke` entry.
    pub invocation: &'a Op,
    /// Its `ok`, `fail` or `info` entry.
    pub completion: Option<&'a Op>,
}

impl History {
    /// Adds an entry, gives it its index and returns it.
    pub fn push(&mut self, op: Op) -> &Op {
        if self.ops.len() - self.shared == SHARING {
            share(self.ops[self.shared..].iter_mut().map(|op| &mut op.value).collect());
            self.shared = self.ops.len();
        }
        self.ops.push(Op { index: self.ops.len(), ..op });
        self.ops.last().expect("it was just pushed")
    }

    /// All entries.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The first entry of a client that is none of these operations.
    pub fn find_foreign(&self, operations: &[&str]) -> Option<&Op> {
        let is_foreign = |op: &&Op| op.process != Process::Nemesis && !operations.contains(&&*op.f);
        self.ops.iter().find(is_foreign)
    }

    /// The operations of clients, by the time they began.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut operations: Vec<Operation<'_>> = Vec::with_capacity(self.ops.len() / 2);
        let mut open = Clients::<Option<usize>>::default();
        for op in self.ops.iter().filter(|op| op.process != Process::Nemesis) {
            if op.kind == Kind::Invoke {
                *open.of(op.process) = Some(operations.len());
                operations.push(Operation { invocation: op, completion: None });
            } else if let Some(index) = open.of(op.process).take() {
                operations[index].completion = Some(op);
            }
        }
        operations
    }
}

impl History {
    /// The number of operations of clients.
    pub fn operation_count(&self) -> usize {
        self.ops.iter().filter(|op| op.process != Process::Nemesis && op.kind == Kind::Invoke).count()
    }

    /// The operations of clients that ended, by the time they did so: the invocation and the completion of each. It takes no
    /// memory, other than [`operations`](Self::operations).
    pub fn completed(&self) -> impl Iterator<Item = (&Op, &Op)> {
        let mut open = Clients::<Option<&Op>>::default();
        self.ops.iter().filter(|op| op.process != Process::Nemesis).filter_map(move |op| {
            if op.kind == Kind::Invoke {
                *open.of(op.process) = Some(op);
                return None;
            }
            open.of(op.process).take().map(|invocation| (invocation, op))
        })
    }
}

impl FromIterator<Op> for History {
    fn from_iter<I: IntoIterator<Item = Op>>(ops: I) -> Self {
        let mut history = Self::default();
        for op in ops {
            history.push(op);
        }
        history
    }
}

impl Operation<'_> {
    /// The completion, if the operation is known to have happened.
    pub fn ok(&self) -> Option<&Op> {
        self.completion.filter(|completion| completion.kind == Kind::Ok)
    }
}

/// As in a history: `invoke`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invoke => "invoke",
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Info => "info",
        })
    }
}
