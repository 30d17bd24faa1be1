//! Job: the programs that are measured, each told the same work in its own words.
//! Takes: rules, where to ring, and the addresses of the feed and the receiver.
//! Gives: a command that is ready to start, its settings written into the run's folder.
//! Never: starts one.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use tokio::process::Command;

use crate::rules::{self, Rule};

const IN_FLIGHT: u32 = 64;

/// A program that does the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// Ours: the daemon's binary.
    Deskbell(PathBuf),
    /// The script that an engineer would write instead; it keeps nothing.
    Node(PathBuf),
}

/// Where a match rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    /// A line in a file.
    Console,
    /// A request to the receiver, at most 64 at once.
    Webhook,
}

/// What a contestant is to do.
pub(crate) struct Work<'a> {
    /// The first of them matches every booking.
    pub(crate) rules: &'a [Rule],
    /// Where that one rings.
    pub(crate) ring: Ring,
    /// Where the feed listens.
    pub(crate) feed: SocketAddr,
    /// Where the receiver listens.
    pub(crate) receiver: SocketAddr,
}

impl Contestant {
    /// Writes the settings into `dir` and says how to start.
    ///
    /// # Errors
    /// When the settings cannot be written, or the program is not there.
    pub(crate) fn prepare(&self, dir: &Path, work: &Work<'_>) -> anyhow::Result<Command> {
        let (settings, text) = match self {
            Contestant::Deskbell(_) => (config_path(dir), deskbell_config(dir, work)),
            Contestant::Node(_) => (dir.join("settings.json"), node_settings(dir, work)),
        };
        std::fs::write(&settings, text).with_context(|| settings.display().to_string())?;
        let mut command = match self {
            Contestant::Deskbell(binary) => {
                anyhow::ensure!(binary.exists(), "no daemon at {}", binary.display());
                let mut command = Command::new(binary);
                command.arg("run").arg("--config");
                command
            }
            Contestant::Node(script) => {
                let modules = script.with_file_name("node_modules");
                anyhow::ensure!(
                    modules.join("ws").exists(),
                    "no {}: run `npm ci` beside {}",
                    modules.display(),
                    script.display()
                );
                let mut command = Command::new("node");
                command.arg(script);
                command
            }
        };
        command.arg(&settings).env("NO_COLOR", "1");
        Ok(command)
    }

    /// Says how to ask whether it is live, where there is a way to ask.
    pub(crate) fn status(&self, dir: &Path) -> Option<Command> {
        let Contestant::Deskbell(binary) = self else { return None };
        let mut command = Command::new(binary);
        command.arg("status").arg("--config").arg(config_path(dir));
        Some(command)
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Contestant::Deskbell(_) => "deskbell",
            Contestant::Node(_) => "node",
        })
    }
}

/// Names the file that a contestant writes its lines into.
pub(crate) fn console_path(dir: &Path) -> PathBuf {
    dir.join("rings.log")
}

fn config_path(dir: &Path) -> PathBuf {
    dir.join("deskbell.toml")
}

fn deskbell_config(dir: &Path, work: &Work<'_>) -> String {
    let (sink, table) = match work.ring {
        Ring::Console => ("console.log", console_table(dir)),
        Ring::Webhook => ("webhook.out", webhook_table(work.receiver)),
    };
    format!(
        "[daemon]\nstate_dir = '{}'\n\n[money]\nbase = \"USD\"\n\n\
         [source.websocket.bench]\nurl = \"ws://{}/\"\n\n{table}{}",
        dir.join("state").display(),
        work.feed,
        rules::toml(work.rules, sink),
    )
}

fn console_table(dir: &Path) -> String {
    format!("[sink.console.log]\nform = \"line\"\nfile = '{}'\n", console_path(dir).display())
}

fn webhook_table(receiver: SocketAddr) -> String {
    format!(
        "[sink.webhook.out]\nurl = \"http://{receiver}/hook\"\nallow_private = [\"127.0.0.0/8\"]\n\
         delivery.in_flight = {IN_FLIGHT}\n"
    )
}

fn node_settings(dir: &Path, work: &Work<'_>) -> String {
    let mut settings = json!({
        "url": format!("ws://{}/", work.feed),
        "rules": rules::json(work.rules),
    });
    match work.ring {
        Ring::Console => settings["file"] = json!(console_path(dir)),
        Ring::Webhook => settings["hook"] = json!(format!("http://{}/hook", work.receiver)),
    }
    settings.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(rules: &[Rule], ring: Ring) -> Work<'_> {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Work { rules, ring, feed: address(81), receiver: address(82) }
    }

    #[test]
    fn the_daemon_is_told_where_to_listen_and_where_to_ring() {
        let rules = rules::write(1);
        let text = deskbell_config(Path::new("/run"), &work(&rules, Ring::Webhook));
        let expected = r#"[daemon]
state_dir = '/run/state'

[money]
base = "USD"

[source.websocket.bench]
url = "ws://127.0.0.1:81/"

[sink.webhook.out]
url = "http://127.0.0.1:82/hook"
allow_private = ["127.0.0.0/8"]
delivery.in_flight = 64

[[rule]]
name = "Every new booking"
when.status = "new"
ring = ["webhook.out"]
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_peer_is_told_the_same() {
        let rules = rules::write(1);
        let text = node_settings(Path::new("/run"), &work(&rules, Ring::Console));
        let expected = json!({
            "url": "ws://127.0.0.1:81/",
            "rules": [{ "name": "Every new booking", "status": "new" }],
            "file": "/run/rings.log",
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
    }
}
