//! Job: conditions on numbers, amounts of money and ages: all are ranges.
//! Takes: `">= 6"`, `"2..5"`, a plain value.
//! Gives: `Range`, `NumberTest`, `AmountTest` and `AgeTest`.
//! Never: uses a float; converts money.

use std::fmt;
use std::time::Duration;

use contract::Currency;
use contract::values::Span;
use rust_decimal::Decimal;
use serde_json::json;

use super::wanted::Wanted;

/// From one value to another; either end may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// The least, and whether it is in.
    pub low: Option<(T, bool)>,
    /// The most, and whether it is in.
    pub high: Option<(T, bool)>,
}

/// A condition on a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberTest(pub Range<Decimal>);

/// A condition on an amount of money, in this currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountTest {
    /// The amounts.
    pub range: Range<Decimal>,
    /// What they are in.
    pub currency: Currency,
}

/// A condition on how long ago something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeTest(pub Range<Span>);

impl<T: PartialOrd + Copy> Range<T> {
    /// Says whether a value lies in the range.
    pub fn holds(&self, value: T) -> bool {
        let above = |(low, included): (T, bool)| value > low || (included && value == low);
        let below = |(high, included): (T, bool)| value < high || (included && value == high);
        self.low.is_none_or(above) && self.high.is_none_or(below)
    }

    /// The same range of something else, or nothing where one end has no counterpart.
    pub(crate) fn map<U>(&self, to: impl Fn(T) -> Option<U>) -> Option<Range<U>> {
        let end = |end: Option<(T, bool)>| match end {
            None => Some(None),
            Some((at, included)) => to(at).map(|at| Some((at, included))),
        };
        Some(Range { low: end(self.low)?, high: end(self.high)? })
    }

    fn read(text: &str, value: impl Fn(&str) -> Option<T>) -> Result<Self, Unread> {
        let text = text.trim();
        let of = |text: &str| value(text.trim()).ok_or(Unread::Value);
        let range = if let Some((low, high)) = text.split_once("..") {
            Self { low: Some((of(low)?, true)), high: Some((of(high)?, true)) }
        } else if let Some(low) = text.strip_prefix(">=") {
            Self { low: Some((of(low)?, true)), high: None }
        } else if let Some(high) = text.strip_prefix("<=") {
            Self { low: None, high: Some((of(high)?, true)) }
        } else if let Some(low) = text.strip_prefix('>') {
            Self { low: Some((of(low)?, false)), high: None }
        } else if let Some(high) = text.strip_prefix('<') {
            Self { low: None, high: Some((of(high)?, false)) }
        } else {
            Self::exactly(of(text.strip_prefix('=').unwrap_or(text))?)
        };
        match (range.low, range.high) {
            (Some((low, _)), Some((high, _))) if low > high => Err(Unread::Backwards),
            _ => Ok(range),
        }
    }

    fn exactly(value: T) -> Self {
        Self { low: Some((value, true)), high: Some((value, true)) }
    }
}

/// Why a text is no range.
enum Unread {
    Value,
    Backwards,
}

impl Unread {
    fn told(&self, text: &str, expected: &str) -> String {
        match self {
            Self::Value => format!("\"{text}\" cannot be compared with: it takes {expected}"),
            Self::Backwards => format!("\"{text}\" ends before it begins: it takes {expected}"),
        }
    }
}

/// The pattern of a range of values, for editors.
fn range_pattern(value: &str) -> String {
    format!("(([<>]=?|=)?\\s*{value}|{value}\\.\\.\\s*{value})")
}

impl Wanted for NumberTest {
    const NAME: &'static str = "NumberIs";
    const EXPECTED: &'static str = "a number, such as 6, \">= 6\" or \"2..5\"";

    fn of_text(text: &str) -> Result<Self, String> {
        Range::read(text, |number| contract::money::decimal(number).ok())
            .map(Self)
            .map_err(|unread| unread.told(text, Self::EXPECTED))
    }

    fn of_number(number: Decimal) -> Result<Self, String> {
        Ok(Self(Range::exactly(number)))
    }

    fn schema() -> serde_json::Value {
        let pattern = format!("^\\s*{}\\s*$", range_pattern("-?[0-9]+(\\.[0-9]+)?\\s*"));
        json!({ "anyOf": [{ "type": "number" }, { "type": "string", "pattern": pattern }] })
    }
}

impl Wanted for AmountTest {
    const NAME: &'static str = "AmountIs";
    const EXPECTED: &'static str =
        "an amount with its currency, such as \">= 1000 USD\" or \"500..2000 EUR\"";

    fn of_text(text: &str) -> Result<Self, String> {
        let wrong = |unread: Unread| unread.told(text, Self::EXPECTED);
        let numbers = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let currency = text.trim()[numbers.len()..]
            .parse::<Currency>()
            .map_err(|_| format!("\"{text}\" says no currency: it takes {}", Self::EXPECTED))?;
        let range = Range::read(numbers, |number| contract::money::decimal(number).ok());
        Ok(Self { range: range.map_err(wrong)?, currency })
    }

    fn of_number(number: Decimal) -> Result<Self, String> {
        Err(format!("{number} of which currency? it takes {}", Self::EXPECTED))
    }

    fn schema() -> serde_json::Value {
        let range = range_pattern("-?[0-9]+(\\.[0-9]+)?\\s*");
        json!({ "type": "string", "pattern": format!("^\\s*{range}[A-Za-z]{{3}}\\s*$") })
    }
}

impl Wanted for AgeTest {
    const NAME: &'static str = "AgeIs";
    const EXPECTED: &'static str = "a length of time, such as \">= 2h\", \"< 30m\" or \"1h..3h\"";

    fn of_text(text: &str) -> Result<Self, String> {
        Range::read(text, |span| span.parse::<Span>().ok())
            .map(Self)
            .map_err(|unread| unread.told(text, Self::EXPECTED))
    }

    fn schema() -> serde_json::Value {
        let range = range_pattern("([0-9]+\\s*(ms|s|m|h|d|w)\\s*)+");
        json!({ "type": "string", "pattern": format!("^\\s*{range}$") })
    }
}

impl AgeTest {
    /// Says whether an age lies in the range.
    pub fn holds(&self, age: Duration) -> bool {
        self.0.holds(Span(age))
    }
}

impl<T: fmt::Display + PartialEq> fmt::Display for Range<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.low, &self.high) {
            (Some((low, _)), Some((high, _))) if low == high => low.fmt(f),
            (Some((low, _)), Some((high, _))) => write!(f, "{low}..{high}"),
            (Some((low, true)), None) => write!(f, ">= {low}"),
            (Some((low, false)), None) => write!(f, "> {low}"),
            (None, Some((high, true))) => write!(f, "<= {high}"),
            (None, Some((high, false))) => write!(f, "< {high}"),
            (None, None) => f.write_str("any"),
        }
    }
}

impl fmt::Display for NumberTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for AmountTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.range, self.currency)
    }
}

impl fmt::Display for AgeTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
