//! Job: sinks in trouble, through the real binary: kills, receivers that hang, fail or are gone.
//! Takes: a house.
//! Gives: what became of each ring: once, or twice with the same id where that is promised.
//! Never: measures time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use contract::Status;

use crate::house::House;

const CONSOLE: &str = r#"
[[rule]]
name = "All"
data = true
ring = ["console.log"]
"#;

const WEBHOOK: &str = r#"
[[rule]]
name = "All"
data = true
ring = ["webhook.out"]
"#;

fn lines(house: &House) -> usize {
    let bytes = fs::read(house.state().join("console.jsonl")).unwrap_or_default();
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

async fn written(house: &House, count: usize) {
    let wait = async {
        while lines(house) < count {
            tokio::task::yield_now().await;
        }
    };
    house.within(&format!("{count} lines"), wait).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_repeats_on_the_console_only_what_was_claimed_and_loses_nothing() {
    let mut house = House::build(CONSOLE).await;
    let (mut told, mut claimed) = (0, BTreeSet::new());
    for _ in 0..5 {
        house.start().await;
        for _ in 0..400 {
            house.tell(&format!("B{told:04}"), Status::New, "10");
            told += 1;
        }
        let before = lines(&house);
        written(&house, before + 20).await;
        house.kill().await;
        claimed.extend(house.claimed());
    }
    house.start().await;
    let all = async {
        while ids(&house).len() < told {
            tokio::task::yield_now().await;
        }
    };
    house.within("every booking", all).await;
    assert!(house.terminate().await.success());
    for (id, times) in ids(&house) {
        assert!(times == 1 || claimed.contains(&id), "{id} came {times} times");
    }
    house.close().await;
}

/// How often each note was written; a last line that is being written is left out.
fn ids(house: &House) -> BTreeMap<String, usize> {
    let text = fs::read_to_string(house.state().join("console.jsonl")).unwrap_or_default();
    let mut ids = BTreeMap::new();
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        *ids.entry(line["key"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_the_receiver_fails_loses_nothing_and_repeats_nothing() {
    let mut house = House::build(WEBHOOK).await;
    house.receiver.answer(500);
    house.start().await;
    for n in 0..40 {
        house.tell(&format!("B{n:02}"), Status::New, "10");
    }
    house.refused(20).await;
    house.kill().await;
    house.receiver.answer(204);
    house.start().await;
    house.accepted(40).await;
    assert!(house.terminate().await.success());
    assert_eq!(house.receiver.ids().into_values().collect::<Vec<_>>(), vec![1; 40]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_longer_than_its_grace_and_a_start_sends_again_with_the_same_id() {
    let mut house = House::build(WEBHOOK).await;
    house.grace = "100ms";
    house.configure(WEBHOOK);
    house.receiver.hang();
    house.start().await;
    for id in ["B1", "B2", "B3"] {
        house.tell(id, Status::New, "10");
    }
    house.refused(3).await;
    assert!(house.terminate().await.success());
    house.receiver.answer(204);
    house.start().await;
    house.accepted(3).await;
    assert_eq!(house.receiver.asked().into_values().collect::<Vec<_>>(), [2, 2, 2]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_disables_its_sink_until_a_person_resumes_it() {
    let mut house = House::build(WEBHOOK).await;
    house.receiver.answer(410);
    house.start().await;
    house.tell("B1", Status::New, "10");
    house.refused(1).await;
    let state = |status: &serde_json::Value| {
        let sinks = status["sinks"].as_array().unwrap().iter();
        let sink = sinks.into_iter().find(|sink| sink["name"] == "webhook.out").unwrap();
        sink["state"].as_str().unwrap().to_owned()
    };
    let disabled = async { while state(&house.status().await) != "disabled" {} };
    house.within("the sink to be disabled", disabled).await;
    house.receiver.answer(204);
    house.tell("B2", Status::New, "10");
    let held = async { while !house.said(&["held"]).await.contains("B2") {} };
    house.within("the next ring to be held", held).await;
    let status = house.deskbell(&["status"]).await;
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stdout).contains("webhook.out is disabled"));
    assert!(house.said(&["failed"]).await.contains("B1"));
    house.said(&["resume", "webhook.out"]).await;
    house.accepted(1).await;
    assert_eq!(house.receiver.order(), [("B2".into(), "new".into())]);
    assert_eq!(state(&house.status().await), "ok");
    house.close().await;
}
