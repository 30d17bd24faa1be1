//! Job: the commands, as a person uses them: the real binary beside a real daemon.
//! Takes: a house.
//! Gives: what each command promises: its words, its documents, its exit code.
//! Never: measures time, or needs a terminal.

#![allow(clippy::unwrap_used, reason = "a panic is how a test says that it cannot go on")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use contract::Status;
use serde_json::Value;

use crate::house::House;

const RULES: &str = r#"
[[rule]]
name = "Every booking"
ring = ["console.log"]
[[rule]]
name = "Big"
when.amount = ">= 1000 USD"
ring = ["webhook.out"]
"#;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/contract/fixtures");
    folder.join(name).to_str().unwrap().to_owned()
}

async fn document(house: &House, arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    serde_json::from_str(&house.said(&arguments).await).unwrap()
}

/// Starts the daemon and waits until it follows the feed: what is told from then on reaches it.
async fn live(house: &mut House) -> Value {
    house.start().await;
    until(house, "LIVE", &["status"], |status| status["state"] == "LIVE").await
}

/// Asks again and again until the answer is as it will be.
async fn until(
    house: &House,
    what: &str,
    arguments: &[&str],
    is: impl Fn(&Value) -> bool,
) -> Value {
    let asking = async {
        loop {
            let mut arguments = arguments.to_vec();
            arguments.push("--json");
            let output = house.deskbell(&arguments).await;
            match serde_json::from_slice(&output.stdout) {
                Ok(document) if is(&document) => return document,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    house.within(what, asking).await
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_each_command_says_so_by_its_exit_code() {
    let house = House::build(RULES).await;
    let cases: [(&[&str], i32, &str); 9] = [
        (&["status"], 4, "NOT RUNNING"),
        (&["watch"], 4, "the daemon is not running"),
        (&["pause", "--for", "1m"], 4, "start it: deskbell run"),
        (&["resume"], 4, "start it: deskbell run"),
        (&["reload"], 4, "start it: deskbell run"),
        (&["failed", "retry", "--all"], 4, "start it: deskbell run"),
        (&["history"], 1, "there is no store"),
        (&["held"], 1, "there is no store"),
        (&["why", "B1"], 1, "there is no store"),
    ];
    for (arguments, exit, said) in cases {
        let output = house.deskbell(arguments).await;
        let both = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(code(&output), exit, "{arguments:?}: {both}");
        assert!(both.contains(said), "{arguments:?}: {both}");
    }
    assert!(files(&house.state()).is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_line_that_makes_no_sense_says_what_would() {
    let house = House::build(RULES).await;
    let cases: [(&[&str], &str); 5] = [
        (&["pause"], "--for 30m, or --until-resumed"),
        (&["pause", "--for", "soon"], "is no length of time"),
        (&["history", "--state", "daed"], "did you mean dead?"),
        (&["init", "new.toml"], "deskbell init --yes"),
        (&["failed", "retry"], "--all"),
    ];
    for (arguments, said) in cases {
        let output = house.deskbell(arguments).await;
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(text(&output.stderr).contains(said), "{arguments:?}: {}", text(&output.stderr));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_is_well_until_a_person_must_act() {
    let mut house = House::build(RULES).await;
    let well = live(&mut house).await;
    assert_eq!(well["troubles"], serde_json::json!([]));
    assert!(house.said(&["status"]).await.starts_with("● LIVE • websocket.dashboard"));

    house.receiver.answer(401);
    house.tell("B1", Status::New, "2000");
    let ill = |status: &Value| !status["troubles"].as_array().unwrap().is_empty();
    until(&house, "a sink that is down", &["status"], ill).await;
    let output = house.deskbell(&["status"]).await;
    let screen = text(&output.stdout);
    assert_eq!(code(&output), 1, "{screen}");
    assert!(screen.contains("DOWN") && screen.contains("← act"), "{screen}");
    assert!(screen.contains("401"), "{screen}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_is_held_and_listed_and_rings_when_it_is_resumed() {
    let mut house = House::build(RULES).await;
    live(&mut house).await;
    let paused = house.said(&["pause", "webhook.out", "--until-resumed"]).await;
    assert!(paused.contains("deskbell resume webhook.out"), "{paused}");
    house.tell("B1", Status::New, "2000");
    let one = |rows: &Value| rows.as_array().unwrap().len() == 1;
    let held = until(&house, "a held ring", &["held"], one).await;
    assert_eq!(held[0]["event"]["subject"], "B1");
    assert_eq!(held[0]["delivery"]["sink"], "webhook.out");
    assert_eq!(held[0]["delivery"]["stands"], "held (paused)");
    assert!(house.said(&["held"]).await.contains("deskbell resume rings them now"));
    assert!(house.receiver.ids().is_empty());
    house.said(&["resume", "webhook.out"]).await;
    house.accepted(1).await;
    assert_eq!(house.said(&["held"]).await, "nothing is held\n");

    let unknown = house.deskbell(&["pause", "webhook.uot", "--for", "1m"]).await;
    assert_eq!(code(&unknown), 1);
    let said = text(&unknown.stderr);
    assert!(said.contains("did you mean webhook.out?"), "{said}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_can_be_rung_again_or_taken_back() {
    let mut house = House::build(RULES).await;
    house.receiver.answer(422);
    live(&mut house).await;
    house.tell("B1", Status::New, "2000");
    house.tell("B2", Status::New, "2000");
    let two = |rows: &Value| rows.as_array().unwrap().len() == 2;
    let failed = until(&house, "two dead letters", &["failed"], two).await;
    assert_eq!(failed[0]["delivery"]["state"], "dead");
    let shown = house.said(&["failed"]).await;
    assert!(shown.contains("deskbell failed retry"), "{shown}");

    house.receiver.answer(204);
    let id = failed[0]["delivery"]["id"].as_str().unwrap();
    let again = house.said(&["failed", "retry", id]).await;
    assert!(again.starts_with("1 ring will be tried again"), "{again}");
    house.accepted(1).await;
    let dropped = document(&house, &["failed", "drop", "--all"]).await;
    assert_eq!(dropped["changed"], 1);
    assert_eq!(house.said(&["failed"]).await, "nothing was given up\n");
    let nothing = house.deskbell(&["failed", "retry", id]).await;
    assert_eq!(code(&nothing), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_and_history_tell_the_same_with_and_without_a_daemon_and_make_no_file() {
    let mut house = House::build(RULES).await;
    live(&mut house).await;
    house.tell("B1", Status::New, "999");
    house.tell("B2", Status::New, "2000");
    house.accepted(1).await;
    let settled = |rows: &Value| {
        let mut all = rows.as_array().unwrap().iter();
        rows.as_array().unwrap().len() == 3
            && all.all(|row| {
                let mut deliveries = row["deliveries"].as_array().unwrap().iter();
                deliveries.all(|delivery| delivery["state"] == "sent")
            })
    };
    until(&house, "two settled bookings", &["history"], settled).await;
    let running = document(&house, &["why", "B2"]).await;
    let rings = running[0]["judged"]["rings"].as_array().unwrap();
    let sinks: Vec<&str> = rings.iter().map(|ring| ring["sink"].as_str().unwrap()).collect();
    assert_eq!(sinks, ["console.log", "webhook.out"]);
    assert_eq!(running[0]["deliveries"][1]["delivery"]["state"], "sent");

    let small = house.said(&["why", "B1", "webhook.out"]).await;
    assert!(small.contains(">= 1000 USD"), "{small}");
    assert!(small.contains("no rule that matched rings it"), "{small}");
    let misspelt = house.deskbell(&["why", "B1", "webhook.uot"]).await;
    assert_eq!(code(&misspelt), 1);
    let said = text(&misspelt.stderr);
    assert!(said.contains("did you mean webhook.out?"), "{said}");

    for asked in [&["why", "B1", "webhook.uot"] as &[&str], &["history", "--sink", "webhook.uot"]] {
        let unknown = house.deskbell(asked).await;
        assert_eq!(code(&unknown), 1, "{asked:?}");
        let said = text(&unknown.stderr);
        assert!(said.contains("did you mean webhook.out?"), "{asked:?}: {said}");
    }

    assert!(house.terminate().await.success());
    let before = files(&house.state());
    assert_eq!(document(&house, &["why", "B2"]).await, running);
    let near = house.deskbell(&["why", "b3"]).await;
    assert_eq!(code(&near), 1);
    assert!(text(&near.stderr).contains("the nearest are B"), "{}", text(&near.stderr));
    let status = house.deskbell(&["status"]).await;
    assert_eq!(code(&status), 4);
    assert!(text(&status.stdout).contains("nothing that was accepted is lost"));
    assert_eq!(files(&house.state()), before);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_shows_what_happens_and_ends_when_enough_has() {
    let mut house = House::build(RULES).await;
    live(&mut house).await;
    let watching = house.deskbell(&["watch", "--count", "2", "--json"]);
    let telling = async {
        // The watcher may come late: what is told goes on until it has seen enough.
        for number in 0.. {
            house.tell(&format!("W{number}"), Status::New, "10");
            tokio::task::yield_now().await;
            if house.deskbell(&["status"]).await.status.code().is_none() {
                break;
            }
        }
    };
    let output = tokio::select! {
        output = house.within("two events", watching) => output,
        () = telling => unreachable!("a command was killed"),
    };
    let lines = text(&output.stdout);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events = lines.iter().filter(|line| line["watch"] == "event");
    assert_eq!(events.count(), 2, "{lines:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_with_a_mistake_changes_nothing_and_looking_goes_on() {
    let mut house = House::build(RULES).await;
    live(&mut house).await;
    let same = house.said(&["reload", "--dry-run"]).await;
    assert!(same.contains("would change nothing"), "{same}");
    house.configure("[[rule]]\nname = \"x\"\nrign = [\"console.log\"]\n");
    let refused = house.deskbell(&["reload"]).await;
    assert_eq!(code(&refused), 3);
    let said = text(&refused.stderr);
    assert!(said.contains("did you mean `ring`?"), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
    let check = house.deskbell(&["check"]).await;
    assert_eq!(code(&check), 3);
    // A configuration with a mistake in it still says where the daemon lives.
    assert_eq!(document(&house, &["status"]).await["generation"], 1);

    house.configure(&RULES.replace("1000", "3000"));
    let reloaded = document(&house, &["reload"]).await;
    assert_eq!(reloaded["generation"], 2);
    house.configure(&format!("{}\n[history]\nunmatched = \"1d\"", RULES.replace("1000", "3000")));
    let later = house.said(&["reload"]).await;
    assert!(later.contains("[history]: changed, counts from the next start on"), "{later}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_daemon_reads_the_configuration_only() {
    let house = House::build(RULES).await;
    let check = house.said(&["check", "--strict"]).await;
    assert!(check.contains("webhook.out") && check.contains("base USD"), "{check}");
    assert_eq!(document(&house, &["check"]).await["usable"], true);
    let event = fixture("booking-new.json");
    let explained = house.said(&["explain", &event]).await;
    assert!(explained.contains("✓ rings 2 sinks"), "{explained}");
    assert!(explained.contains("from an empty memory"), "{explained}");
    let judged = document(&house, &["explain", &event]).await;
    assert_eq!(judged["judged"]["outcome"], "routed");
    let shown = house.said(&["config", "show", "--origin"]).await;
    assert!(shown.contains("deskbell.toml:"), "{shown}");
    let values = document(&house, &["config", "show"]).await;
    assert_eq!(values["values"]["money"]["base"], "USD");
    assert!(house.said(&["plugin", "list"]).await.contains("webhook"));
    assert!(house.said(&["plugin", "show", "webhook"]).await.contains("[sink.webhook.NAME]"));
    let schema: Value = serde_json::from_str(&house.said(&["schema"]).await).unwrap();
    assert_eq!(schema["title"], "Deskbell");
    assert!(files(&house.state()).is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn try_sends_one_note_and_shows_what_was_said() {
    let house = House::build(RULES).await;
    let tried = house.said(&["try", "webhook.out"]).await;
    assert!(tried.contains("→ POST http://127.0.0.1"), "{tried}");
    assert!(tried.contains("← 204") && tried.contains("verdict  sent"), "{tried}");
    assert!(!tried.contains("/hook"), "a path may be a secret: {tried}");
    house.receiver.answer(401);
    let event = fixture("booking-new.json");
    let output = house.deskbell(&["try", "webhook.out", "--event", &event, "--json"]).await;
    assert_eq!(code(&output), 1);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["verdict"], "down");
    let online = house.deskbell(&["check", "--online"]).await;
    assert!(text(&online.stdout).contains("webhook.out"), "{}", text(&online.stdout));
    assert!(!files(&house.state()).iter().any(|name| name.starts_with("outbox")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn init_writes_a_file_that_rings_once_and_overwrites_nothing() {
    let house = House::build(RULES).await;
    let path = house.folder.path().join("new.toml");
    let file = path.to_str().unwrap();
    let written = house.said(&["init", "--yes", file]).await;
    assert!(written.contains("verdict  sent"), "{written}");
    let before = std::fs::read(&path).unwrap();
    let again = house.deskbell(&["init", "--yes", file]).await;
    assert_eq!(code(&again), 1);
    assert!(text(&again.stderr).contains("overwrites nothing"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    house.close().await;
}
