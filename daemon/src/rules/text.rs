//! Job: conditions on text.
//! Takes: a plain string, or a table with `contains`, `starts` or `regex`.
//! Gives: `TextTest`, `ExtraTest` and `Expression`, checked when they are read.
//! Never: takes an expression that could be slow or large.

use std::fmt;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use rust_decimal::Decimal;
use serde::de::{Error as _, MapAccess};
use serde_json::json;

use super::wanted::Wanted;
use super::words::nearest;

/// A condition on a text. All but `regex` fold case and accents.
#[derive(Clone, Debug, PartialEq)]
pub enum TextTest {
    /// Is the whole text.
    Whole(String),
    /// Stands somewhere in the text.
    Contains(String),
    /// Begins the text.
    Starts(String),
    /// Matches somewhere in the text, as it came.
    Matches(Expression),
}

/// A condition on a field that only this feed has: text, or a number.
#[derive(Clone, Debug, PartialEq)]
pub enum ExtraTest {
    /// As a text.
    Text(TextTest),
    /// A number above this one.
    Over(Decimal),
    /// A number below this one.
    Under(Decimal),
}

/// A regular expression that was parsed and is small enough.
#[derive(Clone)]
pub struct Expression {
    text: String,
    parsed: Hir,
}

/// The longest expression, in bytes.
const EXPRESSION_BYTES_MAX: usize = 1024;
/// The deepest nesting of groups.
const EXPRESSION_DEPTH_MAX: u32 = 50;
/// The largest expression once its repetitions are written out: about 1 MiB of automaton.
const EXPRESSION_WEIGHT_MAX: usize = 200_000;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where it is no expression, or one that is too long, too deep or too large.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(format!("an expression has at most {EXPRESSION_BYTES_MAX} bytes"));
        }
        let parsed = ParserBuilder::new()
            .nest_limit(EXPRESSION_DEPTH_MAX)
            .build()
            .parse(text)
            .map_err(|error| format!("this is no regular expression: {}", reason(&error)))?;
        if weight(&parsed) > EXPRESSION_WEIGHT_MAX {
            return Err("this expression repeats too much: fewer or smaller { } counts".into());
        }
        Ok(Self { text: text.to_owned(), parsed })
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As parsed, for the index.
    pub(crate) fn parsed(&self) -> &Hir {
        &self.parsed
    }
}

fn reason(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it cannot be read".into(),
    }
}

fn weight(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() * 4,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            weight(&repetition.sub).saturating_mul(times as usize)
        }
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(weight).fold(0, usize::saturating_add)
        }
    }
}

const KEYS: [&str; 3] = ["contains", "starts", "regex"];
const EXTRA_KEYS: [&str; 5] = ["contains", "starts", "regex", "over", "under"];

impl Wanted for TextTest {
    const NAME: &'static str = "TextIs";
    const EXPECTED: &'static str = "the whole text, such as \"Phi Phi Islands Day Tour\", or \
                                    { contains = \"phi phi\" }, { starts = \"Phi\" }, \
                                    { regex = 'Phi.*Tour' }";

    fn of_text(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(format!("an empty text matches nothing: it takes {}", Self::EXPECTED));
        }
        Ok(Self::Whole(text.to_owned()))
    }

    fn of_table<'de, A: MapAccess<'de>>(key: &str, table: &mut A) -> Result<Self, A::Error> {
        match key {
            "contains" => table.next_value::<Part>().map(|part| Self::Contains(part.0)),
            "starts" => table.next_value::<Part>().map(|part| Self::Starts(part.0)),
            "regex" => table.next_value::<Expression>().map(Self::Matches),
            _ => Err(A::Error::custom(unknown(key, &KEYS, Self::EXPECTED))),
        }
    }

    fn schema() -> serde_json::Value {
        json!({ "anyOf": [
            { "type": "string", "minLength": 1 },
            table("contains"), table("starts"), table("regex"),
        ] })
    }
}

impl Wanted for ExtraTest {
    const NAME: &'static str = "ExtraIs";
    const EXPECTED: &'static str = "a text, { contains = \"late\" }, { starts = \"VIP\" }, \
                                    { regex = '^A[0-9]+' }, { over = 20 } or { under = 5 }";

    fn of_text(text: &str) -> Result<Self, String> {
        TextTest::of_text(text).map(Self::Text)
    }

    fn of_number(number: Decimal) -> Result<Self, String> {
        Ok(Self::Text(TextTest::Whole(number.to_string())))
    }

    fn of_bool(is: bool) -> Result<Self, String> {
        Ok(Self::Text(TextTest::Whole(is.to_string())))
    }

    fn of_table<'de, A: MapAccess<'de>>(key: &str, table: &mut A) -> Result<Self, A::Error> {
        match key {
            "over" => table.next_value::<Number>().map(|number| Self::Over(number.0)),
            "under" => table.next_value::<Number>().map(|number| Self::Under(number.0)),
            _ if KEYS.contains(&key) => TextTest::of_table(key, table).map(Self::Text),
            _ => Err(A::Error::custom(unknown(key, &EXTRA_KEYS, Self::EXPECTED))),
        }
    }

    fn schema() -> serde_json::Value {
        let number = |key: &str| {
            json!({ "type": "object", "properties": { key: { "type": "number" } },
            "required": [key], "additionalProperties": false })
        };
        json!({ "anyOf": [
            { "type": ["string", "number", "boolean"] },
            table("contains"), table("starts"), table("regex"), number("over"), number("under"),
        ] })
    }
}

fn table(key: &str) -> serde_json::Value {
    json!({ "type": "object", "properties": { key: { "type": "string", "minLength": 1 } },
        "required": [key], "additionalProperties": false })
}

fn unknown(key: &str, known: &[&str], expected: &str) -> String {
    match nearest(key, known.iter().copied()) {
        Some(known) => format!("there is no \"{key}\": \"{known}\" is meant?"),
        None => format!("there is no \"{key}\" here: it takes {expected}"),
    }
}

/// A text that is not empty.
struct Part(String);

/// A number, exactly as written.
struct Number(Decimal);

impl<'de> serde::Deserialize<'de> for Part {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Err(D::Error::custom("an empty text stands everywhere: write what must stand"));
        }
        Ok(Self(text))
    }
}

impl<'de> serde::Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        contract::money::decimal(&number.to_string())
            .map(Self)
            .map_err(|_| D::Error::custom(format!("{number} is no number to compare")))
    }
}

impl<'de> serde::Deserialize<'de> for Expression {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

impl fmt::Display for TextTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(text) => write!(f, "\"{text}\""),
            Self::Contains(text) => write!(f, "contains \"{text}\""),
            Self::Starts(text) => write!(f, "starts \"{text}\""),
            Self::Matches(expression) => write!(f, "matches {expression:?}"),
        }
    }
}

impl fmt::Display for ExtraTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Over(number) => write!(f, "over {number}"),
            Self::Under(number) => write!(f, "under {number}"),
        }
    }
}
