//! Job: tests of meanings 3 to 5: what matches.
//! Takes: one `when` and one event.
//! Gives: yes, no or unknown.
//! Never: looks at rings.

use contract::{Changed, Channel, Guest, Metrics, Moment, Party};

use super::*;

fn check(event: &Event, cases: &[(&str, &str)]) {
    for (when, wanted) in cases {
        assert_eq!(matches(when, event), *wanted, "{when}");
    }
}

#[test]
fn a_rule_is_about_bookings_unless_it_says_another_kind() {
    let metrics = Metrics { today_revenue: Some(20_000.into()), ..Metrics::default() };
    let metrics = event(Body::Metrics(metrics));
    check(&tour(), &[("", "yes"), ("kind = 'booking'", "yes"), ("kind = 'metrics'", "no")]);
    check(
        &metrics,
        &[
            ("", "no"),
            ("kind = 'metrics'", "yes"),
            ("kind = ['booking', 'metrics']", "yes"),
            ("kind = 'metrics'\nextra.todayRevenue = { over = 18000 }", "yes"),
            ("kind = 'metrics'\nextra.todayRevenue = { under = 18000 }", "no"),
            ("kind = 'metrics'\nextra.totalRevenue = { over = 1 }", "unknown"),
        ],
    );
    let payload = serde_json::json!({ "room": "Ocean view", "floor": 3 });
    let other = contract::event::Other { name: "housekeeping".into(), payload };
    check(
        &event(Body::Other(other)),
        &[
            ("kind = 'other'", "yes"),
            ("kind = 'other'\nextra.room = { contains = 'OCEAN' }", "yes"),
            ("kind = 'other'\nextra.floor = 3", "yes"),
            ("", "no"),
        ],
    );
}

#[test]
fn an_absent_field_is_unknown_and_not_leaves_it_so() {
    let bare = event(Body::Booking(Booking::of("BK-9")));
    check(
        &bare,
        &[
            ("category = 'tour'", "unknown"),
            ("not.category = 'tour'", "unknown"),
            ("country = 'TH'\nid = 'no'", "no"),
            ("not = { country = 'TH', id = 'no' }", "yes"),
            ("any = [{ country = 'TH' }, { id = 'bk-9' }]", "yes"),
            ("any = [{ country = 'TH' }, { id = 'no' }]", "unknown"),
            ("amount = '> 1 THB'", "unknown"),
            ("starts = 'today'", "unknown"),
            ("nights = 3", "unknown"),
            ("party = '> 1'", "unknown"),
            ("live = true", "unknown"),
            ("channel = 'direct'", "unknown"),
            ("guest.email = { regex = '.' }", "unknown"),
            ("extra.vip = true", "unknown"),
            ("title = { contains = 'x' }", "unknown"),
        ],
    );
}

#[test]
fn what_is_unknown_rings_where_the_rule_says_so_and_is_counted_either_way() {
    use crate::delivery::Count;
    let bare = event(Body::Booking(Booking::of("BK-9")));
    let rule = "[[rule]]\nname = 'R'\nring = ['console.log']\nwhen.starts = 'within 24h'\n";
    let decision = Desk::of(rule).send(&bare);
    assert_eq!((rung(&decision), &*decision.counts), (vec![], &[Count::Unknown("R".into())][..]));
    let decision = Desk::of(&format!("{rule}unknown = 'ring'")).send(&bare);
    let counts = [Count::Unknown("R".into()), Count::Matched("R".into())];
    assert_eq!((rung(&decision), &*decision.counts), (vec!["console.log"], &counts[..]));
}

#[test]
fn a_list_is_or_ed_and_keys_are_and_ed() {
    check(
        &tour(),
        &[
            ("category = ['car', 'tour']", "yes"),
            ("category = ['car', 'spa']", "no"),
            ("category = 'tour'\nstatus = 'confirmed'", "no"),
            ("category = 'tour'\nstatus = ['confirmed', 'new']\ncountry = 'TH'", "yes"),
            ("currency = ['EUR', 'USD']", "yes"),
            ("not.country = 'LA'", "yes"),
            ("not = { country = 'TH', category = 'tour' }", "no"),
            ("any = [{ category = 'car' }, { country = 'TH', status = 'new' }]", "yes"),
        ],
    );
}

#[test]
fn a_plain_text_is_the_whole_text_without_case_and_accents() {
    let mut joao = booking();
    joao.customer = Some("João da Silva".into());
    joao.title = Some("Café Österreich 東京".into());
    check(
        &event(Body::Booking(joao)),
        &[
            ("customer = 'joao da silva'", "yes"),
            ("customer = 'JOÃO DA SILVA'", "yes"),
            ("customer = 'joao'", "no"),
            ("customer = { contains = 'DA sil' }", "yes"),
            ("customer = { starts = 'joa' }", "yes"),
            ("customer = { starts = 'da' }", "no"),
            ("customer = { regex = '^João' }", "yes"),
            ("customer = { regex = '^joao' }", "no"),
            ("customer = { regex = '(?i)JOÃO .* silva$' }", "yes"),
            ("title = { contains = 'cafe osterreich' }", "yes"),
            ("title = { regex = '東.$' }", "yes"),
            ("title = ['x', { starts = 'cafe' }]", "yes"),
            ("id = { starts = 'bk-' }", "yes"),
        ],
    );
}

