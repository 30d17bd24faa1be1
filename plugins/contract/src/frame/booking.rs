//! Job: a booking's payload, read field by field.
//! Takes: the dashboard's names, and those of larger engines.
//! Gives: a `Booking`, its time and the feed's id of the event.
//! Never: guesses a currency or a country that it cannot read; such go to `extra` as they came.

use std::borrow::Cow;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::MapAccess;
use serde_json::Value;

use super::parts::{Changes, text};
use super::pass::{Object, Pass};
use super::seeds::Whole;
use crate::{
    Booking, BookingId, Category, Changed, Channel, Country, Currency, EventId, Fields, Guest,
    Moment, Money, Party, Revision, Status, Text,
};

/// A booking's payload while it is read.
#[derive(Default)]
pub(super) struct BookingPayload<'de> {
    /// When it happened.
    pub(super) at: Option<Timestamp>,
    /// The feed's own id of the event.
    pub(super) event_id: Option<EventId>,
    id: Option<BookingId>,
    category: Option<Category>,
    status: Option<Status>,
    title: Option<Text>,
    customer: Option<Text>,
    amount: Option<Decimal>,
    currency: Option<Cow<'de, str>>,
    country: Option<Cow<'de, str>>,
    revision: Option<u64>,
    updated: Option<Timestamp>,
    reference: Option<Text>,
    group: Option<Text>,
    previous_id: Option<BookingId>,
    changes: Vec<Changed>,
    starts: Option<Moment>,
    ends: Option<Moment>,
    party: Option<Party>,
    channel: Option<Channel>,
    guest: Option<Box<Guest>>,
    live: Option<bool>,
}

impl BookingPayload<'_> {
    /// The booking; none where it has no id. `status` is what the frame's type says.
    pub(super) fn finish(self, status: Status, extra: &mut Fields) -> Option<Booking> {
        let id = self.id?;
        let amount = money(self.amount, self.currency, extra);
        let country = self.country.and_then(|country| {
            let read = country.parse::<Country>().ok();
            if read.is_none() {
                extra.insert("country".into(), Value::String(country.into_owned()));
            }
            read
        });
        Some(Booking {
            id,
            category: self.category,
            status: Some(self.status.unwrap_or(status)),
            title: self.title,
            customer: self.customer,
            amount,
            country,
            revision: revision(self.revision, self.updated, extra),
            reference: self.reference,
            group: self.group,
            previous_id: self.previous_id,
            changes: self.changes,
            starts: self.starts,
            ends: self.ends,
            party: self.party,
            channel: self.channel,
            guest: self.guest,
            live: self.live,
        })
    }
}

/// An amount whose currency cannot be read is no amount: it would pass as one in `[money] base`.
fn money(
    amount: Option<Decimal>,
    currency: Option<Cow<'_, str>>,
    extra: &mut Fields,
) -> Option<Money> {
    let Some(written) = currency else {
        return amount.map(|amount| Money { amount, currency: None });
    };
    if let (Some(amount), Ok(currency)) = (amount, written.parse::<Currency>()) {
        return Some(Money { amount, currency: Some(currency) });
    }
    extra.insert("currency".into(), Value::String(written.into_owned()));
    if let Some(amount) = amount {
        extra.insert("amount".into(), Value::String(amount.to_string()));
    }
    None
}

/// A number tells states apart better than a time; the time is kept beside it.
fn revision(
    number: Option<u64>,
    updated: Option<Timestamp>,
    extra: &mut Fields,
) -> Option<Revision> {
    match (number, updated) {
        (Some(number), Some(updated)) => {
            extra.insert("updatedAt".into(), Value::String(updated.to_string()));
            Some(Revision::Number(number))
        }
        (Some(number), None) => Some(Revision::Number(number)),
        (None, updated) => updated.map(Revision::Updated),
    }
}

/// A field of a booking's payload.
#[derive(Clone, Copy)]
pub(super) enum BookingField {
    Id,
    Category,
    Title,
    Customer,
    Amount,
    Currency,
    At,
    Status,
    Country,
    Revision,
    Updated,
    Reference,
    Group,
    PreviousId,
    Changes,
    Starts,
    Ends,
    Party,
    Channel,
    Guest,
    Live,
    EventId,
}

