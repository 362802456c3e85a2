//! The differences between a schema folder and Maelstrom's documents, as data. [`crate::import::edit`] applies them,
//! [`crate::import::display`] prints them.

use crate::import::model::{Code, Field, Message, Protocol, Role, Rpc, Shape, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// A difference between Maelstrom's documents and the schemas. `Display` prints it on one line, as a change to the
/// schemas.
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
    /// A change to a workload that both sides have.
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
    /// The request's type.
    RpcRemoved(String),
    /// The response to a request has another type.
    Response {
        request: String,
        from: String,
        to: String,
    },
    Field {
        role: Role,
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
    /// A field became optional or required.
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

/// The differences: workloads sorted by name, then error codes sorted by number.
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

/// The keys of both maps, each with its two values.
fn pairs<'a, K: Ord, V>(
    one: &'a BTreeMap<K, V>,
    other: &'a BTreeMap<K, V>,
) -> Vec<(&'a K, Option<&'a V>, Option<&'a V>)> {
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    keys.into_iter().map(|key| (key, one.get(key), other.get(key))).collect()
}

fn code_changes(before: Option<&Code>, after: Option<&Code>) -> Vec<CodeChange> {
    match (before, after) {
        (Some(before), Some(after)) => {
            let renamed = CodeChange::Renamed { from: before.name.clone(), to: after.name.clone() };
            let definite = CodeChange::Definite { name: after.name.clone(), definite: after.definite };
            let changes = [(before.name != after.name, renamed), (before.definite != after.definite, definite)];
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
        changes.extend(message_changes(Role::Request, &old.request, &rpc.request));
        if old.response.wire_type != rpc.response.wire_type {
            let (request, from, to) =
                (rpc.request.wire_type.clone(), old.response.wire_type.clone(), rpc.response.wire_type.clone());
            changes.push(WorkloadChange::Response { request, from, to });
        }
        changes.extend(message_changes(Role::Response, &old.response, &rpc.response));
    }
    let removed = before.rpcs.iter().filter(|rpc| find(after, &rpc.request.wire_type).is_none());
    changes.extend(removed.map(|rpc| WorkloadChange::RpcRemoved(rpc.request.wire_type.clone())));
    changes
}

fn message_changes(role: Role, before: &Message, after: &Message) -> Vec<WorkloadChange> {
    let wire_type = &after.wire_type;
    let changes = field_changes(&before.fields, &after.fields).into_iter();
    changes.map(|change| WorkloadChange::Field { role, wire_type: wire_type.clone(), change }).collect()
}

/// The changes between two lists of fields. If one field was removed, one was added and both have the same type, it is
/// one field with a new name.
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
