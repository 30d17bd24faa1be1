//! Job: what must be true of an event for a rule to match, as an admin writes it.
//! Takes: the table `when`.
//! Gives: `When`: the keys are and-ed, a list is or-ed, `any` and `not` nest.
//! Never: evaluates; a plan compiles it first.

use std::collections::BTreeMap;

use contract::{Category, Country, Currency, Kind, Status};
use schemars::JsonSchema;
use serde::Deserialize;

use super::AnyOf;
use super::number::{AgeTest, AmountTest, NumberTest};
use super::text::{ExtraTest, TextTest};
use super::time::TimeTest;
use super::words::{ChangedField, YesNo};

/// What must be true of an event. All keys must hold; a list holds where one of it does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// What the event is about: "booking" (the default), "metrics" or "other".
    pub kind: Option<AnyOf<Kind>>,
    /// What is booked: "property", "car", "transfer", "tour", or one of `[intake] categories`.
    pub category: Option<AnyOf<Category>>,
    /// How it stands: "new", "confirmed", "cancelled", or one of `[intake] statuses`.
    pub status: Option<AnyOf<Status>>,
    /// For how much: ">= 1000 USD", "500..2000 EUR"; converted by `[money] rates`.
    pub amount: Option<AnyOf<AmountTest>>,
    /// Where: "TH".
    pub country: Option<AnyOf<Country>>,
    /// In which currency: "EUR".
    pub currency: Option<AnyOf<Currency>>,
    /// What is booked, in words.
    pub title: Option<AnyOf<TextTest>>,
    /// Who booked.
    pub customer: Option<AnyOf<TextTest>>,
    /// The booking's id.
    pub id: Option<AnyOf<TextTest>>,
    /// What people say on the phone.
    pub reference: Option<AnyOf<TextTest>>,
    /// Through whom it came: the agency's or the agent's name, or "direct".
    pub channel: Option<AnyOf<TextTest>>,
    /// When it begins: "within 24h", "after 30d", "today", "past", a date.
    pub starts: Option<AnyOf<TimeTest>>,
    /// When it ends.
    pub ends: Option<AnyOf<TimeTest>>,
    /// How many people: ">= 6", "2..5", 2.
    pub party: Option<AnyOf<NumberTest>>,
    /// How many nights: `ends` less `starts`.
    pub nights: Option<AnyOf<NumberTest>>,
    /// How long ago it happened: ">= 2h".
    pub age: Option<AnyOf<AgeTest>>,
    /// False for a test booking.
    pub live: Option<AnyOf<YesNo>>,
    /// Fields that differ from the last known state: ["starts", "amount"].
    pub changed: Option<AnyOf<ChangedField>>,
    /// About the guest.
    pub guest: Option<GuestWhen>,
    /// Fields that only this feed has, by name.
    pub extra: BTreeMap<String, AnyOf<ExtraTest>>,
    /// At least one of these tables holds.
    pub any: Option<Vec<When>>,
    /// This table does not hold.
    pub not: Option<Box<When>>,
}

/// What must be true of the guest.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GuestWhen {
    /// The address of mail.
    pub email: Option<AnyOf<TextTest>>,
    /// The number.
    pub phone: Option<AnyOf<TextTest>>,
}

impl When {
    /// Says whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
