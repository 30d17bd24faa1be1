//! Job: how names, texts, known objects and values of any shape are taken from a frame.
//! Takes: serde's stream, and the pass that holds the limits.
//! Gives: what was read, borrowed where it can be.
//! Never: builds a value that is thrown away.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::pass::{Object, Pass};
use super::{ID_BYTES_MAX, Reason, TEXT_BYTES_MAX};

/// The name of a field, borrowed from the frame where it has no escapes.
pub(super) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let name = from.deserialize_str(Scalar("a name"))?;
        name.ok_or_else(|| D::Error::custom("a name is text"))
    }
}

/// A text or null. Holds the field's name for the fault.
pub(super) struct Scalar(pub(super) &'static str);

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as text", self.0)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }
}

/// Reads a known object into `object`; says whether there was one, since null is absent.
pub(super) struct Whole<'p, T> {
    /// What is read into.
    pub(super) object: &'p mut T,
    /// The pass.
    pub(super) pass: &'p mut Pass,
}

impl<'de, T: Object<'de>> DeserializeSeed<'de> for Whole<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for Whole<'_, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.object.place();
        write!(f, "{} as an object", if place.is_empty() { "payload" } else { &place })
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let Self { object, pass } = self;
        let mut seen = 0u64;
        while let Some(name) = map.next_key_seed(Name)? {
            pass.count_key()?;
            let Some(field) = T::field(&name) else {
                let value = map.next_value_seed(Open(pass))?;
                pass.keep(&object.place(), &name, value)?;
                continue;
            };
            let bit = 1u64 << T::bit(field);
            if seen & bit != 0 {
                return Err(pass.twice(&object.place(), &name));
            }
            seen |= bit;
            object.read(field, &mut map, pass)?;
        }
        Ok(true)
    }
}

/// A value of any shape, within the limits.
pub(super) struct Open<'p>(pub(super) &'p mut Pass);

impl<'de> DeserializeSeed<'de> for Open<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Open<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    /// A whole number past 64 bits arrives here too, its last digits already gone.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
        if number.abs() >= TWO_TO_63 {
            let said = "a number of more than 64 bits cannot be kept exactly";
            return Err(self.0.refuse(Reason::BadValue, said));
        }
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.0.within(text, "a text", TEXT_BYTES_MAX)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Open(&mut *self.0))? {
            self.0.count_item()?;
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = serde_json::Map::new();
        while let Some(name) = map.next_key_seed(Name)? {
            self.0.count_key()?;
            self.0.within(&name, "a field's name", ID_BYTES_MAX)?;
            if fields.contains_key(&*name) {
                return Err(self.0.twice("", &name));
            }
            let value = map.next_value_seed(Open(&mut *self.0))?;
            fields.insert(name.into_owned(), value);
        }
        Ok(Value::Object(fields))
    }
}
