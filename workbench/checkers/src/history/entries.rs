//! Entries of a history from their fields, and in an order that makes sense: whoever ends an operation has begun it.

use crate::{
    history::{
        clients::Clients,
        model::{History, Kind, Op},
        name::Name,
        process::Process,
    },
    order::sort_by,
};
use glomers_json::Json;
use serde_json::value::RawValue;
use std::{mem, time::Duration};

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    /// A string without characters that JSON escapes, and without its quotation marks.
    Word(&'a str),
    /// The text of a JSON value that was made from EDN.
    Json(&'a str),
    /// A JSON value that was read from JSON.
    Raw(&'a RawValue),
}

impl<'a> Field<'a> {
    /// The text of the JSON value, but for a word.
    fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Json(text) => text,
            Self::Raw(raw) => raw.get(),
        }
    }

    /// The content of a string without escapes.
    fn word(self) -> Option<&'a str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Json(_) | Self::Raw(_) => {
                let content = self.text().strip_prefix('"')?.strip_suffix('"')?;
                (!content.contains('\\')).then_some(content)
            }
        }
    }

    fn to_json(self) -> Json {
        match self {
            Self::Word(word) => Json::from(word),
            Self::Json(text) => Json::from_valid_text(text),
            Self::Raw(raw) => Json::from(raw),
        }
    }
}

/// The fields of an entry, with Jepsen's names. What is wrong with one is said when all are there.
#[derive(Debug, Default)]
pub(super) struct Fields {
    has_index: bool,
    time: Option<Result<Duration, String>>,
    kind: Option<Result<Kind, String>>,
    process: Option<Result<Process, String>>,
    f: Option<Result<Name, String>>,
    value: Option<Json>,
    error: Option<Json>,
    extra: Vec<(Name, Json)>,
}

impl Fields {
    /// Adds a field; it takes the place of an earlier one with its name. Returns false if there is one.
    pub(super) fn add(&mut self, name: &str, field: Field<'_>) -> bool {
        match name {
            "index" => !mem::replace(&mut self.has_index, true),
            "time" => self.time.replace(time(field)).is_none(),
            "type" => self.kind.replace(kind(field)).is_none(),
            "process" => self.process.replace(process(field)).is_none(),
            "f" => self.f.replace(f(field)).is_none(),
            "value" => self.value.replace(field.to_json()).is_none(),
            "error" => self.error.replace(field.to_json()).is_none(),
            _ => match self.extra.iter_mut().find(|(earlier, _)| *earlier == name) {
                Some((_, earlier)) => {
                    *earlier = field.to_json();
                    false
                }
                None => {
                    self.extra.push((name.into(), field.to_json()));
                    true
                }
            },
        }
    }

    /// Brings the fields without a meaning into the order of their names.
    pub(super) fn sort_extra(&mut self) {
        sort_by(&mut self.extra, |(left, _), (right, _)| left.cmp(right));
    }

    /// The entry; an error says what is missing or wrong.
    pub(super) fn finish(self) -> Result<Op, String> {
        fn need<T>(field: Option<Result<T, String>>, name: &str) -> Result<T, String> {
            field.unwrap_or_else(|| Err(format!("an entry without `{name}`")))
        }
        let (process, kind) = (need(self.process, "process")?, need(self.kind, "type")?);
        let f = self.f.ok_or("an entry without `f`")?;
        let (time, value) = (self.time.unwrap_or(Ok(Duration::ZERO))?, self.value.unwrap_or_else(Json::null));
        let mut op = Op::new(time, process, kind, f?, value);
        op.set_error(self.error.filter(|error| !error.is_null()));
        op.set_extra(self.extra);
        Ok(op)
    }
}

fn time(field: Field<'_>) -> Result<Duration, String> {
    let nanos = if let Field::Word(_) = field { None } else { field.text().parse().ok() };
    nanos.map(Duration::from_nanos).ok_or_else(|| format!("`time` is {}, not nanoseconds", field.to_json()))
}

fn process(field: Field<'_>) -> Result<Process, String> {
    let process = match field.word() {
        Some(word) => (word == "nemesis").then_some(Process::Nemesis),
        None => field.text().parse().map(Process::Client).ok(),
    };
    process.ok_or_else(|| format!("`process` is {}, neither a number nor the nemesis", field.to_json()))
}

fn kind(field: Field<'_>) -> Result<Kind, String> {
    let kind = field.word().and_then(Kind::named);
    kind.ok_or_else(|| format!("`type` is {}; expected invoke, ok, fail or info", field.to_json()))
}

fn f(field: Field<'_>) -> Result<Name, String> {
    match field.word() {
        Some(word) => Ok(word.into()),
        None => serde_json::from_str::<String>(field.text())
            .map(Name::from)
            .map_err(|_| format!("`f` is {}, not a name", field.to_json())),
    }
}

/// The entries read so far, and what each client is doing.
#[derive(Debug, Default)]
pub(super) struct Entries {
    history: History,
    /// The line and the index of the invocation of each running operation.
    open: Clients<Option<(usize, usize)>>,
}

impl Entries {
    /// Adds an entry from a line; an error says why it cannot follow those before it.
    pub(super) fn add(&mut self, line: usize, op: Op) -> Result<(), String> {
        if let Process::Client(number) = op.process {
            let open = self.open.of(op.process);
            let begun = open.take().map(|(line, index)| (line, &self.history.ops()[index].f));
            match (op.kind, begun) {
                (Kind::Invoke, Some((line, f))) => {
                    return Err(format!(
                        "process {number} begins `{}` before its `{f}` of line {line} has ended",
                        op.f
                    ));
                }
                (Kind::Invoke, None) => *open = Some((line, self.history.ops().len())),
                (_, Some((_, f))) if *f == op.f => {}
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
