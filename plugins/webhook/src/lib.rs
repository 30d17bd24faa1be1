//! Job: posts notes to a machine, signed.
//! Takes: a note.
//! Gives: a POST of the note's document with the headers of Standard Webhooks, and a verdict.
//! Never: tries again, follows a redirect, or shows more of its URL than scheme and host.

mod answer;
mod body;
mod config;
mod redact;
mod sign;
mod target;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::doors::{Identity, Network, Request, Tls};
use contract::note_document::Field;
use contract::plugin::{DeliveryDefaults, Opened};
use contract::{
    Class, Clock, Complaint, Info, Note, OpenContext, Post, Secret, Sink, SinkPlugin, Verdict, Why,
};

pub use self::config::{Allowed, ClientCertificate, Config, Secrets, Url};
use self::target::{Target, Unsealed};

/// A signed POST a note.
pub struct Webhook;

/// How much of an answer is read, bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

impl SinkPlugin for Webhook {
    const INFO: Info = Info {
        name: "webhook",
        summary: "A signed POST of a versioned JSON document a note (Standard Webhooks)",
        example: concat!(
            "[sink.webhook.crm]\n",
            "url    = \"https://crm.example.com/hooks/bookings\"\n",
            "secret = [{ credential = \"crm-new\" }, { credential = \"crm-old\" }]\n",
            "fields = [\"id\", \"category\", \"status\", \"amount\", \"currency\"]\n",
        ),
        delivery: DeliveryDefaults::NETWORK,
    };
    type Config = Config;

    fn open(config: Config, cx: &OpenContext) -> Opened<dyn Sink> {
        let mut complaints = Vec::new();
        let allowed: Arc<[Network]> = config.allow_private.iter().map(|net| net.0).collect();
        let target = target::open(&config, &allowed, cx).unwrap_or_else(|wrong| {
            complaints.extend(wrong);
            None
        });
        if config.fields.as_ref().is_some_and(Vec::is_empty) {
            let what = "an empty list lets nothing of a booking out";
            let hint = "name the fields, or leave the key out for all of them";
            complaints.push(Complaint::error(what).key("fields").hint(hint));
        }
        if let Some(client) = &config.client
            && let Err(wrong) = cx.secret(&client.key)
        {
            complaints.push(wrong.key("client.key"));
        }
        let Some(target) = target.filter(|_| complaints.is_empty()) else {
            return Err(complaints);
        };
        let identity = config.client.map(|client| Identity {
            cert: client.cert,
            key: Secret::new(client.key, Arc::clone(&cx.vault)),
        });
        Ok(Box::new(WebhookSink {
            target,
            fields: config.fields.map(Into::into),
            allowed,
            deadline: cx.deadline(),
            tls: Tls { ca: config.ca, client: identity },
            clock: Arc::clone(&cx.clock),
            post: Arc::clone(&cx.post),
        }))
    }
}

struct WebhookSink {
    target: Target,
    fields: Option<Box<[Field]>>,
    allowed: Arc<[Network]>,
    deadline: Duration,
    tls: Tls,
    clock: Arc<dyn Clock>,
    post: Arc<dyn Post>,
}

impl WebhookSink {
    fn request(&self, method: &'static str, unsealed: &Unsealed) -> Request {
        Request {
            method,
            url: unsealed.url.clone(),
            headers: Vec::new(),
            body: Vec::new(),
            deadline: self.deadline,
            answer_bytes_max: ANSWER_BYTES_MAX,
            allow_private: Arc::clone(&self.allowed),
            tls: Some(self.tls.clone()),
        }
    }

    fn signed(&self, note: &Note, unsealed: &Unsealed) -> Request {
        let id = note.key.to_string();
        let timestamp = self.clock.now().as_second().to_string();
        let body = body::of(note, self.fields.as_deref());
        let signatures: Vec<String> =
            unsealed.keys.iter().map(|key| key.sign(&id, &timestamp, &body)).collect();
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("webhook-id".to_owned(), id),
            ("webhook-timestamp".to_owned(), timestamp),
        ];
        if !signatures.is_empty() {
            headers.push(("webhook-signature".to_owned(), signatures.join(" ")));
        }
        Request { headers, body, ..self.request("POST", unsealed) }
    }
}

#[async_trait]
impl Sink for WebhookSink {
    async fn send(&self, note: &Note) -> Verdict {
        let unsealed = match self.target.unsealed(self.clock.boot()) {
            Ok(unsealed) => unsealed,
            Err(said) => {
                return Verdict::Down { why: Why::new(Class::Config, said), after: None };
            }
        };
        match self.post.send(self.signed(note, &unsealed)).await {
            Ok(answer) => answer::verdict(&answer, self.clock.now(), &unsealed.redaction),
            Err(fault) => answer::faulted(&fault, &unsealed.redaction),
        }
    }

    /// Asks with HEAD, which notifies nobody. Whoever answers is there: that a receiver of POSTs
    /// dislikes a HEAD without a signature says nothing.
    async fn probe(&self) -> Result<(), Why> {
        let unsealed = self
            .target
            .unsealed(self.clock.boot())
            .map_err(|said| Why::new(Class::Config, said))?;
        let verdict = match self.post.send(self.request("HEAD", &unsealed)).await {
            Ok(answer) if matches!(answer.status, 300..=399 | 500..) && answer.status != 501 => {
                answer::verdict(&answer, self.clock.now(), &unsealed.redaction)
            }
            Ok(_) => return Ok(()),
            Err(fault) => answer::faulted(&fault, &unsealed.redaction),
        };
        verdict.why().map_or(Ok(()), |why| Err(why.clone()))
    }

    fn place(&self) -> String {
        self.target.place.clone()
    }
}
