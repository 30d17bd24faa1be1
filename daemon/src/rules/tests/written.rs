//! Job: tests of what an admin writes.
//! Takes: TOML.
//! Gives: what it is read as, or the words of the error.
//! Never: judges.

use super::super::*;

fn read(text: &str) -> Result<Rule, String> {
    toml::from_str::<Rule>(&format!("name = \"R\"\n{text}"))
        .map_err(|error| error.message().to_owned())
}

#[test]
fn every_key_of_when_is_read_and_shown_as_it_was_meant() {
    let rule = read(
        r#"
        ring = ["front-desk", "slack.big"]
        when.kind = "booking"
        when.category = ["tour", "Spa"]
        when.status = "new"
        when.amount = [">= 1000 USD", "500..2000 eur"]
        when.country = "th"
        when.currency = ["EUR", "THB"]
        when.title = ["Phi Phi", { contains = "tour" }, { starts = "Phi" }, { regex = '^\d+' }]
        when.customer = "João"
        when.id = { starts = "BK-" }
        when.reference = "R1"
        when.channel = "direct"
        when.starts = "within 24h"
        when.ends = ["after 30d", "today", "past", 2026-12-24, "2026-12-25"]
        when.party = ">= 6"
        when.nights = [3, "5..7"]
        when.age = "< 2h"
        when.live = true
        when.changed = ["starts", "amount"]
        when.guest.email = { regex = "@example" }
        when.guest.phone = { starts = "+66" }
        when.extra.guests = { over = 20 }
        when.extra.vip = true
        when.any = [{ country = "LA" }, { not.party = "1..2" }]
        when.not.country = "LA"
        "#,
    )
    .unwrap();
    let when = rule.when;
    assert_eq!(when.category.unwrap().to_string(), "tour or spa");
    assert_eq!(when.amount.unwrap().to_string(), ">= 1000 USD or 500..2000 EUR");
    assert_eq!(when.country.unwrap().to_string(), "TH");
    assert_eq!(
        when.title.unwrap().to_string(),
        r#""Phi Phi" or contains "tour" or starts "Phi" or matches /^\d+/"#
    );
    assert_eq!(
        when.ends.unwrap().to_string(),
        "after 30d or today or past or 2026-12-24 or 2026-12-25"
    );
    assert_eq!(when.nights.unwrap().to_string(), "3 or 5..7");
    assert_eq!(when.age.unwrap().to_string(), "< 2h");
    assert_eq!(when.extra["guests"].to_string(), "over 20");
    assert_eq!(when.extra["vip"].to_string(), "\"true\"");
    assert_eq!(when.any.unwrap().len(), 2);
    assert!(rule.follow && !rule.stop && rule.unknown == UnknownIs::Skip);
}

#[test]
fn a_wrong_value_is_answered_with_one_that_is_right() {
    let cases = [
        ("when.country = 'Thailand'", "\"Thailand\" is written \"TH\""),
        ("when.country = 'UK'", "\"GB\""),
        ("when.status = 'canceled'", "written \"cancelled\""),
        ("when.amount = '>= 1000'", "says no currency"),
        ("when.amount = 1000", "1000 of which currency?"),
        ("when.amount = '2000..500 EUR'", "ends before it begins"),
        ("when.party = 'many'", "such as 6, \">= 6\""),
        ("when.starts = 'soon'", "\"within 24h\""),
        ("when.starts = 'within a day'", "such as \"90s\""),
        ("when.age = 3", "\">= 2h\""),
        ("when.live = 'true'", "without quotes"),
        ("when.title = { contain = 'x' }", "\"contains\" is meant?"),
        ("when.title = { in = 'vip' }", "there is no \"in\" here"),
        ("when.title = { regex = '(' }", "no regular expression: unclosed group"),
        ("when.title = { regex = '\\w{1000}' }", "repeats too much"),
        ("when.title = { contains = '' }", "stands everywhere"),
        ("when.title = { contains = 'a', starts = 'b' }", "\"starts\" is a second one"),
        ("when.title = []", "an empty list never matches"),
        ("when.changed = 'start'", "\"starts\" is meant?"),
        ("when.kind = 'feed'", "is an alarm"),
        ("when.vip = 1", "unknown field `vip`"),
        ("ring_by.county = { TH = [] }", "\"country\" is meant?"),
        ("ring_by = { country = {}, status = {} }", "\"status\" is a second one"),
        ("alarm = { feed = ['quiet'] }", "cannot tell when a feed is quiet"),
        ("alarm = { feed = ['up'] }", "is no alarm"),
    ];
    for (text, words) in cases {
        let said = read(text).unwrap_err();
        assert!(said.contains(words), "{text}\nsaid: {said}");
    }
}

#[test]
fn ring_by_takes_any_text_key() {
    let rule = read(r#"ring_by.extra.region = { south = ["a.b"], other = ["c"] }"#).unwrap();
    let expected = RingBy {
        field: "extra.region".into(),
        cases: vec![("south".into(), vec!["a.b".into()])],
        other: Some(vec!["c".into()]),
    };
    assert_eq!(rule.ring_by, Some(expected));
}

#[test]
fn the_schema_describes_every_key_for_an_editor() {
    let schema = serde_json::to_value(schemars::schema_for!(Rule)).unwrap();
    let when = &schema["$defs"]["When"]["properties"];
    for key in ["kind", "category", "amount", "starts", "guest", "extra", "any", "not"] {
        assert!(when[key]["description"].is_string(), "{key}: {}", when[key]);
    }
    assert_eq!(schema["properties"]["follow"]["default"], true);
}
