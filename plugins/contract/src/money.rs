//! Job: amounts of money as exact decimals with their currency.
//! Takes: the digits the feed wrote.
//! Gives: `Money`, `Currency` and how many digits a currency's smallest unit has.
//! Never: touches a float, converts, or guesses a rate.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount. Without a currency it is in `[money] base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// The exact amount.
    pub amount: Decimal,
    /// The currency, where the feed says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Why a text is no currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three letters, such as EUR")]
pub struct NotACurrency;

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many digits the smallest unit has: JPY 0, EUR 2, KWD 3 (ISO 4217, table A.1).
    pub fn digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    /// Reads three letters, of either case.
    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        let letters: [u8; 3] = text.trim().as_bytes().try_into().map_err(|_| NotACurrency)?;
        if letters.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(letters.map(|b| b.to_ascii_uppercase())))
        } else {
            Err(NotACurrency)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z]{3}$",
            "description": "An ISO 4217 code, such as EUR.",
        })
    }
}

/// Reads a number from its own digits: `0.1` is exactly 0.1, `1.25e3` is 1250.
///
/// # Errors
/// What is no number, and what does not fit 28 digits exactly (`1e400`, 40 decimals).
pub fn decimal(digits: &str) -> Result<Decimal, rust_decimal::Error> {
    if digits.contains(['e', 'E']) {
        Decimal::from_scientific(digits)
    } else {
        Decimal::from_str_exact(digits)
    }
}

impl fmt::Display for Money {
    /// `1,250.00 USD`: as many decimals as the currency has, more where the amount has more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.map_or(2, Currency::digits);
        let mut amount = self.amount.normalize();
        if amount.scale() < digits {
            amount.rescale(digits);
        }
        let text = amount.abs().to_string();
        let (whole, rest) =
            text.split_once('.').map_or((text.as_str(), None), |(w, r)| (w, Some(r)));
        if amount.is_sign_negative() && !amount.is_zero() {
            f.write_str("-")?;
        }
        for (i, digit) in whole.char_indices() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if let Some(rest) = rest {
            write!(f, ".{rest}")?;
        }
        match self.currency {
            Some(currency) => write!(f, " {currency}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_the_digits_of_its_currency() {
        let cases = [
            ("1250.00", "USD", "1,250.00 USD"),
            ("184.5", "EUR", "184.50 EUR"),
            ("125000", "JPY", "125,000 JPY"),
            ("1.5", "KWD", "1.500 KWD"),
            ("-12", "EUR", "-12.00 EUR"),
            ("0.125", "EUR", "0.125 EUR"),
            ("1284530.25", "THB", "1,284,530.25 THB"),
        ];
        for (amount, currency, written) in cases {
            let money = Money { amount: decimal(amount).unwrap(), currency: currency.parse().ok() };
            assert_eq!(money.to_string(), written);
        }
    }

    #[test]
    fn digits_are_read_exactly_or_refused() {
        assert_eq!(decimal("0.1").unwrap().to_string(), "0.1");
        assert_eq!(decimal("1.25e3").unwrap(), Decimal::from(1250));
        assert!(decimal("1e400").is_err());
        assert!(decimal("NaN").is_err());
        assert!(decimal("0.1234567890123456789012345678901").is_err());
    }
}
