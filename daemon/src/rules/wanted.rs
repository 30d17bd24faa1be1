//! Job: how a condition is read: one value, or a list of which one is enough.
//! Takes: what an admin wrote behind a key of `when`.
//! Gives: `AnyOf<T>` for every kind of condition, with errors that show what is right.
//! Never: knows a key; `When` does.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::json;

/// The key under which the TOML reader hands over a date.
const TOML_DATE: &str = "$__toml_private_datetime";

/// One condition, or several of which one is enough. Never empty once read.
#[derive(Clone, Debug, PartialEq)]
pub struct AnyOf<T>(pub Vec<T>);

/// A condition on one value: how it is read and described.
pub trait Wanted: Sized + fmt::Display {
    /// Its name in the schema.
    const NAME: &'static str;
    /// What may stand there, with an example that is right; ends a sentence.
    const EXPECTED: &'static str;

    /// Reads a string.
    ///
    /// # Errors
    /// What is wrong with it, and an example that is right.
    fn of_text(text: &str) -> Result<Self, String>;

    /// Reads a number.
    ///
    /// # Errors
    /// What would be right, where a number is not.
    fn of_number(_: Decimal) -> Result<Self, String> {
        Err(format!("a bare number cannot stand here: it takes {}", Self::EXPECTED))
    }

    /// Reads a true or false.
    ///
    /// # Errors
    /// What would be right, where a boolean is not.
    fn of_bool(_: bool) -> Result<Self, String> {
        Err(format!("true or false cannot stand here: it takes {}", Self::EXPECTED))
    }

    /// Reads a date as TOML writes it.
    ///
    /// # Errors
    /// What would be right, where a date is not.
    fn of_date(_: &str) -> Result<Self, String> {
        Err(format!("a date cannot stand here: it takes {}", Self::EXPECTED))
    }

    /// Reads a table by its first key; the value is still to be taken from `table`.
    ///
    /// # Errors
    /// What would be right, where such a table is not.
    fn of_table<'de, A: MapAccess<'de>>(_: &str, _: &mut A) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("a table cannot stand here: it takes {}", Self::EXPECTED)))
    }

    /// The schema of one value.
    fn schema() -> serde_json::Value {
        json!({ "type": "string" })
    }
}

/// Exactly one condition: an element of a list.
struct One<T>(T);

struct Reader<T, const LIST: bool>(PhantomData<T>);

impl<'de, T: Wanted> Deserialize<'de> for AnyOf<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader::<T, true>(PhantomData)).map(Self)
    }
}

impl<'de, T: Wanted> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut one = from.deserialize_any(Reader::<T, false>(PhantomData))?;
        one.pop().map(Self).ok_or_else(|| D::Error::custom("nothing stands here"))
    }
}

impl<'de, T: Wanted, const LIST: bool> Visitor<'de> for Reader<T, LIST> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        T::of_text(text).map(|one| vec![one]).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Vec<T>, E> {
        T::of_number(number.into()).map(|one| vec![one]).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<T>, E> {
        T::of_number(number.into()).map(|one| vec![one]).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Vec<T>, E> {
        let exact = contract::money::decimal(&number.to_string());
        let number = exact.map_err(|_| E::custom(format!("{number} is no number to compare")))?;
        T::of_number(number).map(|one| vec![one]).map_err(E::custom)
    }

    fn visit_bool<E: Error>(self, is: bool) -> Result<Vec<T>, E> {
        T::of_bool(is).map(|one| vec![one]).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        if !LIST {
            return Err(A::Error::custom(format!(
                "a list cannot stand in a list: {}",
                T::EXPECTED
            )));
        }
        let mut all = Vec::new();
        while let Some(One(one)) = list.next_element::<One<T>>()? {
            all.push(one);
        }
        if all.is_empty() {
            return Err(A::Error::custom(format!("an empty list never matches: {}", T::EXPECTED)));
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Vec<T>, A::Error> {
        let Some(key) = table.next_key::<Cow<'_, str>>()? else {
            return Err(A::Error::custom(format!("an empty table says nothing: {}", T::EXPECTED)));
        };
        if key == TOML_DATE {
            let date = table.next_value::<String>()?;
            return T::of_date(&date).map(|one| vec![one]).map_err(A::Error::custom);
        }
        let one = T::of_table(&key, &mut table)?;
        if let Some(second) = table.next_key::<Cow<'_, str>>()? {
            return Err(A::Error::custom(format!(
                "one key is enough here, and \"{second}\" is a second one: write a list, or `not`"
            )));
        }
        Ok(vec![one])
    }
}

impl<T: Wanted> fmt::Display for AnyOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, one) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" or ")?;
            }
            one.fmt(f)?;
        }
        Ok(())
    }
}

impl<T: Wanted> JsonSchema for AnyOf<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = T::schema();
        json_schema!({
            "description": format!("Takes {}, or a list of which one is enough.", T::EXPECTED),
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }]
        })
    }
}
