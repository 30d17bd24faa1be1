//! Job: the control socket: what the commands ask a running daemon.
//! Takes: one JSON object a line on a unix socket, from the daemon's own user or root.
//! Gives: one JSON object a line in answer.
//! Never: acts by itself; it goes through the outbox or through Controls.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What a command asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// How the daemon stands.
    Status,
    /// Everything that happens from now on, a line each.
    Watch,
    /// Keep rings back.
    Pause {
        /// Of this sink; of all without one.
        sink: Option<String>,
        /// For so many milliseconds; until resumed without.
        during_ms: Option<u64>,
    },
    /// Ring what was kept back.
    Resume {
        /// Of this sink; of all without one.
        sink: Option<String>,
    },
    /// Read the configuration anew.
    Reload {
        /// Only say what would change.
        dry_run: bool,
    },
    /// Ring again what was given up.
    Retry {
        /// These; all without any.
        ids: Vec<String>,
    },
    /// Take back what was given up.
    Drop {
        /// These; all without any.
        ids: Vec<String>,
    },
}

/// What it is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Done, or here it is.
    Ok {
        /// The document asked for.
        document: serde_json::Value,
    },
    /// Not done.
    Refused {
        /// Why, for people.
        said: String,
    },
}

impl Answer {
    /// A document.
    pub fn document(document: &impl Serialize) -> Self {
        match serde_json::to_value(document) {
            Ok(document) => Self::Ok { document },
            Err(wrong) => Self::refused(wrong),
        }
    }

    /// A refusal.
    pub fn refused(said: impl ToString) -> Self {
        Self::Refused { said: said.to_string() }
    }
}

/// Answers what the commands ask. The daemon's implementer acts through the outbox or Controls.
#[async_trait]
pub trait Controls: Send + Sync {
    /// Answers one question. `by` is who asked, for the record.
    async fn answer(&self, ask: Ask, by: &str) -> Answer;
    /// Sends what happens from now on, a line each, until nobody takes it any more. A reader who
    /// falls behind is told so in a line.
    async fn watch(&self, lines: mpsc::Sender<serde_json::Value>);
}

/// The longest question, bytes. A longer one is refused.
pub const ASK_BYTES_MAX: u64 = 1 << 20;
/// How many may ask at once. One more waits in the socket's own queue.
pub const CLIENTS_MAX: usize = 32;
/// How many lines wait for a client that watches; then what watches for it waits.
const LINES_MAX: usize = 256;
/// How long a client may take to ask.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// Why there is no control socket, or no answer on it.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error("the daemon is not running (no answer on {})", .0.display())]
    NotRunning(PathBuf),
    /// The socket cannot be made or used.
    #[error("control socket {}: {source}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The daemon answered something else than this version knows.
    #[error("the daemon's answer is not understood: {0}")]
    NotUnderstood(#[from] serde_json::Error),
    /// The daemon refused.
    #[error("{0}")]
    Refused(String),
}

/// Where the control socket stands.
pub fn socket_path(state_dir: &Path) -> PathBuf {
    state_dir.join("control.sock")
}

/// Makes the socket, for its owner only. What an earlier process left there is removed: the
/// outbox's lock says that no other daemon lives in this folder.
///
/// # Errors
/// When it cannot be made.
pub fn listen(state_dir: &Path) -> Result<UnixListener, ControlError> {
    let path = socket_path(state_dir);
    let socket = |source| ControlError::Socket { path: path.clone(), source };
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(socket(source)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(socket)?;
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, owner_only).map_err(socket)?;
    Ok(listener)
}

