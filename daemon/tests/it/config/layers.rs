//! Job: what wins over what.
//! Takes: files that say the same key.
//! Gives: the effective values with their origins, or both places of a conflict.
//! Never: looks at how it is done.

use deskbell::config::origin::{Origin, show};

use super::House;

/// The lines of the effective values that hold this word, with where they came from.
fn lines(house: &House, word: &str) -> String {
    let shown = show(&house.load().effective, Origin::Shown);
    let folder = house.path("").display().to_string();
    let lines = shown.lines().filter(|line| line.contains(word)).map(|l| l.replace(&folder, ""));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_layer_wins_over_those_before_it() {
    let mut house = House::new(&[
        ("a.toml", "[daemon]\nlog = \"warn\"\n"),
        ("b.toml", "[daemon]\nlog = \"error\"\n"),
    ]);
    assert_eq!(lines(&house, "log ="), "log = \"warn\"  # a.toml:2");
    house.request.files.push(house.path("b.toml"));
    assert_eq!(lines(&house, "log ="), "log = \"error\"  # b.toml:2");
    house.request.environment.insert("DESKBELL_DAEMON__LOG".into(), "debug".into());
    assert_eq!(lines(&house, "log ="), "log = \"debug\"  # DESKBELL_DAEMON__LOG:1");
    house.request.sets = vec!["daemon.log=trace".into()];
    assert_eq!(lines(&house, "log ="), "log = \"trace\"  # --set:1");
    assert!(lines(&house, "stop_grace").contains("built-in"));
    assert_eq!(house.told(), "");
}

#[test]
fn a_later_file_adds_rules_and_keys_and_replaces_lists_and_secrets() {
    let mut house = House::new(&[
        (
            "a.toml",
            "[intake]\nstatuses = [\"a\"]\n\
             [sink.webhook.crm]\nurl = \"https://a/\"\nsecret = [{ env = \"A\" }]\n\
             [source.websocket.x]\nurl = \"wss://a/\"\ntoken = { env = \"A\" }\n\
             [[rule]]\nname = \"First\"\nring = [\"webhook.crm\"]\n",
        ),
        (
            "b.toml",
            "[intake]\nstatuses = [\"b\"]\n\
             [sink.webhook.crm]\nurl = \"https://b/\"\n\
             [source.websocket.x]\ntoken = { file = \"/b\" }\n\
             [[rule]]\nname = \"Second\"\nring = [\"webhook.crm\"]\n",
        ),
    ]);
    house.request.files.push(house.path("b.toml"));
    insta::assert_snapshot!(lines(&house, "toml:"), @r#"
    statuses = ["b"]  # b.toml:2
    url = "https://b/"  # b.toml:4
    secret = [{ env = "A" }]  # a.toml:5
    url = "wss://a/"  # a.toml:7
    token = { file = "/b" }  # b.toml:6
    name = "First"  # a.toml:10
    ring = ["webhook.crm"]  # a.toml:11
    name = "Second"  # b.toml:8
    ring = ["webhook.crm"]  # b.toml:9
    "#);
    assert_eq!(house.told(), "");
}

#[test]
fn included_files_come_by_name_after_the_file_that_includes_them() {
    let house = House::new(&[
        (
            "deskbell.toml",
            "include = [\"conf.d/*.toml\"]\n\
             [[rule]]\nname = \"R0\"\nstop = true\nwhen.status = \"new\"\n",
        ),
        (
            "conf.d/20-b.toml",
            "[[rule]]\nname = \"R2\"\nring = [\"console.log\"]\n\
             [team.b]\nsinks = [\"console.log\"]\n",
        ),
        (
            "conf.d/10-a.toml",
            "[[rule]]\nname = \"R1\"\nring = [\"console.log\"]\n\
             [team.a]\nsinks = [\"console.log\"]\n",
        ),
        ("conf.d/notes.txt", "not TOML"),
    ]);
    assert_eq!(house.told(), "");
    insta::assert_snapshot!(lines(&house, "name"), @r#"
    name = "R0"  # deskbell.toml:3
    name = "R1"  # conf.d/10-a.toml:2
    name = "R2"  # conf.d/20-b.toml:2
    "#);
}

#[test]
fn a_key_said_twice_in_one_set_of_files_names_both_places() {
    let house = House::new(&[
        ("deskbell.toml", "include = [\"a.toml\", \"b.toml\"]\n[daemon]\nlog = \"info\"\n"),
        ("a.toml", "[daemon]\nlog = \"warn\"\n[web]\nfeed = true\n"),
        ("b.toml", "include = [\"c.toml\"]\n[web]\nfeed = false\necho = true\n"),
    ]);
    insta::assert_snapshot!(house.told(), @r#"
    a.toml:2:1 daemon.log: the key `daemon.log` is said twice [deskbell.toml:3 first said here]
    b.toml:1:1 include: an included file cannot include others (name all files in the `include` of the first one)
    b.toml:3:1 web.feed: the key `web.feed` is said twice [a.toml:4 first said here]
    "#);
}

#[test]
fn a_patch_changes_a_rule_where_it_stands() {
    let mut house = House::new(&[
        (
            "a.toml",
            "[[rule]]\nname = \"Tours\"\nwhen.category = \"tour\"\nring = [\"console.log\"]\n",
        ),
        ("b.toml", "[patch.rule.\"Tours\"]\nwhen.country = \"TH\"\nshadow = true\n"),
    ]);
    house.request.files.push(house.path("b.toml"));
    house.request.sets = vec!["patch.rule.Tours.level=\"error\"".into()];
    assert_eq!(house.told(), "");
    insta::assert_snapshot!(lines(&house, "toml:"), @r#"
    name = "Tours"  # a.toml:2
    when.category = "tour"  # a.toml:3
    when.country = "TH"  # b.toml:2
    ring = ["console.log"]  # a.toml:4
    shadow = true  # b.toml:3
    "#);
    assert_eq!(lines(&house, "level"), "level = \"error\"  # --set:1");
}

#[test]
fn defaults_of_a_plugin_lie_under_each_of_its_sinks() {
    let house = House::new(&[(
        "a.toml",
        "[default.delivery]\ntimeout = \"3s\"\nattempts = 2\n\
         [default.sink.webhook]\nurl = \"https://all/\"\ndelivery.timeout = \"4s\"\n\
         [default.rule]\nlevel = \"warning\"\n\
         [sink.webhook.a]\n\
         [sink.webhook.b]\nurl = \"https://b/\"\ndelivery = { timeout = \"5s\", expires = \"never\" }\n\
         [sink.console.log]\n\
         [[rule]]\nname = \"R\"\nring = [\"webhook.a\"]\n",
    )]);
    assert_eq!(house.told(), "");
    insta::assert_snapshot!(lines(&house, "a.toml:"), @r#"
    delivery.timeout = "4s"  # a.toml:6
    delivery.attempts = 2  # a.toml:3
    url = "https://all/"  # a.toml:5
    delivery.timeout = "5s"  # a.toml:12
    delivery.attempts = 2  # a.toml:3
    delivery.expires = "never"  # a.toml:12
    url = "https://b/"  # a.toml:11
    delivery.timeout = "3s"  # a.toml:2
    delivery.attempts = 2  # a.toml:3
    level = "warning"  # a.toml:8
    name = "R"  # a.toml:15
    ring = ["webhook.a"]  # a.toml:16
    "#);
    let usable = house.load().usable.expect("usable");
    let timeouts: Vec<_> = usable
        .sinks
        .iter()
        .map(|s| (s.name.to_string(), s.delivery.timeout.as_secs(), s.delivery.attempts))
        .collect();
    let expected =
        [("webhook.a", 4, Some(2)), ("webhook.b", 5, Some(2)), ("console.log", 3, Some(2))];
    assert_eq!(timeouts, expected.map(|(name, secs, tries)| (name.to_owned(), secs, tries)));
}

#[test]
fn an_override_is_read_as_toml_or_else_as_text() {
    let mut house = House::new(&[(
        "a.toml",
        "[sink.webhook.duty-phone]\nurl = \"https://a/\"\n\
         [[rule]]\nname = \"R\"\nring = [\"webhook.duty-phone\"]\n",
    )]);
    house.request.sets = vec![
        "daemon.stop_grace=5s".into(),
        "web.origins=[\"https://x\"]".into(),
        "sink.webhook.duty-phone.delivery.attempts=unlimited".into(),
    ];
    let variable = "DESKBELL_SINK__WEBHOOK__DUTY_PHONE__URL";
    house.request.environment.insert(variable.into(), "https://b/".into());
    assert_eq!(house.told(), "");
    assert_eq!(lines(&house, "stop_grace"), "stop_grace = \"5s\"  # --set:1");
    assert_eq!(lines(&house, "//b/"), format!("url = \"https://b/\"  # {variable}:1"));
    house.request.sets = vec!["daemon.shadow".into(), "daemon.shadow=5".into(), "a b=c".into()];
    insta::assert_snapshot!(house.told(), @r#"
    --set:1:1 : a value is missing (--set daemon.shadow=true)
    --set:1:3 : key with no value, expected `=`
    --set:1:15 daemon.shadow: expected true or false, found a whole number
    "#);
}
