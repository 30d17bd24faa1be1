//! Job: all of it in one terminal: a simulated feed, a daemon, a receiver, keys to break things.
//! Takes: options, keys.
//! Gives: lines as bookings ring, and what Deskbell does about what is broken.
//! Never: touches the person's own configuration or state; its folder goes with it.

use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::event::Body;
use contract::{Booking, Event, Fields, Money, Status};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::io::AsyncBufReadExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::cli::{DemoOptions, Layers, Output, WhyOptions};
use super::failure::Failure;
use super::keys::Keys;
use super::printing::Screen;
use super::receiver::Receiver;
use super::simulate::{SimulateOptions, Simulation};
use super::{Caller, loading, why};
use crate::app::doors::Doors;
use crate::app::environment::Environment;
use crate::app::exit::Exit;
use crate::app::running::App;
use crate::app::signals::Signals;
use crate::config::complain::{self, Paint};
use crate::web::control::{self, Ask};
use crate::web::hub::Hub;

/// How long the key `f` cuts the feed.
const CUT: Duration = Duration::from_secs(6);

/// What the demo shows, besides the lines of the console sink.
const INTRO: &str = "\
  Deskbell demo: a simulated dashboard feeds a daemon; every booking rings the console, those of
  1,000 USD and more also a webhook receiver, which shows what it gets as ⇠.

  keys:  b big booking   c cancel the last one   f cut the feed   s break or mend the receiver
         m mute or unmute   w why the last one rang   q quit (or Ctrl-C)
";

/// Runs the demo until `q`, Ctrl-C or `--for`.
pub(super) async fn demo(options: DemoOptions, environment: &Environment) -> Result<Exit, Failure> {
    let folder = Folder::make(environment)
        .map_err(|wrong| Failure::failed(format!("the demo needs a folder: {wrong}")))?;
    let played = play(options, environment, &folder.0).await;
    played.map_err(|wrong| Failure::failed(format!("{wrong:#}")))?;
    folder.remove().map_err(|wrong| Failure::failed(format!("a folder stays behind: {wrong}")))?;
    Ok(Exit::Ok)
}

