//! Job: a whole house for one test: a feed that the test holds, a receiver, the daemon's binary.
//! Takes: rules.
//! Gives: a daemon that can be started, stopped, killed and asked, as a person would.
//! Never: uses a fixed port or a folder of the machine's, or outlives its test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use contract::event::Body;
use contract::{Booking, Event, Fields, Money, Status, money};
use deskbell::app::entropy::SystemEntropy;
use deskbell::delivery::State as DeliveryState;
use deskbell::outbox::{DeliveryRow, HistoryFilter, Page, Reader};
use deskbell::web::{Hub, WebSettings, serve};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The status of a receiver that never answers.
const HANG: u16 = 0;
/// A wait that takes longer has failed. Nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct House {
    pub(crate) hub: Hub,
    pub(crate) receiver: Receiver,
    pub(crate) folder: TempDir,
    /// `stop_grace`, from the next `configure` on.
    pub(crate) grace: &'static str,
    child: Option<Child>,
    log_level: Option<&'static str>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    feed: SocketAddr,
    hook: SocketAddr,
}

/// What a webhook receiver got, and what it answers.
#[derive(Clone)]
pub(crate) struct Receiver(Arc<Mutex<Got>>, watch::Sender<usize>);

#[derive(Default)]
struct Got {
    answer: u16,
    /// Every accepted delivery's id with how often it came.
    accepted: BTreeMap<String, usize>,
    /// Booking and status of each accepted delivery, in order.
    order: Vec<(String, String)>,
    refused: usize,
    /// Every id that was sent, with how often, however it was answered.
    asked: BTreeMap<String, usize>,
}

impl House {
    /// A feed and a receiver, and a configuration with these rules. Nothing runs yet.
    pub(crate) async fn build(rules: &str) -> Self {
        let feed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut house = Self::build_with_feed(rules, feed.local_addr().unwrap()).await;
        let (served, stopped) = (house.hub.clone(), house.stop.clone());
        house.tasks.spawn(async move {
            serve(feed, served, WebSettings::default(), stopped).await.unwrap();
        });
        house
    }

    /// The same, with a feed that the test speaks itself.
    pub(crate) async fn build_with_feed(rules: &str, feed: SocketAddr) -> Self {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let hub = Hub::fresh(&SystemEntropy);
        let hook = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook_address = hook.local_addr().unwrap();
        let receiver = Receiver::new();
        tasks.spawn(receiver.clone().serve(hook, stop.clone()));
        let folder = tempfile::tempdir().unwrap();
        let (grace, child, log_level) = ("10s", None, None);
        let hook = hook_address;
        let house =
            Self { hub, receiver, folder, grace, child, log_level, stop, tasks, feed, hook };
        house.configure(rules);
        house
    }

