//! Job: the battery for sinks.
//! Takes: a plugin, the keys of an instance that works, and what each answer must become.
//! Gives: `sink`, one call that runs all checks and names those that fail.
//! Never: notifies anyone: the doors are simulated, and the keys point at nothing real.

use futures_util::FutureExt as _;
use std::sync::Arc;

use futures_util::future::join_all;

use super::battery::{self, Findings, Found, House, silent, so};
use super::{Play, TableVault, hostile, sample};
use crate::{Class, Note, NoteKey, Receipt, SecretForm, Sink, SinkPlugin, Verdict};

/// How to try a sink.
#[derive(Default)]
pub struct SinkTrial<'a> {
    /// The keys of an instance that works, as TOML.
    pub config: &'a str,
    /// Secrets that must be more than any text, such as a URL; each holds the canary.
    pub secrets: Vec<(SecretForm, &'a str)>,
    /// What the far side answers where all goes well; by default 200.
    pub good: Option<Play>,
    /// What each other answer must become.
    pub cases: Vec<Case>,
}

/// One answer of the far side.
pub struct Case {
    /// What the far side does.
    pub play: Play,
    /// What the sink makes of it.
    pub expected: Expected,
}

/// What a sink makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It was taken.
    Sent,
    /// This note, later.
    Retry(Class),
    /// This note, never.
    Reject(Class),
    /// The sink is held.
    Down(Class),
}

impl Expected {
    /// What a verdict is, without its words.
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Sent { .. } => Self::Sent,
            Verdict::Retry { why, .. } => Self::Retry(why.class),
            Verdict::Reject { why } => Self::Reject(why.class),
            Verdict::Down { why, .. } => Self::Down(why.class),
        }
    }
}

/// Tries a sink with some twenty checks.
///
/// # Panics
/// Where a check fails; the message names each that did.
pub async fn sink<P: SinkPlugin>(trial: SinkTrial<'_>) {
    let mut findings = Findings::of(P::INFO.name);
    let run = Run { trial: &trial };
    let table = battery::written(trial.config);

    findings.check("introduces itself", async { battery::good_info(&P::INFO) }).await;
    findings.check("its example opens", async { run.opens_example::<P>() }).await;
    findings
        .check("refuses an unknown key", async { battery::refuses_unknown::<P::Config>(&table) })
        .await;
    findings
        .check("survives wrong types", async { battery::survives_wrong_types::<P::Config>(&table) })
        .await;
    findings.check("every key has words", async { battery::good_schema::<P::Config>() }).await;
    findings.check("opens apart from the world", async { run.opens::<P>() }).await;
    findings.check("opens twice", async { run.opens::<P>().and_then(|()| run.opens::<P>()) }).await;
    findings.check("a missing secret is a complaint", async { run.needs_secrets::<P>() }).await;
    findings.check("its place is clean", async { run.place::<P>() }).await;
    findings.check("says a note", run.says::<P>(sample::note())).await;
    findings.check("says every kind of event", run.says_all::<P>(kinds())).await;
    findings.check("says notes of every shape", run.says_all::<P>(shapes())).await;
    findings.check("says hostile text", run.says_all::<P>(hostile_notes())).await;
    findings.check("says many events at once", run.says::<P>(crowded())).await;
    findings.check("judges every answer", run.judges::<P>()).await;
    findings.check("tells no secret that comes back", run.echoed::<P>()).await;
    findings.check("says the same key twice", run.twice::<P>()).await;
    findings.check("says many notes at once", run.many::<P>()).await;
    findings.check("survives being given up half-way", run.given_up::<P>()).await;
    findings.check("waits no longer than its caller", run.waits::<P>()).await;
    findings.check("asks within limits", run.limits::<P>()).await;
    findings.check("probes without notifying", run.probes::<P>()).await;
    findings.end();
}

struct Run<'a> {
    trial: &'a SinkTrial<'a>,
}

