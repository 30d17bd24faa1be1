//! Job: the five questions of `deskbell init`, and the file that the answers make.
//! Takes: answers, a line each; an empty one takes what is suggested.
//! Gives: `Answers`, and a commented configuration.
//! Never: takes an answer that `check` would refuse, or a secret itself.

use std::io::{self, BufRead, Write};

use contract::Currency;
use contract::money::decimal;
use contract::text::clean;
use jiff::tz::TimeZone;

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    /// Where the feed is.
    pub(super) feed: String,
    /// Where its token is kept: `env:NAME`, `file:/PATH`, `credential:NAME`.
    pub(super) token: Option<String>,
    /// A server to be told as well.
    pub(super) webhook: Option<String>,
    /// From which amount on a booking rings louder: `1000 USD`.
    pub(super) big: Option<String>,
    /// When days begin; the machine's zone where absent.
    pub(super) zone: Option<String>,
}

/// One question: its words, what is suggested, and what is wrong with an answer, after the answers
/// before it.
struct Question {
    words: &'static str,
    suggested: String,
    wrong: fn(&str, &[String]) -> Option<String>,
}

const NONE: &str = "none";
const DEFAULT_FEED: &str = "ws://localhost:3001/admin/dashboard";

impl Answers {
    /// What is suggested.
    pub(super) fn suggested(feed: Option<&str>, zone: Option<&str>) -> Self {
        Self {
            feed: feed.unwrap_or(DEFAULT_FEED).to_owned(),
            token: None,
            webhook: None,
            big: Some("1000 USD".to_owned()),
            zone: zone.map(str::to_owned),
        }
    }
}

/// Asks the five questions; an answer that cannot be used is asked for again.
///
/// # Errors
/// When the answers end, or a question cannot be shown.
pub(super) fn ask(
    suggested: Answers,
    answers: &mut dyn BufRead,
    shown: &mut dyn Write,
) -> io::Result<Answers> {
    let optional = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    let questions = [
        Question { words: "Where is the feed?", suggested: suggested.feed, wrong: wrong_feed },
        Question {
            words: "Where is its token kept (none, env:NAME, file:/PATH, credential:NAME)?",
            suggested: optional(suggested.token),
            wrong: wrong_token,
        },
        Question {
            words: "Which webhook should ring beside the console (none, or its URL)?",
            suggested: optional(suggested.webhook),
            wrong: wrong_webhook,
        },
        Question {
            words: "From which amount on is a booking a big one (none, or such as 1000 USD)?",
            suggested: optional(suggested.big),
            wrong: wrong_amount,
        },
        Question {
            words: "In which time zone do your days begin (none is the machine's)?",
            suggested: optional(suggested.zone),
            wrong: wrong_zone,
        },
    ];
    let mut given = Vec::with_capacity(questions.len());
    for (number, question) in questions.iter().enumerate() {
        let answer = ask_one(number + 1, question, &given, (&mut *answers, &mut *shown))?;
        given.push(answer);
    }
    let mut given = given.into_iter().map(|answer| Some(answer).filter(|text| text != NONE));
    let mut next = || given.next().flatten();
    Ok(Answers {
        feed: next().unwrap_or_else(|| DEFAULT_FEED.to_owned()),
        token: next(),
        webhook: next(),
        big: next(),
        zone: next(),
    })
}

fn ask_one(
    number: usize,
    question: &Question,
    given: &[String],
    (answers, shown): (&mut dyn BufRead, &mut dyn Write),
) -> io::Result<String> {
    let suggested = clean(&question.suggested);
    loop {
        write!(shown, "{number}/5 {} [{suggested}] ", question.words)?;
        shown.flush()?;
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let answer = match line.trim() {
            "" => question.suggested.clone(),
            answer => answer.to_owned(),
        };
        match (question.wrong)(&answer, given) {
            None => return Ok(answer),
            Some(wrong) => writeln!(shown, "    {}", clean(&wrong))?,
        }
    }
}

fn wrong_feed(answer: &str, _: &[String]) -> Option<String> {
    let url = reqwest::Url::parse(answer).ok();
    let good = url.is_some_and(|url| {
        let plain = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "ws" | "wss") && url.has_host() && plain && url.fragment().is_none()
    });
    (!good).then(|| "a URL that begins with ws:// or wss://, without a password".to_owned())
}

