//! Job: tests of meaning 17: the words.
//! Takes: rules with and without templates.
//! Gives: titles and bodies.
//! Never: escapes; what is hostile must come through as it is.

use contract::{Metrics, Moment};

use super::*;
use crate::delivery::Count;

fn words(message: &str, event: &Event) -> (String, String, bool) {
    let kinds = "['booking', 'metrics', 'other']";
    let rule = "[[rule]]\nname = 'R'\nring = ['console.log']";
    let rules = format!("{rule}\nwhen.kind = {kinds}\n{message}");
    let decision = Desk::of(&rules).send(event);
    let failed = decision.counts.contains(&Count::Template("R".into()));
    let planned = &decision.planned[0];
    (planned.title.to_string(), planned.body.to_string(), failed)
}

#[test]
fn every_built_in_message_shows_the_id_and_the_title() {
    let with = |status: Option<Status>| event(Body::Booking(Booking { status, ..booking() }));
    let body = "BK-1 · Anna Lindqvist · 1,250.00 USD · TH";
    let cases = [
        (Some(Status::New), "New tour · Phi Phi Islands Day Tour"),
        (Some(Status::Confirmed), "Tour confirmed · Phi Phi Islands Day Tour"),
        (Some(Status::Cancelled), "Tour cancelled · Phi Phi Islands Day Tour"),
        (Some(Status::from("no_show")), "Tour no show · Phi Phi Islands Day Tour"),
        (None, "Tour · Phi Phi Islands Day Tour"),
    ];
    for (status, title) in cases {
        assert_eq!(words("", &with(status)), (title.into(), body.into(), false));
    }
    let bare = event(Body::Booking(Booking::of("BK-9")));
    assert_eq!(words("", &bare), ("Booking".into(), "BK-9".into(), false));
    let metrics = Metrics { active_bookings: Some(342.into()), ..Metrics::default() };
    let (title, body, _) = words("", &event(Body::Metrics(metrics)));
    assert_eq!((&*title, &*body), ("Figures of dashboard", "active bookings 342"));
    let payload = serde_json::json!({ "a": 1 });
    let other = contract::event::Other { name: "shift:end".into(), payload };
    let (title, body, _) = words("", &event(Body::Other(other)));
    assert_eq!((&*title, &*body), ("shift:end from dashboard", "{\"a\":1}"));
}

#[test]
fn templates_know_these_names_and_filters() {
    let mut stay = booking();
    stay.starts = Some(Moment::Instant(at("2026-11-23T12:00:00Z")));
    stay.ends = "2026-11-26".parse().ok();
    stay.party = Some(contract::Party { total: Some(3), ..Default::default() });
    stay.reference = Some("R-7".into());
    let mut stay = Event { at: at("2026-11-23T08:30:00Z"), ..event(Body::Booking(stay)) };
    stay.extra = [("notes".into(), serde_json::json!("by the sea"))].into();
    let cases = [
        ("{{ icon }} {{ id }} {{ reference }} {{ category }} {{ status }}", "🧭 BK-1 R-7 tour new"),
        ("{{ title | truncate(8) }} {{ customer | upper }}", "Phi Phi… ANNA LINDQVIST"),
        (
            "{{ amount }} {{ amount | money }} {{ total }} {{ currency }} {{ country }}",
            "1,250.00 USD 1,250.00 USD 1,250.00 USD USD TH",
        ),
        ("{{ at | time }} {{ at | date }} {{ at | ago }} {{ age }}", "15:30 23 Nov 2026 1h ago 1h"),
        (
            "{{ starts | time }} {{ starts | ago }} {{ ends }} {{ ends | date }}",
            "19:00 in 2h 2026-11-26 26 Nov 2026",
        ),
        (
            "{{ party }} {{ rule }} {{ count }} [{{ link }}] {{ extra.notes }}",
            "3 R 1 [] by the sea",
        ),
        ("{% if party > 2 %}many{% else %}few{% endif %}", "many"),
    ];
    for (template, wanted) in cases {
        let (_, body, failed) = words(&format!("message.body = '{template}'"), &stay);
        assert_eq!((&*body, failed), (wanted, false), "{template}");
    }
}

