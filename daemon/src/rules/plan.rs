//! Job: one generation's rules, compiled.
//! Takes: `Settings`: the rules as written and what the house has.
//! Gives: `Plan`, or every complaint at once, each with the part it is about.
//! Never: changes once made; a reload makes another.

use std::collections::BTreeMap;

use contract::plugin::Update;
use contract::{Complaint, Kind, Level, RuleName, Severity, SinkName, TeamName};
use jiff::tz::TimeZone;

use super::check::All;
use super::index::{Entry, Index};
use super::locale::Locale;
use super::maker::{Made, Maker};
use super::money::Rates;
use super::ring_by::ByPlan;
use super::spec::{AlarmSpec, Message, Rule};
use super::template::{Template, Templates};
use super::when::When;

/// What a plan is compiled from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The rules, in the order of the files.
    pub rules: Vec<Rule>,
    /// `[intake] ignore`.
    pub ignore: Vec<When>,
    /// Every sink, and what a later state becomes there.
    pub sinks: BTreeMap<SinkName, Update>,
    /// Every team with its sinks.
    pub teams: BTreeMap<TeamName, Vec<SinkName>>,
    /// `[intake] categories`.
    pub categories: Vec<String>,
    /// `[intake] statuses`.
    pub statuses: Vec<String>,
    /// `[money]`.
    pub rates: Rates,
    /// `[money] locale`.
    pub locale: Locale,
    /// `[daemon] time_zone`.
    pub zone: TimeZone,
    /// `[default.message]`.
    pub message: Message,
    /// `[daemon] shadow`.
    pub shadow: bool,
    /// `[daemon] redirect`.
    pub redirect: Option<SinkName>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            ignore: Vec::new(),
            sinks: BTreeMap::new(),
            teams: BTreeMap::new(),
            categories: Vec::new(),
            statuses: Vec::new(),
            rates: Rates::default(),
            locale: Locale::default(),
            zone: TimeZone::UTC,
            message: Message::default(),
            shadow: false,
            redirect: None,
        }
    }
}

/// The compiled rules of one generation.
pub struct Plan {
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) alarms: Vec<usize>,
    pub(crate) by_name: BTreeMap<RuleName, usize>,
    pub(crate) ignore: Vec<(Vec<Kind>, All)>,
    pub(crate) sinks: Vec<(SinkName, Update)>,
    pub(crate) rates: Rates,
    pub(crate) zone: TimeZone,
    pub(crate) extra_names: Vec<Box<str>>,
    pub(crate) templates: Templates,
    pub(crate) shadow: bool,
    pub(crate) redirect: Option<SinkName>,
    pub(crate) index: Index,
    warnings: Vec<Misfit>,
}

/// One compiled rule.
pub(crate) struct RulePlan {
    pub(crate) name: RuleName,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) when: All,
    pub(crate) ways: Vec<Target>,
    pub(crate) ring_by: Option<ByPlan>,
    pub(crate) otherwise: bool,
    pub(crate) stop: bool,
    pub(crate) level: Option<Level>,
    pub(crate) unknown_rings: bool,
    pub(crate) shadow: bool,
    pub(crate) data: bool,
    pub(crate) follow: bool,
    pub(crate) alarm: Option<AlarmSpec>,
    pub(crate) title: Option<Template>,
    pub(crate) body: Option<Template>,
}

/// A sink that a rule rings, and the team through which it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its place among the plan's sinks.
    pub(crate) sink: usize,
    pub(crate) team: Option<TeamName>,
}

/// What a complaint is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A rule, by its place in `Settings::rules`; the key is relative to its table.
    Rule(usize),
    /// A condition of `[intake] ignore`, by its place; the key is relative to its table.
    Ignore(usize),
    /// The house; the key is absolute.
    House,
}

/// A complaint, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What it is about.
    pub part: Part,
    /// What is wrong.
    pub complaint: Complaint,
}

impl Plan {
    /// Compiles the rules of one generation.
    ///
    /// # Errors
    /// Everything that is wrong, warnings included.
    pub fn compile(mut settings: Settings) -> Result<Self, Vec<Misfit>> {
        let written = std::mem::take(&mut settings.rules);
        let Made { rules, ignore, sinks, templates, extra_names, misfits } =
            Maker::new(&settings).make(written);
        if misfits.iter().any(|misfit| misfit.complaint.severity == Severity::Error) {
            return Err(misfits);
        }
        let entries: Vec<Entry<'_>> = rules.iter().map(RulePlan::entry).collect();
        let index = Index::of(&entries);
        Ok(Self {
            alarms: (0..rules.len()).filter(|place| rules[*place].alarm.is_some()).collect(),
            by_name: rules.iter().enumerate().map(|(at, rule)| (rule.name.clone(), at)).collect(),
            rules,
            ignore,
            sinks,
            rates: settings.rates,
            zone: settings.zone,
            extra_names,
            templates,
            shadow: settings.shadow,
            redirect: settings.redirect,
            index,
            warnings: misfits,
        })
    }

    /// The rates that conditions and words convert by.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// What is worth mending, though it works.
    pub fn warnings(&self) -> &[Misfit] {
        &self.warnings
    }
}

impl RulePlan {
    fn entry(&self) -> Entry<'_> {
        let kinds: &[Kind] = if self.alarm.is_some() { &[] } else { &self.kinds };
        Entry { kinds, when: &self.when }
    }
}