/// Says a line of the demo. Where nobody reads any more there is nobody to be told.
pub(super) fn say(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A folder that goes with its value.
struct Folder(PathBuf);

impl Folder {
    fn make(environment: &Environment) -> io::Result<Self> {
        let parent = environment.var("TMPDIR").unwrap_or("/tmp");
        let path = Path::new(parent).join(format!("deskbell-demo-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn remove(&self) -> io::Result<()> {
        std::fs::remove_dir_all(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whatever went wrong was told; where `remove` came first there is nothing left.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn play(
    options: DemoOptions,
    environment: &Environment,
    folder: &Path,
) -> anyhow::Result<()> {
    let doors = Doors::real(environment);
    let signals = Signals::take()?;
    let stop = CancellationToken::new();
    let (_never, reloads) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(signals.stop_on_any(stop.clone()));

    let story = SimulateOptions {
        listen: "127.0.0.1:0".to_owned(),
        speed: Some(options.speed),
        seed: options.seed,
        ..SimulateOptions::default()
    };
    let dashboard = Simulation::open(&story, &doors.open_context("simulator.demo")).await?;
    let hub = dashboard.hub().clone();
    let hook = TcpListener::bind("127.0.0.1:0").await?;
    let config = folder.join("deskbell.toml");
    std::fs::write(&config, configuration(folder, dashboard.url(), &hook)?)?;
    std::fs::write(folder.join("secret"), format!("{:032x}", doors.entropy.draw()))?;

    let receiver = Receiver::default();
    tasks.spawn(receiver.clone().serve(hook, stop.clone()));
    let told = stop.clone();
    tasks.spawn(async move {
        if let Err(wrong) = dashboard.run(told, |_| {}).await {
            tracing::error!(%wrong, "the demo's dashboard ended");
        }
    });

    let layers = Layers { config: vec![config], set: Vec::new() };
    let loader = loading::loader(&layers, environment, &doors);
    let loaded = loader();
    let usable = loaded
        .usable
        .ok_or_else(|| anyhow::anyhow!(complain::show(&loaded.complaints, Paint::Plain)))?;
    let app = App::open(usable, doors.clone(), loader).await?;
    say(INTRO);
    let rung = LastRung::default();
    let (environment, screen) = (environment.clone(), Screen::of_process(environment));
    let desk = Desk {
        hub,
        receiver,
        folder: folder.to_owned(),
        caller: Arc::new(Caller { layers, environment, doors, screen }),
        rung: rung.clone(),
        last: None,
        muted: false,
    };
    tasks.spawn(narrate(folder.to_owned(), rung, stop.clone()));
    tasks.spawn(desk.mind(Keys::take(), options.during.map(|span| span.0), stop.clone()));
    let ended = app.run(stop.clone(), reloads).await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    say("  The demo has ended; nothing is left behind.");
    Ok(ended?)
}

fn configuration(folder: &Path, feed: &str, hook: &TcpListener) -> io::Result<String> {
    Ok(format!(
        r#"[daemon]
state_dir = "{folder}"
stop_grace = "3s"

[money]
base  = "USD"
rates = {{ EUR = "1.09", GBP = "1.27", THB = "0.028", JPY = "0.0067", AUD = "0.66", CHF = "1.13" }}

[source.websocket.dashboard]
url = "{feed}"
reconnect = {{ first = "1s", factor = 1.6, max = "3s", attempts = "unlimited" }}

[sink.console.desk]
form = "line"
[sink.webhook.big]
url           = "http://{hook}/hook"
allow_private = ["127.0.0.0/8"]
secret        = {{ file = "{folder}/secret" }}

[[rule]]
name = "Every booking"
ring = ["console.desk"]

[[rule]]
name        = "Big ones"
when.amount = ">= 1000 USD"
ring        = ["webhook.big"]

[[rule]]
name  = "The feed is ill"
alarm = {{ feed = ["down", "denied", "gap"] }}
ring  = ["console.desk"]
"#,
        folder = folder.display(),
        hook = hook.local_addr()?,
    ))
}

/// The booking that rang last.
#[derive(Clone, Default)]
struct LastRung(Arc<Mutex<Option<String>>>);

impl LastRung {
    fn set(&self, booking: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(booking.to_owned());
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Does what the keys say.
struct Desk {
    hub: Hub,
    receiver: Receiver,
    folder: PathBuf,
    /// Asks as a person in another terminal would.
    caller: Arc<Caller>,
    rung: LastRung,
    /// What was booked here last.
    last: Option<Event>,
    muted: bool,
}

impl Desk {
    async fn mind(mut self, mut keys: Keys, during: Option<Duration>, stop: CancellationToken) {
        let clock = Arc::clone(&self.caller.doors.clock);
        let begun = clock.boot();
        let end = async {
            match during {
                Some(during) => clock.sleep_until(begun + during).await,
                None => std::future::pending().await,
            }
        };
        let mut end = std::pin::pin!(end);
        loop {
            let key = tokio::select! {
                () = stop.cancelled() => return,
                () = &mut end => break,
                key = keys.next() => key,
            };
            match key {
                'b' => self.book(),
                'c' => self.cancel(),
                'f' => {
                    say(&format!("  ✂ the feed is cut for {} s", CUT.as_secs()));
                    self.hub.cut(CUT);
                }
                's' => {
                    let broken = self.receiver.toggle();
                    say(if broken {
                        "  ✗ the receiver is broken"
                    } else {
                        "  ✓ the receiver is mended"
                    });
                }
                'm' => self.mute().await,
                'w' => self.why().await,
                'q' => break,
                _ => {}
            }
        }
        stop.cancel();
    }

    fn book(&mut self) {
        let now = self.caller.doors.clock.now();
        let mut booking =
            Booking::of(format!("DEMO-{:04X}", self.caller.doors.entropy.draw() & 0xffff));
        booking.category = Some("tour".into());
        booking.status = Some(Status::New);
        booking.title = Some("Private yacht, four islands".into());
        booking.customer = Some("Ada Lovelace".into());
        let currency = "USD".parse().ok();
        booking.amount = Some(Money { amount: Decimal::new(1_250_000, 2), currency });
        booking.country = "TH".parse().ok();
        self.tell(booking, now);
    }

    fn cancel(&mut self) {
        let last = self.last.as_ref().and_then(|event| event.booking().cloned());
        let Some(mut booking) = last else {
            return say("  nothing to cancel yet: press b first");
        };
        booking.status = Some(Status::Cancelled);
        self.tell(booking, self.caller.doors.clock.now());
    }

    fn tell(&mut self, booking: Booking, now: jiff::Timestamp) {
        let event = Event {
            id: None,
            source: "simulator.demo".into(),
            feed: "dashboard".into(),
            at: now,
            received: now,
            body: Body::Booking(booking),
            extra: Fields::default(),
        };
        self.hub.publish(&event);
        self.last = Some(event);
    }

    async fn mute(&mut self) {
        let ask = if self.muted {
            Ask::Resume { sink: None }
        } else {
            Ask::Pause { sink: None, during_ms: None }
        };
        match control::ask(&self.folder, &ask).await {
            Ok(_) => {
                self.muted = !self.muted;
                say(if self.muted {
                    "  ‖ muted: nothing rings, everything is kept"
                } else {
                    "  ▶ unmuted: what was kept rings now"
                });
            }
            Err(wrong) => say(&format!("  not done: {wrong}")),
        }
    }

    async fn why(&self) {
        let Some(booking) = self.rung.get() else {
            return say("  nothing rang yet");
        };
        say(&format!("  $ deskbell why {booking}"));
        let options = WhyOptions {
            booking,
            sink: None,
            at: None,
            against: None,
            all: false,
            output: Output::default(),
        };
        let caller = Arc::clone(&self.caller);
        // The store is read where that may block.
        let told = tokio::task::spawn_blocking(move || why::run(&caller, &options)).await;
        match told {
            Ok(Ok(_)) => {}
            Ok(Err(failure)) => self.caller.screen.remark(&failure.lines()),
            Err(wrong) => say(&format!("  not told: {wrong}")),
        }
    }
}

/// Says what Deskbell does about what is broken, as `deskbell watch` sees it.
async fn narrate(folder: PathBuf, rung: LastRung, stop: CancellationToken) {
    let Ok(mut lines) = control::asked(&folder, &Ask::Watch).await else { return };
    let mut line = String::new();
    loop {
        line.clear();
        let read = tokio::select! {
            () = stop.cancelled() => return,
            read = lines.read_line(&mut line) => read,
        };
        if !read.is_ok_and(|bytes| bytes > 0) {
            return;
        }
        let news: Value = serde_json::from_str(&line).unwrap_or_default();
        let text = |pointer: &str| {
            contract::text::clean(news.pointer(pointer).and_then(Value::as_str).unwrap_or(""))
        };
        if news["rings"].as_u64().is_some_and(|rings| rings > 0)
            && let Some(id) = news.pointer("/event/body/booking/id").and_then(Value::as_str)
        {
            rung.set(id);
        }
        if let Some(change) = news.pointer("/event/body/feed") {
            let state = change["state"].as_str().unwrap_or("?");
            let said = text("/event/body/feed/said");
            let said = if said.is_empty() { said } else { format!(": {said}") };
            say(&format!("  ∿ feed {state}{said}"));
        } else if news["watch"] == "delivery" && !news["why"].is_null() {
            say(&format!("  ↻ {} {}: {}", text("/sink"), text("/state"), text("/why")));
        }
    }
}
