//! Job: one connection in good and bad times.
//! Takes: a source that plays what it is told, and a clock that only the play moves.
//! Gives: what is handed on to be judged and stored.
//! Never: opens a socket.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use contract::Reconnect;
use contract::trial::{FakeClock, SeededEntropy};

use super::*;

enum Act {
    Say(Incoming),
    Lose,
    Panic,
    Pass(u64),
}

struct Play {
    scenes: Mutex<VecDeque<Vec<Act>>>,
    clock: Arc<FakeClock>,
    stop: CancellationToken,
}

struct Scene {
    acts: VecDeque<Act>,
    clock: Arc<FakeClock>,
    stop: CancellationToken,
}

#[async_trait]
impl Source for Play {
    async fn open(&self, _: Option<&Cursor>) -> Result<Box<dyn Session>, Lost> {
        let Some(acts) = self.scenes.lock().unwrap().pop_front() else {
            self.stop.cancel();
            return std::future::pending().await;
        };
        let (clock, stop) = (Arc::clone(&self.clock), self.stop.clone());
        Ok(Box::new(Scene { acts: acts.into(), clock, stop }))
    }

    fn reconnect(&self) -> Reconnect {
        Reconnect::Listed { delays: vec![Duration::ZERO], attempts: None }
    }

    fn place(&self) -> String {
        "a play".to_owned()
    }
}

#[async_trait]
impl Session for Scene {
    async fn next(&mut self) -> Result<Incoming, Lost> {
        loop {
            match self.acts.pop_front() {
                Some(Act::Say(incoming)) => return Ok(incoming),
                Some(Act::Lose) => return Err(Lost::new(LostKind::Dropped, "cut")),
                Some(Act::Panic) => panic!("as told"),
                Some(Act::Pass(seconds)) => self.clock.advance(Duration::from_secs(seconds)),
                None => {
                    self.stop.cancel();
                    return std::future::pending().await;
                }
            }
        }
    }
}

fn booking() -> Act {
    let read = vec![Ok(contract::trial::event(Body::Booking(contract::trial::booking())))];
    Act::Say(Incoming::Events { read, ack: Ack::none(), cursor: None })
}

fn missed(reason: GapReason, missed: Option<u64>) -> Act {
    Act::Say(Incoming::Missed { reason, missed, gap: None })
}

const ALIVE: Act = Act::Say(Incoming::Alive);

/// Plays the scenes, each a connection, and says what was handed on: `WHAT @ SECOND`, where the
/// second is what is stored as the last at which all was known.
async fn play(left: Left, scenes: Vec<Vec<Act>>) -> Vec<String> {
    let clock = Arc::new(FakeClock::default());
    let begun = clock.now();
    let stop = CancellationToken::new();
    let source = Arc::new(Play {
        scenes: Mutex::new(scenes.into()),
        clock: Arc::clone(&clock),
        stop: stop.clone(),
    });
    let Left { cursor, last_alive } = left;
    let feed = Feed { name: "play.one".into(), feed: "one".into(), source, cursor, last_alive };
    let (out, mut brought) = mpsc::channel(64);
    let (connection, _standing) =
        Connection::new(feed, (clock, Arc::new(SeededEntropy::new(7))), out);
    connection.run(Arc::default(), stop).await;
    let second = |at: Timestamp| at.duration_since(begun).as_secs();
    let mut said = Vec::new();
    while let Some(Brought { read, alive, .. }) = brought.recv().await {
        let what: Vec<String> = read
            .iter()
            .map(|one| match &one.as_ref().unwrap().body {
                Body::Feed(FeedChange { gap: Some(gap), .. }) => {
                    let missed = gap.missed.map_or("?".to_owned(), |missed| missed.to_string());
                    format!("gap {}-{} of {missed}", second(gap.from), second(gap.to))
                }
                Body::Feed(change) => change.state.word().to_owned(),
                _ => "booking".to_owned(),
            })
            .collect();
        said.push(format!("{} @ {}", what.join(" "), second(alive.unwrap())));
    }
    said
}

fn nothing() -> Left {
    Left { cursor: None, last_alive: None }
}

#[tokio::test]
async fn numbers_left_out_while_connected_are_a_gap_that_is_told() {
    let scene = vec![booking(), Act::Pass(5), missed(GapReason::Skipped, Some(2)), booking()];
    let said = play(nothing(), vec![scene]).await;
    assert_eq!(said, ["live @ 0", "booking @ 0", "gap 0-5 of 2 @ 0", "booking @ 5"]);
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_handshake_was_never_live() {
    let hang_up = || vec![Act::Pass(1), Act::Lose];
    let said = play(nothing(), vec![hang_up(), hang_up(), vec![ALIVE]]).await;
    assert_eq!(said, ["down @ 0", "live @ 0"]);
}

#[tokio::test]
async fn a_panic_in_a_source_costs_a_connection_and_not_the_feed() {
    let said = play(nothing(), vec![vec![ALIVE, Act::Panic], vec![booking()]]).await;
    assert_eq!(said, ["live @ 0", "down @ 0", "live @ 0", "booking @ 0"]);
}

#[tokio::test]
async fn an_idle_feeds_sign_of_life_is_stored_once_a_minute_and_at_the_end() {
    let idle = (0..12).flat_map(|_| [Act::Pass(15), ALIVE]);
    let said = play(nothing(), vec![[ALIVE].into_iter().chain(idle).collect()]).await;
    assert_eq!(said, ["live @ 0", " @ 75", " @ 150", " @ 180"]);
}

#[tokio::test]
async fn until_a_hole_is_told_its_beginning_is_what_is_stored() {
    let before = "2026-11-23T02:00:00Z".parse().unwrap();
    let left = Left { cursor: Some(Cursor("{}".into())), last_alive: Some(before) };
    let scene = vec![ALIVE, Act::Pass(2), missed(GapReason::NotOffered, None), booking()];
    let said = play(left, vec![scene]).await;
    assert_eq!(said, ["live @ -845", "gap -845-0 of ? @ 0", "booking @ 2"]);
}

#[tokio::test]
async fn what_a_feed_that_numbers_nothing_sent_meanwhile_is_a_gap() {
    let not_offered = || missed(GapReason::NotOffered, None);
    let first = vec![booking(), Act::Pass(10), ALIVE, Act::Pass(3), Act::Lose];
    let said = play(nothing(), vec![first, vec![not_offered()]]).await;
    assert_eq!(said, ["live @ 0", "booking @ 0", "down @ 10", "live @ 10", "gap 10-13 of ? @ 13"]);
}