#[test]
fn money_and_dates_are_written_as_the_house_s_locale_does() {
    let cases = [
        ("en-GB", "1,250.00 USD · 23 Nov 2026 · 1,250.00 USD · 1,234.50"),
        ("en-US", "1,250.00 USD · Nov 23, 2026 · 1,250.00 USD · 1,234.50"),
        ("de-DE", "1.250,00 USD · 23.11.2026 · 1,250.00 USD · 1.234,50"),
    ];
    for (locale, wanted) in cases {
        let body = "{{ amount | money }} · {{ at | date }} · {{ amount }} · {{ '1234.5' | money }}";
        let rule =
            format!("[[rule]]\nname = 'R'\nring = ['console.log']\nmessage.body = \"{body}\"");
        let mut settings = house(&rule);
        settings.locale = Locale::named(locale).unwrap();
        let decision = Desk::open(settings).send(&tour());
        assert_eq!(&*decision.planned[0].body, wanted, "{locale}");
    }
}

#[test]
fn what_is_absent_prints_as_nothing() {
    let bare = event(Body::Booking(Booking::of("BK-9")));
    let template = "{{ title }}{{ amount | money }}{{ starts | date }}{{ extra.x }}{{ party }}|";
    let (_, body, failed) = words(&format!("message.body = '{template}'"), &bare);
    assert_eq!((&*body, failed), ("|", false));
}

#[test]
fn values_are_data_and_are_never_read_as_templates() {
    let mut hostile = booking();
    hostile.customer = Some("{{ 7 * 7 }} <b> \u{1b}[31m".into());
    let hostile = event(Body::Booking(hostile));
    let (_, body, _) = words("message.body = '{{ customer }}'", &hostile);
    assert_eq!(body, "{{ 7 * 7 }} <b> \u{1b}[31m");
}

#[test]
fn what_fails_at_run_time_falls_back_to_the_built_in_words_and_is_counted() {
    let title = "message.title = 'ok'\n";
    let body = "message.body = \"{% if party == 77 %}{{ 1 // (party - 77) }}{% endif %}\"";
    let mut crowd = booking();
    crowd.party = Some(contract::Party { total: Some(77), ..Default::default() });
    let (title, body, failed) = words(&format!("{title}{body}"), &event(Body::Booking(crowd)));
    assert_eq!(
        (&*title, &*body, failed),
        ("ok", "BK-1 · Anna Lindqvist · 1,250.00 USD · TH", true)
    );
}

#[test]
fn a_template_that_runs_too_long_falls_back() {
    let each = "{% for a in title %}".repeat(4);
    let end = "{% endfor %}".repeat(4);
    let (_, body, failed) = words(&format!("message.body = '{each}x{end}'"), &tour());
    assert!(failed && body.starts_with("BK-1"));
}

#[test]
fn titles_and_bodies_are_cut_at_their_limits_and_a_title_is_one_line() {
    for (length, cut) in [(256, false), (257, true)] {
        let mut long = booking();
        long.customer = Some("x".repeat(length).into());
        let (title, _, _) = words("message.title = '{{ customer }}'", &event(Body::Booking(long)));
        assert_eq!((title.len(), title.ends_with('…')), (256, cut));
    }
    for (length, cut) in [(4096, false), (4097, true)] {
        let mut long = booking();
        long.customer = Some("x".repeat(length).into());
        let (_, body, _) = words("message.body = '{{ customer }}'", &event(Body::Booking(long)));
        assert_eq!((body.len(), body.ends_with('…')), (4096, cut));
    }
    let mut lines = booking();
    lines.title = Some("a\nb\r\nc".into());
    let (title, _, _) = words("", &event(Body::Booking(lines)));
    assert_eq!(title, "New tour · a b  c");
}

#[test]
fn the_house_s_default_message_stands_where_a_rule_says_nothing() {
    let mut settings = house("[[rule]]\nname = 'R'\nring = ['console.log']\nmessage.body = 'mine'");
    settings.message.title = Some("{{ icon }} {{ title }}".into());
    settings.message.body = Some("default".into());
    let decision = Desk::open(settings).send(&tour());
    let planned = &decision.planned[0];
    assert_eq!((&*planned.title, &*planned.body), ("🧭 Phi Phi Islands Day Tour", "mine"));
}
