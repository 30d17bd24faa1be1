use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contract::{Currency, Kind};
use jiff::Timestamp;

use super::*;

fn plot(seed: u64, start: &str, pace: Pace) -> Plot {
    let start = start.parse().unwrap();
    Plot { seed, start, pace, source: "simulator.demo".into(), feed: "demo".into() }
}

fn natural(seed: u64) -> Story {
    Story::new(plot(seed, "2026-11-23T02:15:00Z", Pace::Speed(1.0)))
}

fn at_rate(seed: u64) -> Story {
    let rate = Pace::Rate("5000/s".parse().unwrap());
    Story::new(plot(seed, "2026-11-23T02:15:00Z", rate))
}

fn written(story: Story, count: usize) -> Vec<String> {
    story
        .take(count)
        .map(|(due, event)| format!("{due:?} {}", serde_json::to_string(&event.body).unwrap()))
        .collect()
}

#[test]
fn the_same_plot_tells_the_same_story() {
    assert_eq!(written(natural(7), 500), written(natural(7), 500));
    assert_ne!(written(natural(7), 10), written(natural(8), 10));
}

#[test]
fn the_first_events_of_seed_seven_stay_as_they_are() {
    insta::assert_snapshot!(written(natural(7), 12).join("\n"));
}

#[test]
fn bookings_come_every_8_to_15_s_and_are_decided_5_to_10_s_later() {
    let mut last_new: Option<Duration> = None;
    let mut last_metrics: Option<Duration> = None;
    let mut open: BTreeMap<String, Duration> = BTreeMap::new();
    let mut last_due = Duration::ZERO;
    for (due, event) in natural(3).take(5_000) {
        assert!(due >= last_due);
        last_due = due;
        let Some(booking) = event.booking() else {
            let since = last_metrics.replace(due).map(|last| due - last);
            assert!(since.is_none_or(|since| since == Duration::from_secs(5)));
            continue;
        };
        let id = booking.id.as_str().to_owned();
        if booking.status == Some(Status::New) {
            let since = last_new.replace(due).map_or(10.0, |last| (due - last).as_secs_f64());
            assert!((8.0..=15.0).contains(&since), "{since}");
            open.insert(id, due);
        } else {
            let since = (due - open.remove(&id).unwrap()).as_secs_f64();
            assert!((5.0..=10.0).contains(&since), "{since}");
        }
    }
    assert!(open.len() <= 2);
}

#[test]
fn speed_hastens_what_is_told_without_changing_it() {
    let fast = Story::new(plot(7, "2026-11-23T02:15:00Z", Pace::Speed(60.0)));
    for ((slow_due, slow), (fast_due, fast)) in natural(7).zip(fast).take(300) {
        assert!((slow_due.as_secs_f64() / 60.0 - fast_due.as_secs_f64()).abs() < 1e-6);
        assert_eq!(slow.subject(), fast.subject());
    }
}

#[test]
fn a_rate_is_even_and_nine_in_ten_are_bookings() {
    let told: Vec<_> = at_rate(7).take(10_000).collect();
    for (i, (due, _)) in (0_u64..).zip(&told) {
        assert_eq!(*due, Duration::from_micros(200 * i));
    }
    let bookings = told.iter().filter(|(_, event)| event.kind() == Kind::Booking).count();
    assert!((8_500..=9_300).contains(&bookings), "{bookings}");
}

#[test]
fn ids_grow_and_never_repeat_over_a_million_events() {
    let mut last = String::new();
    for (_, event) in at_rate(1).take(1_000_000) {
        let Some(booking) = event.booking().filter(|b| b.status == Some(Status::New)) else {
            continue;
        };
        assert!(booking.id.as_str() > last.as_str(), "{} after {last}", booking.id);
        last = booking.id.as_str().to_owned();
    }
    assert!(last.starts_with("BK-20261123T021500-"), "{last}");
}

#[test]
fn runs_with_other_starts_share_no_id() {
    let starts = ["2026-11-23T02:15:00Z", "2026-11-23T02:15:01Z", "2026-11-23T02:15:00.001Z"];
    let mut seen = BTreeSet::new();
    for start in starts {
        let story = Story::new(plot(7, start, Pace::Speed(1.0)));
        for (_, event) in story.take(200) {
            let Some(booking) = event.booking().filter(|b| b.status == Some(Status::New)) else {
                continue;
            };
            assert!(seen.insert(booking.id.clone()), "{} twice", booking.id);
        }
    }
}

#[test]
fn amounts_have_the_digits_of_their_currency_and_currencies_belong_to_their_country() {
    let mut countries: BTreeMap<String, BTreeSet<Currency>> = BTreeMap::new();
    let mut categories = BTreeSet::new();
    let mut titles = BTreeSet::new();
    let mut digits = BTreeSet::new();
    for (_, event) in at_rate(5).take(20_000) {
        let Some(booking) = event.booking() else { continue };
        let money = booking.amount.unwrap();
        let currency = money.currency.unwrap();
        assert_eq!(money.amount.scale(), currency.digits(), "{money}");
        assert!(money.amount > Decimal::ZERO);
        digits.insert(currency.digits());
        countries.entry(booking.country.unwrap().to_string()).or_default().insert(currency);
        categories.insert(booking.category.clone().unwrap());
        titles.insert(booking.title.clone().unwrap());
    }
    assert!(countries.len() >= 12, "{countries:?}");
    assert!(countries.values().all(|currencies| currencies.len() == 1), "{countries:?}");
    assert_eq!(categories.len(), 4);
    assert!(titles.len() > 300, "{}", titles.len());
    assert_eq!(digits, BTreeSet::from([0, 2, 3]));
}

#[test]
fn what_is_told_is_safe_to_show_and_ends_after_it_starts() {
    for (_, event) in at_rate(9).take(20_000) {
        let Some(booking) = event.booking() else { continue };
        for text in [&booking.title, &booking.customer] {
            let text = text.as_ref().unwrap();
            assert_eq!(text.clean(), text.as_str());
        }
        assert!(booking.ends.is_none_or(|ends| ends > booking.starts.unwrap()));
    }
}

#[test]
fn the_farthest_start_does_not_break_the_story() {
    let plot = Plot { start: Timestamp::MAX, ..plot(7, "2026-11-23T02:15:00Z", Pace::Speed(0.01)) };
    assert_eq!(Story::new(plot).take(100).count(), 100);
}
