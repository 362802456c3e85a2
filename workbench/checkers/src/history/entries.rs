//! Entries of a history from their fields, and in an order that makes sense: whoever ends an operation has begun it.

use crate::history::model::{History, Kind, Op, Process};
use glomers_json::Json;
use std::{borrow::Cow, collections::BTreeMap, time::Duration};

impl Op {
    /// An entry from its fields, with Jepsen's names; an error says what is missing or wrong.
    pub(super) fn from_fields(fields: impl IntoIterator<Item = (String, Json)>) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        let mut extra = Vec::new();
        for (name, value) in fields {
            match &*name {
                "index" | "time" | "type" | "process" | "f" | "value" | "error" => {
                    known.insert(name, value);
                }
                _ => extra.push((Cow::Owned(name), value)),
            }
        }
        let mut take = |name: &str| known.remove(name).ok_or_else(|| format!("an entry without `{name}`"));
        let (process, kind) = (process(&take("process")?)?, kind(&take("type")?)?);
        let f = take("f")?;
        let time = known.remove("time").unwrap_or_else(|| Json::from(0));
        Ok(Self {
            index: 0,
            time: time.decode().map(Duration::from_nanos).map_err(|_| format!("`time` is {time}, not nanoseconds"))?,
            kind,
            process,
            f: Cow::Owned(f.decode().map_err(|_| format!("`f` is {f}, not a name"))?),
            value: known.remove("value").unwrap_or_else(Json::null),
            error: known.remove("error").filter(|error| !error.is_null()),
            extra,
        })
    }
}

fn process(process: &Json) -> Result<Process, String> {
    match process.as_str() {
        "\"nemesis\"" => Ok(Process::Nemesis),
        number => number
            .parse()
            .map(Process::Client)
            .map_err(|_| format!("`process` is {number}, neither a number nor the nemesis")),
    }
}

fn kind(kind: &Json) -> Result<Kind, String> {
    match kind.as_str() {
        "\"invoke\"" => Ok(Kind::Invoke),
        "\"ok\"" => Ok(Kind::Ok),
        "\"fail\"" => Ok(Kind::Fail),
        "\"info\"" => Ok(Kind::Info),
        other => Err(format!("`type` is {other}; expected invoke, ok, fail or info")),
    }
}

/// The entries read so far, and what each client is doing.
#[derive(Default)]
pub(super) struct Entries {
    history: History,
    open: BTreeMap<Process, (usize, Cow<'static, str>)>,
}

impl Entries {
    /// Adds an entry from a line; an error says why it cannot follow those before it.
    pub(super) fn add(&mut self, line: usize, op: Op) -> Result<(), String> {
        if let Process::Client(number) = op.process {
            let begun = self.open.remove(&op.process);
            match (op.kind, begun) {
                (Kind::Invoke, Some((line, f))) => {
                    return Err(format!(
                        "process {number} begins `{}` before its `{f}` of line {line} has ended",
                        op.f
                    ));
                }
                (Kind::Invoke, None) => {
                    self.open.insert(op.process, (line, op.f.clone()));
                }
                (_, Some((_, f))) if f == op.f => {}
                (_, Some((line, f))) => {
                    return Err(format!("process {number} ends `{}`, but in line {line} it began `{f}`", op.f));
                }
                (_, None) => return Err(format!("process {number} ends `{}`, which it has not begun", op.f)),
            }
        }
        self.history.push(op);
        Ok(())
    }

    pub(super) fn finish(self) -> History {
        self.history
    }
}
