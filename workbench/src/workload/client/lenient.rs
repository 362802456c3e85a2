//! Decodes a JSON value as Maelstrom's clients read it (Maelstrom: `client.clj`, its schemas): `null` is an empty list,
//! and of two equal keys the last counts. All else is as strict as the type that is decoded.

use crate::engine::json::reason;
use serde::{
    de::{
        self, Deserializer, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt};

/// A value to decode, and the step that leads to it.
pub(super) struct Value<'de> {
    step: Step,
    text: &'de RawValue,
}

/// A step from a value to one inside it.
#[derive(Debug, Eq, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The reason why a value does not fit a type, and the path to the part that does not.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Misfit {
    /// The innermost step first.
    path: Vec<Step>,
    reason: String,
}

impl Misfit {
    /// A misfit of a field of the body.
    pub(super) fn of(field: &str, reason: impl Into<String>) -> Self {
        Self { path: vec![Step::Key(field.to_owned())], reason: reason.into() }
    }

    fn within(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    /// The field of the body at fault; empty for the body as a whole.
    pub(super) fn field(&self) -> &str {
        match self.path.last() {
            Some(Step::Key(key)) => key,
            Some(Step::Index(_)) | None => "",
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.path.iter().rev().enumerate() {
            match step {
                Step::Key(key) if depth == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{colon}{}", self.reason)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self { path: Vec::new(), reason: reason.to_string() }
    }
}

impl From<serde_json::Error> for Misfit {
    fn from(error: serde_json::Error) -> Self {
        let text = reason(&error);
        let reason = text.rsplit_once(" at column ").map_or(&*text, |(reason, _)| reason);
        de::Error::custom(reason)
    }
}

/// The members of an object, for a visitor.
pub(super) fn object<'de>(
    members: impl IntoIterator<Item = (String, &'de RawValue)>,
) -> MapDeserializer<'de, impl Iterator<Item = (String, Value<'de>)>, Misfit> {
    MapDeserializer::new(members.into_iter().map(|(key, text)| (key.clone(), Value { step: Step::Key(key), text })))
}

impl<'de> Value<'de> {
    /// Reads the value by `read`; an error gets its place.
    fn read<T>(self, read: impl FnOnce(&'de RawValue) -> Result<T, Misfit>) -> Result<T, Misfit> {
        let Self { step, text } = self;
        read(text).map_err(|misfit| misfit.within(step))
    }
}

/// The value as `serde_json` reads it.
fn strictly(text: &RawValue) -> serde_json::Deserializer<serde_json::de::StrRead<'_>> {
    serde_json::Deserializer::from_str(text.get())
}

fn visit<'de, V: Visitor<'de>>(text: &'de RawValue, visitor: V) -> Result<V::Value, Misfit> {
    match text.get().as_bytes()[0] {
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text.get())?;
            let items = items.into_iter().enumerate();
            visitor.visit_seq(SeqDeserializer::new(items.map(|(index, text)| Value { step: Step::Index(index), text })))
        }
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text.get())?;
            visitor.visit_map(object(members))
        }
        _ => Ok(de::Deserializer::deserialize_any(&mut strictly(text), visitor)?),
    }
}

fn is_null(text: &RawValue) -> bool {
    text.get() == "null"
}

impl<'de> IntoDeserializer<'de, Misfit> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.read(|text| visit(text, visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if is_null(self.text) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Verbatim JSON is a newtype that only `serde_json` knows.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        if name.starts_with("$serde_json") {
            return self.read(|text| Ok(strictly(text).deserialize_newtype_struct(name, visitor)?));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.read(|text| match is_null(text) {
            true => visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<Value<'de>>())),
            false => visit(text, visitor),
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.read(|text| Ok(strictly(text).deserialize_enum(name, variants, visitor)?))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map struct
        identifier ignored_any
    }
}