    /// Writes the configuration anew.
    pub(crate) fn configure(&self, rules: &str) {
        let text = format!(
            r#"[daemon]
state_dir  = "{state}"
stop_grace = "{grace}"
time_zone  = "UTC"
[money]
base = "USD"
[source.websocket.dashboard]
url = "ws://{feed}/admin/dashboard"
reconnect = {{ first = "10ms", factor = 1.1, max = "50ms", attempts = "unlimited" }}
[sink.webhook.out]
url = "http://{hook}/hook"
allow_private = ["127.0.0.0/8"]
delivery.in_flight = 8
[sink.console.log]
form = "json"
file = "{state}/console.jsonl"
{rules}
"#,
            state = self.state().display(),
            grace = self.grace,
            feed = self.feed,
            hook = self.hook,
        );
        fs::create_dir_all(self.state()).unwrap();
        fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("deskbell.toml")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// What the console sink wrote, a line each.
    pub(crate) fn console(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.state().join("console.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The ids of what was claimed and not settled when the daemon was killed.
    pub(crate) fn claimed(&self) -> BTreeSet<String> {
        let clock = Arc::new(deskbell::app::clock::SystemClock);
        let store = Reader::open(&self.state(), clock, TimeZone::UTC).unwrap();
        let filter = HistoryFilter { state: Some("claimed".into()), ..HistoryFilter::default() };
        let rows = store.history(&filter, Page { limit: u32::MAX, offset: 0 }).unwrap();
        let claimed = |row: &DeliveryRow| row.state == DeliveryState::Claimed;
        let deliveries = rows.into_iter().flat_map(|row| row.deliveries);
        deliveries.filter(claimed).map(|row| row.key.to_string()).collect()
    }

    /// Starts the daemon and waits until the feed has a client.
    pub(crate) async fn start(&mut self) {
        self.spawn();
        let mut clients = self.hub.watch_clients();
        self.within("the daemon to connect", async {
            clients.wait_for(|clients| *clients == 1).await.unwrap();
        })
        .await;
    }

    /// Has the daemon log at this level when it is started.
    pub(crate) fn log(&mut self, level: &'static str) {
        self.log_level = Some(level);
    }

    /// Starts the daemon.
    pub(crate) fn spawn(&mut self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut command = self.command(&["run"]);
        command.envs(self.log_level.map(|level| ("DESKBELL_LOG", level)));
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.child = Some(child);
    }

    /// How much memory the daemon holds.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let pid = self.child.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Runs one command to its end.
    pub(crate) async fn deskbell(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Runs one command that must succeed, and returns what it printed.
    pub(crate) async fn said(&self, arguments: &[&str]) -> String {
        let output = self.deskbell(arguments).await;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// How the daemon says it stands.
    pub(crate) async fn status(&self) -> Value {
        let output = self.deskbell(&["status", "--json"]).await;
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deskbell"));
        command.args(arguments).arg("--config").arg(self.config());
        command.env_clear().env("HOME", self.folder.path()).env("NO_COLOR", "1");
        command.stdin(Stdio::null());
        command
    }

    /// Ends the daemon as a crash does.
    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let mut clients = self.hub.watch_clients();
        self.within("the feed to notice", async {
            clients.wait_for(|clients| *clients == 0).await.unwrap();
        })
        .await;
    }

    /// Asks the daemon to stop, and waits until it has.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        signal(&child, rustix::process::Signal::TERM);
        let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
        self.within("the daemon to stop", ended).await.unwrap()
    }

    /// Asks the daemon to reload.
    pub(crate) fn hang_up(&self) {
        signal(self.child.as_ref().unwrap(), rustix::process::Signal::HUP);
    }

    /// Waits, and shows the daemon's log where it was in vain.
    pub(crate) async fn within<T>(&self, what: &str, done: impl Future<Output = T>) -> T {
        match tokio::time::timeout(PATIENCE, done).await {
            Ok(done) => done,
            Err(_) => {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                panic!("waited in vain for {what}; the daemon's log:\n{log}");
            }
        }
    }

    /// Sends a booking's state on the feed.
    pub(crate) fn tell(&self, id: &str, status: Status, amount: &str) {
        self.hub.publish(&booking(id, status, amount));
    }

    /// Waits until so many different deliveries were accepted.
    pub(crate) async fn accepted(&self, count: usize) {
        let mut watched = self.receiver.1.subscribe();
        let what = format!("{count} deliveries");
        self.within(&what, watched.wait_for(|got| *got >= count)).await.unwrap();
    }

    /// Waits until so many were refused.
    pub(crate) async fn refused(&self, count: usize) {
        let mut watched = self.receiver.1.subscribe();
        let enough = watched.wait_for(|_| self.receiver.refused() >= count);
        self.within("refusals", enough).await.unwrap();
    }

    pub(crate) async fn close(mut self) {
        if self.child.is_some() {
            assert!(self.terminate().await.success());
        }
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // A test that fails leaves its daemon: it must not outlive it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).unwrap();
}

pub(crate) fn booking(id: &str, status: Status, amount: &str) -> Event {
    let mut booking = Booking::of(id);
    booking.category = Some("tour".into());
    booking.status = Some(status);
    booking.title = Some("Phi Phi Islands Day Tour".into());
    booking.customer = Some("Anna Lindqvist".into());
    booking.amount =
        Some(Money { amount: money::decimal(amount).unwrap(), currency: "USD".parse().ok() });
    booking.country = "TH".parse().ok();
    Event {
        id: None,
        source: "test.feed".into(),
        feed: "dashboard".into(),
        at: Timestamp::now(),
        received: Timestamp::now(),
        body: Body::Booking(booking),
        extra: Fields::default(),
    }
}

impl Receiver {
    fn new() -> Self {
        let got = Got { answer: 204, ..Got::default() };
        Self(Arc::new(Mutex::new(got)), watch::channel(0).0)
    }

    /// Every id that was sent, with how often, however it was answered.
    pub(crate) fn asked(&self) -> BTreeMap<String, usize> {
        self.0.lock().unwrap().asked.clone()
    }

    /// Never answers from now on; what is asked counts as refused.
    pub(crate) fn hang(&self) {
        self.answer(HANG);
    }

    /// Answers with this status from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.0.lock().unwrap().answer = status;
    }

    /// Every accepted delivery's id with how often it came.
    pub(crate) fn ids(&self) -> BTreeMap<String, usize> {
        self.0.lock().unwrap().accepted.clone()
    }

    /// Booking and status of each accepted delivery, in order.
    pub(crate) fn order(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().order.clone()
    }

    fn refused(&self) -> usize {
        self.0.lock().unwrap().refused
    }

    async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let app = Router::new().route("/hook", post(receive)).with_state(self);
        axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await.unwrap();
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    let document: Value = serde_json::from_slice(&body).unwrap();
    let event = document["events"].as_array().unwrap().last().unwrap().clone();
    let text = |name: &str| event[name].as_str().unwrap_or("").to_owned();
    let (answer, count) = {
        let mut got = receiver.0.lock().unwrap();
        let answer = StatusCode::from_u16(got.answer).ok();
        *got.asked.entry(id.clone()).or_insert(0) += 1;
        if answer.is_some_and(|answer| answer.is_success()) {
            got.order.push((text("id"), text("status")));
            *got.accepted.entry(id).or_insert(0) += 1;
        } else {
            got.refused += 1;
        }
        (answer, got.accepted.len())
    };
    // Only now: who waits looks at what was got while it holds the watch.
    receiver.1.send_replace(count);
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}
