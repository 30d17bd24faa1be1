//! Job: a far side that answers HTTP requests as a test says.
//! Takes: a script of answers and faults.
//! Gives: `ScriptedPost`, the simulated `Post` door, and what was asked of it.
//! Never: opens a socket.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::Post;
use crate::doors::{Answer, PostFault, Request};

/// What the far side does with one request.
#[derive(Clone, Debug)]
pub enum Play {
    /// Answers.
    Answer(Answer),
    /// Fails.
    Fault(PostFault),
    /// Answers this status with all that it was asked, secrets included.
    Echo(u16),
    /// Never answers; only the caller's time-out ends it.
    Never,
}

impl Play {
    /// An answer without headers or a body.
    pub fn status(status: u16) -> Self {
        Self::with(status, &[], "")
    }

    /// An answer with headers (names in lower case) and a body.
    pub fn with(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Self::Answer(Answer { status, headers, body: body.into(), cut: false })
    }
}

/// Plays its script, one play a request; the last play repeats.
#[derive(Debug)]
pub struct ScriptedPost(Mutex<Script>);

#[derive(Debug)]
struct Script {
    plays: VecDeque<Play>,
    asked: Vec<Request>,
}

impl ScriptedPost {
    /// A far side with this script; an empty one answers 200.
    pub fn playing(plays: impl IntoIterator<Item = Play>) -> Self {
        Self(Mutex::new(Script { plays: plays.into_iter().collect(), asked: Vec::new() }))
    }

    /// Plays this from now on.
    pub fn play(&self, play: Play) {
        self.script().plays = VecDeque::from([play]);
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Request> {
        self.script().asked.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, request: Request) -> Play {
        let mut script = self.script();
        script.asked.push(request);
        match script.plays.len() {
            0 => Play::status(200),
            1 => script.plays[0].clone(),
            _ => script.plays.pop_front().unwrap_or(Play::status(200)),
        }
    }
}

#[async_trait]
impl Post for ScriptedPost {
    async fn send(&self, request: Request) -> Result<Answer, PostFault> {
        match self.next(request.clone()) {
            Play::Answer(answer) => Ok(cut(answer, request.answer_bytes_max)),
            Play::Fault(fault) => Err(fault),
            Play::Echo(status) => Ok(cut(echo(status, &request), request.answer_bytes_max)),
            Play::Never => std::future::pending().await,
        }
    }
}

fn echo(status: u16, request: &Request) -> Answer {
    let mut body = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        body.push_str(&format!("{name}: {value}\n"));
    }
    body.push_str(&String::from_utf8_lossy(&request.body));
    Answer { status, headers: Vec::new(), body: body.into(), cut: false }
}

fn cut(mut answer: Answer, bytes_max: usize) -> Answer {
    answer.cut |= answer.body.len() > bytes_max;
    answer.body.truncate(bytes_max);
    answer
}
