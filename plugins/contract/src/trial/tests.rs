//! Job: the battery tried on a good plugin and on bad ones.
//! Takes: a sink that keeps every rule, and one way to break each.
//! Gives: the proof that each check can fail.
//! Never: leaves a check that passes whatever happens.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::*;
use crate::doors::{DialFault, Endpoint, PostFault, Request};
use crate::plugin::{DeliveryDefaults, Opened};
use crate::{
    Class, Complaint, Cursor, Info, Lost, LostKind, Note, OpenContext, Post, Reconnect, Secret,
    SecretForm, Session, Sink, SinkPlugin, Source, SourcePlugin, Verdict, Why,
};

/// How the sink misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Fault {
    #[default]
    None,
    PanicsOnMarkup,
    TellsWhatComesBack,
    ShowsItsPlace,
    LocksForEver,
    TriesAgain,
    PostsToProbe,
    AsksWithoutLimit,
    LeavesTheKeyOut,
    TakesEverything,
    PostsWhenOpened,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// Where the secret of the far side is kept.
    token: SecretForm,
    /// How it misbehaves.
    #[serde(default)]
    fault: Fault,
}

struct Bell {
    token: Secret,
    fault: Fault,
    post: Arc<dyn Post>,
    turn: Mutex<()>,
}

struct BellPlugin;

impl SinkPlugin for BellPlugin {
    const INFO: Info = Info {
        name: "bell",
        summary: "Rings a bell far away",
        example: "[sink.bell.tower]\ntoken = { credential = \"bell\" }\n",
        delivery: DeliveryDefaults::NETWORK,
    };
    type Config = Keys;

    fn open(config: Keys, cx: &OpenContext) -> Opened<dyn Sink> {
        let token = cx.secret(&config.token).map_err(|c: Complaint| vec![c.key("token")])?;
        let turn = Mutex::new(());
        let bell = Bell { token, fault: config.fault, post: Arc::clone(&cx.post), turn };
        if config.fault == Fault::PostsWhenOpened {
            let _ = futures_util::FutureExt::now_or_never(bell.ask("POST", "early".to_owned()));
        }
        Ok(Box::new(bell))
    }
}

impl Bell {
    async fn ask(&self, method: &'static str, key: String) -> Verdict {
        let token = self.token.reveal().unwrap();
        let limit = if self.fault == Fault::AsksWithoutLimit { usize::MAX } else { 1024 };
        let request = Request {
            method,
            url: "https://bell.example/".parse().unwrap(),
            headers: vec![("authorization".into(), token.text().unwrap().into())],
            body: key.into_bytes(),
            deadline: BellPlugin::INFO.delivery.timeout,
            answer_bytes_max: limit,
            allow_private: Arc::new([]),
            tls: None,
        };
        let answer = match self.post.send(request).await {
            Ok(answer) => answer,
            Err(PostFault::CutOff(said)) => {
                return Verdict::Retry { why: Why::new(Class::Ambiguous, said), after: None };
            }
            Err(fault) => {
                let why = Why::new(Class::Transient, fault.to_string());
                return Verdict::Retry { why, after: None };
            }
        };
        let said = match self.fault {
            Fault::TellsWhatComesBack => String::from_utf8_lossy(&answer.body).into_owned(),
            _ => answer.status.to_string(),
        };
        match answer.status {
            200 => Verdict::sent(),
            _ if self.fault == Fault::TakesEverything => Verdict::sent(),
            401 => Verdict::Down { why: Why::new(Class::Config, said), after: None },
            _ => Verdict::Reject { why: Why::new(Class::Payload, said) },
        }
    }
}

#[async_trait]
impl Sink for Bell {
    async fn send(&self, note: &Note) -> Verdict {
        assert!(self.fault != Fault::PanicsOnMarkup || !note.title.contains("<script>"), "markup");
        if self.fault == Fault::LocksForEver {
            std::mem::forget(self.turn.lock().await);
        }
        if self.fault == Fault::TriesAgain {
            let again = self.ask("POST", note.key.to_string());
            let _ = futures_util::FutureExt::now_or_never(again);
        }
        let key =
            if self.fault == Fault::LeavesTheKeyOut { "?".into() } else { note.key.to_string() };
        self.ask("POST", key).await
    }

    async fn probe(&self) -> Result<(), Why> {
        let method = if self.fault == Fault::PostsToProbe { "POST" } else { "HEAD" };
        self.ask(method, String::new()).await;
        Ok(())
    }

    fn place(&self) -> String {
        match self.fault {
            Fault::ShowsItsPlace => self.token.reveal().unwrap().text().unwrap().to_owned(),
            _ => "bell.example".to_owned(),
        }
    }
}

async fn tried(fault: &str) {
    let config = format!("token = {{ credential = \"bell\" }}\nfault = \"{fault}\"");
    let case = |play, expected| Case { play, expected };
    let cases = vec![
        case(Play::status(200), Expected::Sent),
        case(Play::status(401), Expected::Down(Class::Config)),
        case(Play::status(400), Expected::Reject(Class::Payload)),
        case(Play::Fault(PostFault::CutOff("reset".into())), Expected::Retry(Class::Ambiguous)),
    ];
    sink::<BellPlugin>(SinkTrial { config: &config, cases, ..SinkTrial::default() }).await;
}

