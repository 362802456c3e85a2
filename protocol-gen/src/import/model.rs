//! A protocol as Maelstrom's documents and a schema folder can both tell it: names on the wire, types, error codes. What
//! only one of the two knows (prose there; descriptions, examples and names of shapes here) is no part of it, so that two
//! equal protocols need no change.

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

/// Which half of an RPC a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Request,
    Response,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// `type` on the wire.
    pub(crate) wire_type: String,
    /// Without the keys of the envelope, which are the same everywhere.
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
    /// Only as an item of a tagged tuple.
    Null,
    Nullable(Box<Shape>),
    List(Box<Shape>),
    /// An object whose keys are data.
    Map(Box<Shape>),
    /// An object whose keys are fixed.
    Object(Vec<Field>),
    Tuple(Vec<Item>),
    /// Tuples that a constant string at their beginning tells apart.
    Tagged(Vec<Variant>),
    /// One of some strings.
    Words(Vec<String>),
}

/// An item of a tuple. Its name is not on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) shape: Shape,
}

/// A tagged tuple: the tag, and the items behind it.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) tag: String,
    pub(crate) items: Vec<Item>,
}

impl Shape {
    /// The same, or `null`.
    pub(crate) fn or_null(self) -> Self {
        match self {
            Self::Any | Self::Nullable(_) => self,
            shape => Self::Nullable(Box::new(shape)),
        }
    }

    /// Whether a schema of this shape says what a document says with `document`.
    ///
    /// Prismatic takes `nil` for an empty sequence, so a schema may allow `null` for a list or not, as the prose has it.
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
            (Self::Words(one), Self::Words(other)) => {
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
            Self::Words(words) => write!(out, "{}", join(words.iter().map(|word| format!("\"{word}\"")), " or ")),
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

/// `a, b, c`
pub(crate) fn join(parts: impl IntoIterator<Item = impl Display>, between: &str) -> String {
    parts.into_iter().map(|part| part.to_string()).collect::<Vec<_>>().join(between)
}
