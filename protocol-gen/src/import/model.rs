//! A protocol as both Maelstrom's documents and a schema folder express it: names on the wire, types, error codes. It
//! leaves out everything that only one side has, which is prose on the one side and descriptions, examples and names of
//! shapes on the other. So no change is needed when both models are equal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display},
    mem::discriminant,
};

pub(crate) struct Protocol {
    pub(crate) workloads: BTreeMap<String, Workload>,
    /// By number.
    pub(crate) codes: BTreeMap<i64, Code>,
}

#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) rpcs: Vec<Rpc>,
}

#[derive(Clone, Debug)]
pub(crate) struct Rpc {
    pub(crate) request: Message,
    pub(crate) response: Message,
}

/// The half of an RPC that a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Request,
    Response,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// `type` on the wire.
    pub(crate) wire_type: String,
    /// The fields without the keys of the envelope, which are the same in every message.
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Code {
    pub(crate) name: String,
    pub(crate) definite: bool,
}

/// The type of a value.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Any,
    Integer,
    String,
    Boolean,
    /// `null`, which occurs only as an item of a tagged tuple.
    Null,
    Nullable(Box<Shape>),
    List(Box<Shape>),
    /// An object with any keys.
    Map(Box<Shape>),
    /// An object with fixed keys.
    Object(Vec<Field>),
    Tuple(Vec<Item>),
    /// Alternative tuples, distinguished by a constant string at the beginning.
    Tagged(Vec<Variant>),
    /// One of several strings.
    Enum(Vec<String>),
}

/// An item of a tuple. Its name does not occur on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) shape: Shape,
}

/// A tagged tuple: the tag and the items after it.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) tag: String,
    pub(crate) items: Vec<Item>,
}

impl Shape {
    /// This shape or `null`.
    pub(crate) fn or_null(self) -> Self {
        match self {
            Self::Any | Self::Nullable(_) => self,
            shape => Self::Nullable(Box::new(shape)),
        }
    }

    /// Returns true if this shape of a schema agrees with the shape `document` of a document.
    ///
    /// Prismatic accepts `nil` as an empty sequence and its schemas do not show it, so a list in a schema agrees with
    /// or without `null`.
    pub(crate) fn agrees(&self, document: &Self) -> bool {
        match (self, document) {
            (Self::Nullable(list), Self::List(_)) => list.agrees(document),
            (Self::List(one), Self::List(other))
            | (Self::Map(one), Self::Map(other))
            | (Self::Nullable(one), Self::Nullable(other)) => one.agrees(other),
            (Self::Object(one), Self::Object(other)) => {
                let same = |field: &Field, other: &Field| {
                    field.name == other.name && field.required == other.required && field.shape.agrees(&other.shape)
                };
                one.len() == other.len() && one.iter().all(|field| other.iter().any(|other| same(field, other)))
            }
            (Self::Tuple(one), Self::Tuple(other)) => items_agree(one, other),
            (Self::Tagged(one), Self::Tagged(other)) => {
                let same = |variant: &Variant| other.iter().any(|other| variant.agrees(other));
                one.len() == other.len() && one.iter().all(same)
            }
            (Self::Enum(one), Self::Enum(other)) => {
                one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
            }
            _ => discriminant(self) == discriminant(document),
        }
    }
}

impl Variant {
    pub(crate) fn agrees(&self, document: &Self) -> bool {
        self.tag == document.tag && items_agree(&self.items, &document.items)
    }
}

fn items_agree(one: &[Item], other: &[Item]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.shape.agrees(&other.shape))
}

impl Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if *self == Self::Request { "request" } else { "response" })
    }
}

impl Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => write!(out, "any value"),
            Self::Integer => write!(out, "integer"),
            Self::String => write!(out, "string"),
            Self::Boolean => write!(out, "boolean"),
            Self::Null => write!(out, "null"),
            Self::Nullable(shape) => write!(out, "{shape} or null"),
            Self::List(shape) => write!(out, "list of {shape}"),
            Self::Map(shape) => write!(out, "map to {shape}"),
            Self::Object(fields) => {
                write!(out, "{{{}}}", join(fields, ", "))
            }
            Self::Tuple(items) => write!(out, "[{}]", join(items.iter().map(|item| &item.shape), ", ")),
            Self::Tagged(variants) => write!(out, "{}", join(variants, " or ")),
            Self::Enum(strings) => {
                write!(out, "{}", join(strings.iter().map(|string| format!("\"{string}\"")), " or "))
            }
        }
    }
}

impl Display for Variant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "[\"{}\"", self.tag)?;
        self.items.iter().try_for_each(|item| write!(out, ", {}", item.shape))?;
        write!(out, "]")
    }
}

impl Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, required, shape } = self;
        write!(out, "{name}{}: {shape}", if *required { "" } else { "?" })
    }
}

/// The parts as one text, with `between` between them.
pub(crate) fn join(parts: impl IntoIterator<Item = impl Display>, between: &str) -> String {
    parts.into_iter().map(|part| part.to_string()).collect::<Vec<_>>().join(between)
}
