//! Job: says back what a configuration was understood to say.
//! Takes: what was read.
//! Gives: sources, sinks, rules, rates and times in a few lines, or as a document.
//! Never: shows a secret, or more rules than anybody reads.

use contract::text::clean;
use contract::written::{Table as WrittenTable, Value, Written};
use serde_json::json;

use super::ago::length;
use super::table::{Side, Table};
use crate::config::complain::Paint;
use crate::config::{Loaded, Usable};
use crate::rules::Rates;

/// More rules than this are only counted.
const RULES_SHOWN_MAX: usize = 20;

/// What was read, in a few lines.
pub(super) fn render(loaded: &Loaded, usable: &Usable, paint: Paint) -> String {
    let mut table = Table::new([("", Side::Left); 4]);
    let mut line = |what: &str, cells: [String; 3]| {
        let [a, b, c] = cells;
        table.row(vec![what.into(), a.into(), b.into(), c.into()]);
    };
    for (index, source) in usable.sources.iter().enumerate() {
        let feed = format!("feed {}", source.feed);
        line(first(index, "sources"), [source.name.to_string(), source.source.place(), feed]);
    }
    for (index, sink) in usable.sinks.iter().enumerate() {
        line(first(index, "sinks"), [sink.name.to_string(), sink.sink.place(), tries(sink)]);
    }
    let rules = rules(&loaded.effective);
    for (index, rule) in rules.iter().take(RULES_SHOWN_MAX).enumerate() {
        line(first(index, "rules"), [rule.name.clone(), rule.told.clone(), String::new()]);
    }
    if rules.len() > RULES_SHOWN_MAX {
        let more = rules.len() - RULES_SHOWN_MAX;
        line("", [format!("… {more} more"), String::new(), String::new()]);
    }
    let mut text = table.text(paint);
    text += &format!("  money    {}\n", money(usable.plan.rates()));
    text += &format!("  history  {}\n", history(usable));
    text += &format!("  state    {}\n", clean(&usable.daemon.state_dir.display().to_string()));
    let zone = usable.daemon.time_zone.iana_name().unwrap_or("UTC or unnamed");
    text += &format!("  time     {}\n", clean(zone));
    if usable.daemon.shadow {
        text += "  shadow   everything is decided and recorded, nothing rings\n";
    }
    if let Some(redirect) = &usable.daemon.redirect {
        text += &format!("  redirect everything rings {redirect} instead\n");
    }
    text += &format!("  files    {}\n", files(loaded));
    text
}

/// What was read, as a document.
pub(super) fn document(loaded: &Loaded, usable: &Usable) -> serde_json::Value {
    let sources = usable.sources.iter().map(|source| {
        json!({ "name": source.name, "place": source.source.place(), "feed": source.feed })
    });
    let sinks = usable
        .sinks
        .iter()
        .map(|sink| json!({ "name": sink.name, "place": sink.sink.place(), "tries": tries(sink) }));
    let rules = rules(&loaded.effective);
    let rules = rules.iter().map(|rule| json!({ "name": rule.name, "rings": rule.told }));
    json!({
        "sources": sources.collect::<Vec<_>>(),
        "sinks": sinks.collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
        "money": money(usable.plan.rates()),
        "state_dir": usable.daemon.state_dir,
        "time_zone": usable.daemon.time_zone.iana_name(),
        "shadow": usable.daemon.shadow,
        "redirect": usable.daemon.redirect,
        "files": loaded.files,
    })
}

