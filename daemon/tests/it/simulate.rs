//! Job: `deskbell simulate` as its users meet it.
//! Takes: its options, on port 0, and a client of another make.
//! Gives: what it prints, sends, refuses and complains of.
//! Never: takes the port that a person's own simulation may have.

#![allow(clippy::unwrap_used, reason = "a panic is how a test says that it cannot go on")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::Parser;
use contract::doors::{Answer, DialFault, Endpoint, PostFault, Request, Stream};
use contract::secret::{NotRevealed, Revealed, Vault};
use contract::{Clock, Dial, Entropy, OpenContext, Post, SecretForm};
use deskbell::commands::simulate::{NotSimulated, SimulateOptions, Simulation, simulate};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Doors that lead nowhere, but for the time.
struct Doors(tokio::time::Instant);

#[async_trait]
impl Clock for Doors {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-23T02:15:00.250999Z".parse().unwrap()
    }
    fn boot(&self) -> Duration {
        self.0.elapsed()
    }
    async fn sleep_until(&self, until: Duration) {
        tokio::time::sleep_until(self.0 + until).await;
    }
}

impl Entropy for Doors {
    fn draw(&self) -> u64 {
        3_000_007
    }
}

#[async_trait]
impl Dial for Doors {
    async fn dial(&self, _: &Endpoint, _: Duration) -> Result<Box<dyn Stream>, DialFault> {
        Err(DialFault::Connect("nowhere".to_owned()))
    }
}

#[async_trait]
impl Post for Doors {
    async fn send(&self, _: Request) -> Result<Answer, PostFault> {
        Err(PostFault::Connect("nowhere".to_owned()))
    }
}

impl Vault for Doors {
    fn reveal(&self, _: &SecretForm) -> Result<Revealed, NotRevealed> {
        Ok(Revealed::new(b"s3cret".to_vec()))
    }
}

fn context() -> OpenContext {
    let doors = Arc::new(Doors(tokio::time::Instant::now()));
    OpenContext {
        name: "simulator.simulate".to_owned(),
        timeout: Duration::from_secs(15),
        clock: doors.clone(),
        entropy: doors.clone(),
        dial: doors.clone(),
        post: doors.clone(),
        vault: doors,
    }
}

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    options: SimulateOptions,
}

/// The options as written, on port 0 unless they say where.
fn options(line: &str) -> SimulateOptions {
    let mut options = Line::try_parse_from(line.split_whitespace()).unwrap().options;
    if !line.contains("--listen") {
        options.listen = "localhost:0".to_owned();
    }
    options
}

struct Running {
    stop: CancellationToken,
    tasks: JoinSet<Result<(), NotSimulated>>,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Running {
    fn start(line: &str) -> Self {
        let (stop, (printed, lines)) = (CancellationToken::new(), mpsc::unbounded_channel());
        let (options, stopped) = (options(line), stop.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let print = |line| printed.send(line).unwrap();
            simulate(&options, &context(), stopped, print).await
        });
        Self { stop, tasks, lines }
    }

    async fn line(&mut self) -> String {
        self.lines.recv().await.unwrap()
    }

    async fn stopped(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }
}

fn url_in(line: &str) -> &str {
    line.split(' ').next().unwrap()
}

async fn frames(url: &str, count: usize) -> Vec<Value> {
    heard(&mut connect_async(url).await.unwrap().0, count).await
}

async fn heard(client: &mut Client, count: usize) -> Vec<Value> {
    let texts = client.take(count).map(|message| message.unwrap().into_text().unwrap());
    texts.map(|text| serde_json::from_str(&text).unwrap()).collect().await
}

