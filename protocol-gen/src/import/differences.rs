//! What differs between a schema folder and Maelstrom's documents, as data: [`super::edit`] applies it, and `Display`
//! tells it to people.

use super::model::{Code, Field, Message, Protocol, Rpc, Shape, Variant, Workload, join};
use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

/// Something that the documents say otherwise than the schemas. `Display` says it in one line, as what has changed.
#[derive(Clone, Debug)]
pub struct Difference(pub(crate) Change);

#[derive(Clone, Debug)]
pub(crate) enum Change {
    WorkloadAdded {
        workload: String,
        rpcs: Vec<Rpc>,
    },
    WorkloadRemoved {
        workload: String,
    },
    /// Something in a workload that both have.
    Workload {
        workload: String,
        change: WorkloadChange,
    },
    Code {
        number: i64,
        change: CodeChange,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum WorkloadChange {
    RpcAdded(Rpc),
    /// Holds the request's type.
    RpcRemoved(String),
    /// A request has a response of another type.
    Response {
        request: String,
        from: String,
        to: String,
    },
    Field {
        role: &'static str,
        wire_type: String,
        change: FieldChange,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum FieldChange {
    Added(Field),
    Removed(String),
    Renamed {
        from: String,
        to: String,
    },
    /// May be left out, or not any more.
    Required {
        name: String,
        required: bool,
        shape: Shape,
    },
    Retyped {
        name: String,
        from: Shape,
        to: Shape,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum CodeChange {
    Added(Code),
    Removed(Code),
    Renamed { from: String, to: String },
    Definite { name: String, definite: bool },
}

/// The differences, workloads first, in the order of names and numbers.
pub(crate) fn compare(schemas: &Protocol, documents: &Protocol) -> Vec<Difference> {
    let mut changes = Vec::new();
    for (workload, before, after) in pairs(&schemas.workloads, &documents.workloads) {
        let workload = workload.clone();
        match (before, after) {
            (Some(before), Some(after)) => changes.extend(
                workload_changes(before, after)
                    .into_iter()
                    .map(|change| Change::Workload { workload: workload.clone(), change }),
            ),
            (None, Some(after)) => changes.push(Change::WorkloadAdded { workload, rpcs: after.rpcs.clone() }),
            _ => changes.push(Change::WorkloadRemoved { workload }),
        }
    }
    for (&number, before, after) in pairs(&schemas.codes, &documents.codes) {
        changes.extend(code_changes(before, after).into_iter().map(|change| Change::Code { number, change }));
    }
    changes.into_iter().map(Difference).collect()
}

/// Every key of either map, with its two values.
fn pairs<'a, K: Ord, V>(
    one: &'a BTreeMap<K, V>,
    other: &'a BTreeMap<K, V>,
) -> Vec<(&'a K, Option<&'a V>, Option<&'a V>)> {
    let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    keys.into_iter().map(|key| (key, one.get(key), other.get(key))).collect()
}

fn code_changes(before: Option<&Code>, after: Option<&Code>) -> Vec<CodeChange> {
    match (before, after) {
        (Some(before), Some(after)) => {
            let renamed = CodeChange::Renamed { from: before.name.clone(), to: after.name.clone() };
            let marked = CodeChange::Definite { name: after.name.clone(), definite: after.definite };
            let changes = [(before.name != after.name, renamed), (before.definite != after.definite, marked)];
            changes.into_iter().filter(|(differs, _)| *differs).map(|(_, change)| change).collect()
        }
        (None, Some(after)) => vec![CodeChange::Added(after.clone())],
        (before, _) => before.map(|before| CodeChange::Removed(before.clone())).into_iter().collect(),
    }
}

fn workload_changes(before: &Workload, after: &Workload) -> Vec<WorkloadChange> {
    let find = |workload: &'_ Workload, wire_type: &str| {
        workload.rpcs.iter().find(|rpc| rpc.request.wire_type == wire_type).cloned()
    };
    let mut changes = Vec::new();
    for rpc in &after.rpcs {
        let Some(old) = find(before, &rpc.request.wire_type) else {
            changes.push(WorkloadChange::RpcAdded(rpc.clone()));
            continue;
        };
        changes.extend(message_changes("request", &old.request, &rpc.request));
        if old.response.wire_type != rpc.response.wire_type {
            let (request, from, to) =
                (rpc.request.wire_type.clone(), old.response.wire_type.clone(), rpc.response.wire_type.clone());
            changes.push(WorkloadChange::Response { request, from, to });
        }
        changes.extend(message_changes("response", &old.response, &rpc.response));
    }
    let gone = before.rpcs.iter().filter(|rpc| find(after, &rpc.request.wire_type).is_none());
    changes.extend(gone.map(|rpc| WorkloadChange::RpcRemoved(rpc.request.wire_type.clone())));
    changes
}

fn message_changes(role: &'static str, before: &Message, after: &Message) -> Vec<WorkloadChange> {
    let wire_type = &after.wire_type;
    let changes = field_changes(&before.fields, &after.fields).into_iter();
    changes.map(|change| WorkloadChange::Field { role, wire_type: wire_type.clone(), change }).collect()
}

/// If one field has gone and one has come, and they are alike, it is the same field under another name.
pub(crate) fn field_changes(before: &[Field], after: &[Field]) -> Vec<FieldChange> {
    let missing_in = |fields: &[Field], field: &Field| !fields.iter().any(|other| other.name == field.name);
    let removed: Vec<_> = before.iter().filter(|field| missing_in(after, field)).collect();
    let added: Vec<_> = after.iter().filter(|field| missing_in(before, field)).collect();
    let mut changes = Vec::new();
    match (removed.as_slice(), added.as_slice()) {
        ([old], [new]) if old.required == new.required && old.shape.agrees(&new.shape) => {
            changes.push(FieldChange::Renamed { from: old.name.clone(), to: new.name.clone() });
        }
        _ => {
            changes.extend(removed.iter().map(|field| FieldChange::Removed(field.name.clone())));
            changes.extend(added.iter().map(|&field| FieldChange::Added(field.clone())));
        }
    }
    for new in after {
        let Some(old) = before.iter().find(|old| old.name == new.name) else { continue };
        let Field { name, required, shape } = new.clone();
        if !old.shape.agrees(&new.shape) {
            changes.push(FieldChange::Retyped { name: name.clone(), from: old.shape.clone(), to: shape.clone() });
        }
        if old.required != required {
            changes.push(FieldChange::Required { name, required, shape });
        }
    }
    changes
}

impl Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Change::WorkloadAdded { workload, rpcs } => {
                let requests = rpcs.iter().map(|rpc| format!("`{}`", rpc.request.wire_type));
                let word = if rpcs.len() == 1 { "request" } else { "requests" };
                write!(out, "workload {workload} is new, with {word} {}", join(requests, ", "))
            }
            Change::WorkloadRemoved { workload } => write!(out, "workload {workload} is gone"),
            Change::Workload { workload, change } => write!(out, "workload {workload}: {change}"),
            Change::Code { number, change } => write!(out, "error {number}{change}"),
        }
    }
}

impl Display for WorkloadChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RpcAdded(Rpc { request, response }) => {
                write!(out, "request `{}` is new, answered by `{}`", request.wire_type, response.wire_type)
            }
            Self::RpcRemoved(request) => write!(out, "request `{request}` is gone"),
            Self::Response { request, from, to } => {
                write!(out, "request `{request}` is answered by `{to}`, no longer by `{from}`")
            }
            Self::Field { role, wire_type, change } => write!(out, "{role} `{wire_type}` {change}"),
        }
    }
}

