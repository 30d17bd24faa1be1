//! Job: `deskbell simulate`: a dashboard that needs no bookings.
//! Takes: what the command line says, the doors, and a stop.
//! Gives: the simulator's story on our own hub, for as long as it is wanted.
//! Never: prints a token, or is reached by others without one.

use std::io;
use std::net::SocketAddr;

use contract::values::Rate;
use contract::{Complaint, Incoming, Lost, OpenContext, Secret, SecretForm, Source, SourcePlugin};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::web::{Hub, NotServed, WebSettings, serve};

/// Serves a simulated dashboard.
///
/// New bookings every 8 to 15 s, each confirmed or cancelled 5 to 10 s later, and metrics every
/// 5 s, as WebSocket frames of the form { "type": …, "payload": …, "seq": … }.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SimulateOptions {
    /// Where to listen; any address but this machine's own needs a token.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "localhost:3001")]
    pub listen: String,
    /// Which story is told; the same seed, start and pace tell the same one to the byte. Drawn
    /// unless given, and printed, so that it can be told again.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// When the story begins, such as 2026-11-23T02:15:00Z: ids begin with it and events are dated
    /// from it. A start of its own makes every booking new to a daemon that has seen others. Now
    /// unless given.
    #[arg(long, value_name = "INSTANT")]
    pub start: Option<Timestamp>,
    /// How many times as fast as a real dashboard, from 0.01 to 100000.
    #[arg(long, value_name = "FACTOR", conflicts_with = "rate")]
    pub speed: Option<f64>,
    /// Events at an even rate, for load, such as 5000/s or 100/m; nine in ten are bookings.
    #[arg(long, value_name = "RATE")]
    pub rate: Option<Rate>,
    /// Falls silent after this many events of any kind; clients stay connected and can still ask
    /// for what they missed.
    #[arg(long, value_name = "EVENTS")]
    pub count: Option<u64>,
    /// Clients must show the token that this environment variable holds, as `Authorization:
    /// Bearer`.
    #[arg(long, value_name = "VARIABLE", conflicts_with = "token_file")]
    pub token_env: Option<String>,
    /// Clients must show the token that this file holds; it is read again at each connect.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<String>,
    /// Lets pages of this origin connect, such as http://localhost:5173; may be repeated. Pages
    /// that are served from the address listened on always may.
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Vec<String>,
    /// Answers to this name too, such as bells.example.com behind a proxy; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// Serves /echo as well: every message comes back unchanged, for testing clients and for
    /// judging the protocol.
    #[arg(long)]
    pub echo: bool,
}

