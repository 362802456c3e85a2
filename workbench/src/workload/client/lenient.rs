//! Decodes a JSON value as Maelstrom's clients read it (Maelstrom: `client.clj`, its schemas): `null` is an empty list,
//! and of two equal keys the last counts. All else is as strict as the type that is decoded.

use crate::engine::json::{Member, Members, reason};
use serde::{
    Deserialize,
    de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor},
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, vec};

/// A value to decode, and the step that leads to it.
struct Value<'de> {
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

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(serde_json::Error::invalid_type(unexpected, expected))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(serde_json::Error::invalid_value(unexpected, expected))
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
pub(super) struct Object<'de> {
    members: vec::IntoIter<Member<'de>>,
    value: Option<Value<'de>>,
}

impl<'de> Object<'de> {
    pub(super) fn new(members: Vec<Member<'de>>) -> Self {
        Self { members: members.into_iter(), value: None }
    }

    /// Goes on to the next member, and returns its key.
    fn next_key(&mut self) -> Option<String> {
        let (key, text) = self.members.next()?;
        let key = key.into_owned();
        self.value = Some(Value { step: Step::Key(key.clone()), text });
        Some(key)
    }

    fn take_value(&mut self) -> Result<Value<'de>, Misfit> {
        self.value.take().ok_or_else(|| de::Error::custom("a value was read before its key"))
    }
}

impl<'de> MapAccess<'de> for Object<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        match self.next_key() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(self.take_value()?)
    }
}

impl<'de> Deserializer<'de> for Object<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The items of a list, for a visitor.
struct Items<'de> {
    items: vec::IntoIter<&'de RawValue>,
    index: usize,
}

impl<'de> Items<'de> {
    fn new(items: Vec<&'de RawValue>) -> Self {
        Self { items: items.into_iter(), index: 0 }
    }

    fn next_value(&mut self) -> Option<Value<'de>> {
        let value = Value { step: Step::Index(self.index), text: self.items.next()? };
        self.index += 1;
        Some(value)
    }
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        match self.next_value() {
            Some(value) => seed.deserialize(value).map(Some),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// A value that is neither a list nor an object, as `serde_json` reads it.
enum Scalar<'de> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'de, str>),
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Unsigned(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Signed(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }
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
            let items = serde_json::from_str(text.get())?;
            visitor.visit_seq(Items::new(items))
        }
        b'{' => {
            let members: Members<'_> = serde_json::from_str(text.get())?;
            visitor.visit_map(Object::new(members.into_vec()))
        }
        _ => match serde_json::from_str(text.get())? {
            Scalar::Null => visitor.visit_unit(),
            Scalar::Bool(value) => visitor.visit_bool(value),
            Scalar::Unsigned(value) => visitor.visit_u64(value),
            Scalar::Signed(value) => visitor.visit_i64(value),
            Scalar::Float(value) => visitor.visit_f64(value),
            Scalar::Text(Cow::Borrowed(value)) => visitor.visit_borrowed_str(value),
            Scalar::Text(Cow::Owned(value)) => visitor.visit_string(value),
        },
    }
}

fn is_null(text: &RawValue) -> bool {
    text.get() == "null"
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
            true => visitor.visit_seq(Items::new(Vec::new())),
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
