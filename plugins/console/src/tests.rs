//! Job: the console on a real pseudo-terminal, on pipes and in files.
//! Takes: sample notes and hostile ones.
//! Gives: one test a promise of the sink.
//! Never: writes to the test's own output.

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use contract::text::is_hostile;
use contract::trial::{self, FakeClock, House, SinkTrial};
use contract::{Body, Booking, Level};
use futures_util::FutureExt as _;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::*;

fn config(toml: &str) -> Config {
    contract::written::read(&trial::written(toml)).unwrap()
}

fn sink(target: Target, toml: &str) -> (ConsoleSink, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::default());
    let config = config(toml);
    let zone = TimeZone::get(config.time_zone.as_deref().unwrap_or("UTC")).unwrap();
    (ConsoleSink::new(target, &config, zone, Arc::clone(&clock) as _), clock)
}

fn pipe(toml: &str) -> (File, ConsoleSink, Arc<FakeClock>) {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let (sink, clock) = sink(Target::Stream(write, "a pipe"), toml);
    (File::from(read), sink, clock)
}

/// A terminal of so many columns: the side that a person would see, and the sink.
fn terminal(columns: u16, toml: &str) -> (File, ConsoleSink) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&person, size).unwrap();
    let path = ptsname(&person, Vec::new()).unwrap();
    let program = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(std::path::Path::new(path.to_str().unwrap()))
        .unwrap();
    let (sink, _) = sink(Target::Stream(program.into(), "a terminal"), toml);
    (File::from(person), sink)
}

/// What a person sees of the notes, one line each.
async fn seen(columns: u16, toml: &str, notes: &[Note]) -> String {
    let (mut person, sink) = terminal(columns, toml);
    let mut seen = String::new();
    for (count, note) in (1..).zip(notes) {
        assert_eq!(sink.send(note).await, Verdict::sent());
        let mut piece = [0; 8192];
        while seen.matches('\n').count() < count {
            let length = person.read(&mut piece).unwrap();
            seen.push_str(std::str::from_utf8(&piece[..length]).unwrap());
        }
    }
    seen.replace("\r\n", "\n")
}

fn bookings() -> Vec<Note> {
    let mut confirmed = trial::note();
    confirmed.level = Level::Success;
    let booking = Booking {
        category: Some("property".into()),
        status: Some("confirmed".into()),
        title: Some("東京 Riverside Villa".into()),
        customer: Some("João Krüger-Montgomery".into()),
        amount: Some(contract::Money {
            amount: contract::money::decimal("1284530.25").unwrap(),
            currency: "THB".parse().ok(),
        }),
        ..Booking::of("BK-20261123-0002")
    };
    confirmed.events = vec![Arc::new(trial::event(Body::Booking(booking)))];
    confirmed.title = "Confirmed".into();
    let mut bare = trial::note_of(trial::event(Body::Booking(Booking::of("B7"))));
    bare.title = "".into();
    vec![trial::note(), confirmed, bare]
}

