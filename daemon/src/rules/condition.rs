//! Job: one condition on one field.
//! Takes: what was written, compiled, and the facts of an event.
//! Gives: yes, no, or unknown where the field is absent.
//! Never: compiles an expression before it is asked.

use std::sync::OnceLock;

use contract::{Booking, Category, Country, Currency, Kind, Moment, Status};
use regex::Regex;
use rust_decimal::Decimal;

use super::AnyOf;
use super::changed::has_changed;
use super::check::Truth;
use super::facts::{Facts, TextField};
use super::literals::{self, Choice};
use super::number::{AgeTest, AmountTest, NumberTest, Range};
use super::text::Expression;
use super::time::TimeTest;
use super::words::{ChangedField, YesNo};

/// One compiled condition.
#[derive(Debug)]
pub(crate) enum Condition {
    Kind(AnyOf<Kind>),
    Category(AnyOf<Category>),
    Status(AnyOf<Status>),
    Country(AnyOf<Country>),
    Currency(AnyOf<Currency>),
    Live(AnyOf<YesNo>),
    Amount(Vec<AmountCheck>),
    Party(AnyOf<NumberTest>),
    Nights(AnyOf<NumberTest>),
    Starts(AnyOf<TimeTest>),
    Ends(AnyOf<TimeTest>),
    Age(AnyOf<AgeTest>),
    Changed(AnyOf<ChangedField>),
    Text(TextField, Vec<TextCheck>),
}

/// A condition on an amount, with its bounds in the base as well.
#[derive(Debug)]
pub(crate) struct AmountCheck {
    pub(crate) test: AmountTest,
    pub(crate) in_base: Option<Range<Decimal>>,
}

/// A condition on a text.
#[derive(Debug)]
pub(crate) enum TextCheck {
    Whole { written: Box<str>, folded: Box<str> },
    Contains { written: Box<str>, folded: Box<str> },
    Starts { written: Box<str>, folded: Box<str> },
    Matches(Pattern),
    Over(Decimal),
    Under(Decimal),
}

/// An expression that is compiled when it is first asked: of ten thousand, few ever are.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: Box<str>,
    choices: Vec<Choice>,
    compiled: OnceLock<Option<Regex>>,
}

impl Condition {
    /// Whether it holds.
    pub(crate) fn asked(&self, facts: &Facts<'_>) -> Truth {
        let booking = facts.booking;
        match self {
            Self::Kind(kinds) => Truth::of(Some(kinds.0.contains(&facts.event.kind()))),
            Self::Category(names) => one_of(names, booking.and_then(|b| b.category.as_ref())),
            Self::Status(names) => one_of(names, booking.and_then(|b| b.status.as_ref())),
            Self::Country(codes) => one_of(codes, booking.and_then(|b| b.country.as_ref())),
            Self::Currency(codes) => {
                let money = booking.and_then(|b| b.amount.as_ref());
                one_of(codes, money.and_then(|money| facts.rates.currency(money)).as_ref())
            }
            Self::Live(is) => one_of(is, booking.and_then(|b| b.live).map(YesNo).as_ref()),
            Self::Amount(tests) => amount(tests, facts),
            Self::Party(tests) => {
                let size = booking.and_then(|b| b.party.as_ref()).and_then(|party| party.size());
                number(tests, size.map(Decimal::from))
            }
            Self::Nights(tests) => number(tests, facts.nights()),
            Self::Starts(tests) => moment(tests, booking.and_then(|b| b.starts), facts),
            Self::Ends(tests) => moment(tests, booking.and_then(|b| b.ends), facts),
            Self::Age(tests) => {
                let age = facts.age();
                Truth::of(Some(tests.0.iter().any(|test| test.holds(age))))
            }
            Self::Changed(fields) => changed(fields, facts),
            Self::Text(field, tests) => text(*field, tests, facts),
        }
    }
}

