//! Job: `[money]` as written.
//! Takes: the table, and a file of rates where it names one.
//! Gives: `MoneySection`, `Rates`, `Factor`.
//! Never: touches a float, guesses a rate, or fetches one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use contract::Currency;
use contract::money::decimal;
use contract::values::Span;
use contract::written::nearest;
use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::rules;

/// How amounts of several currencies are compared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Money")]
pub(super) struct MoneySection {
    /// What rules convert to; amounts of the feed without a currency are in it. Default: none, and
    /// amounts are compared within their own currency only.
    #[serde(default)]
    pub base: Option<Currency>,
    /// How much one unit of another currency is in `base`: a table, or { file = "rates.toml" },
    /// from the folder of this file; read again at each reload.
    #[serde(default)]
    pub rates: Rates,
    /// The day of the rates.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Day>,
    /// Older rates are a warning.
    pub stale_after: Span,
    /// How the filters `money` and `date` of a message write.
    pub locale: Locale,
}

/// How much one unit of a currency is in `base`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rates {
    /// As written here.
    Here(BTreeMap<Currency, Factor>),
    /// In a file of `EUR = "38.20"` lines.
    File(PathBuf),
}

impl Default for Rates {
    fn default() -> Self {
        Self::Here(BTreeMap::new())
    }
}

/// An exact decimal above zero, written as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Factor(pub Decimal);

/// A language and a country, such as "en-GB".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Locale(pub rules::Locale);

/// A date, as TOML writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(pub Date);

/// What a file of rates says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RatesFile {
    /// How much one unit of a currency is in `base`.
    pub rates: BTreeMap<Currency, Factor>,
    /// The day of the rates, in place of the section's.
    pub as_of: Option<Day>,
}

enum RateKey {
    File,
    AsOf,
    Of(Currency),
}

impl<'de> Deserialize<'de> for RateKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Cow::<str>::deserialize(from)?.as_ref() {
            "file" => Ok(Self::File),
            "as_of" => Ok(Self::AsOf),
            other => other.parse().map(Self::Of).map_err(D::Error::custom),
        }
    }
}

impl<'de> Deserialize<'de> for Rates {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RatesVisitor)
    }
}

struct RatesVisitor;

impl<'de> Visitor<'de> for RatesVisitor {
    type Value = Rates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of rates, or { file = \"rates.toml\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Rates, A::Error> {
        let mut rates = BTreeMap::new();
        let mut file = None;
        while let Some(key) = table.next_key()? {
            match key {
                RateKey::File => file = Some(table.next_value()?),
                RateKey::Of(currency) => {
                    rates.insert(currency, table.next_value()?);
                }
                RateKey::AsOf => {
                    return Err(A::Error::custom("`as_of` stands beside `rates`, not inside"));
                }
            }
        }
        match file {
            None => Ok(Rates::Here(rates)),
            Some(file) if rates.is_empty() => Ok(Rates::File(file)),
            Some(_) => {
                Err(A::Error::custom("rates are either written here or in a file, not both"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for RatesFile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RatesFileVisitor)
    }
}

struct RatesFileVisitor;

impl<'de> Visitor<'de> for RatesFileVisitor {
    type Value = RatesFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lines such as EUR = \"38.20\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<RatesFile, A::Error> {
        let mut read = RatesFile::default();
        while let Some(key) = table.next_key()? {
            match key {
                RateKey::AsOf => read.as_of = Some(table.next_value()?),
                RateKey::Of(currency) => {
                    read.rates.insert(currency, table.next_value()?);
                }
                RateKey::File => {
                    return Err(A::Error::custom("a file of rates cannot name another"));
                }
            }
        }
        Ok(read)
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wrong = |text: &str| {
            let hint =
                "a decimal above 0 as text, such as EUR = \"38.20\": one EUR is 38.20 of base";
            D::Error::custom(format!("\"{text}\" is no rate\n{hint}"))
        };
        let text = from.deserialize_any(FactorVisitor)?;
        let factor = decimal(&text).map_err(|_| wrong(&text))?;
        if factor > Decimal::ZERO { Ok(Self(factor)) } else { Err(wrong(&text)) }
    }
}

struct FactorVisitor;

impl Visitor<'_> for FactorVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate as text, such as \"38.20\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(DayVisitor)
    }
}

struct DayVisitor;

impl Visitor<'_> for DayVisitor {
    type Value = Day;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date, such as 2026-11-20")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Day, E> {
        let wrong = |_| E::invalid_value(serde::de::Unexpected::Str(text), &self);
        text.parse().map(Day).map_err(wrong)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if let Some(locale) = rules::Locale::named(&text) {
            return Ok(Self(locale));
        }
        let known: Vec<&str> = rules::Locale::names().collect();
        let hint = match nearest(&text, known.iter().copied()) {
            Some(meant) => format!("did you mean \"{meant}\"? known here: {}", known.join(", ")),
            None => format!("a language and a country, one of {}", known.join(", ")),
        };
        Err(D::Error::custom(format!("\"{text}\" is no locale that is known\n{hint}")))
    }
}

impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl JsonSchema for Rates {
    fn schema_name() -> Cow<'static, str> {
        "Rates".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Rates such as { EUR = \"38.20\" }, or { file = \"rates.toml\" }.",
            "anyOf": [
                {
                    "type": "object",
                    "patternProperties": { "^[A-Za-z]{3}$": { "type": ["string", "integer"] } },
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "properties": { "file": { "type": "string" } },
                    "required": ["file"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

impl JsonSchema for Locale {
    fn schema_name() -> Cow<'static, str> {
        "Locale".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = rules::Locale::names().collect();
        json_schema!({ "enum": names, "description": "A language and a country." })
    }
}