#[tokio::test]
async fn a_good_sink_passes() {
    tried("none").await;
}

#[test]
fn each_bad_sink_fails_at_the_check_that_names_its_fault() {
    let cases = [
        ("panics-on-markup", "says hostile text: it panicked: markup"),
        ("tells-what-comes-back", "tells no secret that comes back: the verdict shows a secret"),
        ("shows-its-place", "its place is clean: place() shows a secret"),
        ("locks-for-ever", "it hangs"),
        ("tries-again", "waits no longer than its caller: it tries again by itself"),
        ("posts-to-probe", "probes without notifying: it posted"),
        ("asks-without-limit", "asks within limits: an answer is read up to 64 KiB"),
        ("leaves-the-key-out", "says the same key twice: a request without the note's key"),
        ("takes-everything", "judges every answer"),
        ("posts-when-opened", "opens apart from the world: it sent a request while opening"),
    ];
    for (fault, said) in cases {
        let told = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_time().start_paused(true).build().unwrap().block_on(tried(fault));
        })
        .join()
        .expect_err(fault);
        let told = told.downcast_ref::<String>().unwrap();
        assert!(told.starts_with("bell: ") && told.contains(said), "{fault}: {told}");
    }
}

#[tokio::test]
async fn a_sleeper_wakes_when_the_clock_is_moved_so_far_and_no_sooner() {
    use crate::Clock as _;
    let clock = FakeClock::default();
    let until = clock.boot() + std::time::Duration::from_secs(10);
    let mut sleeping = clock.sleep_until(until);
    let mut woken = || futures_util::FutureExt::now_or_never(&mut sleeping).is_some();
    assert!(!woken());
    clock.advance(std::time::Duration::from_secs(9));
    clock.set_wall(jiff::Timestamp::MAX);
    assert!(!woken());
    clock.advance(std::time::Duration::from_secs(1));
    assert!(woken());
}

#[tokio::test]
async fn both_ends_of_a_dialled_stream_speak() {
    use crate::Dial as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let dial = MemoryDial::new();
    let to = crate::doors::Endpoint { host: "feed".into(), port: 1, tls: None, proxy: None };
    let mut near = dial.dial(&to, std::time::Duration::from_secs(1)).await.unwrap();
    let mut far = dial.far_end().await;
    assert_eq!(far.endpoint.host, "feed");
    near.write_all(b"hello").await.unwrap();
    let mut said = [0; 5];
    far.stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"hello");
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireKeys {
    /// Where the token is kept.
    token: SecretForm,
    /// Whether it never gives up.
    #[serde(default)]
    patient: bool,
}

struct Wire {
    token: Secret,
    patient: bool,
    cx: OpenContext,
}

struct WirePlugin;

impl SourcePlugin for WirePlugin {
    const INFO: Info = Info {
        name: "wire",
        summary: "Reads lines from a wire",
        example: "[source.wire.attic]\ntoken = { credential = \"wire\" }\n",
        delivery: DeliveryDefaults::NETWORK,
    };
    type Config = WireKeys;

    fn open(config: WireKeys, cx: &OpenContext) -> Opened<dyn Source> {
        let token = cx.secret(&config.token).map_err(|c| vec![c.key("token")])?;
        Ok(Box::new(Wire { token, patient: config.patient, cx: cx.clone() }))
    }
}

#[async_trait]
impl Source for Wire {
    async fn open(&self, _: Option<&Cursor>) -> Result<Box<dyn Session>, Lost> {
        use tokio::io::AsyncReadExt as _;
        let wait = std::time::Duration::from_secs(15);
        let to = Endpoint { host: "wire.example".into(), port: 1, tls: None, proxy: None };
        let mut stream = self.cx.dial.dial(&to, wait).await.map_err(|fault| {
            let person = matches!(fault, DialFault::Tls(_) | DialFault::Config(_));
            let kind = if person { LostKind::Config } else { LostKind::Unreachable };
            Lost::new(kind, fault.to_string())
        })?;
        assert!(self.token.reveal().is_ok());
        let until = self.cx.clock.boot() + wait;
        tokio::select! {
            _ = stream.read_u8() => Err(Lost::new(LostKind::Dropped, "it hung up")),
            () = self.cx.clock.sleep_until(until), if !self.patient => {
                Err(Lost::new(LostKind::Unreachable, "silence"))
            }
        }
    }

    fn reconnect(&self) -> Reconnect {
        Reconnect::default()
    }

    fn place(&self) -> String {
        "wire.example".to_owned()
    }
}

#[tokio::test]
async fn a_good_source_passes() {
    let config = "token = { credential = \"wire\" }";
    source::<WirePlugin>(SourceTrial { config, dials: true, ..SourceTrial::default() }).await;
}

#[tokio::test]
#[should_panic(expected = "gives up a far side that is silent: it waits for ever")]
async fn a_source_that_waits_for_ever_fails() {
    let config = "token = { credential = \"wire\" }\npatient = true";
    source::<WirePlugin>(SourceTrial { config, dials: true, ..SourceTrial::default() }).await;
}
