//! Job: an event as the dashboard's frame, the other way round.
//! Takes: an event, and its number where the server numbers its frames.
//! Gives: the JSON text; `Reader::read` makes the same event of it.
//! Never: writes a float for an amount, or the name of the source.

use rust_decimal::Decimal;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::{Body, Booking, Event, Metrics, Revision, Status};

/// Writes an event as the dashboard's `{type, payload}` frame, with `seq` where there is one.
pub fn write(event: &Event, seq: Option<u64>) -> String {
    serde_json::to_string(&Written { event, seq })
        .expect("an event is made of values that JSON has, under keys that are text")
}

struct Written<'a> {
    event: &'a Event,
    seq: Option<u64>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("type", name(self.event))?;
        match &self.event.body {
            Body::Booking(booking) => {
                map.serialize_entry("payload", &OfBooking { event: self.event, booking })?;
            }
            Body::Metrics(metrics) => {
                map.serialize_entry("payload", &OfMetrics { event: self.event, metrics })?;
            }
            Body::Feed(change) => map.serialize_entry("payload", change)?,
            Body::Sink(change) => map.serialize_entry("payload", change)?,
            Body::Other(other) => map.serialize_entry("payload", &other.payload)?,
        }
        if let Some(seq) = self.seq {
            map.serialize_entry("seq", &seq)?;
        }
        map.end()
    }
}

/// The frame's type. A status of the house's own is news of a booking that already stands.
fn name(event: &Event) -> &str {
    match &event.body {
        Body::Booking(booking) => match booking.status {
            Some(Status::New) => "booking:new",
            Some(Status::Cancelled) => "booking:cancelled",
            Some(Status::Confirmed | Status::Own(_)) | None => "booking:confirmed",
        },
        Body::Metrics(_) => "metrics:update",
        Body::Feed(_) => "feed:change",
        Body::Sink(_) => "sink:change",
        Body::Other(other) => &other.name,
    }
}

/// Writes the fields that are present and remembers their names, so that `extra` repeats none.
struct Payload<M> {
    map: M,
    names: Vec<&'static str>,
}

impl<M: SerializeMap> Payload<M> {
    fn of(map: M) -> Self {
        Self { map, names: Vec::with_capacity(24) }
    }

    fn put<T: Serialize>(&mut self, name: &'static str, value: Option<T>) -> Result<(), M::Error> {
        let Some(value) = value else { return Ok(()) };
        self.names.push(name);
        self.map.serialize_entry(name, &value)
    }

    fn end(mut self, event: &Event) -> Result<M::Ok, M::Error> {
        self.put("timestamp", Some(event.at))?;
        self.put("eventId", event.id.as_deref())?;
        for (name, value) in &event.extra {
            if !self.names.contains(&&**name) {
                self.map.serialize_entry(name, value)?;
            }
        }
        self.map.end()
    }
}

/// A decimal as a JSON number of the same digits.
fn digits(number: Decimal) -> Box<RawValue> {
    RawValue::from_string(number.to_string()).expect("a decimal's digits are a JSON number")
}

struct OfBooking<'a> {
    event: &'a Event,
    booking: &'a Booking,
}

impl Serialize for OfBooking<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let booking = self.booking;
        let mut payload = Payload::of(to.serialize_map(None)?);
        payload.put("id", Some(&booking.id))?;
        payload.put("type", booking.category.as_ref())?;
        payload.put("title", booking.title.as_ref())?;
        payload.put("customerName", booking.customer.as_ref())?;
        payload.put("amount", booking.amount.map(|money| digits(money.amount)))?;
        payload.put("currency", booking.amount.and_then(|money| money.currency))?;
        payload.put("status", booking.status.as_ref())?;
        payload.put("country", booking.country)?;
        match booking.revision {
            Some(Revision::Number(number)) => payload.put("revision", Some(number))?,
            Some(Revision::Updated(at)) => payload.put("updatedAt", Some(at))?,
            None => {}
        }
        payload.put("reference", booking.reference.as_ref())?;
        payload.put("group", booking.group.as_ref())?;
        payload.put("previousId", booking.previous_id.as_ref())?;
        payload.put("changes", (!booking.changes.is_empty()).then_some(&booking.changes))?;
        payload.put("starts", booking.starts)?;
        payload.put("ends", booking.ends)?;
        payload.put("party", booking.party)?;
        payload.put("channel", booking.channel.as_ref())?;
        payload.put("guest", booking.guest.as_ref())?;
        payload.put("live", booking.live)?;
        payload.end(self.event)
    }
}

struct OfMetrics<'a> {
    event: &'a Event,
    metrics: &'a Metrics,
}

impl Serialize for OfMetrics<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let metrics = self.metrics;
        let mut payload = Payload::of(to.serialize_map(None)?);
        payload.put("totalRevenue", metrics.total_revenue.map(digits))?;
        payload.put("todayRevenue", metrics.today_revenue.map(digits))?;
        payload.put("activeBookings", metrics.active_bookings.map(digits))?;
        payload.put("totalCustomers", metrics.total_customers.map(digits))?;
        payload.put("revenueChange", metrics.revenue_change.map(digits))?;
        payload.put("bookingsChange", metrics.bookings_change.map(digits))?;
        payload.put("customersChange", metrics.customers_change.map(digits))?;
        payload.end(self.event)
    }
}
