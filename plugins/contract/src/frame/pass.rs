//! Job: what is known in one pass over one frame: fields, limits, and the first fault.
//! Takes: serde's stream of keys and values, borrowed from the frame.
//! Gives: texts, exact numbers and times; whatever is unknown goes to `extra`.
//! Never: reads on after a fault.

use std::borrow::Cow;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::{Error, MapAccess};
use serde_json::Value;
use serde_json::value::RawValue;

use super::seeds::Scalar;
use super::{ID_BYTES_MAX, ITEMS_MAX, KEYS_MAX, Reason, TEXT_BYTES_MAX};
use crate::{Fields, money};

/// What is known of the frame so far.
#[derive(Default)]
pub(super) struct Pass {
    /// The first fault; serde's own error then says nothing of worth.
    pub(super) fault: Option<(Reason, String)>,
    /// Fields of names that are not ours.
    pub(super) extra: Fields,
    keys: usize,
    items: usize,
}

/// An object whose names are known.
pub(super) trait Object<'de> {
    /// Its known fields.
    type Field: Copy;

    /// Where it stands in the payload, before a dot; empty for the payload itself.
    fn place(&self) -> Cow<'static, str>;
    /// The field of that name.
    fn field(name: &str) -> Option<Self::Field>;
    /// The field's bit, less than 64, by which a repeat is noticed.
    fn bit(field: Self::Field) -> u32;
    /// Reads one field's value.
    fn read<A: MapAccess<'de>>(
        &mut self,
        field: Self::Field,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error>;
}

impl Pass {
    /// Notes a fault and gives the error that ends the pass.
    pub(super) fn refuse<E: Error>(&mut self, reason: Reason, said: impl Into<String>) -> E {
        self.fault.get_or_insert_with(|| (reason, said.into()));
        E::custom("refused")
    }

    /// Counts one key against the limit.
    pub(super) fn count_key<E: Error>(&mut self) -> Result<(), E> {
        self.keys += 1;
        if self.keys > KEYS_MAX {
            return Err(self.refuse(Reason::TooLarge, format!("more than {KEYS_MAX} keys")));
        }
        Ok(())
    }

    /// Counts one item of a list against the limit.
    pub(super) fn count_item<E: Error>(&mut self) -> Result<(), E> {
        self.items += 1;
        if self.items > ITEMS_MAX {
            let said = format!("more than {ITEMS_MAX} items in lists");
            return Err(self.refuse(Reason::TooLarge, said));
        }
        Ok(())
    }

    /// Says that a key stands twice.
    pub(super) fn twice<E: Error>(&mut self, place: &str, name: &str) -> E {
        let dot = if place.is_empty() { "" } else { "." };
        self.refuse(Reason::DuplicateKey, format!("`{place}{dot}{name}` stands twice"))
    }

    /// Keeps a field of a name that is not ours.
    pub(super) fn keep<E: Error>(
        &mut self,
        place: &str,
        name: &str,
        value: Value,
    ) -> Result<(), E> {
        self.within(name, "a field's name", ID_BYTES_MAX)?;
        let key: Box<str> =
            if place.is_empty() { name.into() } else { format!("{place}.{name}").into() };
        match self.extra.insert(key, value) {
            None => Ok(()),
            Some(_) => Err(self.twice(place, name)),
        }
    }

    /// Holds a text to a limit.
    pub(super) fn within<E: Error>(
        &mut self,
        text: &str,
        what: &str,
        bytes_max: usize,
    ) -> Result<(), E> {
        if text.len() > bytes_max {
            let said = format!("{what} has {} bytes, at most {bytes_max} are read", text.len());
            return Err(self.refuse(Reason::TooLarge, said));
        }
        Ok(())
    }

    /// A text of at most 16 KiB; null is absent.
    pub(super) fn text<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<Cow<'de, str>>, A::Error> {
        let text = map.next_value_seed(Scalar(what))?;
        if let Some(text) = &text {
            self.within(text, what, TEXT_BYTES_MAX)?;
        }
        Ok(text)
    }

    /// A name of at most 256 bytes; null and "" are absent.
    pub(super) fn name<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<Cow<'de, str>>, A::Error> {
        let text = map.next_value_seed(Scalar(what))?.filter(|text| !text.trim().is_empty());
        if let Some(text) = &text {
            self.within(text, what, ID_BYTES_MAX)?;
        }
        Ok(text)
    }

    /// An id: a name without control characters.
    pub(super) fn id<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<Cow<'de, str>>, A::Error> {
        let id = self.name(map, what)?;
        if id.as_ref().is_some_and(|id| id.chars().any(char::is_control)) {
            let said = format!("{what} has a control character");
            return Err(self.refuse(Reason::BadValue, said));
        }
        Ok(id)
    }

    /// A text that is parsed, such as a time.
    pub(super) fn parsed<'de, A: MapAccess<'de>, T: std::str::FromStr>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<T>, A::Error> {
        let Some(text) = self.text(map, what)? else { return Ok(None) };
        let parsed = text.parse();
        parsed.map(Some).map_err(|_| {
            self.refuse(Reason::BadValue, format!("{what} is no time with its zone (ISO 8601)"))
        })
    }

    /// An instant.
    pub(super) fn instant<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<Timestamp>, A::Error> {
        self.parsed(map, what)
    }

    /// True, false, or null, which is absent.
    pub(super) fn truth<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<bool>, A::Error> {
        match map.next_value::<&RawValue>()?.get() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            "null" => Ok(None),
            _ => Err(self.refuse(Reason::WrongType, format!("{what} must be true or false"))),
        }
    }

    /// A number from its own digits, or from a text that holds nothing but a number.
    pub(super) fn number<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<Decimal>, A::Error> {
        let raw = map.next_value::<&RawValue>()?.get();
        if raw == "null" {
            return Ok(None);
        }
        let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let digits = quoted.unwrap_or(raw);
        if quoted.is_none() && !starts_a_number(raw) {
            return Err(self.refuse(Reason::WrongType, format!("{what} must be a number")));
        }
        exact(digits).map(Some).ok_or_else(|| {
            self.refuse(Reason::BadValue, format!("{what} is no number that can be kept exactly"))
        })
    }

    /// A whole number from zero on.
    pub(super) fn count<'de, A: MapAccess<'de>, T: std::str::FromStr>(
        &mut self,
        map: &mut A,
        what: &'static str,
    ) -> Result<Option<T>, A::Error> {
        let raw = map.next_value::<&RawValue>()?.get();
        if raw == "null" {
            return Ok(None);
        }
        if !starts_a_number(raw) {
            return Err(self.refuse(Reason::WrongType, format!("{what} must be a number")));
        }
        let said = || format!("{what} must be a whole number from 0 on");
        raw.parse().map(Some).map_err(|_| self.refuse(Reason::BadValue, said()))
    }
}

fn starts_a_number(raw: &str) -> bool {
    raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// A number as JSON writes it, or nothing where a digit would be lost.
fn exact(digits: &str) -> Option<Decimal> {
    const SIGNIFICANT_MAX: usize = 28;
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    if !starts_a_number(digits) || !digits.bytes().all(plain) {
        return None;
    }
    let mantissa = digits.split(['e', 'E']).next().unwrap_or(digits);
    if mantissa.len() != digits.len() && mantissa.len() > SIGNIFICANT_MAX {
        return None;
    }
    money::decimal(digits).ok()
}
