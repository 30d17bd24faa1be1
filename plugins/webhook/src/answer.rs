//! Job: what an answer means.
//! Takes: an answer or a fault, and the time.
//! Gives: a verdict. PURE.
//! Never: destroys notes for what a person can mend: an expired token, a wrong path.

use std::time::Duration;

use contract::doors::{Answer, PostFault};
use contract::{Class, Verdict, Why};
use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};

use crate::redact::Redaction;

/// The longest wait that a receiver may ask for.
const AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What an answer means.
pub(crate) fn verdict(answer: &Answer, now: Timestamp, redaction: &Redaction) -> Verdict {
    let after = answer.header("retry-after").and_then(|written| after(written, answer, now));
    let why = |class| {
        let body = redaction.applied(String::from_utf8_lossy(&answer.body).trim());
        let said = match body.is_empty() {
            true => format!("HTTP {}", answer.status),
            false => format!("HTTP {}: {body}", answer.status),
        };
        Why::new(class, said)
    };
    let transient = || Verdict::Retry { why: why(Class::Transient), after };
    let throttled = || Verdict::Down { why: why(Class::Throttled), after };
    match answer.status {
        200..=299 => Verdict::sent(),
        429 => throttled(),
        503 if after.is_some() => throttled(),
        400 | 413 | 415 | 422 => Verdict::Reject { why: why(Class::Payload) },
        410 => Verdict::Reject { why: why(Class::Gone) },
        300..=399 | 401 | 403 | 404 | 405 | 407 | 501 => {
            Verdict::Down { why: why(Class::Config), after: None }
        }
        // 408, 425, the other 5xx, and what nobody has agreed on: it may pass.
        _ => transient(),
    }
}

/// What a fault means.
pub(crate) fn faulted(fault: &PostFault, redaction: &Redaction) -> Verdict {
    let class = match fault {
        PostFault::Resolve(_) | PostFault::Connect(_) | PostFault::ConnectTimeout => {
            Class::Transient
        }
        PostFault::AnswerTimeout | PostFault::CutOff(_) => Class::Ambiguous,
        PostFault::Private(_) | PostFault::Tls(_) | PostFault::Config(_) => Class::Config,
    };
    let why = Why::new(class, redaction.applied(&fault.to_string()));
    match class {
        Class::Config => Verdict::Down { why, after: None },
        _ => Verdict::Retry { why, after: None },
    }
}

/// How long to wait: whole seconds, or a date read against the answer's own `Date`, so that a
/// clock that is wrong on either side does no harm. What is neither is ignored.
fn after(written: &str, answer: &Answer, now: Timestamp) -> Option<Duration> {
    let written = written.trim();
    if !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds is a long time all the same.
        let seconds = written.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(AFTER_MAX));
    }
    let asked = date(written)?;
    let theirs = answer.header("date").and_then(|written| date(written.trim())).unwrap_or(now);
    let wait = asked.duration_since(theirs);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO).min(AFTER_MAX))
}

/// A date of HTTP, in today's form or in one of the two that are obsolete (RFC 9110, 5.6.7).
fn date(written: &str) -> Option<Timestamp> {
    const FORMS: [&str; 3] =
        ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let civil = FORMS.iter().find_map(|form| DateTime::strptime(form, written).ok())?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests;
