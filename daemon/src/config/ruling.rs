//! Job: what a plan is compiled from, as a text that outlives the files.
//! Takes: the settings of a plan; or the text of an earlier generation.
//! Gives: that text; or the same plan again.
//! Never: knows files, places or secrets: what it writes is stored with history.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::complaint::WrittenFile;
use contract::plugin::Update;
use contract::written::{self, Table, Value, Written, joined, quoted};
use contract::{Complaint, Currency, SinkName, TeamName};
use serde::Deserialize;

use super::daemon_section::Zone;
use super::defaults::table_at;
use super::effective::text_of;
use super::intake::IntakeSection;
use super::money::{Day, Factor, Locale};
use super::team::TeamSection;
use crate::rules::{Message, Misfit, Part, Plan, Rates, Rule, Settings};

/// The text of what a plan was compiled from, as it is read again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    zone: Zone,
    shadow: bool,
    #[serde(default)]
    redirect: Option<SinkName>,
    #[serde(default)]
    base: Option<Currency>,
    #[serde(default)]
    as_of: Option<Day>,
    #[serde(default)]
    rates: BTreeMap<Currency, Factor>,
    #[serde(default)]
    locale: Locale,
    intake: IntakeSection,
    #[serde(default)]
    message: Message,
    #[serde(default)]
    team: BTreeMap<TeamName, TeamSection>,
    #[serde(default)]
    sink: BTreeMap<SinkName, Update>,
    #[serde(default)]
    rule: Vec<Rule>,
}

/// Compiles a plan again from the text of an earlier generation.
///
/// # Errors
/// Where this version reads the text of that one otherwise.
pub fn plan_of(text: &str) -> Result<Plan, Vec<Complaint>> {
    let file = WrittenFile { path: "stored rules".to_owned(), text: text.to_owned() };
    let parsed = written::parse(&Arc::new(file));
    let stored: Stored = written::read(&parsed.written)?;
    let rates = stored.rates.into_iter().map(|(currency, rate)| (currency, rate.0)).collect();
    let settings = Settings {
        rules: stored.rule,
        ignore: stored.intake.ignore,
        sinks: stored.sink,
        teams: sinks_of(stored.team),
        categories: stored.intake.categories,
        statuses: stored.intake.statuses,
        rates: Rates { base: stored.base, rates, as_of: stored.as_of.map(|day| day.0) },
        locale: stored.locale.0,
        zone: stored.zone.0,
        message: stored.message,
        shadow: stored.shadow,
        redirect: stored.redirect,
    };
    Plan::compile(settings).map_err(|misfits| misfits.into_iter().map(|m| m.complaint).collect())
}

/// The teams by their sinks.
pub(super) fn sinks_of(
    teams: BTreeMap<TeamName, TeamSection>,
) -> BTreeMap<TeamName, Vec<SinkName>> {
    teams.into_iter().map(|(name, team)| (name, team.sinks)).collect()
}

/// What a plan is compiled from as text: the rules of the tree as written, and what has been
/// resolved beside them.
pub(super) fn text(settings: &Settings, tree: &Table) -> String {
    let text = |text: String| Some(Value::Text(text));
    let texts = |pairs: Vec<(String, String)>| {
        let entries = pairs.into_iter().map(|(key, value)| entry(&key, Value::Text(value)));
        Some(Value::Table(Table { entries: entries.collect() }))
    };
    let copy = |path: &[&str]| {
        let (last, path) = path.split_last()?;
        table_at(tree, path)?.value(last).map(|written| written.value.clone())
    };
    let Rates { base, rates, as_of } = &settings.rates;
    let rates = rates.iter().map(|(currency, rate)| (currency.to_string(), rate.to_string()));
    let sinks = settings.sinks.iter().map(|(sink, update)| (sink.to_string(), word(*update)));
    let values = [
        ("zone", text(settings.zone.iana_name().unwrap_or("UTC").to_owned())),
        ("shadow", Some(Value::Bool(settings.shadow))),
        ("redirect", settings.redirect.as_ref().and_then(|sink| text(sink.to_string()))),
        ("base", base.and_then(|base| text(base.to_string()))),
        ("as_of", as_of.and_then(|day| text(day.to_string()))),
        ("rates", texts(rates.collect())),
        ("locale", text(settings.locale.name().to_owned())),
        ("sink", texts(sinks.collect())),
        ("message", copy(&["default", "message"])),
        ("intake", copy(&["intake"])),
        ("team", copy(&["team"])),
        ("rule", copy(&["rule"])),
    ];
    let entries = values.into_iter().filter_map(|(key, value)| Some(entry(key, value?)));
    text_of(&Table { entries: entries.collect() })
}

/// The complaints of compiling, with the keys of the whole configuration.
pub(super) fn keyed(misfits: Vec<Misfit>, rules: &[Rule]) -> Vec<Complaint> {
    let keyed = misfits.into_iter().map(|Misfit { part, mut complaint }| {
        let path = match part {
            Part::Rule(index) => {
                let name = rules.get(index).map_or("", |rule| &rule.name);
                joined("rule", &quoted(name))
            }
            Part::Ignore(index) => format!("intake.ignore[{index}]"),
            Part::House => String::new(),
        };
        complaint.key = joined(&path, &complaint.key);
        complaint
    });
    keyed.collect()
}

fn entry(key: &str, value: Value) -> (String, Option<contract::Place>, Written) {
    (key.to_owned(), None, Written { value, place: None })
}

fn word(update: Update) -> String {
    match update {
        Update::Edit => "edit",
        Update::Thread => "thread",
        Update::New => "new",
    }
    .to_owned()
}
