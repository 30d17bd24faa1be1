//! Job: the engine and `explain` decide the same, whatever the rules, the past and the event.
//! Takes: random rules, histories and events.
//! Gives: a counter-example, should there be one.
//! Never: knows what is right; the other tests do.

use std::time::Duration;

use contract::Category;
use proptest::prelude::*;

use super::*;

/// Pieces that are likely to meet, so that rules match often enough to be worth comparing.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["Phi Phi", "phi", "Tour", "tõur", "Car", "Hötel 12", "a", "12"])
}

fn condition() -> impl Strategy<Value = String> {
    let word = word().boxed();
    let pick = |all: &'static [&'static str]| prop::sample::select(all);
    prop_oneof![
        pick(&["'tour'", "'car'", "['tour', 'spa']"]).prop_map(|c| format!("category = {c}")),
        pick(&["'new'", "'cancelled'", "['new', 'no_show']"]).prop_map(|c| format!("status = {c}")),
        pick(&["'TH'", "['LA', 'PT']"]).prop_map(|c| format!("country = {c}")),
        pick(&["'USD'", "['EUR', 'THB']"]).prop_map(|c| format!("currency = {c}")),
        pick(&["'>= 100 USD'", "'5..900 EUR'", "'< 9000 THB'", "'> 1 GBP'"])
            .prop_map(|c| format!("amount = {c}")),
        pick(&["'within 24h'", "'today'", "'past'", "2026-11-24"])
            .prop_map(|c| format!("starts = {c}")),
        pick(&["['amount', 'title']", "'status'"]).prop_map(|c| format!("changed = {c}")),
        pick(&["true", "false"]).prop_map(|c| format!("live = {c}")),
        word.clone().prop_map(|w| format!("title = '{w}'")),
        word.clone().prop_map(|w| format!("title = {{ contains = '{w}' }}")),
        word.clone().prop_map(|w| format!("title = {{ starts = '{w}' }}")),
        (word.clone(), word.clone()).prop_map(|(a, b)| format!("title = {{ regex = '{a}.*{b}' }}")),
        (word.clone(), word.clone())
            .prop_map(|(a, b)| format!("title = {{ regex = '(?i)({a}|{b})\\b' }}")),
        (word.clone(), word.clone())
            .prop_map(|(a, b)| format!("customer = ['{a}', {{ contains = '{b}' }}]")),
        word.clone().prop_map(|w| format!("channel = '{w}'")),
        word.prop_map(|w| format!("extra.note = {{ contains = '{w}' }}")),
        Just("extra.note = { over = 5 }".to_owned()),
    ]
}

fn when() -> impl Strategy<Value = String> {
    let plain = prop::collection::vec(condition(), 0..4);
    let nested = prop::collection::vec(condition(), 1..3);
    (plain, prop::option::of(nested), 0..3u8).prop_map(|(plain, nested, shape)| {
        let key = |text: &String| text.split(' ').next().unwrap_or("").to_owned();
        let distinct = |all: Vec<String>| -> Vec<String> {
            let map: BTreeMap<String, String> = all.iter().map(|c| (key(c), c.clone())).collect();
            map.into_values().collect()
        };
        let mut lines = distinct(plain);
        match (nested.map(distinct), shape) {
            (Some(inner), 0) => lines.push(format!("not = {{ {} }}", inner.join(", "))),
            (Some(inner), 1) => {
                let tables: Vec<String> = inner.iter().map(|c| format!("{{ {c} }}")).collect();
                lines.push(format!("any = [{}]", tables.join(", ")));
            }
            _ => {}
        }
        lines.join("\n")
    })
}

fn rule() -> impl Strategy<Value = String> {
    let flags = prop::sample::subsequence(
        vec![
            "otherwise = true",
            "stop = true",
            "shadow = true",
            "unknown = 'ring'",
            "follow = false",
        ],
        0..3,
    );
    let ring = prop::sample::select(vec![
        "ring = ['console.log']",
        "ring = ['front-desk', 'slack.big']",
        "ring = ['duty']\ndata = true",
        "ring_by.country = { TH = ['front-desk'], other = ['duty'] }",
        "ring_by.extra.note = { phi = ['webhook.crm'] }",
        "ring = ['webhook.crm']\nlevel = 'warning'",
    ]);
    (flags, ring, when()).prop_map(|(flags, ring, when)| {
        format!("{ring}\n{}\n[rule.when]\n{when}\n", flags.join("\n"))
    })
}

fn rules() -> impl Strategy<Value = String> {
    prop::collection::vec(rule(), 1..90).prop_map(|rules| {
        let each = rules.iter().enumerate();
        each.map(|(place, rule)| format!("[[rule]]\nname = 'R{place}'\n{rule}")).collect()
    })
}

fn sent() -> impl Strategy<Value = Event> {
    let maybe = |all: &'static [&'static str]| prop::option::of(prop::sample::select(all));
    let texts = (prop::option::of(title()), prop::option::of(word()), prop::option::of(word()));
    let words =
        (maybe(&["tour", "car", "spa"]), maybe(&["new", "confirmed", "cancelled", "no_show"]));
    let rest = (
        maybe(&["TH", "LA", "FR"]),
        maybe(&["150 USD", "40 EUR", "7000", "5 GBP"]),
        maybe(&["2026-11-23", "2026-11-24", "2026-11-23T12:00:00Z", "2020-01-01"]),
        prop::option::of(any::<bool>()),
        maybe(&["7", "phi tour", "3.5"]),
    );
    (0..3u8, 0..5u64, texts, words, rest).prop_map(|(id, minutes, texts, words, rest)| {
        let mut booking = Booking::of(format!("BK-{id}").as_str());
        booking.title = texts.0.map(|text| text.as_str().into());
        booking.customer = texts.1.map(Into::into);
        booking.channel = texts
            .2
            .map(|ota| contract::Channel { ota: Some(ota.into()), ..contract::Channel::default() });
        booking.category = words.0.map(Category::from);
        booking.status = words.1.map(Status::from);
        booking.country = rest.0.and_then(|code| code.parse().ok());
        booking.amount = rest.1.and_then(money);
        booking.starts = rest.2.and_then(|text| text.parse().ok());
        booking.live = rest.3;
        let mut event = event(Body::Booking(booking));
        event.at += Duration::from_secs(minutes * 60);
        event.extra =
            rest.4.map(|note| ("note".into(), serde_json::json!(note))).into_iter().collect();
        event
    })
}

fn title() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..4).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn judge_and_explain_decide_the_same_and_the_same_again(
        rules in rules(),
        events in prop::collection::vec(sent(), 1..24),
    ) {
        let mut desk = Desk::of(&rules);
        for event in &events {
            let memory = desk.recall(&Cause::Event(event, digest(event)));
            let again = desk.plan.judge(Cause::Event(event, digest(event)), &memory, desk.now);
            prop_assert_eq!(desk.send(event), again);
            desk.pass(30);
        }
    }
}
