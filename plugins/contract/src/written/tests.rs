//! Job: says what reading promises, by cases.
//! Takes: TOML, and types as a plugin would write them.
//! Gives: the complaints, as `line:column key: what (hint)`.
//! Never: reads a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::*;
use crate::complaint::WrittenFile;
use crate::values::{Size, Span};
use crate::{Level, SecretForm, Severity};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bell {
    url: String,
    from: String,
    #[serde(default)]
    token: Option<SecretForm>,
    #[serde(default)]
    secrets: Vec<SecretForm>,
    #[serde(default)]
    volume: Option<f64>,
    #[serde(default)]
    tries: u32,
    #[serde(default)]
    wait: Option<Span>,
    #[serde(default)]
    most: Option<Size>,
    #[serde(default)]
    level: Option<Level>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    pings: Vec<Ping>,
    #[serde(default)]
    loud: bool,
    #[serde(default)]
    day: Option<jiff::civil::Date>,
    #[serde(default)]
    at: Option<toml::value::Datetime>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ping {
    every: Span,
    answer: Span,
}

fn file(text: &str) -> Arc<WrittenFile> {
    Arc::new(WrittenFile { path: "bell.toml".to_owned(), text: text.to_owned() })
}

fn told(complaints: &[Complaint]) -> String {
    let mut told = String::new();
    for complaint in complaints {
        let (line, column) = complaint.place.as_ref().map_or((0, 0), Place::line_column);
        told += &format!("{line}:{column} {}: {}", complaint.key, complaint.what);
        if let Some(hint) = &complaint.hint {
            told += &format!(" ({hint})");
        }
        told += "\n";
    }
    told
}

fn complaints(text: &str) -> String {
    let parsed = parse(&file(text));
    assert_eq!(parsed.complaints, [], "{text}");
    told(&read::<Bell>(&parsed.written).unwrap_err())
}

#[test]
fn what_is_right_is_read() {
    let text = r#"
url = "https://x.example"
from = "a@example.com"
token = { env = "TOKEN" }
secrets = [{ credential = "new" }, { file = "/old" }]
volume = 1
tries = 3
wait = "1h30m"
most = "1MiB"
level = "error"
headers = { "X-Tenant" = "siam" }
pings = [{ every = "15s", answer = "10s" }]
loud = true
day = 2026-11-20
at = 10:00:00
"#;
    let bell: Bell = read(&parse(&file(text)).written).unwrap();
    assert_eq!(bell.token, Some(SecretForm::Env("TOKEN".to_owned())));
    assert_eq!(bell.secrets.len(), 2);
    assert_eq!(bell.volume, Some(1.0));
    assert_eq!(bell.level, Some(Level::Error));
    assert_eq!(bell.headers["X-Tenant"], "siam");
    assert_eq!(bell.pings[0].every.to_string(), "15s");
    assert_eq!(bell.at.map(|at| at.to_string()), Some("10:00:00".to_owned()));
    assert_eq!(bell.day, Some(jiff::civil::date(2026, 11, 20)));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_in_its_place() {
    let text = r#"
ulr = "https://x.example"
volume = "loud"
tries = -1
wait = "90"
most = 5
level = "eror"
headers = { a = 1, b = "x", c = true }
pings = [{ every = "x", answr = "1s" }, { every = "1s", answer = 5 }, 3]
loud = "yes"
nonsense = { deep = "er" }
"#;
    insta::assert_snapshot!(complaints(text), @r#"
    1:1 : the key `from` is missing
    2:1 ulr: unknown key `ulr` (did you mean `url`?)
    3:10 volume: expected a number, found text
    4:9 tries: expected a whole number from 0 to 4294967295, found -1
    5:8 wait: "90" is no length of time, such as "90s" or "1h30m"
    6:8 most: expected text, found a whole number (text stands in quotes)
    7:9 level: unknown name `eror` (did you mean `error`? known here: info, success, warning, error)
    8:17 headers.a: expected text, found a whole number (text stands in quotes)
    8:33 headers.c: expected text, found true or false (text stands in quotes)
    9:20 pings[0].every: "x" is no length of time, such as "90s" or "1h30m"
    9:25 pings[0].answr: unknown key `answr` (did you mean `answer`? known here: every, answer)
    9:66 pings[1].answer: expected text, found a whole number (text stands in quotes)
    9:71 pings[2]: expected a table, found a whole number
    10:8 loud: expected true or false, found text
    11:1 nonsense: unknown key `nonsense`
    "#);
}

#[test]
fn every_missing_key_is_told_but_none_that_follows_from_a_wrong_value() {
    insta::assert_snapshot!(complaints("loud = true"), @r#"
    1:1 : the key `url` is missing
    1:1 : the key `from` is missing
    "#);
    insta::assert_snapshot!(complaints("url = 5\n[[pings]]\n[[pings]]\nevery = '5'\n"), @r#"
    1:1 : the key `from` is missing
    1:7 url: expected text, found a whole number (text stands in quotes)
    2:1 pings[0]: the key `every` is missing
    4:9 pings[1].every: "5" is no length of time, such as "90s" or "1h30m"
    "#);
}

#[test]
fn a_secret_in_the_clear_is_never_repeated() {
    let cases = [
        "token = 'hunter2'",
        "token = { hunter2 = 'x' }",
        "token = { env = ['hunter2'] }",
        "token = ['hunter2']",
        "secrets = [{ env = 'A' }, 'hunter2']",
    ];
    for case in cases {
        let parsed = parse(&file(&format!("url = ''\nfrom = ''\n{case}")));
        let complaints = read::<Bell>(&parsed.written).unwrap_err();
        assert!(!told(&complaints).contains("hunter2"), "{case}: {}", told(&complaints));
        assert_eq!(complaints.len(), 1, "{case}");
        let hidden = complaints[0].hidden.as_ref().expect("the value is masked");
        assert!(hidden.file.text[hidden.span.clone()].contains("hunter2"), "{case}");
    }
}

#[test]
fn advice_takes_the_place_of_the_nearest_known_key() {
    let parsed = parse(&file("url = ''\nfrom = ''\nto = ''"));
    let advice = |unknown: &Unknown<'_>| (unknown.name == "to").then(|| "use `url`".to_owned());
    let complaints = read_advised::<Bell>(&parsed.written, &advice).unwrap_err();
    assert_eq!(told(&complaints), "3:1 to: unknown key `to` (use `url`)\n");
}

#[test]
fn a_date_is_told_as_a_date() {
    let words = complaints("url = 2026-11-20\nfrom = ''\nloud = 10:00:00\nat = 'x'\n");
    insta::assert_snapshot!(words, @r#"
    1:7 url: expected text, found a date or time (text stands in quotes)
    3:8 loud: expected true or false, found a date or time
    4:6 at: expected a table, found text
    "#);
    let parsed = parse(&file("a = 2026-11-20"));
    let value = parsed.written.table().and_then(|table| table.value("a")).expect("written");
    let refused = read::<SecretForm>(value).unwrap_err();
    assert_eq!(refused.len(), 1);
}

#[test]
fn a_thousand_mistakes_end_in_a_hundred_complaints() {
    let many: String = (0..1000).map(|n| format!("k{n} = 1\n")).collect();
    let parsed = parse(&file(&format!("url = ''\nfrom = ''\n[headers]\n{many}")));
    assert_eq!(read::<Bell>(&parsed.written).unwrap_err().len(), COMPLAINTS_MAX);
}

#[test]
fn syntax_errors_are_told_each_in_its_line() {
    let cases = [
        ("a = \nb = 'x\nc = 1\n", "1:5 : a value is missing, or is text without quotes"),
        ("a = 1\nb = 2\na = 3\n", "3:1 a: the key `a` is said twice"),
        ("[t]\nx = 1\n[t]\ny = 2\n", "3:2 t: the key `t` is said twice"),
        ("list = [1, 2\nb = 3\n[x]\ny = 1\n", "2:1 : missing comma between"),
        ("n = 99999999999999999999\n", "1:5 n: this number is too large"),
        ("d = 2026-13-40\n", "1:5 : invalid date"),
    ];
    for (text, first) in cases {
        let told = told(&parse(&file(text)).complaints);
        assert!(told.starts_with(first), "{text}\n{told}");
    }
    let twice = &parse(&file("aa = 0\n[t]\na = 1\nb = 2\na = 3\n")).complaints[0];
    let (first, _) = twice.other.as_ref().expect("the first place");
    assert_eq!(first.line_column(), (3, 1));
}

#[test]
fn what_only_toml_1_1_allows_is_a_warning() {
    let newer = "a = { x = 1,\n y = 2, }\ns = \"\\e\"\nt = 10:00\nd = 2026-11-20T10:00+07:00\n";
    let parsed = parse(&file(newer));
    assert!(parsed.complaints.iter().all(|c| c.severity == Severity::Warning));
    insta::assert_snapshot!(told(&parsed.complaints), @r#"
    1:13 : a line break in an inline table is TOML 1.1: other tools would refuse the file
    2:7 : a comma at the end of an inline table is TOML 1.1: other tools would refuse the file
    3:6 : the escape \e or \x is TOML 1.1: other tools would refuse the file
    4:5 : a time without seconds is TOML 1.1: other tools would refuse the file
    "#);
    let older = r#"
a = { x = [1,
  2], y = "a,}", z = """
:10:00""" }
# { 10:00 }
s = "10:00 \\e \\x \""
l = '\e'
[t."10:00"]
t = 10:00:00
d = 2026-11-20T10:00:00+07:00
q = """a"b""""
"#;
    assert_eq!(told(&parse(&file(older)).complaints), "");
}

#[test]
fn a_complaint_of_a_plugin_finds_the_place_of_its_key() {
    let parsed = parse(&file(
        "url = 'x'\nsecrets = [{ env = 'A' },\n { file = '/b' }]\n[headers]\n'X.Y' = 'z'\n",
    ));
    let cases = [
        ("url", (1, 7)),
        ("secrets[1].file", (3, 11)),
        ("secrets[7].file", (2, 11)),
        ("headers.\"X.Y\"", (5, 9)),
        ("headers.none", (4, 1)),
        ("none", (1, 1)),
    ];
    for (key, place) in cases {
        let located = locate(vec![Complaint::error("no").key(key)], &parsed.written);
        assert_eq!(located[0].place.as_ref().map(Place::line_column), Some(place), "{key}");
    }
}