impl Display for FieldChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(Field { name, required: true, shape }) => write!(out, "gained field `{name}`: {shape}"),
            Self::Added(Field { name, shape, .. }) => write!(out, "gained optional field `{name}`: {shape}"),
            Self::Removed(name) => write!(out, "lost field `{name}`"),
            Self::Renamed { from, to } => write!(out, "calls field `{from}` now `{to}`"),
            Self::Required { name, required: false, .. } => write!(out, "may leave out field `{name}`"),
            Self::Required { name, .. } => write!(out, "may no longer leave out field `{name}`"),
            Self::Retyped { name, from, to } => write!(out, "changed field `{name}`{}", Retyping(from, to)),
        }
    }
}

/// What has become of a type: of the part of it that differs.
struct Retyping<'a>(&'a Shape, &'a Shape);

impl Display for Retyping<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Shape::Nullable(old), new @ Shape::List(_)) if matches!(**old, Shape::List(_)) => {
                write!(out, "{}", Retyping(old, new))
            }
            (Shape::List(old), Shape::List(new)) => write!(out, ": each element{}", Retyping(old, new)),
            (Shape::Map(old), Shape::Map(new)) => write!(out, ": each value{}", Retyping(old, new)),
            (Shape::Tagged(old), Shape::Tagged(new)) => {
                let twin = |variants: &[Variant], tag: &str| variants.iter().find(|other| other.tag == tag).cloned();
                let gone = old.iter().filter(|old| twin(new, &old.tag).is_none()).map(|old| format!("{old} is gone"));
                let come = new.iter().filter_map(|new| match twin(old, &new.tag) {
                    None => Some(format!("{new} is new")),
                    Some(old) if !old.agrees(new) => Some(format!("{old} is now {new}")),
                    Some(_) => None,
                });
                write!(out, ": {}", join(gone.chain(come), ", "))
            }
            (old, new) => write!(out, " from {old} to {new}"),
        }
    }
}

impl Display for CodeChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |definite: bool| if definite { "definite" } else { "indefinite" };
        match self {
            Self::Added(Code { name, definite }) => write!(out, " is new: `{name}`, {}", word(*definite)),
            Self::Removed(Code { name, .. }) => write!(out, " `{name}` is gone"),
            Self::Renamed { from, to } => write!(out, " `{from}` is now called `{to}`"),
            Self::Definite { name, definite } => {
                write!(out, " `{name}` is now {}, no longer {}", word(*definite), word(!*definite))
            }
        }
    }
}