impl Run<'_> {
    fn house(&self, play: Option<Play>) -> House {
        let secrets = self.trial.secrets.iter();
        let vault = secrets.fold(TableVault::canaries(), |vault, (form, secret)| {
            vault.with(form.clone(), *secret)
        });
        let good = self.trial.good.clone();
        House::new(vault, play.or(good).unwrap_or(Play::status(200)))
    }

    fn open<P: SinkPlugin>(&self, house: &House) -> Result<Box<dyn Sink>, String> {
        let table = battery::written(self.trial.config);
        let config = battery::read(&table).map_err(|said| format!("not read: {said:?}"))?;
        let context = house.context(&format!("{}.trial", P::INFO.name));
        P::open(config, &context).map_err(|said| format!("not opened: {said:?}"))
    }

    fn opens<P: SinkPlugin>(&self) -> Found {
        let house = self.house(None);
        let table = battery::written(self.trial.config);
        self.opens_table::<P>(&house, &table)
            .and_then(|opened| opened.map(drop).map_err(|said| format!("not opened: {said:?}")))
    }

    fn opens_table<P: SinkPlugin>(
        &self,
        house: &House,
        table: &crate::written::Written,
    ) -> Result<crate::plugin::Opened<dyn Sink>, String> {
        let context = house.context(&format!("{}.trial", P::INFO.name));
        battery::opened_apart(house, move || {
            battery::read::<P::Config>(table).and_then(|config| P::open(config, &context))
        })
    }

    fn opens_example<P: SinkPlugin>(&self) -> Found {
        let table = battery::example("sink", &P::INFO)?;
        self.opens_table::<P>(&self.house(None), &table)?
            .map(drop)
            .map_err(|said| format!("not opened: {said:?}"))
    }

    fn needs_secrets<P: SinkPlugin>(&self) -> Found {
        let house = House::new(TableVault::shut(), Play::status(200));
        let table = battery::written(self.trial.config);
        match self.opens_table::<P>(&house, &table)? {
            Ok(_) => so(self.trial.secrets.is_empty(), || "it opens all the same".to_owned()),
            Err(complaints) => battery::good_complaints(&complaints),
        }
    }

    fn place<P: SinkPlugin>(&self) -> Found {
        battery::good_place(&self.open::<P>(&self.house(None))?.place())
    }

    async fn says<P: SinkPlugin>(&self, note: Note) -> Found {
        self.says_all::<P>(vec![note]).await
    }

    async fn says_all<P: SinkPlugin>(&self, notes: Vec<Note>) -> Found {
        let sink = self.open::<P>(&self.house(None))?;
        for note in notes {
            let verdict = sink.send(&note).await;
            let title = crate::text::cut(&note.title, 40);
            so(matches!(verdict, Verdict::Sent { .. }), || {
                format!("{:?} with the title {title:?} became {verdict:?}", note.event().kind())
            })?;
        }
        Ok(())
    }

    async fn judges<P: SinkPlugin>(&self) -> Found {
        for Case { play, expected } in &self.trial.cases {
            let sink = self.open::<P>(&self.house(Some(play.clone())))?;
            let verdict = sink.send(&sample::note()).await;
            so(Expected::of(&verdict) == *expected, || {
                format!("{play:?} must be {expected:?}, and was {verdict:?}")
            })?;
            good_verdict(&verdict)?;
        }
        Ok(())
    }

    async fn echoed<P: SinkPlugin>(&self) -> Found {
        for status in [200, 302, 400, 401, 404, 410, 429, 500] {
            let sink = self.open::<P>(&self.house(Some(Play::Echo(status))))?;
            good_verdict(&sink.send(&sample::note()).await)?;
        }
        Ok(())
    }

    async fn twice<P: SinkPlugin>(&self) -> Found {
        let house = self.house(None);
        let sink = self.open::<P>(&house)?;
        let note = sample::note();
        for attempt in [1, 2] {
            let verdict = sink.send(&Note { attempt, ..note.clone() }).await;
            so(matches!(verdict, Verdict::Sent { .. }), || format!("became {verdict:?}"))?;
        }
        let key = note.key.to_string();
        let asked = house.post.asked();
        so(asked.iter().all(|request| shows(request, &key)), || {
            "a request without the note's key: the far side cannot tell a repeat".to_owned()
        })
    }

    async fn many<P: SinkPlugin>(&self) -> Found {
        let sink = self.open::<P>(&self.house(None))?;
        let count = u128::from(P::INFO.delivery.in_flight.min(256));
        let note = |n: u128| Note { key: NoteKey(n.to_be_bytes()), ..sample::note() };
        let notes: Vec<Note> = (0..count).map(note).collect();
        let verdicts = join_all(notes.iter().map(|note| sink.send(note))).await;
        let failed = verdicts.iter().find(|v| !matches!(v, Verdict::Sent { .. }));
        so(failed.is_none(), || format!("one of {count} became {failed:?}"))
    }

    async fn given_up<P: SinkPlugin>(&self) -> Found {
        let house = self.house(None);
        let sink = self.open::<P>(&house)?;
        for polls in 0..8 {
            house.post.play(Play::Never);
            let note = sample::note();
            let mut sending = sink.send(&note);
            let _ = (0..polls).find_map(|_| (&mut sending).now_or_never());
            drop(sending);
            house.post.play(self.trial.good.clone().unwrap_or(Play::status(200)));
            let verdict = sink.send(&sample::note()).await;
            so(matches!(verdict, Verdict::Sent { .. }), || {
                format!("given up after {polls} polls, the next note became {verdict:?}")
            })?;
        }
        Ok(())
    }

    async fn waits<P: SinkPlugin>(&self) -> Found {
        let house = self.house(Some(Play::Never));
        let sink = self.open::<P>(&house)?;
        let note = sample::note();
        let mut sending = sink.send(&note);
        for _ in 0..1000 {
            if let Some(verdict) = (&mut sending).now_or_never() {
                // A sink that asks nobody has nobody to wait for.
                return so(house.post.asked().is_empty(), || {
                    format!("nobody has answered, and it says {verdict:?}")
                });
            }
            tokio::task::yield_now().await;
        }
        so(house.post.asked().len() <= 1, || "it tries again by itself".to_owned())
    }

    async fn limits<P: SinkPlugin>(&self) -> Found {
        let house = self.house(None);
        let sink = self.open::<P>(&house)?;
        for note in hostile_notes() {
            let _ = sink.send(&note).await;
        }
        for request in house.post.asked() {
            let deadline = request.deadline;
            so(!deadline.is_zero() && deadline <= P::INFO.delivery.timeout, || {
                format!("a deadline of {deadline:?} is none within the sink's time-out")
            })?;
            so((1..=64 * 1024).contains(&request.answer_bytes_max), || {
                "an answer is read up to 64 KiB".to_owned()
            })?;
            so(request.body.len() <= 1024 * 1024, || "a body of over 1 MiB".to_owned())?;
            let forged = |text: &str| text.contains(['\r', '\n', '\0']);
            so(!request.headers.iter().any(|(n, v)| forged(n) || forged(v)), || {
                "a header that could forge another".to_owned()
            })?;
        }
        Ok(())
    }

    async fn probes<P: SinkPlugin>(&self) -> Found {
        for play in [Play::status(200), Play::status(405), Play::Echo(500)] {
            let house = self.house(Some(play));
            let sink = self.open::<P>(&house)?;
            if let Err(why) = sink.probe().await {
                silent("probe()", &format!("{why} {why:?}"))?;
            }
            let asked = house.post.asked();
            so(asked.iter().all(|request| request.method != "POST"), || {
                "it posted: a probe notifies nobody".to_owned()
            })?;
        }
        Ok(())
    }
}

