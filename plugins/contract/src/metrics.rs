//! Job: the dashboard's figures.
//! Takes: a `metrics:update` payload.
//! Gives: `Metrics`, with each figure by the feed's own name.
//! Never: computes a figure.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The dashboard's figures. Each may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// All revenue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_revenue: Option<Decimal>,
    /// Today's revenue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today_revenue: Option<Decimal>,
    /// Bookings that are active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_bookings: Option<Decimal>,
    /// Customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_customers: Option<Decimal>,
    /// Change of revenue, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue_change: Option<Decimal>,
    /// Change of bookings, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bookings_change: Option<Decimal>,
    /// Change of customers, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers_change: Option<Decimal>,
}
