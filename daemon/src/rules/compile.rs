//! Job: conditions as written, made ready to be asked.
//! Takes: `When`, the own statuses and categories, the rates.
//! Gives: `All`, and every complaint with the key it is about.
//! Never: evaluates.

use std::collections::BTreeMap;

use contract::written::joined;
use contract::{Category, Complaint, Kind, Status};

use super::AnyOf;
use super::check::{All, Check};
use super::condition::{AmountCheck, Condition, Pattern, TextCheck};
use super::facts::TextField;
use super::fold::fold;
use super::money::Rates;
use super::number::AmountTest;
use super::text::{ExtraTest, TextTest};
use super::when::{GuestWhen, When};
use super::words::nearest;

/// Compiles conditions, and collects what is wrong with them.
pub(crate) struct Compiler<'a> {
    pub(crate) categories: &'a [String],
    pub(crate) statuses: &'a [String],
    pub(crate) rates: &'a Rates,
    /// The names of `extra` that conditions look at, in order of first mention.
    pub(crate) extra_names: Vec<Box<str>>,
    places: BTreeMap<Box<str>, u16>,
    /// What is wrong, by key below the rule.
    pub(crate) complaints: Vec<Complaint>,
}

/// The most names of `extra` that a plan looks at.
const EXTRA_NAMES_MAX: usize = 256;

impl<'a> Compiler<'a> {
    pub(crate) fn new(categories: &'a [String], statuses: &'a [String], rates: &'a Rates) -> Self {
        let (extra_names, places, complaints) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { categories, statuses, rates, extra_names, places, complaints }
    }

    /// Compiles the conditions at the top of a rule; `kind` is taken out, for it decides what the
    /// rule is about.
    pub(crate) fn top(&mut self, when: When, key: &str) -> (Vec<Kind>, All) {
        let kinds = when.kind.clone().map_or_else(|| vec![Kind::Booking], |kinds| kinds.0);
        if !kinds.contains(&Kind::Booking) {
            self.only_extra(&when, key);
        }
        (kinds, self.all(When { kind: None, ..when }, key))
    }

    fn only_extra(&mut self, when: &When, key: &str) {
        let rest = When {
            kind: None,
            age: None,
            extra: BTreeMap::new(),
            any: None,
            not: None,
            ..when.clone()
        };
        if !rest.is_empty() {
            let what = "only a booking has these fields, and the rule is about another kind";
            let hint = "other kinds have `age` and `extra.NAME`";
            self.complaints.push(Complaint::error(what).key(key).hint(hint));
        }
    }

    fn all(&mut self, when: When, key: &str) -> All {
        let mut all = Vec::new();
        let mut plain = |condition: Option<Condition>| all.extend(condition.map(Check::Plain));
        plain(when.kind.map(Condition::Kind));
        plain(when.category.map(|names| self.categories(names, key)));
        plain(when.status.map(|names| self.statuses(names, key)));
        plain(when.country.map(Condition::Country));
        plain(when.currency.map(Condition::Currency));
        plain(when.live.map(Condition::Live));
        plain(when.amount.map(|tests| self.amount(tests, key)));
        plain(when.party.map(Condition::Party));
        plain(when.nights.map(Condition::Nights));
        plain(when.starts.map(Condition::Starts));
        plain(when.ends.map(Condition::Ends));
        plain(when.age.map(Condition::Age));
        plain(when.changed.map(Condition::Changed));
        if when.guest == Some(GuestWhen::default()) {
            let what = "an empty table says nothing";
            self.complaints.push(Complaint::error(what).key(joined(key, "guest")));
        }
        let guest = when.guest.unwrap_or_default();
        for (field, name, tests) in [
            (TextField::Title, "title", when.title),
            (TextField::Customer, "customer", when.customer),
            (TextField::Id, "id", when.id),
            (TextField::Reference, "reference", when.reference),
            (TextField::Channel, "channel", when.channel),
            (TextField::Email, "guest.email", guest.email),
            (TextField::Phone, "guest.phone", guest.phone),
        ] {
            plain(tests.map(|tests| self.text(field, tests, &joined(key, name))));
        }
        for (name, tests) in when.extra {
            plain(self.extra(&name, tests, key));
        }
        if let Some(any) = when.any {
            all.push(self.any(any, key));
        }
        if let Some(not) = when.not {
            all.push(Check::Not(self.nested(*not, &joined(key, "not"))));
        }
        All(all)
    }

    fn any(&mut self, any: Vec<When>, key: &str) -> Check {
        let key = joined(key, "any");
        if any.is_empty() {
            let what = "an empty list of alternatives never holds";
            self.complaints.push(Complaint::error(what).key(&key));
        }
        Check::Any(any.into_iter().map(|when| self.nested(when, &key)).collect())
    }

