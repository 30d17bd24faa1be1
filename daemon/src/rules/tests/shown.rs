//! Job: tests of what `explain` shows.
//! Takes: rules and events.
//! Gives: the text, read before it was accepted.
//! Never: decides; the other tests do.

use super::*;

#[test]
fn the_tree_shows_each_condition_wanted_and_actual_and_why_each_rule_rings_or_not() {
    let rules = r#"
        [[rule]]
        name = "Big tours"
        when.category = "tour"
        when.amount = ">= 50000 THB"
        ring = ["front-desk"]

        [[rule]]
        name = "Soon"
        when.starts = "within 24h"
        ring = ["slack.big"]

        [[rule]]
        name = "Thai"
        when.country = "TH"
        when.not.any = [{ title = { contains = "car" } }, { party = ">= 6" }]
        ring = ["slack.big"]

        [[rule]]
        name = "New"
        when.status = "new"
        ring_by.country = { TH = ["front-desk"] }
        message = { title = "{{ icon }} {{ title }}" }
        stop = true

        [[rule]]
        name = "Rest"
        ring = ["duty"]

        [[rule]]
        name = "Ill"
        alarm = { feed = ["down"] }
        ring = ["duty"]
    "#;
    let mut settings = house(rules);
    settings.rates.as_of = None;
    let mut desk = Desk::open(settings);
    desk.send(&tour());
    insta::assert_snapshot!(desk.render(), @r#"
    booking BK-1 new, of 2026-11-23 17:00:00, judged 2026-11-23 17:00:00
    ✓ rings 2 sinks
      ✓ console.log: rung by "New"
          info │ 🧭 Phi Phi Islands Day Tour
               │ BK-1 · Anna Lindqvist · 1,250.00 USD · TH
      ✓ slack.sales: rung by "New"
          info │ 🧭 Phi Phi Islands Day Tour
               │ BK-1 · Anna Lindqvist · 1,250.00 USD · TH

    ✗ Big tours: does not match
        ✓ category  tour  ·  is tour
        ✗ amount    >= 50000 THB  ·  is 1,250.00 USD = 43,875.00 THB, converted at 35.10 THB
    ? Soon: cannot be decided, and so does not match
        ? starts  within 1d  ·  is not said
    ? Thai: cannot be decided, and so does not match
        ✓ country  TH  ·  is TH
        ? not
            ? any
                ✗ title  contains "car"  ·  is "Phi Phi Islands Day Tour"
                ? party  >= 6  ·  is not said
    ✓ New: matches, and ends the list
        ✓ status  new  ·  is new
        → console.log (ring_by, TH, team front-desk)
        → slack.sales (ring_by, TH, team front-desk)
    ✗ Rest: not asked: stopped by "New"
    ✗ Ill: not asked: an alarm on the feed
    "#);
}

#[test]
fn a_repeat_says_how_it_is_known() {
    let mut desk = Desk::of("[[rule]]\nname = 'R'\nring = ['console.log']");
    desk.send(&tour());
    desk.send(&tour());
    insta::assert_snapshot!(desk.render(), @r#"
    booking BK-1 new, of 2026-11-23 17:00:00, judged 2026-11-23 17:00:00
    ✗ already seen: counted, not stored again (it repeats the current state)
    "#);
}

#[test]
fn a_follower_is_told_why_and_an_unfollowed_sink_why_not() {
    let mut desk =
        Desk::of("[[rule]]\nname = 'New'\nwhen.status = 'new'\nring = ['front-desk', 'slack.big']");
    desk.send(&tour());
    desk.send(&tour_then(Status::Confirmed, 5));
    insta::assert_snapshot!(desk.render(), @r#"
    booking BK-1 confirmed, of 2026-11-23 17:05:00, judged 2026-11-23 17:00:00
    ✓ rings 2 sinks
      ✗ console.log [follow]: was told before; with `update = "new"` only a cancellation follows
      ✓ slack.sales [follow]: "New" told it of this booking, and it follows
          success │ Tour confirmed · Phi Phi Islands Day Tour
                  │ BK-1 · Anna Lindqvist · 1,250.00 USD · TH
      ✓ slack.big [follow]: "New" told it of this booking, and it follows
          success │ Tour confirmed · Phi Phi Islands Day Tour
                  │ BK-1 · Anna Lindqvist · 1,250.00 USD · TH

    ✗ New: does not match
        ✗ status  new  ·  is confirmed
    "#);
}

#[test]
fn hostile_text_moves_no_cursor_and_forges_no_line() {
    let mut desk = Desk::of("[[rule]]\nname = 'R'\nring = ['console.log']\nwhen.title = 'x'");
    let mut hostile = booking();
    hostile.title = Some("a\u{1b}[2J\n✓ R: matches\u{202e}".into());
    desk.send(&event(Body::Booking(hostile)));
    let shown = desk.render();
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
    assert_eq!(shown.lines().filter(|line| line.starts_with('✓')).count(), 0);
}

#[test]
fn an_explanation_is_data_as_well() {
    let mut desk = Desk::of("[[rule]]\nname = 'R'\nring = ['console.log']\nwhen.country = 'TH'");
    desk.send(&tour());
    let json = serde_json::to_value(desk.explained.as_ref().unwrap()).unwrap();
    assert_eq!(json["outcome"], "routed");
    let condition = serde_json::json!(
        { "key": "country", "holds": "yes", "wanted": "TH", "actual": "TH" }
    );
    assert_eq!(json["rules"][0]["conditions"][0], condition);
    assert_eq!(json["rings"][0]["sink"], "console.log");
}
