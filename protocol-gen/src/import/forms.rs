//! Reads Prismatic schemas as Maelstrom prints them, such as `{:type (eq "read"), :key Any, :msg_id Int}`.
//!
//! Depending on the context, Maelstrom prints a schema as a form, `(one Any "k")`, or as a record,
//! `#schema.core.One{..}`. Both are read. A form without an exact Rust type is refused: a guess would compile and be
//! wrong on the wire.

use crate::{
    error::Error,
    import::model::{Field, Item, Message, Role, Shape, Variant},
};
use glomers_edn::{self as edn, Kind, Problem, Reader, line_and_column};
use std::path::Path;

/// A form in a document.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a> {
    pub(crate) file: &'a Path,
    /// The line of the document in which `text` begins.
    pub(crate) line: usize,
    pub(crate) text: &'a str,
}

/// The deepest nesting of a form. Trees are read, examined and dropped recursively; no known form is a tenth as deep.
const DEEPEST: usize = 100;

/// A key of a map: its name, and true if it is required.
type Key<'a> = (&'a str, bool);

impl<'a> Form<'a> {
    /// Reads the body of a message.
    pub(crate) fn message(&self, role: Role) -> Result<Message, Error> {
        let node = self.read()?;
        let Kind::Map(entries) = &node.kind else {
            return Err(self.refuse(&node, "expected a message, which is a map"));
        };
        let (mut wire_type, mut ids) = (None, 0);
        let mut fields = Vec::new();
        for (key, value) in entries {
            match (self.literal_key(key)?, role) {
                (Some(("type", true)), _) => wire_type = Some(self.wire_type(value)?),
                (Some(("msg_id", true)), Role::Request)
                | (Some(("msg_id", false) | ("in_reply_to", true)), Role::Response) => {
                    self.integer(value)?;
                    ids += 1;
                }
                (Some(("type" | "msg_id" | "in_reply_to", _)), _) => {
                    return Err(self.refuse(key, "no known message uses this key of the envelope in this way"));
                }
                (Some(key), _) => fields.push(self.field(key, value)?),
                (None, _) => return Err(self.refuse(key, "expected a constant key, as in every message")),
            }
        }
        if ids != if role == Role::Request { 1 } else { 2 } {
            let text = "expected `:msg_id` in a request, `:in_reply_to` and optional `:msg_id` in a response";
            return Err(self.refuse(&node, text));
        }
        let wire_type = wire_type.ok_or_else(|| self.refuse(&node, "expected a message with a `:type`"))?;
        Ok(Message { wire_type, fields })
    }

