//! Job: conditions on fields that hold one word of a known few.
//! Takes: the words as written.
//! Gives: kinds, categories, statuses, countries, currencies, yes or no, and names of fields.
//! Never: decides which own statuses and categories exist; the plan is told.

use std::fmt;

use contract::{Category, Country, Currency, Kind, Status};
use serde_json::json;

use super::countries;
use super::wanted::Wanted;

/// True or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YesNo(pub bool);

/// A field of a booking that `changed` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedField(pub(crate) &'static str);

/// The fields that `changed` can name.
pub(crate) const CHANGEABLE: [&str; 16] = [
    "category",
    "status",
    "title",
    "customer",
    "amount",
    "currency",
    "country",
    "reference",
    "channel",
    "starts",
    "ends",
    "party",
    "nights",
    "live",
    "guest.email",
    "guest.phone",
];

impl Wanted for Kind {
    const NAME: &'static str = "KindIs";
    const EXPECTED: &'static str = "\"booking\", \"metrics\" or \"other\"";

    fn of_text(text: &str) -> Result<Self, String> {
        match text {
            "booking" => Ok(Self::Booking),
            "metrics" => Ok(Self::Metrics),
            "other" => Ok(Self::Other),
            "feed" => Err("a rule on a feed is an alarm: alarm = { feed = [\"down\"] }".into()),
            _ => Err(format!("there is no kind \"{text}\": it takes {}", Self::EXPECTED)),
        }
    }

    fn schema() -> serde_json::Value {
        json!({ "enum": ["booking", "metrics", "other"] })
    }
}

impl Wanted for Category {
    const NAME: &'static str = "CategoryIs";
    const EXPECTED: &'static str = "a category, such as \"tour\" or \"property\"";

    fn of_text(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err(format!("an empty text is no category: it takes {}", Self::EXPECTED));
        }
        Ok(Self::from(text))
    }
}

impl Wanted for Status {
    const NAME: &'static str = "StatusIs";
    const EXPECTED: &'static str = "a status, such as \"new\" or \"cancelled\"";

    fn of_text(text: &str) -> Result<Self, String> {
        match text.trim().to_lowercase().as_str() {
            "" => Err(format!("an empty text is no status: it takes {}", Self::EXPECTED)),
            "canceled" => Err("\"canceled\" is written \"cancelled\"".into()),
            _ => Ok(Self::from(text)),
        }
    }
}

impl Wanted for Country {
    const NAME: &'static str = "CountryIs";
    const EXPECTED: &'static str = "a country's two letters, such as \"TH\"";

    fn of_text(text: &str) -> Result<Self, String> {
        if text.trim().eq_ignore_ascii_case("UK") {
            return Err("the United Kingdom's two letters are \"GB\"".into());
        }
        text.parse().map_err(|_| match countries::code_of(text) {
            Some(code) => format!("\"{text}\" is written \"{code}\": it takes {}", Self::EXPECTED),
            None => format!("\"{text}\" is no country: it takes {}", Self::EXPECTED),
        })
    }

    fn schema() -> serde_json::Value {
        json!({ "type": "string", "pattern": "^[A-Za-z]{2}$" })
    }
}

impl Wanted for Currency {
    const NAME: &'static str = "CurrencyIs";
    const EXPECTED: &'static str = "a currency's three letters, such as \"EUR\"";

    fn of_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("\"{text}\" is no currency: it takes {}", Self::EXPECTED))
    }

    fn schema() -> serde_json::Value {
        json!({ "type": "string", "pattern": "^[A-Za-z]{3}$" })
    }
}

impl Wanted for YesNo {
    const NAME: &'static str = "YesNo";
    const EXPECTED: &'static str = "true or false";

    fn of_text(text: &str) -> Result<Self, String> {
        Err(match text {
            "true" | "false" => format!("write {text} without quotes"),
            _ => format!("\"{text}\" cannot stand here: it takes {}", Self::EXPECTED),
        })
    }

    fn of_bool(is: bool) -> Result<Self, String> {
        Ok(Self(is))
    }

    fn schema() -> serde_json::Value {
        json!({ "type": "boolean" })
    }
}

impl Wanted for ChangedField {
    const NAME: &'static str = "ChangedFields";
    const EXPECTED: &'static str = "the name of a field, such as \"starts\" or \"amount\"";

    fn of_text(text: &str) -> Result<Self, String> {
        if let Some(known) = CHANGEABLE.iter().find(|known| **known == text) {
            return Ok(Self(known));
        }
        Err(match nearest(text, CHANGEABLE) {
            Some(known) => format!("there is no field \"{text}\": \"{known}\" is meant?"),
            None => format!("there is no field \"{text}\": {}", CHANGEABLE.join(", ")),
        })
    }

    fn schema() -> serde_json::Value {
        json!({ "enum": CHANGEABLE })
    }
}

/// The known name within two edits of `name`, and nearer than another word would be.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(edits, known)| *edits <= 2 && *edits < known.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

impl fmt::Display for YesNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ChangedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
