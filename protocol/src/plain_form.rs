//! A reader of a body's fields for values in the common form: integers of at most 18 digits, strings without escapes, and
//! lists and objects without white space but spaces in front of names and values. It takes a third of the instructions that
//! `serde_json` takes.
//!
//! The text of each field is known to be JSON. Everything else, and every error, is left to `serde_json`, which then reads
//! the body again. So errors are described in one place only.

use crate::{envelope::Fields, fast_path::short_integer};
use glomers_json::{digits, plain_string};
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
    forward_to_deserialize_any,
};
use std::fmt;

/// Reads the fields as a `T`; `None` if they do not fit, or have another form.
pub(crate) fn read<T: DeserializeOwned>(fields: &Fields<'_>) -> Option<T> {
    T::deserialize(MapAccessDeserializer::new(Members { fields, next: 0 })).ok()
}

/// Another form, or an error.
#[derive(Debug)]
struct Other;

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in the common form")
    }
}

impl std::error::Error for Other {}

impl Error for Other {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// The fields of a body.
struct Members<'f, 'de> {
    fields: &'f Fields<'de>,
    /// The index of the next one.
    next: usize,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Other;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Other> {
        let Some((key, _)) = self.fields.get(self.next) else { return Ok(None) };
        seed.deserialize(key.as_ref().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Other> {
        let (_, value) = self.fields.get(self.next).ok_or(Other)?;
        self.next += 1;
        seed.deserialize(&mut Reader { rest: value })
    }
}

/// The value at the beginning of a text that is known to be JSON up to the end of the value.
struct Reader<'de> {
    rest: &'de str,
}

impl<'de> Reader<'de> {
    fn byte(&self) -> Result<u8, Other> {
        self.rest.as_bytes().first().copied().ok_or(Other)
    }

    /// Passes a byte.
    fn expect(&mut self, byte: u8) -> Result<(), Other> {
        if self.byte()? == byte { self.skip(1) } else { Err(Other) }
    }

    fn skip(&mut self, count: usize) -> Result<(), Other> {
        self.rest = self.rest.get(count..).ok_or(Other)?;
        Ok(())
    }

    fn literal(&mut self, text: &str) -> Result<(), Other> {
        self.rest = self.rest.strip_prefix(text).ok_or(Other)?;
        Ok(())
    }

    fn integer(&mut self) -> Result<i64, Other> {
        let sign = usize::from(self.byte()? == b'-');
        let length = sign + digits(&self.rest.as_bytes()[sign..]);
        let number = short_integer(&self.rest.as_bytes()[..length]).ok_or(Other)?;
        self.skip(length)?;
        // Behind the digits there may be a fraction or an exponent.
        if matches!(self.rest.as_bytes().first(), None | Some(b',' | b']' | b'}')) { Ok(number) } else { Err(Other) }
    }

    fn string(&mut self) -> Result<&'de str, Other> {
        self.expect(b'"')?;
        let end = plain_string(self.rest.as_bytes(), 0).ok_or(Other)?;
        let text = self.rest.get(..end - 1).ok_or(Other)?;
        self.skip(end)?;
        Ok(text)
    }

    /// The text of any value.
    fn text(&mut self) -> &'de str {
        let (text, rest) = glomers_json::split_value(self.rest).unwrap_or((self.rest, ""));
        self.rest = rest;
        text
    }

    /// Passes what stands between items: true if another one comes, false at the closing bracket.
    fn goes_on(&mut self, is_first: bool, end: u8) -> Result<bool, Other> {
        let is_end = self.byte()? == end;
        if !is_end && !is_first {
            self.expect(b',')?;
            self.spaces()?;
        }
        Ok(!is_end)
    }

    fn spaces(&mut self) -> Result<(), Other> {
        while self.byte()? == b' ' {
            self.skip(1)?;
        }
        Ok(())
    }
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
            let number = self.integer()?;
            match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(number),
            }
        }
    )*};
}

macro_rules! strings {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
            visitor.visit_borrowed_str(self.string()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Other;

    integers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
    deserialize_u64 }

    strings! { deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Other> {
        Err(Other)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
        let is_true = self.byte()? == b't';
        self.literal(if is_true { "true" } else { "false" })?;
        visitor.visit_bool(is_true)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
        self.literal("null")?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
        if self.byte()? == b'n' { self.deserialize_unit(visitor) } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Other> {
        match glomers_json::asks_for_text(name) {
            true => glomers_json::hand_out(self.text(), visitor),
            false => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
        self.expect(b'[')?;
        let value = visitor.visit_seq(Items { reader: self, is_first: true })?;
        self.expect(b']')?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Other> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
        self.expect(b'{')?;
        let value = visitor.visit_map(Items { reader: self, is_first: true })?;
        self.expect(b'}')?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Other> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Other> {
        self.text();
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit_struct tuple_struct enum
    }
}

/// The items of a list, or the members of an object.
struct Items<'r, 'de> {
    reader: &'r mut Reader<'de>,
    is_first: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Other;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Other> {
        let goes_on = self.reader.goes_on(self.is_first, b']')?;
        self.is_first = false;
        if goes_on { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Other;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Other> {
        let goes_on = self.reader.goes_on(self.is_first, b'}')?;
        self.is_first = false;
        if goes_on { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Other> {
        self.reader.expect(b':')?;
        self.reader.spaces()?;
        seed.deserialize(&mut *self.reader)
    }
}
