//! Job: the plugins, and doors that lead nowhere.
//! Takes: nothing.
//! Gives: a catalog and an `OpenContext`.
//! Never: sends or receives anything.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::doors::{Answer, DialFault, Endpoint, PostFault, Request, Stream};
use contract::plugin::{SinkEntry, SourceEntry};
use contract::secret::NotRevealed;
use contract::{Catalog, Clock, Dial, Entropy, OpenContext, Post, Revealed, SecretForm, Vault};
use jiff::Timestamp;

pub(crate) fn catalog() -> Catalog {
    Catalog {
        sources: vec![
            SourceEntry::of::<websocket::WebSocket>(),
            SourceEntry::of::<simulator::Simulator>(),
        ],
        sinks: vec![SinkEntry::of::<console::Console>(), SinkEntry::of::<webhook::Webhook>()],
    }
}

pub(crate) fn doors() -> OpenContext {
    let nowhere = Arc::new(Nowhere);
    OpenContext {
        name: String::new(),
        timeout: Duration::from_secs(15),
        clock: nowhere.clone(),
        entropy: nowhere.clone(),
        dial: nowhere.clone(),
        post: nowhere.clone(),
        vault: nowhere,
    }
}

/// Leads nowhere; the time stands still on the afternoon of 23 November 2026.
struct Nowhere;

#[async_trait]
impl Clock for Nowhere {
    fn now(&self) -> Timestamp {
        "2026-11-23T07:00:00Z".parse().expect("a time")
    }

    fn boot(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep_until(&self, _: Duration) {}
}

impl Entropy for Nowhere {
    fn draw(&self) -> u64 {
        7
    }
}

#[async_trait]
impl Dial for Nowhere {
    async fn dial(&self, _: &Endpoint, _: Duration) -> Result<Box<dyn Stream>, DialFault> {
        Err(DialFault::Connect("nowhere".to_owned()))
    }
}

#[async_trait]
impl Post for Nowhere {
    async fn send(&self, _: Request) -> Result<Answer, PostFault> {
        Err(PostFault::Connect("nowhere".to_owned()))
    }
}

impl Vault for Nowhere {
    fn reveal(&self, form: &SecretForm) -> Result<Revealed, NotRevealed> {
        match form {
            SecretForm::Env(name) if name.starts_with("MISSING") => {
                Err(NotRevealed(format!("{form} is not set")))
            }
            _ => Ok(Revealed::new(b"hunter2".to_vec())),
        }
    }
}