#[test]
fn amounts_are_compared_exactly_and_converted_by_the_rates() {
    check(
        &tour(),
        &[
            ("amount = '>= 1250 USD'", "yes"),
            ("amount = '> 1250 USD'", "no"),
            ("amount = '1250..2000 usd'", "yes"),
            ("amount = '43875 THB'", "yes"),
            ("amount = '> 43875 THB'", "no"),
            ("amount = '>= 1148 EUR'", "yes"),
            ("amount = '>= 1149 EUR'", "no"),
            ("amount = '>= 1 GBP'", "unknown"),
            ("amount = ['>= 1 GBP', '>= 1 USD']", "yes"),
        ],
    );
    let with = |amount: &str| event(Body::Booking(Booking { amount: money(amount), ..booking() }));
    check(&with("500"), &[("amount = '500 THB'", "yes"), ("currency = 'THB'", "yes")]);
    check(&with("9 GBP"), &[("amount = '< 10 GBP'", "yes"), ("amount = '> 1 THB'", "unknown")]);
}

#[test]
fn times_are_told_from_now_and_a_date_is_the_whole_day_in_its_own_zone() {
    let starting = |text: &str| {
        let starts: Moment = text.parse().unwrap();
        event(Body::Booking(Booking { starts: Some(starts), ..booking() }))
    };
    // It is 17:00 of the 23rd in Bangkok.
    let cases = [
        ("2026-11-23T20:00:00Z", "within 24h", "yes"),
        ("2026-11-24T10:00:00Z", "within 24h", "yes"),
        ("2026-11-24T10:00:01Z", "within 24h", "no"),
        ("2026-11-23T09:59:59Z", "within 24h", "no"),
        ("2026-11-23", "within 1h", "yes"),
        ("2026-11-24", "within 6h", "no"),
        ("2026-11-24", "within 7h", "yes"),
        ("2026-12-24", "after 30d", "yes"),
        ("2026-12-23", "after 30d", "no"),
        ("2026-11-23T17:30:00Z", "today", "no"),
        ("2026-11-22T17:30:00Z", "today", "yes"),
        ("2026-11-23", "today", "yes"),
        ("2026-11-23", "past", "no"),
        ("2026-11-22", "past", "yes"),
        ("2026-11-23T17:30:00Z", "2026-11-24", "yes"),
        ("2026-11-24", "2026-11-24", "yes"),
    ];
    for (starts, when, wanted) in cases {
        let said = matches(&format!("starts = '{when}'"), &starting(starts));
        assert_eq!(said, wanted, "{starts} {when}");
    }
}

#[test]
fn party_is_the_total_nights_are_ends_less_starts_and_age_is_now_less_at() {
    let mut stay = booking();
    stay.party = Some(Party { adults: Some(2), children: Some(4), ..Party::default() });
    stay.starts = "2026-12-01".parse().ok();
    stay.ends = "2026-12-04".parse().ok();
    stay.live = Some(false);
    let stay = Event { at: at("2026-11-23T07:00:00Z"), ..event(Body::Booking(stay)) };
    check(
        &stay,
        &[
            ("party = '>= 6'", "yes"),
            ("party = '2..5'", "no"),
            ("nights = 3", "yes"),
            ("nights = ['< 3', '> 3']", "no"),
            ("age = '>= 3h'", "yes"),
            ("age = '< 3h'", "no"),
            ("live = false", "yes"),
            ("live = true", "no"),
        ],
    );
}

#[test]
fn channel_guest_and_extra_are_asked_by_name() {
    let mut known = booking();
    known.channel = Some(Channel { ota: Some("Big Agency".into()), direct: None, agent: None });
    let (email, phone) = (Some("vip@example.com".into()), Some("+66 81".into()));
    known.guest = Some(Box::new(Guest { email, phone, ..Guest::default() }));
    let mut known = event(Body::Booking(known));
    known.extra = [
        ("guests".into(), serde_json::json!(25)),
        ("price".into(), serde_json::json!("19.5")),
        ("notes".into(), serde_json::json!("Late ARRIVAL")),
        ("vip".into(), serde_json::json!(true)),
        ("list".into(), serde_json::json!([1])),
    ]
    .into();
    check(
        &known,
        &[
            ("channel = 'big agency'", "yes"),
            ("channel = 'direct'", "no"),
            ("guest.email = { regex = '@example\\.com$' }", "yes"),
            ("guest.phone = { starts = '+66' }", "yes"),
            ("extra.guests = { over = 20 }", "yes"),
            ("extra.guests = { over = 25 }", "no"),
            ("extra.guests = 25", "yes"),
            ("extra.price = { under = 20 }", "yes"),
            ("extra.notes = { contains = 'late arrival' }", "yes"),
            ("extra.notes = { over = 1 }", "unknown"),
            ("extra.vip = true", "yes"),
            ("extra.list = '1'", "unknown"),
            ("extra.none = '1'", "unknown"),
        ],
    );
}

#[test]
fn changed_is_a_field_that_differs_from_the_last_known_state() {
    let rule = "[[rule]]\nname = 'R'\nring = ['console.log']\nwhen.changed = ['amount', 'starts']";
    let mut desk = Desk::of(rule);
    let amended = |amount: &str| {
        let changed = Booking { amount: money(amount), ..booking() };
        Event { at: at("2026-11-23T11:00:00Z"), ..event(Body::Booking(changed)) }
    };
    assert_eq!(desk.send(&tour()).outcome, Outcome::Unmatched, "a first state has not changed");
    assert_eq!(desk.send(&amended("1300 USD")).outcome, Outcome::Routed);
    assert_eq!(desk.send(&tour_then(Status::Confirmed, 90)).outcome, Outcome::Routed);
    let mut told = booking();
    told.changes = vec![Changed {
        field: "starts".into(),
        from: serde_json::Value::Null,
        to: serde_json::Value::Null,
    }];
    assert_eq!(Desk::of(rule).send(&event(Body::Booking(told))).outcome, Outcome::Routed);
}
