//! Job: which fields of a booking differ from its last known state.
//! Takes: both states.
//! Gives: yes or no, by the field's name.
//! Never: looks at what a feed says has changed; the condition does that first.

use contract::Booking;

use super::facts::{Facts, nights};

/// Says whether the field differs. What was absent and is now said differs as well.
pub(crate) fn has_changed(field: &str, before: &Booking, now: &Booking, facts: &Facts<'_>) -> bool {
    match field {
        "category" => before.category != now.category,
        "status" => before.status != now.status,
        "title" => before.title != now.title,
        "customer" => before.customer != now.customer,
        "amount" => before.amount.map(|money| money.amount) != now.amount.map(|money| money.amount),
        "currency" => currency(before, facts) != currency(now, facts),
        "country" => before.country != now.country,
        "reference" => before.reference != now.reference,
        "channel" => before.channel != now.channel,
        "starts" => before.starts != now.starts,
        "ends" => before.ends != now.ends,
        "party" => size(before) != size(now),
        "nights" => length(before, facts) != length(now, facts),
        "live" => before.live != now.live,
        "guest.email" => {
            let email = |booking: &Booking| booking.guest.as_ref().and_then(|g| g.email.clone());
            email(before) != email(now)
        }
        "guest.phone" => {
            let phone = |booking: &Booking| booking.guest.as_ref().and_then(|g| g.phone.clone());
            phone(before) != phone(now)
        }
        _ => false,
    }
}

fn currency(booking: &Booking, facts: &Facts<'_>) -> Option<contract::Currency> {
    booking.amount.as_ref().and_then(|money| facts.rates.currency(money))
}

fn size(booking: &Booking) -> Option<u32> {
    booking.party.as_ref().and_then(contract::Party::size)
}

fn length(booking: &Booking, facts: &Facts<'_>) -> Option<rust_decimal::Decimal> {
    nights(booking.starts?, booking.ends?, facts.zone)
}