/// Why nothing is simulated.
#[derive(Debug, thiserror::Error)]
pub enum NotSimulated {
    /// Somebody else listens there.
    #[error(
        "port {} on {} is taken: stop what listens there, or choose another with --listen",
        .0.port(), .0.ip()
    )]
    Taken(SocketAddr),
    /// It cannot be listened there.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// What the command line says is wrong.
    #[error("{}", said(.0))]
    Options(Vec<Complaint>),
    /// The story ended, which it never does.
    #[error("the simulator ended: our mistake")]
    Ended(#[from] Lost),
    /// The web side does not serve.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// The web side failed.
    #[error("the web side failed: our mistake")]
    Failed(#[from] JoinError),
}

fn said(complaints: &[Complaint]) -> String {
    let one = |complaint: &Complaint| match &complaint.hint {
        Some(hint) => format!("--{}: {}; {hint}", complaint.key, complaint.what),
        None => format!("--{}: {}", complaint.key, complaint.what),
    };
    complaints.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Simulates a dashboard until it is stopped. Prints where, how to repeat it, and how many clients
/// there are.
///
/// # Errors
/// What is wrong with the options or the address, before anything is served.
pub async fn simulate(
    options: &SimulateOptions,
    cx: &OpenContext,
    stop: CancellationToken,
    print: impl FnMut(String),
) -> Result<(), NotSimulated> {
    Simulation::open(options, cx).await?.run(stop, print).await
}

/// A simulated dashboard that listens, but does not answer yet.
pub struct Simulation {
    hub: Hub,
    source: Box<dyn Source>,
    listeners: Vec<TcpListener>,
    settings: WebSettings,
    /// The options that tell the same story again.
    again: String,
    url: String,
}

impl Simulation {
    /// Opens the simulator and listens.
    ///
    /// # Errors
    /// What is wrong with the options or the address.
    pub async fn open(options: &SimulateOptions, cx: &OpenContext) -> Result<Self, NotSimulated> {
        let seed = options.seed.unwrap_or_else(|| cx.entropy.draw() % 1_000_000);
        let start = options.start.unwrap_or_else(|| cx.clock.now());
        let start = Timestamp::from_millisecond(start.as_millisecond()).unwrap_or(start);
        let config = simulator::Config {
            seed: Some(seed),
            start: Some(start.to_string()),
            speed: options.speed,
            rate: options.rate,
            count: options.count,
            feed: None,
        };
        let source = simulator::Simulator::open(config, cx).map_err(NotSimulated::Options)?;
        let settings = settings(options, cx);
        let addresses = addresses(&options.listen).map_err(|c| NotSimulated::Options(vec![c]))?;
        for address in &addresses {
            let complaints = settings.complaints(*address);
            if !complaints.is_empty() {
                return Err(NotSimulated::Options(complaints));
            }
        }
        let listeners = listen(&addresses).await?;
        let port = listeners.first().and_then(|first| first.local_addr().ok());
        let port = port.map_or(0, |address| address.port());
        let host = options.listen.rsplit_once(':').map_or("localhost", |(host, _)| host);
        Ok(Self {
            hub: Hub::fresh(&*cx.entropy),
            source,
            listeners,
            again: again(seed, start, options),
            url: format!("ws://{host}:{port}{}", settings.path),
            settings,
        })
    }

    /// The hub it is served on.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Where it is served.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Tells the story to whoever comes, until it is stopped.
    ///
    /// # Errors
    /// What broke: the listener, or something of ours.
    pub async fn run(
        self,
        stop: CancellationToken,
        mut print: impl FnMut(String),
    ) -> Result<(), NotSimulated> {
        let Self { hub, source, listeners, settings, again, url } = self;
        let mut session = source.open(None).await?;
        let mut clients = hub.watch_clients();
        let mut servers = JoinSet::new();
        for listener in listeners {
            servers.spawn(serve(listener, hub.clone(), settings.clone(), stop.clone()));
        }
        print(format!("{url} (the same again: deskbell simulate {again})"));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = servers.join_next() => ended??,
                // Cancel-safe by contract: a call given up loses nothing.
                incoming = session.next() => tell(&hub, incoming?).await,
                Ok(()) = clients.changed() => {
                    let here = *clients.borrow_and_update();
                    print(format!("clients: {here}"));
                }
            }
        }
        while let Some(ended) = servers.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// Shows what the simulator brought.
async fn tell(hub: &Hub, incoming: Incoming) {
    if let Incoming::Events { read, ack, .. } = incoming {
        for event in read.iter().flatten() {
            hub.publish(event);
        }
        ack.stored();
    }
    // At a high rate the next batch is due at once: clients get their turn between two.
    tokio::task::yield_now().await;
}

fn settings(options: &SimulateOptions, cx: &OpenContext) -> WebSettings {
    let env = options.token_env.clone().map(SecretForm::Env);
    let form = env.or_else(|| options.token_file.clone().map(SecretForm::File));
    WebSettings {
        token: form.map(|form| Secret::new(form, cx.vault.clone())),
        origins: options.origin.clone(),
        hosts: options.host.clone(),
        echo_path: options.echo.then(|| "/echo".to_owned()),
        ..WebSettings::default()
    }
}

/// The options that tell the same story again.
fn again(seed: u64, start: Timestamp, options: &SimulateOptions) -> String {
    let mut again = format!("--seed {seed} --start {start}");
    let speed = options.speed.map(|speed| format!(" --speed {speed}"));
    let rate = options.rate.map(|rate| format!(" --rate {rate}"));
    let count = options.count.map(|count| format!(" --count {count}"));
    again.extend([speed, rate, count].into_iter().flatten());
    again
}

/// The addresses that `--listen` means: `localhost` is both of this machine's own.
fn addresses(listen: &str) -> Result<Vec<SocketAddr>, Complaint> {
    let wrong = || {
        Complaint::error(format!("{listen:?} is no address with a port"))
            .key("listen")
            .hint("such as localhost:3001, 127.0.0.1:3001 or [::1]:3001")
    };
    match listen.rsplit_once(':') {
        Some((host, port)) if host.eq_ignore_ascii_case("localhost") => {
            let port: u16 = port.parse().map_err(|_| wrong())?;
            Ok(vec![([127, 0, 0, 1], port).into(), ([0, 0, 0, 0, 0, 0, 0, 1], port).into()])
        }
        _ => Ok(vec![listen.parse().map_err(|_| wrong())?]),
    }
}

/// Listens on each address, with one port for all; an address after the first may be one that this
/// machine does not have.
async fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, NotSimulated> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let mut address = *address;
        let drawn = address.port() == 0;
        if let Some(Ok(first)) = listeners.first().map(TcpListener::local_addr) {
            address.set_port(first.port());
        }
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            // The first one's port was drawn without a look at this address.
            Err(error) if !listeners.is_empty() && (drawn || is_missing(&error)) => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(NotSimulated::Taken(address));
            }
            Err(error) => return Err(NotSimulated::Listen(address, error)),
        }
    }
    Ok(listeners)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        // No IPv6 in this kernel at all.
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}
