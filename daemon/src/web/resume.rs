//! Job: what a client gets that says where it left off.
//! Takes: the client's last number and epoch, and what the hub still has.
//! Gives: from where to send again, up to where, and the word that then follows.
//! Never: hides a hole: what cannot be had is said.

use contract::GapReason;
use serde_json::json;

/// Where the hub stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    /// Its epoch.
    pub(super) epoch: &'a str,
    /// The oldest frame it still has.
    pub(super) oldest: u64,
    /// The newest frame.
    pub(super) seq: u64,
}

/// What a client asks for: everything after a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) epoch: String,
    pub(super) after: u64,
}

/// What it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replay {
    /// It is sent what comes after this number,
    pub(super) after: u64,
    /// up to this one;
    pub(super) until: u64,
    /// then this word; then what is new.
    pub(super) word: String,
}

/// What a client is first told.
pub(super) fn hello(standing: Standing<'_>) -> String {
    let payload = json!({ "epoch": standing.epoch, "seq": standing.seq, "resume": true });
    json!({ "type": "hello", "payload": payload }).to_string()
}

/// The question in a client's message; none in most.
pub(super) fn read(message: &str) -> Option<Asked> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    if message.get("type")? != "resume" {
        return None;
    }
    let payload = message.get("payload")?;
    let epoch = payload.get("epoch")?.as_str()?.to_owned();
    Some(Asked { epoch, after: payload.get("after")?.as_u64()? })
}

/// Plans the answer. A number that was never given, or one of another epoch, says that the client
/// knows nothing of this epoch: it gets all that is kept, and is told of the hole.
pub(super) fn plan(asked: &Asked, hub: Standing<'_>) -> Replay {
    let until = hub.seq;
    if asked.epoch != hub.epoch || asked.after > hub.seq {
        let word = gap(hub.epoch, GapReason::NewEpoch, None);
        return Replay { after: hub.oldest - 1, until, word };
    }
    let missed = hub.oldest.saturating_sub(asked.after + 1);
    if missed > 0 {
        let word = gap(hub.epoch, GapReason::TooOld, Some(missed));
        return Replay { after: hub.oldest - 1, until, word };
    }
    let replayed = hub.seq - asked.after;
    let payload = json!({ "epoch": hub.epoch, "after": asked.after, "replayed": replayed });
    let word = json!({ "type": "resumed", "payload": payload }).to_string();
    Replay { after: asked.after, until, word }
}

/// Stands for a frame that is too long to be sent.
pub(super) fn left_out(epoch: &str, seq: u64) -> String {
    let payload = json!({ "epoch": epoch, "reason": GapReason::Skipped, "missed": 1 });
    json!({ "type": "gap", "payload": payload, "seq": seq }).to_string()
}

fn gap(epoch: &str, reason: GapReason, missed: Option<u64>) -> String {
    let payload = json!({ "epoch": epoch, "reason": reason, "missed": missed });
    json!({ "type": "gap", "payload": payload }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_had_is_sent_and_what_cannot_is_said() {
        let hub = Standing { epoch: "e1", oldest: 10, seq: 20 };
        let cases = [
            ("e1", 20, 20, r#""replayed":0"#),
            ("e1", 15, 15, r#""replayed":5"#),
            ("e1", 9, 9, r#""replayed":11"#),
            ("e1", 8, 9, r#""missed":1,"reason":"too-old""#),
            ("e1", 0, 9, r#""missed":9,"reason":"too-old""#),
            ("e1", 21, 9, r#""missed":null,"reason":"new-epoch""#),
            ("e1", u64::MAX, 9, r#""missed":null,"reason":"new-epoch""#),
            ("e0", 15, 9, r#""missed":null,"reason":"new-epoch""#),
        ];
        for (epoch, after, sent_after, said) in cases {
            let replay = plan(&Asked { epoch: epoch.to_owned(), after }, hub);
            assert_eq!((replay.after, replay.until), (sent_after, 20), "{epoch} {after}");
            assert!(replay.word.contains(said), "{epoch} {after}: {}", replay.word);
        }
    }

    #[test]
    fn only_a_whole_question_is_a_question() {
        let whole = r#"{"type":"resume","payload":{"after":7,"epoch":"e1"}}"#;
        assert_eq!(read(whole), Some(Asked { epoch: "e1".to_owned(), after: 7 }));
        let others = [
            "",
            "resume",
            "[]",
            r#"{"type":"resume"}"#,
            r#"{"type":"hello","payload":{"after":7,"epoch":"e1"}}"#,
            r#"{"type":"resume","payload":{"after":-1,"epoch":"e1"}}"#,
            r#"{"type":"resume","payload":{"after":7.5,"epoch":"e1"}}"#,
            r#"{"type":"resume","payload":{"after":7,"epoch":null}}"#,
        ];
        for other in others {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
