//! Job: hears what a sink asks of the world while one note is sent.
//! Takes: the real doors.
//! Gives: the same doors, and a transcript of what went through them.
//! Never: keeps a path, a header's value or a body: any of them may be a secret.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use contract::doors::{Answer, DialFault, Endpoint, PostFault, Request, Stream};
use contract::{Clock, Dial, Post};

use crate::app::doors::Doors;

/// The most lines of a transcript; a sink that asks more is heard no further.
const LINES_MAX: usize = 64;

/// What went through the doors, a line each.
#[derive(Clone, Default)]
pub(super) struct Transcript(Arc<Mutex<Vec<String>>>);

impl Transcript {
    /// The lines so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < LINES_MAX {
            lines.push(line);
        }
    }
}

/// The same doors, with an ear at those that lead out.
pub(super) fn doors(doors: &Doors) -> (Doors, Transcript) {
    let heard = Transcript::default();
    let clock = Arc::clone(&doors.clock);
    let post = HeardPost { post: Arc::clone(&doors.post), clock, heard: heard.clone() };
    let dial = HeardDial { dial: Arc::clone(&doors.dial), heard: heard.clone() };
    (Doors { post: Arc::new(post), dial: Arc::new(dial), ..doors.clone() }, heard)
}

struct HeardPost {
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    heard: Transcript,
}

#[async_trait]
impl Post for HeardPost {
    async fn send(&self, request: Request) -> Result<Answer, PostFault> {
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        self.heard.add(format!(
            "→ {} {}://{}/… {} bytes; {}",
            request.method,
            request.url.scheme(),
            authority(&request.url),
            request.body.len(),
            names.join(", ")
        ));
        let begun = self.clock.boot();
        let answer = self.post.send(request).await;
        let took = milliseconds(self.clock.boot().saturating_sub(begun));
        self.heard.add(match &answer {
            Ok(answer) => format!("← {}, {} bytes, {took} ms", answer.status, answer.body.len()),
            Err(wrong) => format!("← {wrong}, {took} ms"),
        });
        answer
    }
}

struct HeardDial {
    dial: Arc<dyn Dial>,
    heard: Transcript,
}

#[async_trait]
impl Dial for HeardDial {
    async fn dial(&self, to: &Endpoint, deadline: Duration) -> Result<Box<dyn Stream>, DialFault> {
        let tls = if to.tls.is_some() { " with TLS" } else { "" };
        self.heard.add(format!("→ connect to {}:{}{tls}", to.host, to.port));
        let stream = self.dial.dial(to, deadline).await;
        if let Err(wrong) = &stream {
            self.heard.add(format!("← {wrong}"));
        }
        stream
    }
}

fn authority(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn milliseconds(took: Duration) -> u128 {
    took.as_millis()
}

#[cfg(test)]
mod tests {
    use contract::trial::{FakeClock, Play, ScriptedPost};

    use super::*;

    fn request() -> Request {
        Request {
            method: "POST",
            url: "https://crm.example:8443/s3cret/path?token=s3cret".parse().unwrap(),
            headers: vec![("authorization".to_owned(), "Bearer s3cret".to_owned())],
            body: b"s3cret".to_vec(),
            deadline: Duration::from_secs(1),
            answer_bytes_max: 100,
            allow_private: Arc::new([]),
            tls: None,
        }
    }

    #[tokio::test]
    async fn a_transcript_shows_what_went_where_and_no_secret() {
        let heard = Transcript::default();
        let script = [Play::Echo(401), Play::Fault(PostFault::AnswerTimeout)];
        let post = HeardPost {
            post: Arc::new(ScriptedPost::playing(script)),
            clock: Arc::new(FakeClock::at(jiff::Timestamp::UNIX_EPOCH)),
            heard: heard.clone(),
        };
        assert_eq!(post.send(request()).await.unwrap().status, 401);
        assert!(post.send(request()).await.is_err());
        insta::assert_snapshot!(heard.lines().join("\n"), @r"
        → POST https://crm.example:8443/… 6 bytes; authorization
        ← 401, 90 bytes, 0 ms
        → POST https://crm.example:8443/… 6 bytes; authorization
        ← no answer in time, 0 ms
        ");
    }

    #[test]
    fn a_transcript_has_an_end() {
        let heard = Transcript::default();
        (0..1000).for_each(|n| heard.add(n.to_string()));
        assert_eq!(heard.lines().len(), LINES_MAX);
    }
}
