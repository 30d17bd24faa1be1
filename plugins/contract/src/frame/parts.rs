//! Job: the objects inside a booking's payload.
//! Takes: `party`, `channel`, `guest` and the entries of `changes`.
//! Gives: `Party`, `Channel`, `Guest`, `Changed`; unknown fields go to `extra` as `party.NAME`.
//! Never: fills in what the feed left out.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Reason;
use super::pass::{Object, Pass};
use super::seeds::{Open, Whole};
use crate::{Changed, Channel, Guest, Party, Text};

/// A field of `party`.
#[derive(Clone, Copy)]
pub(super) enum PartyField {
    Adults,
    Children,
    Infants,
    Total,
}

impl<'de> Object<'de> for Party {
    type Field = PartyField;

    fn place(&self) -> Cow<'static, str> {
        "party".into()
    }

    fn field(name: &str) -> Option<PartyField> {
        Some(match name {
            "adults" => PartyField::Adults,
            "children" => PartyField::Children,
            "infants" => PartyField::Infants,
            "total" => PartyField::Total,
            _ => return None,
        })
    }

    fn bit(field: PartyField) -> u32 {
        field as u32
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: PartyField,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error> {
        match field {
            PartyField::Adults => self.adults = pass.count(map, "party.adults")?,
            PartyField::Children => self.children = pass.count(map, "party.children")?,
            PartyField::Infants => self.infants = pass.count(map, "party.infants")?,
            PartyField::Total => self.total = pass.count(map, "party.total")?,
        }
        Ok(())
    }
}

/// A field of `channel`.
#[derive(Clone, Copy)]
pub(super) enum ChannelField {
    Ota,
    Agent,
    Direct,
}

impl<'de> Object<'de> for Channel {
    type Field = ChannelField;

    fn place(&self) -> Cow<'static, str> {
        "channel".into()
    }

    fn field(name: &str) -> Option<ChannelField> {
        Some(match name {
            "ota" => ChannelField::Ota,
            "agent" => ChannelField::Agent,
            "direct" => ChannelField::Direct,
            _ => return None,
        })
    }

    fn bit(field: ChannelField) -> u32 {
        field as u32
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: ChannelField,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error> {
        match field {
            ChannelField::Ota => self.ota = pass.text(map, "channel.ota")?.map(text),
            ChannelField::Agent => self.agent = pass.text(map, "channel.agent")?.map(text),
            ChannelField::Direct => self.direct = pass.truth(map, "channel.direct")?,
        }
        Ok(())
    }
}

/// A field of `guest`.
#[derive(Clone, Copy)]
pub(super) enum GuestField {
    Name,
    Email,
    Phone,
    Country,
    Returning,
}

impl<'de> Object<'de> for Guest {
    type Field = GuestField;

    fn place(&self) -> Cow<'static, str> {
        "guest".into()
    }

    fn field(name: &str) -> Option<GuestField> {
        Some(match name {
            "name" => GuestField::Name,
            "email" => GuestField::Email,
            "phone" => GuestField::Phone,
            "country" => GuestField::Country,
            "returning" => GuestField::Returning,
            _ => return None,
        })
    }

    fn bit(field: GuestField) -> u32 {
        field as u32
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: GuestField,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error> {
        match field {
            GuestField::Name => self.name = pass.text(map, "guest.name")?.map(text),
            GuestField::Email => self.email = pass.text(map, "guest.email")?.map(text),
            GuestField::Phone => self.phone = pass.text(map, "guest.phone")?.map(text),
            GuestField::Country => self.country = pass.text(map, "guest.country")?.map(text),
            GuestField::Returning => self.returning = pass.truth(map, "guest.returning")?,
        }
        Ok(())
    }
}

/// An entry of `changes` while it is read.
struct Change {
    index: usize,
    field: Option<Text>,
    from: Value,
    to: Value,
}

/// A field of an entry of `changes`.
#[derive(Clone, Copy)]
enum ChangeField {
    Field,
    From,
    To,
}

impl<'de> Object<'de> for Change {
    type Field = ChangeField;

    fn place(&self) -> Cow<'static, str> {
        format!("changes.{}", self.index).into()
    }

    fn field(name: &str) -> Option<ChangeField> {
        Some(match name {
            "field" => ChangeField::Field,
            "from" => ChangeField::From,
            "to" => ChangeField::To,
            _ => return None,
        })
    }

    fn bit(field: ChangeField) -> u32 {
        field as u32
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: ChangeField,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error> {
        match field {
            ChangeField::Field => self.field = pass.name(map, "changes.field")?.map(text),
            ChangeField::From => self.from = map.next_value_seed(Open(pass))?,
            ChangeField::To => self.to = map.next_value_seed(Open(pass))?,
        }
        Ok(())
    }
}

/// Reads `changes`; null is an empty list.
pub(super) struct Changes<'p>(pub(super) &'p mut Pass);

impl<'de> DeserializeSeed<'de> for Changes<'_> {
    type Value = Vec<Changed>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Changes<'_> {
    type Value = Vec<Changed>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("changes as a list of objects")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let pass = self.0;
        let mut changes = Vec::new();
        loop {
            let index = changes.len();
            let mut entry = Change { index, field: None, from: Value::Null, to: Value::Null };
            let whole = Whole { object: &mut entry, pass: &mut *pass };
            if list.next_element_seed(whole)?.is_none() {
                return Ok(changes);
            }
            pass.count_item()?;
            let Some(field) = entry.field else {
                let said = format!("changes.{index} does not say which field");
                return Err(pass.refuse(Reason::WrongType, said));
            };
            changes.push(Changed { field, from: entry.from, to: entry.to });
        }
    }
}

/// The text as its own.
pub(super) fn text(text: Cow<'_, str>) -> Text {
    text.into_owned().into()
}
