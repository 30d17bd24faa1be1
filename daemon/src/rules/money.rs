//! Job: what an amount is worth in another currency.
//! Takes: `[money]`: a base and what one unit of each currency is worth in it.
//! Gives: `Rates`: amounts in the base, exactly, and the conversion in words.
//! Never: guesses a rate: an amount without one is unknown.

use std::collections::BTreeMap;

use contract::{Currency, Money};
use jiff::civil::Date;
use rust_decimal::Decimal;

/// What one unit of each currency is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// What conditions convert to, and what amounts without a currency are in.
    pub base: Option<Currency>,
    /// One unit of the currency in the base.
    pub rates: BTreeMap<Currency, Decimal>,
    /// Of which day they are.
    pub as_of: Option<Date>,
}

impl Rates {
    /// The currency that an amount is in: its own, else the base.
    pub fn currency(&self, money: &Money) -> Option<Currency> {
        money.currency.or(self.base)
    }

    /// One unit of a currency in the base.
    pub fn rate(&self, currency: Currency) -> Option<Decimal> {
        if self.base == Some(currency) {
            return Some(Decimal::ONE);
        }
        self.base.and(self.rates.get(&currency).copied())
    }

    /// An amount of a currency in the base; absent without a rate, or beyond 28 digits.
    pub fn to_base(&self, amount: Decimal, currency: Currency) -> Option<Decimal> {
        amount.checked_mul(self.rate(currency)?)
    }

    /// An amount in words, and how it is converted where conditions on `other` ask for that.
    pub fn told(&self, money: &Money, other: Currency) -> String {
        let Some(currency) = self.currency(money) else {
            return format!("{money} of an unsaid currency, and [money] has no base");
        };
        let own = Money { amount: money.amount, currency: Some(currency) };
        if currency == other {
            return own.to_string();
        }
        if let Some(missing) = [currency, other].into_iter().find(|c| self.rate(*c).is_none()) {
            return format!("{own}; [money] rates says nothing of {missing}");
        }
        let worth = self.to_base(money.amount, currency);
        let (Some(amount), Some(base)) = (worth, self.base) else {
            return format!("{own}, too large to convert");
        };
        let as_of = self.as_of.map(|day| format!(", as of {day}")).unwrap_or_default();
        let used: Vec<(Currency, Decimal)> = [currency, other]
            .into_iter()
            .filter(|c| *c != base)
            .filter_map(|c| self.rate(c).map(|rate| (c, rate)))
            .collect();
        let rates = match used[..] {
            [(_, rate)] => format!("at {rate} {base}"),
            _ => {
                let each = used.iter().map(|(c, rate)| format!("{c} at {rate} {base}"));
                format!("with {}", each.collect::<Vec<_>>().join(" and "))
            }
        };
        let worth = Money { amount, currency: Some(base) };
        format!("{own} = {worth}, converted {rates}{as_of}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        let (amount, currency) = text.split_once(' ').unwrap_or((text, ""));
        Money { amount: amount.parse().unwrap(), currency: currency.parse().ok() }
    }

    #[test]
    fn a_conversion_is_told_with_its_rate_and_its_day() {
        let currency = |text: &str| text.parse::<Currency>().unwrap();
        let rates = Rates {
            base: Some(currency("THB")),
            rates: [(currency("USD"), "35.10".parse().unwrap())].into(),
            as_of: Some("2026-11-20".parse().unwrap()),
        };
        let cases = [
            ("1250.00 USD", "USD", "1,250.00 USD"),
            (
                "1250.00 USD",
                "THB",
                "1,250.00 USD = 43,875.00 THB, converted at 35.10 THB, as of 2026-11-20",
            ),
            (
                "43875",
                "USD",
                "43,875.00 THB = 43,875.00 THB, converted at 35.10 THB, as of 2026-11-20",
            ),
            ("9 EUR", "THB", "9.00 EUR; [money] rates says nothing of EUR"),
        ];
        for (amount, other, told) in cases {
            assert_eq!(rates.told(&money(amount), currency(other)), told);
        }
        let unsaid = Rates::default().told(&money("9"), currency("THB"));
        assert_eq!(unsaid, "9.00 of an unsaid currency, and [money] has no base");
    }
}