    fn nested(&mut self, when: When, key: &str) -> All {
        if when.is_empty() {
            let what = "an empty table says nothing";
            self.complaints.push(Complaint::error(what).key(key));
        }
        if when.kind.is_some() {
            let what = "`kind` stands at the top of `when`, where it says what the rule is about";
            self.complaints.push(Complaint::error(what).key(joined(key, "kind")));
        }
        self.all(when, key)
    }

    fn categories(&mut self, names: AnyOf<Category>, key: &str) -> Condition {
        names.0.iter().for_each(|name| self.category(name, &joined(key, "category")));
        Condition::Category(names)
    }

    fn statuses(&mut self, names: AnyOf<Status>, key: &str) -> Condition {
        names.0.iter().for_each(|name| self.status(name, &joined(key, "status")));
        Condition::Status(names)
    }

    /// Complains of a category that does not exist.
    pub(crate) fn category(&mut self, name: &Category, key: &str) {
        if let Category::Own(name) = name {
            self.own(name, "categories", (self.categories, &Category::KNOWN), key);
        }
    }

    /// Complains of a status that does not exist.
    pub(crate) fn status(&mut self, name: &Status, key: &str) {
        if let Status::Own(name) = name {
            self.own(name, "statuses", (self.statuses, &Status::KNOWN), key);
        }
    }

    /// Complains of a name that is neither known nor declared.
    fn own(&mut self, name: &str, list: &str, known: (&[String], &[&str]), key: &str) {
        let (own, known) = known;
        if own.iter().any(|own| own.trim().to_lowercase() == *name) {
            return;
        }
        let all = known.iter().copied().chain(own.iter().map(String::as_str));
        let hint = match nearest(name, all) {
            Some(known) => format!("\"{known}\" is meant?"),
            None => format!(
                "it is one of {}; a name of your own is declared: [intake] {list} = [\"{name}\"]",
                known.join(", ")
            ),
        };
        let what = format!("\"{name}\" is none of the {list} of this house");
        self.complaints.push(Complaint::error(what).key(key).hint(hint));
    }

    fn amount(&mut self, tests: AnyOf<AmountTest>, key: &str) -> Condition {
        let compiled = tests.0.into_iter().map(|test| {
            let in_base = test.range.map(|bound| self.rates.to_base(bound, test.currency));
            if in_base.is_none() && self.rates.base.is_some() {
                let what = format!("[money] rates says nothing of {}", test.currency);
                let hint = "amounts in any other currency are unknown to this condition";
                let key = joined(key, "amount");
                self.complaints.push(Complaint::warning(what).key(key).hint(hint));
            }
            AmountCheck { test, in_base }
        });
        Condition::Amount(compiled.collect())
    }

    fn text(&mut self, field: TextField, tests: AnyOf<TextTest>, key: &str) -> Condition {
        Condition::Text(field, tests.0.into_iter().map(|test| self.text_test(test, key)).collect())
    }

    fn extra(&mut self, name: &str, tests: AnyOf<ExtraTest>, key: &str) -> Option<Condition> {
        let key = joined(key, &format!("extra.{name}"));
        let place = self.place(name, &key)?;
        let tests = tests.0.into_iter().map(|test| match test {
            ExtraTest::Text(test) => self.text_test(test, &key),
            ExtraTest::Over(number) => TextCheck::Over(number),
            ExtraTest::Under(number) => TextCheck::Under(number),
        });
        Some(Condition::Text(TextField::Extra(place), tests.collect()))
    }

    fn text_test(&mut self, test: TextTest, key: &str) -> TextCheck {
        let both = |text: String| (fold(&text).into(), text.into());
        match test {
            TextTest::Whole(text) => {
                if text.contains('*') {
                    let what = format!("\"{text}\" is the whole text, and * stands for itself");
                    let hint = "for a part of it: { contains = \"…\" } or { starts = \"…\" }";
                    self.complaints.push(Complaint::warning(what).key(key).hint(hint));
                }
                let (folded, written) = both(text);
                TextCheck::Whole { written, folded }
            }
            TextTest::Contains(text) => {
                let (folded, written) = both(text);
                TextCheck::Contains { written, folded }
            }
            TextTest::Starts(text) => {
                let (folded, written) = both(text);
                TextCheck::Starts { written, folded }
            }
            TextTest::Matches(expression) => TextCheck::Matches(Pattern::new(&expression)),
        }
    }

    /// The place of a name of `extra`.
    pub(crate) fn place(&mut self, name: &str, key: &str) -> Option<u16> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let place = u16::try_from(self.extra_names.len()).ok();
        let place = place.filter(|place| usize::from(*place) < EXTRA_NAMES_MAX);
        let Some(place) = place else {
            let what = format!("rules look at more than {EXTRA_NAMES_MAX} names of `extra`");
            self.complaints.push(Complaint::error(what).key(key));
            return None;
        };
        self.extra_names.push(name.into());
        self.places.insert(name.into(), place);
        Some(place)
    }
}