fn good_verdict(verdict: &Verdict) -> Found {
    silent("the verdict", &format!("{verdict:?}"))?;
    if let Verdict::Sent { receipt: Some(Receipt(receipt)) } = verdict {
        so(receipt.len() <= 4096, || "a receipt of over 4 KiB".to_owned())?;
    }
    let Some(why) = verdict.why() else { return Ok(()) };
    so(!why.said.is_empty() && why.said.len() <= crate::Why::SAID_BYTES_MAX, || {
        format!("a reason is told, in at most 2 KiB: {:?}", why.said)
    })
}

fn shows(request: &crate::doors::Request, key: &str) -> bool {
    request.headers.iter().any(|(_, value)| value.contains(key))
        || String::from_utf8_lossy(&request.body).contains(key)
}

fn kinds() -> Vec<Note> {
    sample::events().into_iter().map(sample::note_of).collect()
}

fn shapes() -> Vec<Note> {
    let note = sample::note();
    let line = crate::Line { at: note.event().at, what: "booked".into() };
    vec![
        Note { title: "".into(), body: "".into(), ..note.clone() },
        Note { plain: true, attempt: u32::MAX, ..note.clone() },
        Note { previous: Some(Receipt("an earlier one".into())), ..note.clone() },
        Note { timeline: vec![line; 100], also: vec!["Another".into(); 100], ..note.clone() },
        Note { link: Some("https://desk.example/b/1".into()), ..note.clone() },
        Note { redirected_from: Some("slack.sales".into()), ..note },
    ]
}

fn hostile_notes() -> Vec<Note> {
    hostile::all().iter().map(|text| hostile_note(text)).collect()
}

fn hostile_note(text: &str) -> Note {
    let mut booking = sample::booking();
    booking.title = Some(text.into());
    booking.customer = Some(text.into());
    booking.reference = Some(text.into());
    booking.category = Some(text.into());
    booking.status = Some(text.into());
    if !text.is_empty() {
        booking.id = crate::text::cut(&crate::text::clean(text), 256).into();
    }
    let mut event = sample::event(crate::Body::Booking(booking));
    event.extra.insert(crate::text::cut(text, 64).into(), text.into());
    Note { title: text.into(), body: text.into(), ..sample::note_of(event) }
}

fn crowded() -> Note {
    let event = Arc::clone(&hostile_note(&"x".repeat(16 * 1024)).events[0]);
    Note { events: vec![event; 64], ..sample::note() }
}
