//! The common part of every line, as serde reads it: the envelope and the three reserved keys of its body. A body's other
//! fields stay text.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData};

/// Reads a line.
pub(crate) fn parse(line: &str) -> serde_json::Result<Envelope<'_>> {
    serde_json::from_str(line).map(|Object(envelope)| envelope)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) src: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) dest: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) body: Body<'a>,
}

#[derive(Debug, Default)]
pub(crate) struct Body<'a> {
    pub(crate) wire_type: Cow<'a, str>,
    pub(crate) msg_id: Option<i64>,
    pub(crate) in_reply_to: Option<i64>,
    /// The other fields.
    pub(crate) fields: Fields<'a>,
}

/// Fields in their order. Most bodies have one or two, which need no allocation.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    first: Option<Field<'a>>,
    second: Option<Field<'a>>,
    more: Vec<Field<'a>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn push(&mut self, field: Field<'a>) {
        match self {
            Self { first: place @ None, .. } | Self { second: place @ None, .. } => *place = Some(field),
            Self { more, .. } => more.push(field),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Field<'a>> {
        match index {
            0 => self.first.as_ref(),
            1 => self.second.as_ref(),
            _ => self.more.get(index - 2),
        }
    }
}

/// A key, and its value as JSON text.
pub(crate) type Field<'a> = (Cow<'a, str>, &'a str);

/// A `T` that is an object in JSON. A derived struct would accept an array as well.
#[derive(Debug)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
        let (mut wire_type, mut msg_id, mut in_reply_to) = (None, None, None);
        let mut fields = Fields::default();
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "type" => once("type", &mut wire_type, &mut map)?,
                "msg_id" => once("msg_id", &mut msg_id, &mut map)?,
                "in_reply_to" => once("in_reply_to", &mut in_reply_to, &mut map)?,
                _ => fields.push((key, map.next_value::<&RawValue>()?.get())),
            }
        }
        let Text(wire_type) = wire_type.ok_or_else(|| A::Error::missing_field("type"))?;
        Ok(Body { wire_type, msg_id: msg_id.flatten(), in_reply_to: in_reply_to.flatten(), fields })
    }
}

/// Reads the value of a key that may occur once.
fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    key: &'static str,
    value: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    match value.replace(map.next_value()?) {
        None => Ok(()),
        Some(_) => Err(A::Error::duplicate_field(key)),
    }
}

/// A string that is borrowed unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
