//! Job: finds names that nothing has.
//! Takes: the tables of teams and rules, and which sinks there are.
//! Gives: complaints with the nearest name.
//! Never: decides what a rule does with whom it rings.

use contract::Complaint;
use contract::written::{Table, Value, Written, joined, nearest, quoted};
use contract::{Category, Status};

/// The names that may be said.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// `plugin.instance` of every sink.
    pub(super) sinks: Vec<String>,
    /// Every team.
    pub(super) teams: Vec<String>,
    /// The statuses of `[intake]`.
    pub(super) statuses: Vec<String>,
    /// The categories of `[intake]`.
    pub(super) categories: Vec<String>,
}

impl Names {
    /// Complains where no sink or team has the name.
    pub(super) fn whom(&self, path: &str, written: &Written, complaints: &mut Vec<Complaint>) {
        let Some(name) = written.text() else { return };
        let is_sink = name.contains('.');
        let known = if is_sink { &self.sinks } else { &self.teams };
        if known.iter().any(|known| known == name) {
            return;
        }
        let kind = if is_sink { "sink" } else { "team" };
        let hint = self.hint(name, is_sink, known);
        complaints.push(
            Complaint::error(format!("there is no {kind} `{name}`"))
                .key(path)
                .at(written.place.clone())
                .hint(hint),
        );
    }

    /// Complains where no sink has the name.
    pub(super) fn sink(&self, path: &str, written: &Written, complaints: &mut Vec<Complaint>) {
        match written.text() {
            Some(name) if !name.contains('.') => {
                let complaint = Complaint::error(format!("`{name}` is no sink")).key(path);
                let hint = self.hint(name, true, &self.sinks);
                complaints.push(complaint.at(written.place.clone()).hint(hint));
            }
            _ => self.whom(path, written, complaints),
        }
    }

    /// Looks through a team: it holds sinks, not teams.
    pub(super) fn team(&self, team: &str, written: &Written, complaints: &mut Vec<Complaint>) {
        let sinks = written.table().and_then(|table| table.value("sinks"));
        for (index, sink) in sinks.and_then(Written::list).unwrap_or(&[]).iter().enumerate() {
            let path = format!("{}[{index}]", joined(&joined("team", &quoted(team)), "sinks"));
            self.sink(&path, sink, complaints);
        }
    }

    fn hint(&self, name: &str, is_sink: bool, known: &[String]) -> String {
        if let Some(meant) = nearest(name, known.iter().map(String::as_str)) {
            return format!("did you mean `{meant}`?");
        }
        let instance = |sink: &&String| sink.split('.').any(|part| part == name);
        if let Some(sink) = self.sinks.iter().find(instance) {
            return format!("a sink is named with its plugin: `{sink}`");
        }
        let (kind, table) = match is_sink {
            true => ("sinks", "[sink.PLUGIN.NAME]"),
            false => ("teams", "[team.NAME]; a sink is named as PLUGIN.NAME"),
        };
        match known {
            [] => format!("there are no {kind} yet: write {table}"),
            known => format!("{kind}: {}", known.join(", ")),
        }
    }

    /// Looks through everything a rule rings.
    pub(super) fn rule(&self, path: &str, rule: &Table, complaints: &mut Vec<Complaint>) {
        if let Some(ring) = rule.value("ring") {
            self.each_text(&joined(path, "ring"), ring, complaints, Self::whom);
        }
        if let Some(ring_by) = rule.value("ring_by") {
            self.each_text(&joined(path, "ring_by"), ring_by, complaints, Self::whom);
        }
        if let Some(when) = rule.value("when") {
            self.when(&joined(path, "when"), when, complaints);
        }
    }

