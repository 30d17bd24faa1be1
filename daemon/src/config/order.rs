//! Job: finds rules that cannot do what was meant.
//! Takes: the rules as read, in order, with their tables.
//! Gives: complaints about rules that ring nobody, share a name or are never asked.
//! Never: guesses which conditions exclude each other; only what is certain is told.

use std::collections::BTreeMap;

use contract::written::{self, Table, Value, Written, joined, quoted};
use contract::{Complaint, Place};

use super::defaults::rule_name;
use super::sections::rule_path;
use crate::rules::Rule;

/// Looks through all rules as written.
pub(super) fn complaints(written: &[Written], rules: &[Rule]) -> Vec<Complaint> {
    let mut complaints = twice(written);
    let by_name: BTreeMap<&str, &Rule> =
        rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
    let mut last_word: Option<(&Rule, Option<Place>)> = None;
    for (index, table) in written.iter().enumerate() {
        let Some(rule) = rule_name(table).and_then(|name| by_name.get(name)) else { continue };
        let path = rule_path(index, table);
        if does_nothing(rule) {
            complaints.push(nothing(table).key(&path).at(table.place.clone()));
        }
        match &last_word {
            Some((first, place)) if is_about_bookings(rule) => {
                let why = if first.stop { "stops there" } else { "matches every booking" };
                let complaint = Complaint::warning("this rule is never asked").key(&path);
                let complaint = complaint.at(table.place.clone());
                let because = format!("\"{}\" has no `when` and {why}", first.name);
                if first.stop || rule.otherwise {
                    complaints.push(match place {
                        Some(place) => complaint.and(place.clone(), because),
                        None => complaint.hint(because),
                    });
                }
            }
            None if takes_all(rule) => last_word = Some((rule, table.place.clone())),
            _ => {}
        }
        if rule.stop && takes_all(rule) {
            last_word = Some((rule, table.place.clone()));
        }
    }
    complaints
}

/// Rules are known by their names in history, so no two may share one.
fn twice(written: &[Written]) -> Vec<Complaint> {
    let mut first: BTreeMap<&str, Option<&Place>> = BTreeMap::new();
    let mut complaints = Vec::new();
    for table in written {
        let Some(name) = rule_name(table) else { continue };
        let value = table.table().and_then(|rule| rule.value("name"));
        let place = value.and_then(|value| value.place.as_ref());
        let Some(before) = first.get(name) else {
            first.insert(name, place);
            continue;
        };
        let complaint = Complaint::error(format!("two rules are called \"{name}\""))
            .key(joined(&joined("rule", &quoted(name)), "name"))
            .at(place.cloned())
            .hint("to change a rule of an earlier file: [patch.rule.\"NAME\"]");
        complaints.push(match before {
            Some(before) => complaint.and((*before).clone(), "the first one"),
            None => complaint,
        });
    }
    complaints
}

fn does_nothing(rule: &Rule) -> bool {
    let by_value = rule.ring_by.as_ref().is_some_and(|by| {
        by.cases.iter().any(|(_, whom)| !whom.is_empty())
            || by.other.as_ref().is_some_and(|whom| !whom.is_empty())
    });
    rule.ring.is_empty() && !by_value && !(rule.stop && rule.alarm.is_none())
}

fn nothing(table: &Written) -> Complaint {
    let in_when = table.table().and_then(|rule| rule.value("when")).and_then(Written::table);
    let misplaced = in_when.is_some_and(|when| when.value("ring").is_some());
    let hint = if misplaced {
        "its `ring` follows [rule.when], and so became a condition"
    } else {
        "ring = [\"TEAM\", \"PLUGIN.NAME\"], ring_by, or stop = true"
    };
    Complaint::error("this rule would do nothing").hint(hint)
}

/// A rule that matches every booking it is asked about.
fn takes_all(rule: &Rule) -> bool {
    is_about_bookings(rule) && rule.when.is_empty() && !rule.shadow && !rule.data && !rule.otherwise
}

fn is_about_bookings(rule: &Rule) -> bool {
    rule.alarm.is_none() && rule.when.kind.is_none()
}

/// The rules of a tree as written.
pub(super) fn written_rules(rules: Option<&Written>) -> &[Written] {
    match rules.map(|rules| &rules.value) {
        Some(Value::List(list)) => list,
        _ => &[],
    }
}

/// A key without the positions in lists: `ring[1]` is about `ring`.
pub(super) fn without_positions(key: &str) -> String {
    let mut plain = String::new();
    for (at, part) in key.split('[').enumerate() {
        let rest = part.split_once(']').filter(|_| at > 0);
        plain += rest.map_or(part, |(_, rest)| rest);
    }
    plain
}

/// Gives complaints about a rule, by `rule."NAME"`, the place of what they name.
pub(super) fn locate(complaints: Vec<Complaint>, tree: &Table) -> Vec<Complaint> {
    if complaints.is_empty() {
        return Vec::new();
    }
    let rules = written_rules(tree.value("rule"));
    let paths = rules.iter().enumerate().map(|(index, rule)| (rule_path(index, rule), rule));
    let paths: Vec<(String, &Written)> = paths.collect();
    let tree = Written { value: Value::Table(tree.clone()), place: None };
    let mut located = Vec::new();
    for complaint in complaints {
        let of_rule = paths.iter().find_map(|(path, rule)| {
            let rest = complaint.key.strip_prefix(path)?;
            let ends = rest.is_empty() || rest.starts_with(['.', '[']);
            ends.then(|| (rest.trim_start_matches('.').to_owned(), *rule))
        });
        let key = complaint.key.clone();
        let placed = match of_rule {
            Some((rest, rule)) => written::locate(vec![Complaint { key: rest, ..complaint }], rule),
            None => written::locate(vec![complaint], &tree),
        };
        located.extend(placed.into_iter().map(|complaint| complaint.key(&key)));
    }
    located
}