impl<'de> Object<'de> for BookingPayload<'de> {
    type Field = BookingField;

    fn place(&self) -> Cow<'static, str> {
        "".into()
    }

    fn field(name: &str) -> Option<BookingField> {
        Some(match name {
            "id" => BookingField::Id,
            "type" => BookingField::Category,
            "title" => BookingField::Title,
            "customerName" => BookingField::Customer,
            "amount" => BookingField::Amount,
            "currency" => BookingField::Currency,
            "timestamp" => BookingField::At,
            "status" => BookingField::Status,
            "country" => BookingField::Country,
            "revision" => BookingField::Revision,
            "updatedAt" | "updated_at" => BookingField::Updated,
            "reference" => BookingField::Reference,
            "group" => BookingField::Group,
            "previousId" | "previous_id" => BookingField::PreviousId,
            "changes" => BookingField::Changes,
            "starts" => BookingField::Starts,
            "ends" => BookingField::Ends,
            "party" => BookingField::Party,
            "channel" => BookingField::Channel,
            "guest" => BookingField::Guest,
            "live" => BookingField::Live,
            "eventId" | "event_id" => BookingField::EventId,
            _ => return None,
        })
    }

    fn bit(field: BookingField) -> u32 {
        field as u32
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: BookingField,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error> {
        match field {
            BookingField::Id => self.id = pass.id(map, "id")?.map(|id| (&*id).into()),
            BookingField::Category => {
                self.category = pass.name(map, "type")?.map(|name| (&*name).into());
            }
            BookingField::Title => self.title = pass.text(map, "title")?.map(text),
            BookingField::Customer => self.customer = pass.text(map, "customerName")?.map(text),
            BookingField::Amount => self.amount = pass.number(map, "amount")?,
            BookingField::Currency => self.currency = pass.name(map, "currency")?,
            BookingField::At => self.at = pass.instant(map, "timestamp")?,
            BookingField::Status => {
                self.status = pass.name(map, "status")?.map(|name| (&*name).into());
            }
            BookingField::Country => self.country = pass.name(map, "country")?,
            BookingField::EventId => {
                self.event_id = pass.id(map, "eventId")?.map(|id| (&*id).into());
            }
            rarer => self.read_rarer(rarer, map, pass)?,
        }
        Ok(())
    }
}

impl<'de> BookingPayload<'de> {
    /// The fields that the small dashboard does not have.
    fn read_rarer<A: MapAccess<'de>>(
        &mut self,
        field: BookingField,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error> {
        match field {
            BookingField::Revision => self.revision = pass.count(map, "revision")?,
            BookingField::Updated => self.updated = pass.instant(map, "updatedAt")?,
            BookingField::Reference => self.reference = pass.text(map, "reference")?.map(text),
            BookingField::Group => self.group = pass.text(map, "group")?.map(text),
            BookingField::PreviousId => {
                self.previous_id = pass.id(map, "previousId")?.map(|id| (&*id).into());
            }
            BookingField::Changes => self.changes = map.next_value_seed(Changes(pass))?,
            BookingField::Starts => self.starts = pass.parsed(map, "starts")?,
            BookingField::Ends => self.ends = pass.parsed(map, "ends")?,
            BookingField::Party => {
                let mut party = Party::default();
                let found = map.next_value_seed(Whole { object: &mut party, pass })?;
                self.party = found.then_some(party);
            }
            BookingField::Channel => {
                let mut channel = Channel::default();
                let found = map.next_value_seed(Whole { object: &mut channel, pass })?;
                self.channel = found.then_some(channel);
            }
            BookingField::Guest => {
                let mut guest = Guest::default();
                let found = map.next_value_seed(Whole { object: &mut guest, pass })?;
                self.guest = found.then(|| Box::new(guest));
            }
            _ => self.live = pass.truth(map, "live")?,
        }
        Ok(())
    }
}
