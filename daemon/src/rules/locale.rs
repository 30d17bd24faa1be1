//! Job: how a language and a country write amounts and dates.
//! Takes: a name, such as `en-GB`.
//! Gives: `1,250.00 USD` or `1.250,00 USD`, and the form of a date.
//! Never: translates a word, or guesses a locale that it does not know.

use contract::Money;

/// A language and a country whose customs are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale(&'static Customs);

#[derive(Debug, PartialEq, Eq)]
struct Customs {
    name: &'static str,
    /// Between groups of three digits.
    group: &'static str,
    /// Before the fraction.
    decimal: &'static str,
    /// A date, for strftime. Only English ones have a word in them.
    date: &'static str,
}

const fn customs(
    name: &'static str,
    group: &'static str,
    decimal: &'static str,
    date: &'static str,
) -> Customs {
    Customs { name, group, decimal, date }
}

static KNOWN: [Customs; 11] = [
    customs("en-GB", ",", ".", "%-d %b %Y"),
    customs("en-US", ",", ".", "%b %-d, %Y"),
    customs("de-DE", ".", ",", "%d.%m.%Y"),
    customs("de-CH", "’", ".", "%d.%m.%Y"),
    customs("fr-FR", "\u{202f}", ",", "%d/%m/%Y"),
    customs("it-IT", ".", ",", "%d/%m/%Y"),
    customs("nl-NL", ".", ",", "%d-%m-%Y"),
    customs("pt-BR", ".", ",", "%d/%m/%Y"),
    customs("da-DK", ".", ",", "%d.%m.%Y"),
    customs("sv-SE", "\u{a0}", ",", "%Y-%m-%d"),
    customs("ja-JP", ",", ".", "%Y/%m/%d"),
];

impl Locale {
    /// The locale of a name, of either case.
    pub fn named(name: &str) -> Option<Self> {
        KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(name)).map(Self)
    }

    /// The names of all that are known.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The form of a date, for strftime.
    pub(crate) fn date(self) -> &'static str {
        self.0.date
    }

    /// An amount with its currency behind it.
    pub(crate) fn money(self, money: &Money) -> String {
        let mut written = String::with_capacity(24);
        for letter in money.to_string().chars() {
            match letter {
                ',' => written.push_str(self.0.group),
                '.' => written.push_str(self.0.decimal),
                other => written.push(other),
            }
        }
        written
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self(&KNOWN[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_pointed_as_the_locale_does() {
        let cases = [
            ("en-GB", "-1234567.5", "USD", "-1,234,567.50 USD"),
            ("en-US", "1250", "JPY", "1,250 JPY"),
            ("de-de", "1234567.5", "EUR", "1.234.567,50 EUR"),
            ("de-CH", "1250", "CHF", "1’250.00 CHF"),
            ("fr-FR", "1250.125", "EUR", "1\u{202f}250,125 EUR"),
            ("sv-SE", "999", "SEK", "999,00 SEK"),
        ];
        for (name, amount, currency, written) in cases {
            let money = Money { amount: amount.parse().unwrap(), currency: currency.parse().ok() };
            assert_eq!(Locale::named(name).unwrap().money(&money), written, "{name}");
        }
        assert_eq!(Locale::named("en"), None);
        assert_eq!(Locale::default().name(), "en-GB");
    }
}