fn wrong_token(answer: &str, given: &[String]) -> Option<String> {
    if answer != NONE && form(answer).is_none() {
        return Some(
            "never the token itself: none, env:NAME, file:/PATH or credential:NAME".into(),
        );
    }
    let feed = given.first().map_or("", String::as_str);
    let leaks = answer != NONE && feed.starts_with("ws:") && !is_local(feed);
    leaks.then(|| "ws:// would send it unencrypted: none here, or begin again with wss://".into())
}

fn wrong_webhook(answer: &str, _: &[String]) -> Option<String> {
    let url = reqwest::Url::parse(answer).ok();
    let good = url.is_some_and(|url| {
        let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && is_local(answer));
        scheme_fits && url.has_host() && url.fragment().is_none()
    });
    let wrong = "none, or a URL that begins with https://; http:// reaches this machine only";
    (answer != NONE && !good).then(|| wrong.to_owned())
}

fn wrong_amount(answer: &str, _: &[String]) -> Option<String> {
    let good = answer == NONE || amount(answer).is_some();
    (!good).then(|| "none, or a number and a currency, such as 1000 USD".to_owned())
}

fn wrong_zone(answer: &str, _: &[String]) -> Option<String> {
    let good = answer == NONE || TimeZone::get(answer).is_ok();
    (!good).then(|| "none, or an IANA name, such as Asia/Bangkok".to_owned())
}

/// `env:NAME` as a key and its value.
fn form(answer: &str) -> Option<(&str, &str)> {
    let (kind, name) = answer.split_once(':')?;
    (["env", "file", "credential"].contains(&kind) && !name.is_empty()).then_some((kind, name))
}

fn amount(answer: &str) -> Option<(String, Currency)> {
    let (number, currency) = answer.rsplit_once(' ')?;
    let number = decimal(&number.trim().replace([',', '_'], "")).ok()?;
    Some((number.to_string(), currency.parse().ok()?))
}

/// The configuration that the answers make.
pub(super) fn file(answers: &Answers) -> String {
    let big = answers.big.as_deref().and_then(amount);
    let parts = [
        daemon(answers),
        money(big.as_ref()),
        source(answers),
        sinks(answers),
        rules(answers, big.as_ref()),
    ];
    parts.join("\n")
}

fn daemon(answers: &Answers) -> String {
    let zone = match &answers.zone {
        Some(zone) => format!("time_zone = {}", quoted(zone)),
        None => "# time_zone = \"Asia/Bangkok\"   # default: the machine's".to_owned(),
    };
    format!(
        r#"# Written by `deskbell init`. Every key there is: `deskbell plugin show NAME`,
# `deskbell schema`. After a change: `deskbell check`, `deskbell reload`.

[daemon]
# When days begin, and how times are shown.
{zone}
"#
    )
}

fn money(big: Option<&(String, Currency)>) -> String {
    let Some((_, currency)) = big else {
        return "# [money]\n# base = \"USD\"   # what amounts are compared in\n".to_owned();
    };
    let other = if currency.as_str() == "USD" { "EUR" } else { "USD" };
    format!(
        r#"[money]
# What amounts are compared in; those of the feed without a currency are in it.
base = "{currency}"
# What one unit of another currency is in it; without a rate such amounts are unknown to rules.
# rates = {{ {other} = "…" }}
"#
    )
}

fn source(answers: &Answers) -> String {
    let token = match answers.token.as_deref().and_then(form) {
        Some((kind, name)) => format!("token = {{ {kind} = {} }}", quoted(name)),
        None => {
            r#"# token = { credential = "feed-token" }   # or { env = "…" }, or { file = "…" }"#
                .to_owned()
        }
    };
    let url = quoted(&answers.feed);
    format!("# Where bookings come from.\n[source.websocket.dashboard]\nurl = {url}\n{token}\n")
}

fn sinks(answers: &Answers) -> String {
    let console = "# Where it rings: this terminal, or the daemon's log.\n[sink.console.log]\n";
    let Some(url) = &answers.webhook else { return console.to_owned() };
    let private = if is_local(url) {
        "# A private address is reached only where that is allowed.\n\
         allow_private = [\"127.0.0.0/8\", \"::1\"]\n"
    } else {
        ""
    };
    let url = quoted(url);
    format!(
        r#"{console}
[sink.webhook.server]
url = {url}
{private}# What requests are signed with; without it nothing is signed.
# secret = {{ credential = "webhook-secret" }}
"#
    )
}

fn is_local(url: &str) -> bool {
    let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
}

