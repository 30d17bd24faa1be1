//! Job: an event in one line, for people.
//! Takes: an event.
//! Gives: what it is about and what it says, clean for a terminal.
//! Never: shows a guest's address or number.

use contract::event::Body;
use contract::text::{clean, cut};
use contract::{Event, Level, Metrics, Status};

use super::ago::since;

/// The longest line, bytes.
const LINE_BYTES_MAX: usize = 200;

/// What an event says, without its subject: `new tour · Phi Phi Islands · Anna · 1,250.00 USD`.
pub(super) fn says(event: &Event) -> String {
    let parts = match &event.body {
        Body::Booking(booking) => {
            let status = booking.status.as_ref().map(Status::as_str);
            let category = booking.category.as_ref().map(|category| category.as_str());
            let head: Vec<&str> = [status, category].into_iter().flatten().collect();
            let head = if head.is_empty() { "booking".to_owned() } else { head.join(" ") };
            vec![
                Some(head),
                booking.title.as_ref().map(|title| title.to_string()),
                booking.customer.as_ref().map(|customer| customer.to_string()),
                booking.amount.map(|amount| amount.to_string()),
                booking.country.as_ref().map(|country| country.to_string()),
            ]
        }
        Body::Metrics(metrics) => metrics_parts(metrics),
        Body::Feed(change) => vec![
            Some(format!("feed {}", change.state)),
            change.gap.as_ref().map(|gap| format!("{} not known", since(gap.from, gap.to))),
            change.said.as_ref().map(|said| said.to_string()),
        ],
        Body::Sink(change) => {
            let state = format!("{:?}", change.state).to_lowercase();
            vec![Some(format!("sink {state}")), change.said.as_ref().map(|said| said.to_string())]
        }
        Body::Other(other) => vec![Some(format!("frame {}", other.name))],
    };
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    cut(&clean(&said), LINE_BYTES_MAX)
}

/// The level that an event has by itself, for its colour.
pub(super) fn level(event: &Event) -> Level {
    match event.booking().and_then(|booking| booking.status.as_ref()) {
        Some(Status::Confirmed) => Level::Success,
        Some(Status::Cancelled) => Level::Error,
        _ => Level::Info,
    }
}

fn metrics_parts(metrics: &Metrics) -> Vec<Option<String>> {
    vec![
        Some("metrics".to_owned()),
        metrics.today_revenue.map(|revenue| format!("today {revenue}")),
        metrics.bookings_change.map(|change| format!("bookings {change} %")),
    ]
}

#[cfg(test)]
mod tests {
    use contract::{Booking, Text};

    use super::*;

    #[test]
    fn an_event_is_one_clean_line_without_the_guest() {
        let said: Vec<String> = contract::trial::events().iter().map(says).collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        new tour · Phi Phi Islands Day Tour · Anna Lindqvist · 1,250.00 USD · TH
        booking
        metrics · today 1284530.25
        feed gap · 0 s not known
        sink down · 401: check credential "crm"
        frame booking:moved
        "#);
        assert!(!said.join("").contains("anna@example.com"));
    }

    #[test]
    fn a_hostile_title_moves_no_cursor_and_has_an_end() {
        let mut booking = Booking::of("B");
        booking.title = Some(Text::from(format!("\u{1b}[2J{}", "x".repeat(10_000))));
        let said = says(&contract::trial::event(Body::Booking(booking)));
        assert!(said.starts_with("booking · [2Jxxx") && said.len() <= LINE_BYTES_MAX, "{said}");
    }
}
