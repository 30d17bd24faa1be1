//! Job: the rates that count, from `[money]` or from the file it names.
//! Takes: the section, its table, and now.
//! Gives: the rates and their day, and complaints about missing or old ones.
//! Never: fetches rates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::complaint::WrittenFile;
use contract::written::{self, Table};
use contract::{Complaint, Currency, Place};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::files::text_of;
use super::money::{MoneySection, Rates, RatesFile};

/// The rates that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EffectiveRates {
    /// One unit of the currency in the base.
    pub(super) rates: BTreeMap<Currency, Decimal>,
    /// Their day.
    pub(super) as_of: Option<Date>,
    /// The file they came from, to be watched.
    pub(super) file: Option<PathBuf>,
}

/// Finds the rates that count.
pub(super) fn effective(
    money: &MoneySection,
    table: &Table,
    complaints: &mut Vec<Complaint>,
) -> EffectiveRates {
    let place = table.value("rates").and_then(|rates| rates.place.clone());
    let (read, file) = match &money.rates {
        Rates::Here(rates) => (RatesFile { rates: rates.clone(), as_of: None }, None),
        Rates::File(file) => {
            let file = beside(file, place.as_ref());
            match read_file(&file) {
                Ok(read) => (read, Some(file)),
                Err(more) => {
                    let placed = |complaint: Complaint| match complaint.place {
                        Some(_) => complaint,
                        None => complaint.key("money.rates.file").at(place.clone()),
                    };
                    complaints.extend(more.into_iter().map(placed));
                    return EffectiveRates::default();
                }
            }
        }
    };
    let rates: BTreeMap<Currency, Decimal> =
        read.rates.into_iter().map(|(currency, factor)| (currency, factor.0)).collect();
    complaints.extend(without_sense(money, &rates).map(|c| c.key("money.rates").at(place)));
    EffectiveRates { rates, as_of: read.as_of.or(money.as_of).map(|day| day.0), file }
}

/// A file named in a configuration is looked for in the folder of that configuration.
fn beside(file: &Path, place: Option<&Place>) -> PathBuf {
    let folder = place.and_then(|place| Path::new(&place.file.path).parent());
    folder.map_or_else(|| file.to_owned(), |folder| folder.join(file))
}

fn read_file(path: &Path) -> Result<RatesFile, Vec<Complaint>> {
    let text =
        text_of(path).map_err(|why| vec![Complaint::error(format!("{} {why}", path.display()))])?;
    let file = WrittenFile { path: path.display().to_string(), text };
    let parsed = written::parse(&Arc::new(file));
    if !parsed.complaints.is_empty() {
        return Err(parsed.complaints);
    }
    written::read(&parsed.written)
}

fn without_sense(money: &MoneySection, rates: &BTreeMap<Currency, Decimal>) -> Option<Complaint> {
    match money.base {
        None if !rates.is_empty() => {
            let complaint = Complaint::error("rates need a base to convert to");
            Some(complaint.hint("base = \"EUR\" in [money]"))
        }
        Some(base) if rates.get(&base).is_some_and(|rate| *rate != Decimal::ONE) => {
            Some(Complaint::error(format!("one {base} is one {base}: the base has no rate")))
        }
        _ => None,
    }
}

/// A warning where the rates are older than `stale_after`.
pub(super) fn stale(
    money: &MoneySection,
    rates: &EffectiveRates,
    table: &Table,
    now: Timestamp,
) -> Option<Complaint> {
    let as_of = rates.as_of.filter(|_| !rates.rates.is_empty())?;
    let since = as_of.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let age = now.duration_since(since);
    let days = age.as_hours() / 24;
    let stale = age > jiff::SignedDuration::try_from(money.stale_after.0).ok()?;
    stale.then(|| {
        let place = table.value("as_of").and_then(|as_of| as_of.place.clone());
        Complaint::warning(format!("the rates of {as_of} are {days} days old"))
            .key("money.as_of")
            .at(place)
            .hint(format!("stale_after is {}", money.stale_after))
    })
}
