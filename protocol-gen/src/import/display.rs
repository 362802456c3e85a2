//! Differences as text, one line each.

use crate::import::{
    differences::{Change, CodeChange, Difference, FieldChange, WorkloadChange},
    model::{Code, Field, Rpc, Shape, Variant, join},
};
use std::fmt::{self, Display};

impl Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Change::WorkloadAdded { workload, rpcs } => {
                let requests = rpcs.iter().map(|rpc| format!("`{}`", rpc.request.wire_type));
                let noun = if rpcs.len() == 1 { "request" } else { "requests" };
                write!(out, "workload {workload} is new, with {noun} {}", join(requests, ", "))
            }
            Change::WorkloadRemoved { workload } => write!(out, "workload {workload} was removed"),
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
            Self::RpcRemoved(request) => write!(out, "request `{request}` was removed"),
            Self::Response { request, from, to } => {
                write!(out, "request `{request}` is now answered by `{to}` instead of `{from}`")
            }
            Self::Field { role, wire_type, change } => write!(out, "{role} `{wire_type}`: {change}"),
        }
    }
}

impl Display for FieldChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(Field { name, required: true, shape }) => write!(out, "new field `{name}`: {shape}"),
            Self::Added(Field { name, shape, .. }) => write!(out, "new optional field `{name}`: {shape}"),
            Self::Removed(name) => write!(out, "field `{name}` was removed"),
            Self::Renamed { from, to } => write!(out, "field `{from}` is now named `{to}`"),
            Self::Required { name, required: false, .. } => write!(out, "field `{name}` is now optional"),
            Self::Required { name, .. } => write!(out, "field `{name}` is now required"),
            Self::Retyped { name, from, to } => write!(out, "field `{name}` changed{}", Retyping(from, to)),
        }
    }
}

/// The change of a type, reduced to the part that differs.
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
                let removed =
                    old.iter().filter(|old| twin(new, &old.tag).is_none()).map(|old| format!("{old} was removed"));
                let added = new.iter().filter_map(|new| match twin(old, &new.tag) {
                    None => Some(format!("{new} is new")),
                    Some(old) if !old.agrees(new) => Some(format!("{old} is now {new}")),
                    Some(_) => None,
                });
                write!(out, ": {}", join(removed.chain(added), ", "))
            }
            (old, new) => write!(out, " from {old} to {new}"),
        }
    }
}

impl Display for CodeChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certainty = |definite: bool| if definite { "definite" } else { "indefinite" };
        match self {
            Self::Added(Code { name, definite }) => write!(out, " is new: `{name}`, {}", certainty(*definite)),
            Self::Removed(Code { name, .. }) => write!(out, " `{name}` was removed"),
            Self::Renamed { from, to } => write!(out, " `{from}` is now named `{to}`"),
            Self::Definite { name, definite } => {
                write!(out, " `{name}` is now {}, no longer {}", certainty(*definite), certainty(!*definite))
            }
        }
    }
}