fn first(index: usize, what: &'static str) -> &'static str {
    if index == 0 { what } else { "" }
}

fn tries(sink: &crate::config::SinkInstance) -> String {
    let delivery = &sink.delivery;
    let tries = match delivery.attempts {
        None => "tries without end".to_owned(),
        Some(1) => "one try".to_owned(),
        Some(tries) => format!("{tries} tries"),
    };
    format!("{tries}, given up after {}", length(delivery.give_up_after.as_secs()))
}

fn history(usable: &Usable) -> String {
    let (matched, unmatched) = (usable.history.matched.0, usable.history.unmatched.0);
    format!(
        "what matched is kept {}, the rest {}",
        length(matched.as_secs()),
        length(unmatched.as_secs())
    )
}

fn files(loaded: &Loaded) -> String {
    if loaded.files.is_empty() {
        return "none: the built-in configuration".to_owned();
    }
    let files = loaded.files.iter().map(|file| clean(&file.display().to_string()));
    files.collect::<Vec<_>>().join(", ")
}

struct RuleRead {
    name: String,
    told: String,
}

fn rules(effective: &WrittenTable) -> Vec<RuleRead> {
    let rules = effective.value("rule").and_then(Written::list).unwrap_or_default();
    let read = rules.iter().filter_map(Written::table).map(|rule| RuleRead {
        name: rule.value("name").and_then(Written::text).unwrap_or("(without a name)").to_owned(),
        told: rung(rule),
    });
    read.collect()
}

/// Whom a rule rings: `→ console.log, webhook.crm · data`.
fn rung(rule: &WrittenTable) -> String {
    let mut whom: Vec<String> = Vec::new();
    if let Some(ring) = rule.value("ring") {
        whom.extend(texts(ring));
    }
    let by = rule.value("ring_by").and_then(Written::table);
    whom.extend(by.iter().flat_map(|by| &by.entries).map(|(key, _, _)| format!("by {key}")));
    let mut told = format!("→ {}", whom.join(", "));
    for key in ["alarm", "otherwise", "data", "stop", "shadow"] {
        let said = rule.value(key).is_some_and(|value| value.value != Value::Bool(false));
        if said {
            told += &format!(" · {key}");
        }
    }
    told
}

fn texts(written: &Written) -> Vec<String> {
    match &written.value {
        Value::Text(text) => vec![text.clone()],
        Value::List(list) => list.iter().filter_map(Written::text).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The rates in words: `base THB; 1 EUR is 38.20 THB; as of 2026-11-20`.
fn money(rates: &Rates) -> String {
    let Some(base) = rates.base else {
        return "no base: amounts are compared within their own currency only".to_owned();
    };
    let mut told = vec![format!("base {base}")];
    let each = rates.rates.iter().filter(|(currency, _)| **currency != base);
    told.extend(each.map(|(currency, rate)| format!("1 {currency} is {rate} {base}")));
    told.extend(rates.as_of.map(|day| format!("as of {day}")));
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::complaint::WrittenFile;

    use super::*;

    fn table(text: &str) -> WrittenTable {
        let file = WrittenFile { path: "test".into(), text: text.into() };
        match contract::written::parse(&Arc::new(file)).written.value {
            Value::Table(table) => table,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rules_are_said_back_by_whom_they_ring() {
        let table = table(
            r#"
            [[rule]]
            name = "Big"
            ring = ["console.log", "front-desk"]
            stop = true
            [[rule]]
            name = "By country"
            ring_by.country = { TH = ["console.log"] }
            data = false
            "#,
        );
        let told: Vec<String> = rules(&table).into_iter().map(|rule| rule.told).collect();
        assert_eq!(told, ["→ console.log, front-desk · stop", "→ by country"]);
    }

    #[test]
    fn rates_are_said_in_words() {
        let currency = |text: &str| text.parse::<contract::Currency>().unwrap();
        let none = Rates::default();
        let some = Rates {
            base: Some(currency("THB")),
            rates: [("EUR", "38.20"), ("USD", "35")]
                .map(|(code, rate)| (currency(code), rate.parse().unwrap()))
                .into(),
            as_of: "2026-11-20".parse().ok(),
        };
        let cases = [
            (some, "base THB; 1 EUR is 38.20 THB; 1 USD is 35 THB; as of 2026-11-20"),
            (none, "no base: amounts are compared within their own currency only"),
        ];
        for (rates, told) in cases {
            assert_eq!(money(&rates), told);
        }
    }
}