#[tokio::test]
async fn a_terminal_shows_aligned_lines() {
    let seen =
        seen(120, "colour = \"never\"\ntime_zone = \"Asia/Bangkok\"", &bookings()[..2]).await;
    // In two pieces, for this page is narrower.
    let seen = seen.replace(" BK", "\n  BK");
    insta::assert_snapshot!(seen, @"
    09:14:05 🧭 new       tour     Anna Lindqvist           1,250.00 USD
      BK-20261123-0001 New tour: Phi Phi Islands Day Tour
    09:14:05 🏠 confirmed property João Krüger-Montgom… 1,284,530.25 THB
      BK-20261123-0002 東京 Riverside Villa · Confirmed
    ");
}

#[tokio::test]
async fn a_narrow_terminal_keeps_ids_and_amounts_whole() {
    let seen = seen(80, "colour = \"never\"", &bookings()).await;
    insta::assert_snapshot!(seen, @"
    02:14:05 🧭 new       Anna Lind…   1,250.00 USD BK-20261123-0001 Phi Phi Island…
    02:14:05 🏠 confirmed João Krüg… 1,284,530.25 THB BK-20261123-0002 東京 Riversi…
    02:14:05 🔔                                     B7
    ");
    assert!(seen.lines().all(|line| crate::width::columns(line) <= 80));
}

#[tokio::test]
async fn a_terminal_shows_colours_by_level() {
    let seen = seen(60, "", &bookings()[..1]).await;
    insta::assert_snapshot!(seen.replace('\u{1b}', "ESC").replace(" BK", "\n  BK"), @"
    ESC[2m02:14:05ESC[0m 🧭 ESC[36mnew      ESC[0m Anna Lind… ESC[1m  1,250.00 USDESC[0m
      BK-20261123-0001 Phi Phi…
    ");
}

#[tokio::test]
async fn what_is_no_booking_shows_its_own_words() {
    let notes: Vec<Note> = trial::events().into_iter().skip(2).map(trial::note_of).collect();
    let seen = seen(92, "colour = \"never\"", &notes).await;
    insta::assert_snapshot!(seen, @"
    02:14:05 📈 info      metrics  New tour: Phi Phi Islands Day Tour — BK-20261123-0001 · Anna…
    02:14:05 📡 info      feed     New tour: Phi Phi Islands Day Tour — BK-20261123-0001 · Anna…
    02:14:05 📮 info      sink     New tour: Phi Phi Islands Day Tour — BK-20261123-0001 · Anna…
    02:14:05 🔔 info      other    New tour: Phi Phi Islands Day Tour — BK-20261123-0001 · Anna…
    ");
}

#[tokio::test]
async fn a_pipe_gets_one_json_object_a_line() {
    let (mut reader, sink, _) = pipe("");
    for note in bookings() {
        assert_eq!(sink.send(&note).await, Verdict::sent());
    }
    drop(sink);
    let mut read = String::new();
    reader.read_to_string(&mut read).unwrap();
    let documents: Vec<serde_json::Value> =
        read.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> = documents.iter().map(|d| d["events"][0]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["BK-20261123-0001", "BK-20261123-0002", "B7"]);
    assert_eq!(documents[0]["version"], 1);
    assert_eq!(documents[1]["events"][0]["amount"], "1284530.25");
}

fn hostile(text: &str) -> Note {
    let booking = Booking {
        title: Some(text.into()),
        customer: Some(text.into()),
        status: Some(text.into()),
        category: Some(text.into()),
        reference: Some(text.into()),
        ..Booking::of(text)
    };
    let mut event = trial::event(Body::Booking(booking));
    event.extra.insert(text.into(), text.into());
    Note { title: text.into(), body: text.into(), ..trial::note_of(event) }
}

#[test]
fn hostile_text_is_one_printable_line_in_every_form() {
    let zone = TimeZone::UTC;
    let printable =
        |line: &str| line.ends_with('\n') && !line[..line.len() - 1].chars().any(is_hostile);
    for text in trial::hostile::all() {
        let mut note = hostile(&text);
        for events in [1, 2] {
            note.events = vec![Arc::clone(&note.events[0]); events];
            for width in [None, Some(0), Some(20), Some(80), Some(200)] {
                let look = Look { width, colour: false, zone: &zone };
                assert!(printable(&line::line(&note, &look)), "{text:?} {width:?}");
            }
        }
        let json = String::from_utf8(json::line(&note)).unwrap();
        assert!(printable(&json), "{text:?}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["title"].as_str(), Some(text.as_str()), "nothing is lost");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_one_printable_line_in_every_form(text in "\\PC*|.*") {
        let note = hostile(&text);
        let look = Look { width: Some(100), colour: false, zone: &TimeZone::UTC };
        let shown = line::line(&note, &look);
        proptest::prop_assert!(!shown.trim_end_matches('\n').chars().any(is_hostile));
        let json = String::from_utf8(json::line(&note)).unwrap();
        proptest::prop_assert!(!json.trim_end_matches('\n').chars().any(is_hostile));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        proptest::prop_assert_eq!(read["events"][0]["customer"].as_str(), Some(text.as_str()));
    }
}

#[tokio::test]
async fn a_reader_that_is_gone_costs_one_try_and_no_more() {
    let (reader, sink, _) = pipe("");
    drop(reader);
    let Verdict::Retry { why, .. } = sink.send(&trial::note()).await else { panic!() };
    insta::assert_snapshot!(why, @"transient: the reader is gone");
}

/// Sends until the pipe is full: until a send has to wait.
async fn fill(sink: &ConsoleSink) -> usize {
    let note = trial::note();
    let mut sent = 0;
    while let Some(verdict) = sink.send(&note).now_or_never() {
        assert_eq!(verdict, Verdict::sent());
        sent += 1;
    }
    sent
}

#[tokio::test]
async fn a_full_pipe_is_given_up_after_a_second_and_not_waited_for_again() {
    let (mut reader, sink, clock) = pipe("");
    let sent = fill(&sink).await;
    let note = trial::note();
    let mut waiting = sink.send(&note);
    assert!((&mut waiting).now_or_never().is_none(), "a second is left");
    clock.advance(Duration::from_secs(1));
    let Verdict::Retry { why, .. } = waiting.await else { panic!() };
    assert_eq!(why.class, Class::Transient);
    insta::assert_snapshot!(
        why.said,
        @"the reader does not read: its pipe or terminal has been full for a second"
    );
    let at_once = sink.send(&note).now_or_never().expect("nobody reads: no further wait");
    assert!(matches!(at_once, Verdict::Retry { .. }));

    let mut half = vec![0; 40_000];
    reader.read_exact(&mut half).unwrap();
    assert_eq!(sink.send(&note).await, Verdict::sent());
    drop(sink);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    let lines = [half, rest].concat().split(|byte| *byte == b'\n').count() - 1;
    assert_eq!(lines, sent + 1, "what was refused was not written");
}

#[tokio::test]
async fn a_slow_reader_is_waited_for() {
    let (mut reader, sink, _) = pipe("");
    fill(&sink).await;
    let note = trial::note();
    let mut waiting = sink.send(&note);
    assert!((&mut waiting).now_or_never().is_none());
    reader.read_exact(&mut vec![0; 40_000]).unwrap();
    assert_eq!(waiting.await, Verdict::sent());
}

#[tokio::test]
async fn a_line_given_up_half_way_is_ended_before_the_next() {
    let (mut reader, sink, clock) = pipe("");
    let long = Note { body: "x".repeat(200_000).into(), ..trial::note() };
    let mut waiting = sink.send(&long);
    assert!((&mut waiting).now_or_never().is_none(), "it does not fit the pipe");
    clock.advance(Duration::from_secs(1));
    let Verdict::Retry { why, .. } = waiting.await else { panic!() };
    assert_eq!(why.class, Class::Ambiguous);

    let reading = std::thread::spawn(move || {
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        read
    });
    while sink.send(&trial::note()).await != Verdict::sent() {
        tokio::task::yield_now().await;
    }
    drop(sink);
    let read = reading.join().unwrap();
    let lines: Vec<_> = read.lines().map(serde_json::from_str::<serde_json::Value>).collect();
    assert!(lines[0].is_err() && lines[1..].iter().all(Result::is_ok) && lines.len() >= 2);
}

#[tokio::test]
async fn a_file_is_appended_to_and_opened_anew_when_it_was_moved_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.jsonl");
    std::fs::write(&path, "before\n").unwrap();
    let (sink, clock) = sink(Target::File(path.clone()), "");
    let count = |path: &std::path::Path| std::fs::read_to_string(path).unwrap().lines().count();
    assert_eq!(sink.send(&trial::note()).await, Verdict::sent());
    assert_eq!(count(&path), 2);

    let moved = folder.path().join("notes.jsonl.1");
    std::fs::rename(&path, &moved).unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(sink.send(&trial::note()).await, Verdict::sent());
    assert_eq!((count(&moved), count(&path)), (2, 1));
}

#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.jsonl");
    let (sink, _) = sink(Target::File(path.clone()), "");
    sink.send(&trial::note()).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_holds_the_sink() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, _) = sink(Target::File(folder.path().join("missing/notes.jsonl")), "");
    let verdict = sink.send(&trial::note()).await;
    assert!(matches!(&verdict, Verdict::Down { why, .. } if why.class == Class::Config));
    assert!(sink.probe().await.is_err());
}

#[tokio::test]
async fn a_full_disk_holds_the_sink() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    full.sync_all().ok();
    let (sink, _) = sink(Target::File("/dev/full".into()), "");
    let verdict = sink.send(&trial::note()).await;
    assert!(matches!(&verdict, Verdict::Down { why, .. } if why.class == Class::Config));
}

#[test]
fn what_cannot_be_meant_is_told() {
    let cases = [
        "stream = \"stderr\"\nfile = \"/tmp/notes\"",
        "file = \"notes.jsonl\"",
        "time_zone = \"Asia/Bankok\"",
    ];
    let mut told = String::new();
    for toml in cases {
        let opened = Console::open(config(toml), &House::default().context("console.log"));
        for complaint in opened.err().unwrap() {
            let hint = complaint.hint.unwrap_or_default();
            told.push_str(&format!("{}: {} ({hint})\n", complaint.key, complaint.what));
        }
    }
    insta::assert_snapshot!(told, @r#"
    stream: a console writes to a stream or to a file, not to both (leave one of them out)
    file: a daemon has no folder of its own to start from (write the full path)
    time_zone: no time zone of that name is known (an IANA name such as "Asia/Bangkok")
    "#);
}

#[tokio::test]
async fn the_console_passes_the_trial() {
    let folder = tempfile::tempdir().unwrap();
    for form in ["json", "line"] {
        let path = folder.path().join(form);
        let config = format!("file = \"{}\"\nform = \"{form}\"", path.display());
        trial::sink::<Console>(SinkTrial { config: &config, ..SinkTrial::default() }).await;
    }
}
