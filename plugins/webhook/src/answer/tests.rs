//! Job: every answer and every fault, each with its verdict.
//! Takes: tables.
//! Gives: the classification that the documents promise.
//! Never: leaves a status out.

use contract::trial::Expected;
use jiff::SignedDuration;

use super::*;

const NOW: Timestamp = Timestamp::constant(1_795_400_045, 0);

fn answered(status: u16, headers: &[(&str, &str)]) -> Verdict {
    let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    let answer = Answer { status, headers, body: b"said".to_vec(), cut: false };
    verdict(&answer, NOW, &Redaction::default())
}

fn expected(status: u16) -> Expected {
    use Expected::{Down, Reject, Retry, Sent};
    match status {
        200..=299 => Sent,
        400 | 413 | 415 | 422 => Reject(Class::Payload),
        410 => Reject(Class::Gone),
        429 => Down(Class::Throttled),
        300..=399 | 401 | 403 | 404 | 405 | 407 | 501 => Down(Class::Config),
        _ => Retry(Class::Transient),
    }
}

#[test]
fn every_status_has_its_verdict() {
    for status in 100..=999 {
        let verdict = answered(status, &[]);
        assert_eq!(Expected::of(&verdict), expected(status), "{status}");
    }
    let busy = answered(503, &[("retry-after", "7")]);
    assert_eq!(Expected::of(&busy), Expected::Down(Class::Throttled));
}

#[test]
fn every_fault_has_its_verdict() {
    use Expected::{Down, Retry};
    let said = || "said".to_owned();
    let cases = [
        (PostFault::Resolve(said()), Retry(Class::Transient)),
        (PostFault::Connect(said()), Retry(Class::Transient)),
        (PostFault::ConnectTimeout, Retry(Class::Transient)),
        (PostFault::AnswerTimeout, Retry(Class::Ambiguous)),
        (PostFault::CutOff(said()), Retry(Class::Ambiguous)),
        (PostFault::Private(said()), Down(Class::Config)),
        (PostFault::Tls(said()), Down(Class::Config)),
        (PostFault::Config(said()), Down(Class::Config)),
    ];
    for (fault, expected) in cases {
        assert_eq!(Expected::of(&faulted(&fault, &Redaction::default())), expected, "{fault:?}");
    }
}

fn asked_to_wait(headers: &[(&str, &str)]) -> Option<u64> {
    match answered(429, headers) {
        Verdict::Down { after, .. } => after.map(|wait| wait.as_secs()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wait_is_read_from_seconds_and_dates_clamped_and_garbage_ignored() {
    const DAY: u64 = 86_400;
    let cases: &[(&str, Option<u64>)] = &[
        ("0", Some(0)),
        ("7", Some(7)),
        (" 7 ", Some(7)),
        ("86400", Some(DAY)),
        ("86401", Some(DAY)),
        ("315360000", Some(DAY)),
        ("99999999999999999999999", Some(DAY)),
        ("Mon, 23 Nov 2026 02:14:35 GMT", Some(30)),
        ("Mon, 23 Nov 2026 02:14:05 GMT", Some(0)),
        ("Mon, 23 Nov 2026 02:00:00 GMT", Some(0)),
        ("Sun, 23 Nov 2036 02:14:35 GMT", Some(DAY)),
        ("Monday, 23-Nov-26 02:14:35 GMT", Some(30)),
        ("Mon Nov 23 02:14:35 2026", Some(30)),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("٧", None),
        ("Mon, 99 Nov 2026 02:14:35 GMT", None),
        ("Mon, 23 Nov 2026 02:14:35 GMT or so", None),
        ("\u{0}\u{1b}[31m", None),
    ];
    for (written, wait) in cases {
        assert_eq!(asked_to_wait(&[("retry-after", written)]), *wait, "{written:?}");
    }
}

#[test]
fn a_date_is_read_against_the_receiver_s_own_clock() {
    let skewed = [
        ("retry-after", "Mon, 23 Nov 2026 05:00:30 GMT"),
        ("date", "Mon, 23 Nov 2026 05:00:00 GMT"),
    ];
    assert_eq!(asked_to_wait(&skewed), Some(30));
    let broken = [("retry-after", "Mon, 23 Nov 2026 02:14:35 GMT"), ("date", "yesterday")];
    assert_eq!(asked_to_wait(&broken), Some(30));
}

proptest::proptest! {
    #[test]
    fn no_header_makes_it_wait_less_than_asked_or_more_than_a_day(
        wait in 0_i64..200_000,
        skew in -90_000_000_i64..90_000_000,
        garbage in ".*",
    ) {
        let theirs = NOW + SignedDuration::from_secs(skew);
        let form = |at: Timestamp| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let asked = form(theirs + SignedDuration::from_secs(wait));
        let waits = asked_to_wait(&[("retry-after", &asked), ("date", &form(theirs))]);
        let told = u64::try_from(wait).unwrap().min(86_400);
        proptest::prop_assert_eq!(waits, Some(told));
        let waits = asked_to_wait(&[("retry-after", &garbage), ("date", &garbage)]);
        proptest::prop_assert!(waits.is_none_or(|wait| wait <= 86_400));
    }
}

#[test]
fn what_a_receiver_says_is_one_clean_line_of_at_most_two_kib() {
    let body = format!("\u{1b}[31mno\r\nsuch {}", "x".repeat(64 * 1024));
    let answer = Answer { status: 404, headers: Vec::new(), body: body.into_bytes(), cut: true };
    let verdict = verdict(&answer, NOW, &Redaction::default());
    let said = &verdict.why().unwrap().said;
    assert!(said.starts_with("HTTP 404: [31mno  such xxx") && said.len() <= 2048, "{said}");
}
