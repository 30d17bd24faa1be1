//! Job: a `metrics:update` payload, read field by field.
//! Takes: the dashboard's seven figures.
//! Gives: `Metrics`, the figures' time and the feed's id of the event.
//! Never: drops a figure it does not know; it goes to `extra`.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::MapAccess;

use super::pass::{Object, Pass};
use crate::{EventId, Metrics};

/// A `metrics:update` payload while it is read.
#[derive(Default)]
pub(super) struct MetricsPayload {
    /// When it was so.
    pub(super) at: Option<Timestamp>,
    /// The feed's own id of the event.
    pub(super) event_id: Option<EventId>,
    /// The figures.
    pub(super) metrics: Metrics,
}

/// A field of a `metrics:update` payload.
#[derive(Clone, Copy)]
pub(super) enum MetricsField {
    TotalRevenue,
    TodayRevenue,
    ActiveBookings,
    TotalCustomers,
    RevenueChange,
    BookingsChange,
    CustomersChange,
    At,
    EventId,
}

impl<'de> Object<'de> for MetricsPayload {
    type Field = MetricsField;

    fn place(&self) -> Cow<'static, str> {
        "".into()
    }

    fn field(name: &str) -> Option<MetricsField> {
        Some(match name {
            "totalRevenue" => MetricsField::TotalRevenue,
            "todayRevenue" => MetricsField::TodayRevenue,
            "activeBookings" => MetricsField::ActiveBookings,
            "totalCustomers" => MetricsField::TotalCustomers,
            "revenueChange" => MetricsField::RevenueChange,
            "bookingsChange" => MetricsField::BookingsChange,
            "customersChange" => MetricsField::CustomersChange,
            "timestamp" => MetricsField::At,
            "eventId" | "event_id" => MetricsField::EventId,
            _ => return None,
        })
    }

    fn bit(field: MetricsField) -> u32 {
        field as u32
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: MetricsField,
        map: &mut A,
        pass: &mut Pass,
    ) -> Result<(), A::Error> {
        let metrics = &mut self.metrics;
        let (figure, name) = match field {
            MetricsField::TotalRevenue => (&mut metrics.total_revenue, "totalRevenue"),
            MetricsField::TodayRevenue => (&mut metrics.today_revenue, "todayRevenue"),
            MetricsField::ActiveBookings => (&mut metrics.active_bookings, "activeBookings"),
            MetricsField::TotalCustomers => (&mut metrics.total_customers, "totalCustomers"),
            MetricsField::RevenueChange => (&mut metrics.revenue_change, "revenueChange"),
            MetricsField::BookingsChange => (&mut metrics.bookings_change, "bookingsChange"),
            MetricsField::CustomersChange => (&mut metrics.customers_change, "customersChange"),
            MetricsField::At => {
                self.at = pass.instant(map, "timestamp")?;
                return Ok(());
            }
            MetricsField::EventId => {
                self.event_id = pass.id(map, "eventId")?.map(|id| (&*id).into());
                return Ok(());
            }
        };
        *figure = pass.number(map, name)?;
        Ok(())
    }
}
