//! Job: lays configurations over each other.
//! Takes: tables as they were written.
//! Gives: one table, in which every value keeps the place it came from.
//! Never: knows what a key means, but that rules are a list to which every file adds.

use contract::Complaint;
use contract::written::{Table, Value, Written, joined, quoted};

/// The one list that files add to, in order.
const RULES: &str = "rule";
/// Tables of one of these keys are one value: where a secret or a list is kept.
const FORMS: [&str; 3] = ["credential", "env", "file"];

/// Adds a file to the set it is included in. A key said twice is an error that names both places.
pub(super) fn unite(into: &mut Table, from: Table, complaints: &mut Vec<Complaint>) {
    unite_at("", into, from, complaints);
}

fn unite_at(path: &str, into: &mut Table, from: Table, complaints: &mut Vec<Complaint>) {
    for (key, place, value) in from.entries {
        let Some(here) = into.value_mut(&key) else {
            into.entries.push((key, place, value));
            continue;
        };
        let full = joined(path, &quoted(&key));
        match (&mut here.value, value.value) {
            (Value::Table(here), Value::Table(there)) => {
                unite_at(&full, here, there, complaints);
            }
            (Value::List(here), Value::List(there)) if full == RULES => here.extend(there),
            _ => {
                let what = format!("the key `{full}` is said twice");
                let mut complaint = Complaint::error(what).key(&full).at(place);
                if let Some(first) = into.place(&key) {
                    complaint = complaint.and(first.clone(), "first said here");
                }
                complaints.push(complaint);
            }
        }
    }
}

/// Lays a table over another: what it says wins key by key, its rules come after.
pub(super) fn overlay(under: &mut Table, over: Table) {
    for (key, place, value) in over.entries {
        match under.value_mut(&key) {
            None => under.entries.push((key, place, value)),
            Some(here) => {
                let rules = key == RULES;
                overlay_value(here, value, rules);
                re_place(under, &key, place);
            }
        }
    }
}

fn overlay_value(here: &mut Written, over: Written, rules: bool) {
    let is_form = is_form(&here.value) || is_form(&over.value);
    match (&mut here.value, over.value) {
        (Value::Table(inside), Value::Table(over_inside)) if !is_form => {
            overlay_inside(inside, over_inside);
            here.place = over.place.or(here.place.take());
        }
        (Value::List(here), Value::List(over)) if rules => here.extend(over),
        (_, value) => *here = Written { value, place: over.place },
    }
}

fn overlay_inside(under: &mut Table, over: Table) {
    for (key, place, value) in over.entries {
        match under.value_mut(&key) {
            None => under.entries.push((key, place, value)),
            Some(here) => {
                overlay_value(here, value, false);
                re_place(under, &key, place);
            }
        }
    }
}

fn re_place(table: &mut Table, key: &str, place: Option<contract::Place>) {
    let entry = table.entries.iter_mut().find(|(name, _, _)| name == key);
    if let Some((_, old, _)) = entry {
        *old = place.or(old.take());
    }
}

fn is_form(value: &Value) -> bool {
    let Value::Table(table) = value else { return false };
    matches!(table.entries.as_slice(), [(key, _, _)] if FORMS.contains(&key.as_str()))
}