fn one_of<T: PartialEq>(wanted: &AnyOf<T>, actual: Option<&T>) -> Truth {
    Truth::of(actual.map(|actual| wanted.0.contains(actual)))
}

fn number(wanted: &AnyOf<NumberTest>, actual: Option<Decimal>) -> Truth {
    Truth::of(actual.map(|actual| wanted.0.iter().any(|test| test.0.holds(actual))))
}

fn moment(wanted: &AnyOf<TimeTest>, actual: Option<Moment>, facts: &Facts<'_>) -> Truth {
    let Some(actual) = actual else { return Truth::Unknown };
    let one = |test: &TimeTest| Truth::of(test.holds(actual, facts.now, facts.zone));
    wanted.0.iter().map(one).max().unwrap_or(Truth::No)
}

fn amount(wanted: &[AmountCheck], facts: &Facts<'_>) -> Truth {
    let Some(money) = facts.booking.and_then(|b| b.amount) else { return Truth::Unknown };
    let Some(currency) = facts.rates.currency(&money) else { return Truth::Unknown };
    let one = |check: &AmountCheck| {
        if check.test.currency == currency {
            return Truth::of(Some(check.test.range.holds(money.amount)));
        }
        let in_base = facts.rates.to_base(money.amount, currency);
        Truth::of(in_base.zip(check.in_base).map(|(amount, range)| range.holds(amount)))
    };
    wanted.iter().map(one).max().unwrap_or(Truth::No)
}

fn changed(wanted: &AnyOf<ChangedField>, facts: &Facts<'_>) -> Truth {
    let Some(booking) = facts.booking else { return Truth::Unknown };
    let one = |field: &ChangedField| change_of(field, booking, facts);
    wanted.0.iter().map(one).max().unwrap_or(Truth::No)
}

/// Whether one field has changed; a first state has not.
pub(crate) fn change_of(field: &ChangedField, booking: &Booking, facts: &Facts<'_>) -> Truth {
    if booking.changes.iter().any(|change| &*change.field == field.0) {
        return Truth::Yes;
    }
    let Some(before) = facts.before else { return Truth::No };
    let before = before.last.booking.as_deref();
    Truth::of(before.map(|before| has_changed(field.0, before, booking, facts)))
}

fn text(field: TextField, wanted: &[TextCheck], facts: &Facts<'_>) -> Truth {
    let mut found = None;
    for (place, text) in facts.texts(field) {
        for check in wanted {
            match check.holds(field, place, text, facts) {
                Some(true) => return Truth::Yes,
                Some(false) => found = found.or(Some(Truth::No)),
                None => found = Some(Truth::Unknown),
            }
        }
    }
    found.unwrap_or(Truth::Unknown)
}

impl TextCheck {
    fn holds(&self, field: TextField, place: usize, text: &str, facts: &Facts<'_>) -> Option<bool> {
        let actual = || facts.folded(field, place, text);
        let number = || match field {
            TextField::Extra(extra) => facts.extra_number(extra),
            _ => None,
        };
        match self {
            Self::Whole { folded, .. } => Some(actual() == &**folded),
            Self::Contains { folded, .. } => Some(actual().contains(&**folded)),
            Self::Starts { folded, .. } => Some(actual().starts_with(&**folded)),
            Self::Matches(pattern) => pattern.matches(text),
            Self::Over(bound) => number().map(|number| number > *bound),
            Self::Under(bound) => number().map(|number| number < *bound),
        }
    }
}

impl Pattern {
    pub(crate) fn new(expression: &Expression) -> Self {
        let choices = literals::of_expression(expression.parsed());
        Self { text: expression.as_str().into(), choices, compiled: OnceLock::new() }
    }

    /// What must stand in the folded text.
    pub(crate) fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// Absent where the expression cannot be compiled within its limits, which its weight excludes.
    fn matches(&self, text: &str) -> Option<bool> {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
        compiled.as_ref().map(|regex| regex.is_match(text))
    }
}