    /// Looks through conditions for statuses and categories that are not declared.
    pub(super) fn when(&self, path: &str, when: &Written, complaints: &mut Vec<Complaint>) {
        for (key, _, value) in when.table().iter().flat_map(|table| &table.entries) {
            let path = joined(path, &quoted(key));
            match (key.as_str(), &value.value) {
                ("status", _) => self.each_text(&path, value, complaints, Self::status),
                ("category", _) => self.each_text(&path, value, complaints, Self::category),
                ("not", _) => self.when(&path, value, complaints),
                ("any", Value::List(list)) => {
                    for (index, each) in list.iter().enumerate() {
                        self.when(&format!("{path}[{index}]"), each, complaints);
                    }
                }
                ("guest" | "extra", Value::Table(table)) => {
                    for (inner, _, value) in &table.entries {
                        self.each_text(&joined(&path, &quoted(inner)), value, complaints, glob);
                    }
                }
                ("title" | "customer" | "id" | "reference" | "channel", _) => {
                    self.each_text(&path, value, complaints, glob);
                }
                _ => {}
            }
        }
    }

    fn status(&self, path: &str, written: &Written, complaints: &mut Vec<Complaint>) {
        declared("status", &self.statuses(), path, written, complaints);
    }

    fn category(&self, path: &str, written: &Written, complaints: &mut Vec<Complaint>) {
        declared("category", &self.categories(), path, written, complaints);
    }

    fn statuses(&self) -> Vec<&str> {
        Status::KNOWN.into_iter().chain(self.statuses.iter().map(String::as_str)).collect()
    }

    fn categories(&self) -> Vec<&str> {
        Category::KNOWN.into_iter().chain(self.categories.iter().map(String::as_str)).collect()
    }

    /// Looks at a text, or at every text inside a list or a table.
    fn each_text(
        &self,
        path: &str,
        written: &Written,
        complaints: &mut Vec<Complaint>,
        look: fn(&Self, &str, &Written, &mut Vec<Complaint>),
    ) {
        match &written.value {
            Value::Text(_) => look(self, path, written, complaints),
            Value::List(list) => {
                for (index, each) in list.iter().enumerate() {
                    self.each_text(&format!("{path}[{index}]"), each, complaints, look);
                }
            }
            Value::Table(table) => {
                for (key, _, value) in table.entries.iter().filter(|(key, _, _)| !is_test(key)) {
                    self.each_text(&joined(path, &quoted(key)), value, complaints, look);
                }
            }
            _ => {}
        }
    }
}

/// Keys that say how a text is compared; what stands behind them is no whole text.
fn is_test(key: &str) -> bool {
    matches!(key, "contains" | "starts" | "regex")
}

fn declared(
    kind: &str,
    known: &[&str],
    path: &str,
    written: &Written,
    complaints: &mut Vec<Complaint>,
) {
    let complaint = written.text().and_then(|name| undeclared(kind, name, known));
    complaints.extend(complaint.map(|c| c.key(path).at(written.place.clone())));
}

/// `canceled` is left to the reading of rules, which knows that word by itself.
fn undeclared(kind: &str, name: &str, known: &[&str]) -> Option<Complaint> {
    let folded = name.trim().to_lowercase();
    let is_known = known.iter().any(|known| known.trim().to_lowercase() == folded);
    if folded.is_empty() || is_known || folded == "canceled" {
        return None;
    }
    let (table, plural) =
        if kind == "status" { ("statuses", "statuses") } else { ("categories", "categories") };
    let hint = match nearest(&folded, known.iter().copied()) {
        Some(meant) => {
            format!("did you mean \"{meant}\"? {plural} of your own stand in [intake] {table}")
        }
        None => {
            format!("known: {}; {plural} of your own stand in [intake] {table}", known.join(", "))
        }
    };
    Some(Complaint::error(format!("there is no {kind} \"{name}\"")).hint(hint))
}

/// A star is a letter like any other.
fn glob(_: &Names, path: &str, written: &Written, complaints: &mut Vec<Complaint>) {
    let Some(text) = written.text().filter(|text| text.contains('*')) else { return };
    let bare = text.trim_matches('*');
    let hint = match (text.starts_with('*'), text.ends_with('*')) {
        _ if bare.is_empty() => "leave the key out to match any text".to_owned(),
        (false, true) if !bare.contains('*') => format!("{{ starts = \"{bare}\" }}"),
        (true, true) if !bare.contains('*') => format!("{{ contains = \"{bare}\" }}"),
        _ => "{ contains = … }, { starts = … } or { regex = … }".to_owned(),
    };
    let what = "a plain text is the whole text, and `*` is a letter of it";
    complaints.push(Complaint::warning(what).key(path).at(written.place.clone()).hint(hint));
}
