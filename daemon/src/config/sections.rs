//! Job: reads the sections of a whole tree.
//! Takes: the tree after every layer.
//! Gives: `Sections`, and every complaint about what stands in them.
//! Never: stops at the first section that is wrong.

use std::collections::BTreeMap;

use contract::written::{self, Table, Unknown, Value, Written, joined, quoted};
use contract::{Complaint, TeamName};
use serde::de::DeserializeOwned;

use super::daemon_section::DaemonSection;
use super::defaults::{rule_name, table_at};
use super::delivery::DeliverySection;
use super::history::HistorySection;
use super::intake::IntakeSection;
use super::mistakes::{Inside, advice};
use super::money::MoneySection;
use super::team::TeamSection;
use super::web::{self, WebSection};
use crate::rules::{Message, Rule};

/// What stands in the sections. What could not be read is absent, and complained of.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) daemon: Option<DaemonSection>,
    pub(super) money: Option<MoneySection>,
    pub(super) history: Option<HistorySection>,
    pub(super) intake: Option<IntakeSection>,
    pub(super) web: Option<WebSection>,
    pub(super) teams: BTreeMap<TeamName, TeamSection>,
    /// `[default.message]`.
    pub(super) message: Message,
    /// In the order of the files; a rule that could not be read is absent.
    pub(super) rules: Vec<Rule>,
}

/// The tables of a file.
pub(super) const TOP: &[&str] = &[
    "include", "daemon", "money", "history", "intake", "web", "source", "sink", "default", "team",
    "rule", "patch",
];
/// What stands in `[default]`.
const DEFAULT: &[&str] = &["sink", "delivery", "rule", "message"];
/// What stands in `[patch]`.
const PATCH: &[&str] = &["rule"];

/// Reads every section.
pub(super) fn read_sections(tree: &Written, complaints: &mut Vec<Complaint>) -> Sections {
    let top = |unknown: &Unknown<'_>| advice(Inside::Top, unknown);
    complaints.extend(written::unknown_keys(tree, TOP, &top));
    let empty = Table::default();
    let mut reading = Reading { tree: tree.table().unwrap_or(&empty), complaints };
    reading.keys("default", DEFAULT);
    reading.keys("patch", PATCH);
    let mut sections = Sections {
        daemon: reading.section("daemon", Inside::Daemon),
        money: reading.section("money", Inside::Section),
        history: reading.section("history", Inside::Section),
        intake: reading.section("intake", Inside::Section),
        web: reading.section("web", Inside::Section),
        teams: reading.teams(),
        message: Message::default(),
        rules: reading.rules(),
    };
    let default_delivery = table_at(reading.tree, &["default"]).and_then(|d| d.value("delivery"));
    if let Some(written) = default_delivery {
        reading.read::<DeliverySection>("default.delivery", written, Inside::Delivery);
    }
    let message = table_at(reading.tree, &["default"]).and_then(|d| d.value("message"));
    if let Some(written) = message {
        let read = reading.read("default.message", written, Inside::Section);
        sections.message = read.unwrap_or_default();
    }
    if let (Some(web), Some(table)) = (&sections.web, table_at(reading.tree, &["web"])) {
        reading.complaints.extend(web::complaints(web, table));
    }
    sections
}

struct Reading<'a> {
    tree: &'a Table,
    complaints: &'a mut Vec<Complaint>,
}

impl Reading<'_> {
    fn read<T: DeserializeOwned>(
        &mut self,
        path: &str,
        written: &Written,
        inside: Inside,
    ) -> Option<T> {
        let said = |unknown: &Unknown<'_>| advice(inside, unknown);
        match written::read_advised(written, &said) {
            Ok(read) => Some(read),
            Err(complaints) => {
                self.complaints.extend(under(path, complaints));
                None
            }
        }
    }

    fn section<T: DeserializeOwned>(&mut self, name: &str, inside: Inside) -> Option<T> {
        let written = self.tree.value(name)?;
        self.read(name, written, inside)
    }

    fn keys(&mut self, name: &str, known: &'static [&'static str]) {
        let Some(written) = self.tree.value(name) else { return };
        let nothing = |_: &Unknown<'_>| None;
        self.complaints.extend(under(name, written::unknown_keys(written, known, &nothing)));
    }

    fn teams(&mut self) -> BTreeMap<TeamName, TeamSection> {
        let mut teams = BTreeMap::new();
        for (name, place, written) in table_at(self.tree, &["team"]).iter().flat_map(|t| &t.entries)
        {
            let path = joined("team", &quoted(name));
            if name.contains('.') {
                let what = "a team's name has no dot: a name with a dot is a sink";
                self.complaints.push(Complaint::error(what).key(&path).at(place.clone()));
            }
            if let Some(team) = self.read(&path, written, Inside::Team) {
                teams.insert(name.as_str().into(), team);
            }
        }
        teams
    }

    fn rules(&mut self) -> Vec<Rule> {
        let Some(written) = self.tree.value("rule") else { return Vec::new() };
        let Value::List(list) = &written.value else {
            let complaint = Complaint::error("rules are a list").key("rule");
            let hint = "each begins with [[rule]], in two brackets";
            self.complaints.push(complaint.at(written.place.clone()).hint(hint));
            return Vec::new();
        };
        let mut rules = Vec::new();
        for (index, written) in list.iter().enumerate() {
            rules.extend(self.read(&rule_path(index, written), written, Inside::Rule));
        }
        rules
    }
}

/// A rule's path: by its name, or where it has none by its number in the list.
pub(super) fn rule_path(index: usize, rule: &Written) -> String {
    match rule_name(rule) {
        Some(name) => joined("rule", &quoted(name)),
        None => format!("rule[{index}]"),
    }
}

/// Complaints of a table, with the table's path before their keys.
pub(super) fn under(path: &str, mut complaints: Vec<Complaint>) -> Vec<Complaint> {
    for complaint in &mut complaints {
        complaint.key = joined(path, &complaint.key);
    }
    complaints
}
