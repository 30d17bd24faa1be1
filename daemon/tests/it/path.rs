//! Job: the whole way, from the feed's frame to a ring, through the real binary.
//! Takes: a house.
//! Gives: what the README promises, as tests.
//! Never: measures time.

use contract::Status;

use crate::house::House;

const BIG: &str = r#"
[[rule]]
name = "Every booking"
ring = ["console.log"]
[[rule]]
name = "Big"
when.amount = ">= 1000 USD"
ring = ["webhook.out"]
"#;

const ALL: &str = r#"
[[rule]]
name = "All"
data = true
ring = ["webhook.out"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_rings_the_sinks_that_its_rule_names_and_no_other() {
    let mut house = House::build(BIG).await;
    house.start().await;
    house.tell("B1", Status::New, "999.99");
    house.tell("B2", Status::New, "1000.00");
    house.accepted(1).await;
    assert_eq!(house.receiver.order(), [("B2".into(), "new".into())]);
    let status = house.terminate().await;
    assert!(status.success());
    let titles: Vec<String> =
        house.console().iter().map(|line| line["title"].as_str().unwrap().to_owned()).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_loses_nothing_and_repeats_only_what_was_claimed() {
    let mut house = House::build(ALL).await;
    let mut told = 0;
    for round in 0..5 {
        house.start().await;
        for _ in 0..200 {
            house.tell(&format!("B{told:04}"), Status::New, "10");
            told += 1;
        }
        house.accepted(round * 200 + 20).await;
        house.kill().await;
    }
    house.start().await;
    house.accepted(told).await;
    assert!(house.terminate().await.success());
    let ids = house.receiver.ids();
    assert_eq!(ids.len(), told);
    let twice: usize = ids.values().map(|count| count - 1).sum();
    // At most what was claimed at each of the five kills: 8 in flight and 8 ahead.
    assert!(twice <= 5 * 16, "{twice} came twice");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_loses_nothing_and_repeats_nothing() {
    let mut house = House::build(ALL).await;
    let mut told = 0;
    for round in 0..3 {
        house.start().await;
        for _ in 0..300 {
            house.tell(&format!("B{told:04}"), Status::New, "10");
            told += 1;
        }
        house.accepted(round * 300 + 50).await;
        assert!(house.terminate().await.success());
    }
    house.start().await;
    house.accepted(told).await;
    let ids = house.receiver.ids();
    assert!(ids.values().all(|count| *count == 1));
    assert_eq!(ids.len(), told);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn states_of_one_booking_arrive_in_order_while_the_receiver_fails() {
    let mut house = House::build(ALL).await;
    house.receiver.answer(503);
    house.start().await;
    for (id, status) in
        [("A", Status::New), ("B", Status::New), ("A", Status::Confirmed), ("A", Status::Cancelled)]
    {
        house.tell(id, status, "10");
    }
    house.refused(2).await;
    house.receiver.answer(204);
    house.accepted(4).await;
    let states: Vec<String> = house
        .receiver
        .order()
        .into_iter()
        .filter(|(id, _)| id == "A")
        .map(|(_, status)| status)
        .collect();
    assert_eq!(states, ["new", "confirmed", "cancelled"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_feed_sent_meanwhile_is_resumed_and_said() {
    let mut house = House::build(ALL).await;
    house.start().await;
    house.tell("B1", Status::New, "10");
    house.accepted(1).await;
    house.hub.cut(std::time::Duration::from_millis(200));
    house.tell("B2", Status::New, "10");
    house.accepted(2).await;
    let mut clients = house.hub.watch_clients();
    house.within("the client's return", clients.wait_for(|n| *n == 1)).await.unwrap();
    let status = house.status().await;
    assert_eq!(status["today"]["gaps"], 0);
    assert_eq!(status["today"]["bookings"], 2);
    assert_eq!(status["feeds"][0]["resumes"], true);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_keeps_rings_back_and_a_resume_rings_them() {
    let mut house = House::build(ALL).await;
    house.start().await;
    house.said(&["pause", "--until-resumed"]).await;
    house.tell("B1", Status::New, "10");
    let status = house.deskbell(&["status"]).await;
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stdout).contains("PAUSED"));
    assert!(house.receiver.order().is_empty());
    house.said(&["resume"]).await;
    house.accepted(1).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_replaces_everything_or_nothing() {
    let mut house = House::build(BIG).await;
    house.start().await;
    house.configure("[[rule]]\nname = \"x\"\nrings = [\"webhook.out\"]\n");
    let refused = house.deskbell(&["reload"]).await;
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("rings"));
    house.tell("B1", Status::New, "5000");
    house.accepted(1).await;
    house.configure(ALL);
    let reloaded = house.said(&["reload"]).await;
    assert!(reloaded.contains("rules"), "{reloaded}");
    house.tell("B2", Status::New, "5");
    house.accepted(2).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_says_what_only_a_start_replaces() {
    let mut house = House::build(BIG).await;
    house.start().await;
    house.configure(&format!("{BIG}[history]\nmatched = \"30d\"\n[web]\necho = true\n"));
    let said = house.said(&["reload"]).await;
    for section in ["[history]", "[web]"] {
        assert!(
            said.contains(&format!("{section}: changed, counts from the next start")),
            "{said}"
        );
    }
    assert!(!said.contains("[daemon]"), "{said}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_source_goes_on_where_it_was() {
    let mut house = House::build(ALL).await;
    house.start().await;
    let mut told = 0;
    for round in 1..=3 {
        for _ in 0..50 {
            house.tell(&format!("B{told:03}"), Status::New, "10");
            told += 1;
        }
        let header = format!("[source.websocket.dashboard.headers]\nX-Round = \"{round}\"\n");
        house.configure(&format!("{ALL}{header}"));
        let said = house.said(&["reload"]).await;
        assert!(said.contains("source websocket.dashboard: changed"), "{said}");
    }
    house.accepted(told).await;
    assert!(house.receiver.ids().values().all(|count| *count == 1));
    let today = &house.status().await["today"];
    assert_eq!((&today["gaps"], &today["repeats"]), (&0.into(), &0.into()), "{today}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_reloads() {
    let mut house = House::build(BIG).await;
    house.start().await;
    let before = house.status().await["generation"].clone();
    house.configure(ALL);
    house.hang_up();
    house
        .within("the reload", async { while house.status().await["generation"] == before {} })
        .await;
    house.tell("B1", Status::New, "5");
    house.accepted(1).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_the_whole_tree_with_the_daemon_running_or_not() {
    let mut house = House::build(BIG).await;
    house.start().await;
    house.tell("B7", Status::New, "1250");
    house.accepted(1).await;
    let running = house.said(&["why", "B7"]).await;
    for part in ["B7", "Every booking", "Big", "webhook.out", "console.log", "1000"] {
        assert!(running.contains(part), "{part} is missing in:\n{running}");
    }
    assert!(house.terminate().await.success());
    assert!(house.said(&["why", "B7"]).await.contains("Big"));
    let unknown = house.deskbell(&["why", "B8"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_in_the_same_folder_is_refused() {
    let mut house = House::build(ALL).await;
    house.start().await;
    let second = house.deskbell(&["run"]).await;
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another"));
    house.close().await;
}