#[tokio::test]
async fn a_client_is_told_a_story_that_can_be_repeated_from_what_is_printed() {
    let mut first = Running::start("simulate --rate 2000/s --count 100000");
    let line = first.line().await;
    let again = "(the same again: deskbell simulate \
                 --seed 7 --start 2026-11-23T02:15:00.25Z --rate 2000/s --count 100000)";
    assert!(line.ends_with(again), "{line}");
    let (mut client, _) = connect_async(url_in(&line)).await.unwrap();
    assert_eq!(first.line().await, "clients: 1");
    let heard = heard(&mut client, 20).await;
    drop(client);
    assert_eq!(first.line().await, "clients: 0");
    assert_eq!(heard[0]["type"], "hello");
    let seq = heard[1]["seq"].as_u64().unwrap();
    for (frame, seq) in heard[1..].iter().zip(seq..) {
        assert_eq!(frame["seq"], seq);
        assert!(frame["payload"]["timestamp"].is_string(), "{frame}");
    }
    first.stopped().await;

    let repeated = line.split("deskbell ").nth(1).unwrap().trim_end_matches(')');
    let mut second = Running::start(repeated);
    let line = second.line().await;
    assert!(line.ends_with(again), "{line}");
    second.stopped().await;
}

#[tokio::test]
async fn both_addresses_of_localhost_are_served_on_one_port() {
    let mut running = Running::start("simulate --rate 1000/s");
    let line = running.line().await;
    let url = url_in(&line).to_owned();
    let mut hosts = vec!["127.0.0.1"];
    if TcpListener::bind("[::1]:0").await.is_ok() {
        hosts.push("[::1]");
    }
    for host in hosts {
        assert_eq!(frames(&url.replace("localhost", host), 2).await.len(), 2);
    }
    running.stopped().await;
}

#[tokio::test]
async fn after_the_last_event_the_hub_still_serves_what_was_missed() {
    let cx = context();
    let options = options("simulate --rate 10000/s --count 30");
    let simulation = Simulation::open(&options, &cx).await.unwrap();
    let (hub, url) = (simulation.hub().clone(), simulation.url().to_owned());
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let stopped = stop.clone();
    tasks.spawn(async move { simulation.run(stopped, |_| {}).await });
    while hub.seq() < 30 {
        tokio::task::yield_now().await;
    }
    let hello = frames(&url, 1).await.remove(0);
    assert_eq!((&hello["payload"]["seq"], hub.seq()), (&30.into(), 30));
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    for host in ["localhost", "127.0.0.1"] {
        let options = options(&format!("simulate --listen {host}:{port}"));
        let error = Simulation::open(&options, &context()).await.err().unwrap().to_string();
        assert!(error.contains(&format!("port {port} on 127.0.0.1 is taken")), "{error}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_options_is_said_with_its_option() {
    let cases = [
        ("simulate --speed 0", "--speed: 0 is no speed; from 0.01 to 100000"),
        ("simulate --listen 3001", "--listen: \"3001\" is no address with a port"),
        ("simulate --listen localhost:99999", "--listen: \"localhost:99999\" is no address"),
        ("simulate --listen 0.0.0.0:0", "--listen: 0.0.0.0:0 can be reached by others"),
    ];
    for (line, said) in cases {
        let error = Simulation::open(&options(line), &context()).await.err().unwrap().to_string();
        assert!(error.starts_with(said), "{line}: {error}");
    }
    for line in ["simulate --speed 2 --rate 5/s", "simulate --start yesterday", "simulate --rate 5"]
    {
        assert!(Line::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}

#[tokio::test]
async fn a_token_is_asked_for_and_not_printed() {
    let mut running = Running::start("simulate --token-env FEED_TOKEN --rate 1000/s");
    let line = running.line().await;
    assert!(!line.contains("s3cret") && !line.contains("FEED_TOKEN"), "{line}");
    let url = url_in(&line);
    assert!(connect_async(url).await.unwrap_err().to_string().contains("401"));
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("authorization", "Bearer s3cret".parse().unwrap());
    assert!(connect_async(request).await.is_ok());
    running.stopped().await;
}

#[tokio::test]
async fn a_signal_ends_the_program_in_order_and_its_clients_are_told() {
    use rustix::process::{Pid, Signal, kill_process};
    use tokio::io::{AsyncBufReadExt, BufReader};

    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_deskbell"))
            .args(["simulate", "--listen", "127.0.0.1:0"])
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let (mut client, _) = connect_async(url_in(&line)).await.unwrap();
        let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        let mut told = None;
        while let Some(Ok(message)) = client.next().await {
            told = message.is_close().then_some(message).or(told);
        }
        assert!(told.is_some_and(|close| close.to_string().contains("going away")));
        assert!(child.wait().await.unwrap().success(), "{signal:?}");
    }
}