fn rules(answers: &Answers, big: Option<&(String, Currency)>) -> String {
    let all = match answers.webhook {
        Some(_) => r#"["console.log", "webhook.server"]"#,
        None => r#"["console.log"]"#,
    };
    let big = big.map(|(number, currency)| {
        format!(
            r#"[[rule]]
name        = "Big bookings"
when.status = "new"
when.amount = ">= {number} {currency}"
level       = "warning"
ring        = {all}

"#
        )
    });
    format!(
        r#"# When to ring, and whom; in order.
{big}[[rule]]
name = "Every booking"
ring = ["console.log"]

[[rule]]
name  = "The feed is ill"
alarm = {{ feed = ["down", "denied", "gap"], for = "2m" }}
ring  = {all}
"#,
        big = big.unwrap_or_default(),
    )
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: &str) -> (io::Result<Answers>, String) {
        let mut shown = Vec::new();
        let suggested = Answers::suggested(None, Some("Asia/Bangkok"));
        let given = ask(suggested, &mut answers.as_bytes(), &mut shown);
        (given, String::from_utf8(shown).unwrap())
    }

    #[test]
    fn empty_answers_take_what_is_suggested() {
        let (given, _) = asked("\n\n\n\n\n");
        assert_eq!(given.unwrap(), Answers::suggested(None, Some("Asia/Bangkok")));
    }

    #[test]
    fn an_answer_that_cannot_be_used_is_asked_for_again() {
        let (given, shown) = asked(
            "http://x\nwss://a.example/feed\nhunter2\nenv:TOKEN\nx\nhttps://b.example/hook\n\
             many\n1,500.50 thb\nMoon\nnone\n",
        );
        let expected = Answers {
            feed: "wss://a.example/feed".into(),
            token: Some("env:TOKEN".into()),
            webhook: Some("https://b.example/hook".into()),
            big: Some("1,500.50 thb".into()),
            zone: None,
        };
        assert_eq!(given.unwrap(), expected);
        assert_eq!(shown.matches("/5 ").count(), 10, "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn an_answer_that_check_would_refuse_is_not_taken() {
        let (given, shown) = asked(
            "ws://me:hunter2@a.example/feed\nws://a.example/feed\nenv:TOKEN\nnone\n\
             http://b.example/hook\nhttps://b.example/hook#part\nhttp://127.0.0.1:9/hook\n\n\n",
        );
        let given = given.unwrap();
        assert_eq!((given.feed.as_str(), given.token), ("ws://a.example/feed", None));
        assert_eq!(given.webhook.as_deref(), Some("http://127.0.0.1:9/hook"));
        assert_eq!(shown.matches("/5 ").count(), 9, "{shown}");
        let (given, _) = asked("\nenv:TOKEN\n\n\n\n");
        assert_eq!(given.unwrap().token.as_deref(), Some("env:TOKEN"));
    }

    #[test]
    fn answers_that_end_early_write_nothing() {
        assert!(asked("\n\n").0.is_err());
    }

    #[test]
    fn the_file_says_what_was_answered_and_why() {
        let (given, _) = asked("\nfile:/etc/\"x\nhttp://localhost:9000/hook\n1,500 thb\n\n");
        insta::assert_snapshot!(file(&given.unwrap()), @r#"
        # Written by `deskbell init`. Every key there is: `deskbell plugin show NAME`,
        # `deskbell schema`. After a change: `deskbell check`, `deskbell reload`.

        [daemon]
        # When days begin, and how times are shown.
        time_zone = "Asia/Bangkok"

        [money]
        # What amounts are compared in; those of the feed without a currency are in it.
        base = "THB"
        # What one unit of another currency is in it; without a rate such amounts are unknown to rules.
        # rates = { USD = "…" }

        # Where bookings come from.
        [source.websocket.dashboard]
        url = "ws://localhost:3001/admin/dashboard"
        token = { file = '/etc/"x' }

        # Where it rings: this terminal, or the daemon's log.
        [sink.console.log]

        [sink.webhook.server]
        url = "http://localhost:9000/hook"
        # A private address is reached only where that is allowed.
        allow_private = ["127.0.0.0/8", "::1"]
        # What requests are signed with; without it nothing is signed.
        # secret = { credential = "webhook-secret" }

        # When to ring, and whom; in order.
        [[rule]]
        name        = "Big bookings"
        when.status = "new"
        when.amount = ">= 1500 THB"
        level       = "warning"
        ring        = ["console.log", "webhook.server"]

        [[rule]]
        name = "Every booking"
        ring = ["console.log"]

        [[rule]]
        name  = "The feed is ill"
        alarm = { feed = ["down", "denied", "gap"], for = "2m" }
        ring  = ["console.log", "webhook.server"]
        "#);
    }
}
