//! Job: tests of what `check` says of rules that cannot be meant.
//! Takes: rules that read well.
//! Gives: the complaint, its key and its hint.
//! Never: repeats what reading a value refuses already.

use contract::Severity;

use super::super::plan::{Misfit, Part};
use super::*;

fn complaints(rule: &str) -> Vec<String> {
    let settings = house(&format!("[[rule]]\nname = 'R'\n{rule}"));
    told(match Plan::compile(settings) {
        Ok(plan) => plan.warnings().to_vec(),
        Err(misfits) => misfits,
    })
}

fn told(misfits: Vec<Misfit>) -> Vec<String> {
    misfits
        .into_iter()
        .map(|Misfit { complaint, .. }| {
            let mark = if complaint.severity == Severity::Error { "" } else { "warning " };
            let hint = complaint.hint.unwrap_or_default();
            format!("{mark}{}: {} ({hint})", complaint.key, complaint.what)
        })
        .collect()
}

#[test]
fn each_mistake_has_its_complaint() {
    let ring = "ring = ['console.log']\n";
    let cases = [
        (
            "ring = ['slack.sale']",
            "ring: there is no sink \"slack.sale\" (\"slack.sales\" is meant?)",
        ),
        ("ring = ['frontdesk']", "ring: there is no team \"frontdesk\" (\"front-desk\" is meant?)"),
        ("ring_by.country = { LA = ['x.y'] }", "ring_by.country.LA: there is no sink \"x.y\""),
        ("ring_by.country = { Laos = ['duty'] }", "\"Laos\" is written \"LA\""),
        ("ring_by.status = { canceled = ['duty'] }", "\"canceled\" is written \"cancelled\""),
        ("", "this rule would do nothing"),
        ("ring_by.country = { TH = [] }", "this rule would do nothing"),
        (
            "@when.status = 'confirmd'",
            "\"confirmd\" is none of the statuses of this house (\"confirmed\" is meant?)",
        ),
        ("@when.status = 'waiting'", "[intake] statuses = [\"waiting\"]"),
        (
            "@when.any = [{ category = 'boat' }]",
            "when.any.category: \"boat\" is none of the categories",
        ),
        ("@when.any = []", "when.any: an empty list"),
        ("@when.not = {}", "when.not: an empty table"),
        ("@when.guest = {}", "when.guest: an empty table"),
        ("@when.not.guest = {}", "when.not.guest: an empty table"),
        ("@when.not.kind = 'other'", "when.not.kind: `kind` stands at the top"),
        ("@when = { kind = 'metrics', country = 'TH' }", "when: only a booking has these fields"),
        ("@when.title = 'Phi*'", "warning when.title: \"Phi*\" is the whole text"),
        ("@when.amount = '> 5 GBP'", "warning when.amount: [money] rates says nothing of GBP"),
        (
            "@message.title = '{{ titel }}'",
            "message.title: a template knows no \"titel\" (\"title\" is meant?",
        ),
        (
            "@message.body = '{{ guest }}'",
            "message.body: a template knows no \"guest\" (the names are id,",
        ),
        ("@message.body = '{{ title'", "message.body: this template cannot be read"),
        (
            "@message.body = '{{ title | shout }}'",
            "(the filters are money, time, date, ago, upper, truncate)",
        ),
        ("@alarm = { feed = [] }", "alarm.feed: an alarm without a state"),
        ("@alarm = { feed = ['down'] }\nwhen.country = 'TH'", "when: an alarm is about a feed"),
        ("@alarm = { feed = ['down'] }\notherwise = true", "otherwise: an alarm is about a feed"),
        ("@data = true\nstop = true", "warning stop: a data rule ends no list"),
    ];
    for (rule, wanted) in cases {
        let said = complaints(&rule.replacen('@', ring, 1));
        assert!(said.iter().any(|said| said.contains(wanted)), "{rule}\n{said:#?}");
    }
}

#[test]
fn all_complaints_come_at_once_each_with_its_part() {
    let rules =
        "ignore = [{}]\n[[rule]]\nname = 'R'\nring = ['a.b']\n[[rule]]\nname = 'R'\nring = ['c']";
    let mut settings = house(rules);
    settings.redirect = Some("slack.sals".into());
    let parts: Vec<Part> =
        Plan::compile(settings).err().unwrap().into_iter().map(|misfit| misfit.part).collect();
    let wanted = [Part::House, Part::Ignore(0), Part::Rule(0), Part::Rule(1), Part::Rule(1)];
    assert_eq!(parts, wanted);
}
