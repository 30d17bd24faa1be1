//! Job: what conditions look at, each looked up and folded at most once an event.
//! Takes: an event, what is remembered of its subject, now, rates and a time zone.
//! Gives: `Facts`.
//! Never: invents a value; what is absent is unknown.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::Duration;

use contract::event::Body;
use contract::{Booking, Event, Metrics, Moment};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

use super::fold::fold;
use super::money::Rates;
use super::time::day;
use crate::delivery::SubjectMemory;

/// A field that text conditions look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TextField {
    Title,
    Customer,
    Id,
    Reference,
    Channel,
    Email,
    Phone,
    /// By its place among the plan's names.
    Extra(u16),
}

/// How many fields stand before those of `extra`.
const FIXED: usize = 7;
/// How many texts a field may have: a channel is an agency, an agent, and direct.
const TEXTS: usize = 3;

/// What conditions look at.
pub(crate) struct Facts<'a> {
    pub(crate) event: &'a Event,
    pub(crate) booking: Option<&'a Booking>,
    pub(crate) before: Option<&'a SubjectMemory>,
    pub(crate) now: Timestamp,
    pub(crate) rates: &'a Rates,
    pub(crate) zone: &'a TimeZone,
    folded: [OnceCell<String>; FIXED - 1 + TEXTS],
    extra_names: &'a [Box<str>],
    extra: Box<[OnceCell<Extra<'a>>]>,
}

struct Extra<'a> {
    text: Option<Cow<'a, str>>,
    folded: OnceCell<String>,
}

/// What stays the same for all events of a plan.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) rates: &'a Rates,
    pub(crate) zone: &'a TimeZone,
    pub(crate) extra_names: &'a [Box<str>],
    pub(crate) now: Timestamp,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(
        event: &'a Event,
        before: Option<&'a SubjectMemory>,
        ground: Ground<'a>,
    ) -> Self {
        Self {
            event,
            booking: event.booking(),
            before,
            now: ground.now,
            rates: ground.rates,
            zone: ground.zone,
            folded: Default::default(),
            extra_names: ground.extra_names,
            extra: ground.extra_names.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// The texts of a field, the absent ones left out.
    pub(crate) fn texts(&self, field: TextField) -> impl Iterator<Item = (usize, &str)> {
        let mut all: [Option<&str>; TEXTS] = [None; TEXTS];
        match field {
            TextField::Extra(place) => all[0] = self.extra(place).text.as_deref(),
            TextField::Channel => {
                if let Some(channel) = self.booking.and_then(|b| b.channel.as_ref()) {
                    let direct = channel.direct.unwrap_or(false).then_some("direct");
                    all = [channel.ota.as_deref(), channel.agent.as_deref(), direct];
                }
            }
            _ => all[0] = self.booking.and_then(|booking| text_of(booking, field)),
        }
        all.into_iter().enumerate().filter_map(|(place, text)| text.map(|text| (place, text)))
    }

    /// The folded form of a field's text at `place`.
    pub(crate) fn folded(&self, field: TextField, place: usize, text: &str) -> &str {
        let cell = match field {
            TextField::Extra(extra) => &self.extra(extra).folded,
            TextField::Channel => &self.folded[FIXED - 1 + place],
            TextField::Title => &self.folded[0],
            TextField::Customer => &self.folded[1],
            TextField::Id => &self.folded[2],
            TextField::Reference => &self.folded[3],
            TextField::Email => &self.folded[4],
            TextField::Phone => &self.folded[5],
        };
        cell.get_or_init(|| fold(text))
    }

    /// The name of a field of `extra`.
    pub(crate) fn extra_name(&self, place: u16) -> &str {
        self.extra_names.get(usize::from(place)).map_or("", |name| name)
    }

    /// A field of `extra` as a number.
    pub(crate) fn extra_number(&self, place: u16) -> Option<Decimal> {
        let text = self.extra(place).text.as_deref()?;
        contract::money::decimal(text.trim()).ok()
    }

    fn extra(&self, place: u16) -> &Extra<'a> {
        self.extra[usize::from(place)].get_or_init(|| Extra {
            text: extra_text(self.event, &self.extra_names[usize::from(place)]),
            folded: OnceCell::new(),
        })
    }

    /// How long ago it happened; zero for what is still to come.
    pub(crate) fn age(&self) -> Duration {
        Duration::try_from(self.now.duration_since(self.event.at)).unwrap_or_default()
    }

    /// `ends` less `starts`, in nights.
    pub(crate) fn nights(&self) -> Option<Decimal> {
        let booking = self.booking?;
        nights(booking.starts?, booking.ends?, self.zone)
    }
}

/// The nights between two moments.
pub(crate) fn nights(starts: Moment, ends: Moment, zone: &TimeZone) -> Option<Decimal> {
    let (starts, ends): (Date, Date) = (day(starts, zone), day(ends, zone));
    starts.until(ends).ok().map(|span| Decimal::from(span.get_days()))
}

fn text_of(booking: &Booking, field: TextField) -> Option<&str> {
    match field {
        TextField::Title => booking.title.as_deref(),
        TextField::Customer => booking.customer.as_deref(),
        TextField::Id => Some(booking.id.as_str()),
        TextField::Reference => booking.reference.as_deref(),
        TextField::Email => booking.guest.as_ref().and_then(|guest| guest.email.as_deref()),
        TextField::Phone => booking.guest.as_ref().and_then(|guest| guest.phone.as_deref()),
        TextField::Channel | TextField::Extra(_) => None,
    }
}

/// What only this feed says, by name, as text: of bookings beside their fields, of other kinds all.
pub(crate) fn extra_text<'a>(event: &'a Event, name: &str) -> Option<Cow<'a, str>> {
    if let Some(value) = event.extra.get(name) {
        return value_text(value);
    }
    match &event.body {
        Body::Other(other) => value_text(other.payload.get(name)?),
        Body::Metrics(metrics) => figure(metrics, name).map(|n| n.to_string().into()),
        _ => None,
    }
}

fn value_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(is) => Some(if *is { "true" } else { "false" }.into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn figure(metrics: &Metrics, name: &str) -> Option<Decimal> {
    match name {
        "totalRevenue" => metrics.total_revenue,
        "todayRevenue" => metrics.today_revenue,
        "activeBookings" => metrics.active_bookings,
        "totalCustomers" => metrics.total_customers,
        "revenueChange" => metrics.revenue_change,
        "bookingsChange" => metrics.bookings_change,
        "customersChange" => metrics.customers_change,
        _ => None,
    }
}
