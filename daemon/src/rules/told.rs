//! Job: a condition in words: its key, what it wants, what it finds.
//! Takes: a condition and the facts of an event.
//! Gives: the three texts that `explain` shows.
//! Never: decides; nothing here is called when nobody listens.

use std::fmt;

use super::AnyOf;
use super::check::Truth;
use super::condition::{Condition, TextCheck, change_of};
use super::facts::{Facts, TextField};
use super::words::ChangedField;

impl Condition {
    /// The key, what it wants, and what it finds.
    pub(crate) fn told(&self, facts: &Facts<'_>) -> (String, String, String) {
        let booking = facts.booking;
        let told = |key: &str, wanted: &dyn fmt::Display, actual: Option<String>| {
            let absent = || "not said".to_owned();
            (key.to_owned(), wanted.to_string(), actual.unwrap_or_else(absent))
        };
        match self {
            Self::Kind(kinds) => told("kind", kinds, Some(facts.event.kind().to_string())),
            Self::Category(names) => {
                told("category", names, booking.and_then(|b| word(b.category.as_ref())))
            }
            Self::Status(names) => {
                told("status", names, booking.and_then(|b| word(b.status.as_ref())))
            }
            Self::Country(codes) => {
                told("country", codes, booking.and_then(|b| word(b.country.as_ref())))
            }
            Self::Currency(codes) => {
                let money = booking.and_then(|b| b.amount.as_ref());
                let currency = money.and_then(|money| facts.rates.currency(money));
                told("currency", codes, word(currency.as_ref()))
            }
            Self::Live(is) => told("live", is, booking.and_then(|b| word(b.live.as_ref()))),
            Self::Amount(tests) => {
                let money = booking.and_then(|b| b.amount.as_ref());
                let into = tests.first().map(|check| check.test.currency);
                let actual = money.zip(into).map(|(money, into)| facts.rates.told(money, into));
                told("amount", &Joined(tests.iter().map(|check| check.test).collect()), actual)
            }
            Self::Party(tests) => {
                let size = booking.and_then(|b| b.party.as_ref()).and_then(|party| party.size());
                told("party", tests, word(size.as_ref()))
            }
            Self::Nights(tests) => told("nights", tests, word(facts.nights().as_ref())),
            Self::Starts(tests) => {
                told("starts", tests, word(booking.and_then(|b| b.starts).as_ref()))
            }
            Self::Ends(tests) => told("ends", tests, word(booking.and_then(|b| b.ends).as_ref())),
            Self::Age(tests) => {
                told("age", tests, Some(contract::values::Span(facts.age()).to_string()))
            }
            Self::Changed(fields) => told("changed", fields, Some(changed_told(fields, facts))),
            Self::Text(field, tests) => {
                let texts: Vec<String> =
                    facts.texts(*field).map(|(_, text)| format!("\"{text}\"")).collect();
                let actual = (!texts.is_empty()).then(|| texts.join(", "));
                told(&field_name(*field, facts), &Joined(tests.iter().collect()), actual)
            }
        }
    }
}

fn changed_told(wanted: &AnyOf<ChangedField>, facts: &Facts<'_>) -> String {
    let Some(booking) = facts.booking else { return "not a booking".into() };
    if facts.before.is_none() && booking.changes.is_empty() {
        return "its first state".into();
    }
    let told: Vec<&str> = wanted
        .0
        .iter()
        .filter(|field| change_of(field, booking, facts) == Truth::Yes)
        .map(|field| field.0)
        .collect();
    match (told.is_empty(), facts.before.map(|before| before.last.booking.is_some())) {
        (false, _) => told.join(", "),
        (true, Some(false)) => "the state before is no longer kept".into(),
        (true, _) => "none of them".into(),
    }
}

/// The key of a text field as `when` writes it.
fn field_name(field: TextField, facts: &Facts<'_>) -> String {
    match field {
        TextField::Title => "title".into(),
        TextField::Customer => "customer".into(),
        TextField::Id => "id".into(),
        TextField::Reference => "reference".into(),
        TextField::Channel => "channel".into(),
        TextField::Email => "guest.email".into(),
        TextField::Phone => "guest.phone".into(),
        TextField::Extra(place) => format!("extra.{}", facts.extra_name(place)),
    }
}

fn word<T: fmt::Display>(value: Option<&T>) -> Option<String> {
    value.map(ToString::to_string)
}

struct Joined<T>(Vec<T>);

impl<T: fmt::Display> fmt::Display for Joined<T> {
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

impl fmt::Display for TextCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { written, .. } => write!(f, "\"{written}\""),
            Self::Contains { written, .. } => write!(f, "contains \"{written}\""),
            Self::Starts { written, .. } => write!(f, "starts \"{written}\""),
            Self::Matches(pattern) => write!(f, "matches /{}/", pattern.text),
            Self::Over(bound) => write!(f, "over {bound}"),
            Self::Under(bound) => write!(f, "under {bound}"),
        }
    }
}