    /// The only form in the text.
    fn read(&self) -> Result<edn::Form<'a>, Error> {
        let mut reader = Reader::new(self.text).with_deepest(DEEPEST);
        let node = edn::Form::next(&mut reader).map_err(|error| match &*error.problem {
            Problem::Deep => self.error(self.line, format!("the form is nested deeper than {DEEPEST} levels")),
            problem => self.error(self.line_of(error.at), format!("not a Clojure form: {problem}")),
        })?;
        let node = node.ok_or_else(|| self.error(self.line, "expected a Clojure form".to_owned()))?;
        let rest = reader.rest().trim_start();
        if rest.is_empty() {
            return Ok(node);
        }
        let line = self.line_of(self.text.len() - rest.len());
        Err(self.error(line, format!("found a second form `{}`; expected one", rest.trim_end())))
    }

    /// The line of a byte of the text.
    fn line_of(&self, at: usize) -> usize {
        self.line + line_and_column(self.text, at).0 - 1
    }

    fn field(&self, (name, required): Key<'_>, value: &edn::Form<'_>) -> Result<Field, Error> {
        Ok(Field { name: name.to_owned(), required, shape: self.shape(value)? })
    }

    fn wire_type(&self, value: &edn::Form<'_>) -> Result<String, Error> {
        match self.call(value) {
            Some(("eq", [name])) if name.kind != Kind::String("".into()) => self.string(name),
            _ => Err(self.refuse(value, "expected the constant type of a message, `(eq \"..\")`")),
        }
    }

    fn integer(&self, value: &edn::Form<'_>) -> Result<(), Error> {
        match self.shape(value)? {
            Shape::Integer => Ok(()),
            _ => Err(self.refuse(value, "expected `Int`, the type of message ids")),
        }
    }

    fn shape(&self, node: &edn::Form<'_>) -> Result<Shape, Error> {
        match &node.kind {
            Kind::Symbol(name) => match &**name {
                "Any" => Ok(Shape::Any),
                "Int" | "java.lang.Long" | "java.lang.Integer" => Ok(Shape::Integer),
                "Str" | "java.lang.String" => Ok(Shape::String),
                "Bool" | "java.lang.Boolean" => Ok(Shape::Boolean),
                _ => Err(self.refuse(node, "this form is not supported")),
            },
            Kind::Vector(items) => self.sequence(node, items),
            Kind::Map(entries) => self.map(node, entries),
            _ => match self.call(node) {
                Some(("named", [inner, _])) => self.shape(inner),
                Some(("maybe", [inner])) => self.maybe(inner),
                Some(("eq", [string])) | Some(("enum", [string])) => Ok(Shape::Enum(vec![self.string(string)?])),
                Some(("enum", strings)) => {
                    Ok(Shape::Enum(strings.iter().map(|string| self.string(string)).collect::<Result<_, _>>()?))
                }
                Some(("either" | "cond-pre", choices)) => self.either(node, &choices.iter().collect::<Vec<_>>()),
                _ => Err(self.refuse(node, "this form is not supported")),
            },
        }
    }

    fn maybe(&self, inner: &edn::Form<'_>) -> Result<Shape, Error> {
        match self.shape(inner)? {
            Shape::Enum(_) | Shape::Tagged(_) => {
                Err(self.refuse(inner, "enums and tagged tuples have no Rust type that may be `null` instead"))
            }
            shape => Ok(shape.or_null()),
        }
    }

    /// Alternatives: a value or `nil`, tagged tuples, or strings.
    fn either(&self, node: &edn::Form<'_>, choices: &[&edn::Form<'_>]) -> Result<Shape, Error> {
        let (nils, others): (Vec<_>, Vec<_>) = choices.iter().copied().partition(|choice| self.is_nil(choice));
        match others.as_slice() {
            [inner] if nils.is_empty() => return self.shape(inner),
            [inner] => return self.maybe(inner),
            _ if !nils.is_empty() => {}
            choices if choices.iter().all(|choice| self.tag(choice).is_some()) => {
                return Ok(Shape::Tagged(choices.iter().map(|choice| self.variant(choice)).collect::<Result<_, _>>()?));
            }
            choices => {
                let shapes = choices.iter().map(|choice| self.shape(choice)).collect::<Result<Vec<_>, _>>()?;
                let strings =
                    shapes.into_iter().map(|shape| if let Shape::Enum(strings) = shape { Some(strings) } else { None });
                if let Some(strings) = strings.collect::<Option<Vec<_>>>() {
                    return Ok(Shape::Enum(strings.concat()));
                }
            }
        }
        Err(self.refuse(
            node,
            "alternatives are supported only as a value or `nil`, as tuples with constant tags, or as strings",
        ))
    }

    /// The tag of a tuple whose first item is a constant, and the other items.
    fn tag<'n>(&self, node: &'n edn::Form<'a>) -> Option<(&'n edn::Form<'a>, &'n [edn::Form<'a>])> {
        let Kind::Vector(items) = &node.kind else { return None };
        let (first, rest) = items.split_first()?;
        let (first, _) = self.one(first)?;
        match self.call(first)? {
            ("eq", [tag]) => Some((tag, rest)),
            _ => None,
        }
    }

    fn variant(&self, node: &edn::Form<'_>) -> Result<Variant, Error> {
        let (tag, items) = self.tag(node).ok_or_else(|| self.refuse(node, "expected a tuple with a constant tag"))?;
        Ok(Variant { tag: self.string(tag)?, items: self.items(items, true)? })
    }

    /// A list, `[X]`, or a tuple, `[(one X "x") (one Y "y")]`.
    fn sequence(&self, node: &edn::Form<'_>, items: &[edn::Form<'_>]) -> Result<Shape, Error> {
        match items {
            [] => Err(self.refuse(node, "expected a list with the schema of its elements")),
            [element] if self.one(element).is_none() => Ok(Shape::List(Box::new(self.shape(element)?))),
            items => Ok(Shape::Tuple(self.items(items, false)?)),
        }
    }

    /// The items of a tuple. Only a tagged tuple may contain `nil`.
    fn items(&self, items: &[edn::Form<'_>], tagged: bool) -> Result<Vec<Item>, Error> {
        let items = items.iter().map(|item| {
            let text = "expected `(one ..)`, as for every item of a tuple";
            let (inner, name) = self.one(item).ok_or_else(|| self.refuse(item, text))?;
            let shape = if tagged && self.is_nil(inner) { Shape::Null } else { self.shape(inner)? };
            Ok(Item { name: self.string(name)?, shape })
        });
        items.collect()
    }

    /// The arguments of `(one SCHEMA NAME)`, or of the same as a record.
    fn one<'n>(&self, node: &'n edn::Form<'a>) -> Option<(&'n edn::Form<'a>, &'n edn::Form<'a>)> {
        if let Some(("one", [inner, name])) = self.call(node) {
            return Some((inner, name));
        }
        let entries = record(node, "schema.core.One")?;
        let optional = entry(entries, "optional?").is_none_or(|node| node.kind != Kind::Bool(false));
        if optional { None } else { Some((entry(entries, "schema")?, entry(entries, "name")?)) }
    }

    /// An object, whose keys are constants, or a map, whose key is a single schema.
    fn map(&self, node: &edn::Form<'_>, entries: &[(edn::Form<'_>, edn::Form<'_>)]) -> Result<Shape, Error> {
        let keys = entries.iter().map(|(key, _)| self.literal_key(key)).collect::<Result<Vec<_>, _>>()?;
        if let Some(keys) = keys.iter().copied().collect::<Option<Vec<_>>>() {
            let fields = keys.into_iter().zip(entries).map(|(key, (_, value))| self.field(key, value));
            return Ok(Shape::Object(fields.collect::<Result<_, _>>()?));
        }
        let [(key, value)] = entries else {
            return Err(self.refuse(node, "expected a map with constant keys only, or with one schema for all keys"));
        };
        match self.shape(key)? {
            // In JSON every key is a string.
            Shape::String | Shape::Any => Ok(Shape::Map(Box::new(self.shape(value)?))),
            _ => Err(self.refuse(key, "expected a map whose keys are strings")),
        }
    }

    /// The key `:k` or `"k"`, also inside a form or record for an optional or a required key.
    fn literal_key<'n>(&self, node: &'n edn::Form<'a>) -> Result<Option<Key<'n>>, Error> {
        let wrapped = match (record(node, "schema.core.OptionalKey"), record(node, "schema.core.RequiredKey")) {
            (Some(entries), _) => entry(entries, "k").map(|key| (key, false)),
            (_, Some(entries)) => entry(entries, "k").map(|key| (key, true)),
            _ => match self.call(node) {
                Some(("optional-key", [key])) => Some((key, false)),
                Some(("required-key", [key])) => Some((key, true)),
                _ => None,
            },
        };
        let (key, required) = wrapped.unwrap_or((node, true));
        match &key.kind {
            Kind::Keyword(name) | Kind::String(name) if name.contains(['/', '\\']) => {
                Err(self.refuse(node, "expected a key without a namespace and without an escape"))
            }
            Kind::Keyword(name) | Kind::String(name) => Ok(Some((name, required))),
            _ => Ok(None),
        }
    }

    /// `(eq nil)`
    fn is_nil(&self, node: &edn::Form<'_>) -> bool {
        matches!(self.call(node), Some(("eq", [nil])) if nil.kind == Kind::Nil)
    }

    /// `(NAME ARGUMENTS ..)`
    fn call<'n>(&self, node: &'n edn::Form<'a>) -> Option<(&'n str, &'n [edn::Form<'a>])> {
        match &node.kind {
            Kind::List(items) => match items.split_first() {
                Some((edn::Form { kind: Kind::Symbol(name), .. }, arguments)) => Some((name, arguments)),
                _ => None,
            },
            _ => None,
        }
    }

    fn string(&self, node: &edn::Form<'_>) -> Result<String, Error> {
        match &node.kind {
            Kind::String(string) if !string.contains('\\') => Ok(string.clone().into_owned()),
            _ => Err(self.refuse(node, "expected a string without escapes")),
        }
    }

    /// The error about a form.
    fn refuse(&self, node: &edn::Form<'_>, message: &str) -> Error {
        let form = self.text[node.span.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
        self.error(self.line_of(node.span.start), format!("found `{form}`; {message}"))
    }

    fn error(&self, line: usize, message: String) -> Error {
        Error::Document { file: self.file.to_owned(), line, message }
    }
}

/// The entries of `#NAME{..}`.
fn record<'n, 'a>(node: &'n edn::Form<'a>, name: &str) -> Option<&'n [(edn::Form<'a>, edn::Form<'a>)]> {
    match &node.kind {
        Kind::Tagged(tag, inner) if tag == name => match &inner.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        },
        _ => None,
    }
}

fn entry<'n, 'a>(entries: &'n [(edn::Form<'a>, edn::Form<'a>)], name: &str) -> Option<&'n edn::Form<'a>> {
    entries.iter().find(|(key, _)| key.kind == Kind::Keyword(name.into())).map(|(_, value)| value)
}