/// Answers until stopped.
pub async fn serve(listener: UnixListener, controls: Arc<dyn Controls>, stop: CancellationToken) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept(), if clients.len() < CLIENTS_MAX => match accepted {
                Ok((stream, _)) => {
                    let (controls, stop) = (Arc::clone(&controls), stop.clone());
                    clients.spawn(async move {
                        tokio::select! {
                            () = stop.cancelled() => {}
                            done = client(stream, controls.as_ref()) => if let Err(wrong) = done {
                                tracing::debug!(%wrong, "a control client left early");
                            }
                        }
                    });
                }
                Err(wrong) => {
                    tracing::warn!(%wrong, "control socket: cannot accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    clients.shutdown().await;
}

async fn client(stream: UnixStream, controls: &dyn Controls) -> io::Result<()> {
    let peer = stream.peer_cred()?;
    let (read, mut write) = stream.into_split();
    let own = rustix::process::geteuid().as_raw();
    if peer.uid() != own && peer.uid() != 0 {
        let said = format!("only user {own} and root may ask, you are {}", peer.uid());
        return say(&mut write, &Answer::refused(said)).await;
    }
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(ASK_BYTES_MAX));
    match tokio::time::timeout(ASK_WITHIN, reader.read_line(&mut line)).await {
        Ok(read) => read?,
        Err(_) => return say(&mut write, &Answer::refused("no question in time")).await,
    };
    let by = format!("uid {}", peer.uid());
    match serde_json::from_str(&line) {
        Ok(Ask::Watch) => tokio::select! {
            told = watch(&mut write, controls) => told,
            () = left(reader) => Ok(()),
        },
        Ok(ask) => say(&mut write, &controls.answer(ask, &by).await).await,
        Err(wrong) => say(&mut write, &Answer::refused(format!("not understood: {wrong}"))).await,
    }
}

/// Waits until a client that asks nothing more has gone. Where nothing happens nothing is written
/// to it, so only this frees its place.
async fn left(mut reader: impl AsyncReadExt + Unpin) {
    let mut rest = [0; 64];
    while reader.read(&mut rest).await.is_ok_and(|bytes| bytes > 0) {}
}

async fn watch(
    write: &mut (impl AsyncWriteExt + Unpin),
    controls: &dyn Controls,
) -> io::Result<()> {
    let (lines, mut watched) = mpsc::channel(LINES_MAX);
    let telling = async {
        while let Some(line) = watched.recv().await {
            say(write, &line).await?;
        }
        Ok(())
    };
    tokio::select! {
        told = telling => told,
        () = async { controls.watch(lines).await; std::future::pending().await } => Ok(()),
    }
}

async fn say(write: &mut (impl AsyncWriteExt + Unpin), what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    write.write_all(&line).await
}

/// Asks a running daemon one question.
///
/// # Errors
/// When none is running, and what it refuses.
pub async fn ask(state_dir: &Path, ask: &Ask) -> Result<serde_json::Value, ControlError> {
    let mut lines = asked(state_dir, ask).await?;
    let path = socket_path(state_dir);
    let mut line = String::new();
    let read = lines.read_line(&mut line).await;
    read.map_err(|source| ControlError::Socket { path, source })?;
    match serde_json::from_str(&line)? {
        Answer::Ok { document } => Ok(document),
        Answer::Refused { said } => Err(ControlError::Refused(said)),
    }
}

/// Asks a running daemon, and hands out the lines of its answer as they come.
///
/// # Errors
/// When none is running.
pub async fn asked(
    state_dir: &Path,
    ask: &Ask,
) -> Result<BufReader<tokio::net::unix::OwnedReadHalf>, ControlError> {
    let path = socket_path(state_dir);
    let socket = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            ControlError::NotRunning(path.clone())
        }
        _ => ControlError::Socket { path: path.clone(), source },
    };
    let stream = UnixStream::connect(&path).await.map_err(socket)?;
    let (read, mut write) = stream.into_split();
    say(&mut write, ask).await.map_err(socket)?;
    // The write half is kept until the answer is read: a closed one would look like a client gone.
    let read = BufReader::new(read);
    write.forget();
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Parrot;

    #[async_trait]
    impl Controls for Parrot {
        async fn answer(&self, ask: Ask, by: &str) -> Answer {
            match ask {
                Ask::Retry { ids } => Answer::refused(format!("{} by {by}", ids.len())),
                ask => Answer::document(&ask),
            }
        }

        async fn watch(&self, lines: mpsc::Sender<serde_json::Value>) {
            for n in 0..3 {
                lines.send(serde_json::json!(n)).await.unwrap();
            }
        }
    }

    async fn with_parrot<T>(folder: &Path, asking: impl Future<Output = T>) -> T {
        let stop = CancellationToken::new();
        let listener = listen(folder).unwrap();
        let serving = tokio::spawn(serve(listener, Arc::new(Parrot), stop.clone()));
        let answer = asking.await;
        stop.cancel();
        serving.await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_question_is_answered_or_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        with_parrot(path, async {
            let pause = Ask::Pause { sink: None, during_ms: Some(5) };
            assert_eq!(ask(path, &pause).await.unwrap(), serde_json::to_value(&pause).unwrap());
            let refused = ask(path, &Ask::Retry { ids: vec!["1-1".into()] }).await.unwrap_err();
            let own = rustix::process::geteuid().as_raw();
            assert_eq!(refused.to_string(), format!("1 by uid {own}"));
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_watched_comes_a_line_each() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = with_parrot(folder.path(), async {
            let mut reader = asked(folder.path(), &Ask::Watch).await.unwrap();
            let mut text = String::new();
            reader.read_to_string(&mut text).await.unwrap();
            text
        })
        .await;
        lines.pop();
        assert_eq!(lines, "0\n1\n2");
    }

    /// Watches, and has nothing to tell.
    struct Mute(tokio::sync::watch::Sender<usize>);

    #[async_trait]
    impl Controls for Mute {
        async fn answer(&self, _: Ask, _: &str) -> Answer {
            Answer::document(&())
        }

        async fn watch(&self, lines: mpsc::Sender<serde_json::Value>) {
            self.0.send_modify(|watching| *watching += 1);
            lines.closed().await;
        }
    }

    #[tokio::test]
    async fn who_watched_and_left_makes_room_though_nothing_happened() {
        let folder = tempfile::tempdir().unwrap();
        let stop = CancellationToken::new();
        let (watching, mut watched) = tokio::sync::watch::channel(0);
        let listener = listen(folder.path()).unwrap();
        let serving = tokio::spawn(serve(listener, Arc::new(Mute(watching)), stop.clone()));
        let mut clients = Vec::new();
        for _ in 0..CLIENTS_MAX {
            let mut stream = UnixStream::connect(socket_path(folder.path())).await.unwrap();
            say(&mut stream, &Ask::Watch).await.unwrap();
            clients.push(stream);
        }
        watched.wait_for(|watching| *watching == CLIENTS_MAX).await.unwrap();
        clients.clear();
        let within = Duration::from_secs(20);
        let asked = tokio::time::timeout(within, ask(folder.path(), &Ask::Status)).await;
        asked.expect("a place is free").unwrap();
        stop.cancel();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn nobody_listening_is_said_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let none = ask(folder.path(), &Ask::Status).await.unwrap_err();
        assert!(matches!(none, ControlError::NotRunning(_)), "{none}");
        drop(listen(folder.path()).unwrap());
        let left_behind = ask(folder.path(), &Ask::Status).await.unwrap_err();
        assert!(matches!(left_behind, ControlError::NotRunning(_)), "{left_behind}");
    }

    #[tokio::test]
    async fn nonsense_and_too_much_of_it_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        with_parrot(folder.path(), async {
            for nonsense in ["{}\n".to_owned(), "x".repeat(2 << 20)] {
                let mut stream = UnixStream::connect(socket_path(folder.path())).await.unwrap();
                // The server may close before it has read all of what is too much.
                let _ = stream.write_all(nonsense.as_bytes()).await;
                let mut line = String::new();
                let _ = BufReader::new(&mut stream).read_line(&mut line).await;
                assert!(line.contains("refused") || line.is_empty(), "{line}");
            }
        })
        .await;
    }
}
