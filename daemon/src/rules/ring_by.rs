//! Job: whom to ring by the value of one field.
//! Takes: `ring_by`, compiled, and the facts of an event.
//! Gives: the targets of the value, else of `other`, else none.
//! Never: rings for an absent value what a named value asks for.

use std::borrow::Cow;

use contract::{Category, Status};

use super::compile::Compiler;
use super::facts::{Facts, TextField};
use super::fold::fold;
use super::plan::Target;
use super::wanted::Wanted;

/// Whom to ring by the value of one field.
pub(crate) struct ByPlan {
    pub(crate) field: ByField,
    /// By folded value.
    cases: Vec<(String, Vec<Target>)>,
    other: Vec<Target>,
}

/// The field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByField {
    Category,
    Status,
    Country,
    Currency,
    Text(TextField),
}

impl ByPlan {
    pub(crate) fn of(
        field: ByField,
        cases: Vec<(Box<str>, Vec<Target>)>,
        other: Option<Vec<Target>>,
    ) -> Self {
        let cases = cases.into_iter().map(|(value, whom)| (fold(&value), whom)).collect();
        Self { field, cases, other: other.unwrap_or_default() }
    }

    /// The field of a name that was checked when it was read.
    pub(crate) fn field(name: &str, compiler: &mut Compiler<'_>, key: &str) -> Option<ByField> {
        Some(match name {
            "category" => ByField::Category,
            "status" => ByField::Status,
            "country" => ByField::Country,
            "currency" => ByField::Currency,
            "title" => ByField::Text(TextField::Title),
            "customer" => ByField::Text(TextField::Customer),
            "id" => ByField::Text(TextField::Id),
            "reference" => ByField::Text(TextField::Reference),
            "channel" => ByField::Text(TextField::Channel),
            "guest.email" => ByField::Text(TextField::Email),
            "guest.phone" => ByField::Text(TextField::Phone),
            extra => {
                let name = extra.strip_prefix("extra.")?;
                ByField::Text(TextField::Extra(compiler.place(name, key)?))
            }
        })
    }

    /// Complains of a value that the field can never have.
    pub(crate) fn check(field: &ByField, value: &str, compiler: &mut Compiler<'_>, key: &str) {
        let wrong = match field {
            ByField::Category => {
                compiler.category(&Category::from(value), key);
                None
            }
            ByField::Status => {
                compiler.status(&Status::from(value), key);
                Status::of_text(value).err()
            }
            ByField::Country => contract::Country::of_text(value).err(),
            ByField::Currency => contract::Currency::of_text(value).err(),
            ByField::Text(_) => None,
        };
        compiler.complaints.extend(wrong.map(|what| contract::Complaint::error(what).key(key)));
    }

    /// The targets, and the value by which they were found; no value where it fell to `other`.
    pub(crate) fn targets(&self, facts: &Facts<'_>) -> (&[Target], Option<String>) {
        for value in self.values(facts) {
            let folded = fold(&value);
            if let Some((_, whom)) = self.cases.iter().find(|(known, _)| *known == folded) {
                return (whom, Some(value.into_owned()));
            }
        }
        (&self.other, None)
    }

    fn values<'a>(&self, facts: &'a Facts<'_>) -> Vec<Cow<'a, str>> {
        let booking = facts.booking;
        let one = match self.field {
            ByField::Category => booking.and_then(|b| b.category.as_ref()).map(Category::as_str),
            ByField::Status => booking.and_then(|b| b.status.as_ref()).map(Status::as_str),
            ByField::Country => booking.and_then(|b| b.country.as_ref()).map(|c| c.as_str()),
            ByField::Currency => {
                let amount = booking.and_then(|b| b.amount.as_ref());
                let currency = amount.and_then(|amount| facts.rates.currency(amount));
                return currency.map(|c| Cow::from(c.to_string())).into_iter().collect();
            }
            ByField::Text(field) => {
                return facts.texts(field).map(|(_, text)| Cow::from(text)).collect();
            }
        };
        one.map(Cow::from).into_iter().collect()
    }
}
