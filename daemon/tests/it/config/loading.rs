//! Job: which files count, and what becomes of them.
//! Takes: folders, variables, broken files.
//! Gives: what the stations get, or words.
//! Never: reads this machine's configuration.

use std::time::Duration;

use deskbell::config::complain;
use deskbell::config::origin::{Origin, show};

use super::House;

const RULE: &str = "[[rule]]\nname = \"R\"\nring = [\"console.log\"]\n";

#[test]
fn without_any_file_every_booking_rings_the_console() {
    let mut house = House::new(&[]);
    let loaded = house.load();
    assert_eq!(house.told(), "");
    let usable = loaded.usable.expect("the built-in default is usable");
    assert_eq!(usable.sources[0].name.as_str(), "websocket.dashboard");
    assert_eq!(usable.sources[0].feed.as_str(), "dashboard");
    assert_eq!(usable.sinks[0].name.as_str(), "console.log");
    assert_eq!(usable.daemon.stop_grace.0, Duration::from_secs(20));
    assert_eq!(usable.daemon.time_zone.iana_name(), Some("Asia/Bangkok"));
    assert_eq!(usable.daemon.state_dir.to_str(), Some("/home/ann/.local/state/deskbell"));
    assert!(loaded.files.is_empty());

    let url = "ws://feed.example.com/";
    house.request.environment.insert("DESKBELL_FEED_URL".into(), url.into());
    house.request.environment.insert("STATE_DIRECTORY".into(), "/var/lib/deskbell:/x".into());
    let loaded = house.load();
    let source = loaded.effective.value("source").and_then(|s| s.table()?.value("websocket"));
    let written = source.and_then(|s| s.table()?.value("dashboard")?.table()?.value("url"));
    assert_eq!(written.and_then(|url| url.text()), Some(url));
    let usable = loaded.usable.expect("usable");
    assert_eq!(usable.daemon.state_dir.to_str(), Some("/var/lib/deskbell"));
}

#[test]
fn the_built_in_source_sink_and_rule_give_way_to_those_of_the_admin() {
    let source = "[source.websocket.mine]\nurl = \"ws://a/\"\n";
    let sink = "[sink.webhook.crm]\nurl = \"https://a/\"\n";
    let cases = [
        (String::new(), "websocket.dashboard", "console.log", 1),
        (source.to_owned(), "websocket.mine", "console.log", 1),
        (RULE.to_owned(), "websocket.dashboard", "console.log", 1),
        (sink.to_owned(), "websocket.dashboard", "webhook.crm", 0),
    ];
    for (text, source, sink, rules) in cases {
        let loaded = House::new(&[("a.toml", &text)]).load();
        let usable = loaded.usable.expect("usable");
        assert_eq!(usable.sources[0].name.as_str(), source, "{text}");
        assert_eq!(usable.sinks[0].name.as_str(), sink, "{text}");
        assert_eq!(usable.ruling.matches("[[rule]]").count(), rules, "{text}");
    }
}

#[test]
fn the_command_line_counts_before_the_environment_the_system_and_the_user() {
    let log = |level: &str| format!("[daemon]\nlog = \"{level}\"\n");
    let files = [
        ("named.toml", log("error")),
        ("variable.toml", log("warn")),
        ("etc/deskbell.toml", log("debug")),
        ("xdg/deskbell/deskbell.toml", log("trace")),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut house = House::new(&files);
    let variable = house.path("variable.toml").display().to_string();
    let xdg = house.path("xdg").display().to_string();
    house.request.environment.insert("DESKBELL_CONFIG".into(), variable);
    house.request.environment.insert("XDG_CONFIG_HOME".into(), xdg);
    let read = |house: &House| house.load().usable.expect("usable").daemon.log.word();
    assert_eq!(read(&house), "error");
    house.request.files.clear();
    assert_eq!(read(&house), "warn");
    house.request.environment.remove("DESKBELL_CONFIG");
    assert_eq!(read(&house), "debug");
    std::fs::remove_file(house.path("etc/deskbell.toml")).expect("removed");
    assert_eq!(read(&house), "trace");
    std::fs::remove_file(house.path("xdg/deskbell/deskbell.toml")).expect("removed");
    assert_eq!(read(&house), "info");
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_nothing_else_is() {
    let house = House::new(&[
        ("a.toml", "include = [\"missing.toml\", \"none/*.toml\", 5, \"[\", \"binary.toml\"]\n"),
        ("binary.toml", "x"),
    ]);
    std::fs::write(house.path("binary.toml"), b"a = \"\xff\"").expect("written");
    insta::assert_snapshot!(house.told(), @r#"
    a.toml:1:12 include: DIR/missing.toml is not there
    a.toml:1:43 include: expected text, found a whole number
    a.toml:1:46 include: `[` is no pattern of files: invalid range pattern
    a.toml:1:51 : DIR/binary.toml is not UTF-8 from byte 5 on
    "#);
    let mut house = House::new(&[]);
    house.request.files = vec![house.path("gone.toml"), house.path("")];
    insta::assert_snapshot!(house.told(), @r#"
    : DIR/gone.toml is not there
    : DIR/ is a folder, not a file
    "#);
    assert!(house.load().usable.is_none());
}

#[test]
fn a_file_is_read_at_its_largest_and_refused_one_byte_past_it() {
    let most = 16 << 20;
    let padded = |size: usize| format!("{RULE}#{}\n", " ".repeat(size - RULE.len() - 2));
    let house = House::new(&[("a.toml", &padded(most))]);
    assert_eq!(house.told(), "");
    let house = House::new(&[("a.toml", &padded(most + 1))]);
    assert_eq!(house.told(), ": DIR/a.toml is larger than 16 MiB\n");
}

#[test]
fn rates_are_read_from_a_file_beside_the_one_that_names_it() {
    let house = House::new(&[
        ("conf/a.toml", "[money]\nbase = \"THB\"\nrates = { file = \"rates.toml\" }\n"),
        ("conf/rates.toml", "as_of = 2026-11-20\nEUR = \"38.20\"\n"),
    ]);
    assert_eq!(house.told(), "");
    let loaded = house.load();
    assert!(loaded.files.contains(&house.path("conf/rates.toml")));
    assert!(loaded.usable.expect("usable").ruling.contains("EUR = \"38.20\""));
    std::fs::write(house.path("conf/rates.toml"), "EUR = \"0\"\nEURO = \"1\"\n").expect("written");
    insta::assert_snapshot!(house.told(), @r#"
    conf/rates.toml:1:7 EUR: "0" is no rate (a decimal above 0 as text, such as EUR = "38.20": one EUR is 38.20 of base)
    conf/rates.toml:2:1 EURO: a currency is three letters, such as EUR
    "#);
    std::fs::remove_file(house.path("conf/rates.toml")).expect("removed");
    insta::assert_snapshot!(house.told(), @r#"
    conf/a.toml:3:9 money.rates.file: DIR/conf/rates.toml is not there
    "#);
}

#[test]
fn an_instance_s_digest_changes_with_what_is_written_and_not_with_where() {
    let text = "[sink.webhook.a]\nurl = \"https://a/\"\ndelivery.timeout = \"5s\"\n";
    let of = |text: &str| {
        let usable = House::new(&[("a.toml", text)]).load().usable.expect("usable");
        usable.sinks[0].digest
    };
    let moved = "# moved\n[sink.webhook.a]\ndelivery.timeout = \"5s\"\nurl = \"https://a/\"\n";
    assert_eq!(of(text), of(moved));
    assert_ne!(of(text), of(&text.replace("5s", "6s")));
    assert_ne!(of(text), of(&text.replace("https://a/", "https://b/")));
}

#[test]
fn the_stored_text_of_the_rules_compiles_to_a_plan_again() {
    let house = House::new(&[(
        "a.toml",
        "[daemon]\nshadow = true\n[intake]\nstatuses = [\"no_show\"]\nignore = [{ live = false }]\n\
         [money]\nbase = \"THB\"\nrates = { EUR = \"38.20\" }\nas_of = 2026-11-20\n\
         [default.message]\ntitle = \"{{ title }}\"\n\
         [team.desk]\nsinks = [\"console.log\"]\n\
         [[rule]]\nname = \"R\"\nwhen.starts = 2026-12-24\nwhen.amount = \">= 1 EUR\"\nring = [\"desk\"]\n",
    )]);
    assert_eq!(house.told(), "");
    let ruling = house.load().usable.expect("usable").ruling;
    insta::assert_snapshot!(ruling, @r#"
    as_of = "2026-11-20"
    base = "THB"
    locale = "en-GB"
    shadow = true
    zone = "Asia/Bangkok"

    [intake]
    categories = []
    statuses = ["no_show"]

    [[intake.ignore]]
    live = false

    [message]
    title = "{{ title }}"

    [rates]
    EUR = "38.20"

    [[rule]]
    name = "R"
    ring = ["desk"]

    [rule.when]
    amount = ">= 1 EUR"
    starts = 2026-12-24

    [sink]
    "console.log" = "new"

    [team.desk]
    sinks = ["console.log"]
    "#);
    assert!(deskbell::config::plan_of(&ruling).is_ok());
    assert!(deskbell::config::plan_of(&ruling.replace("EUR", "EURO")).is_err());
}

#[test]
fn what_is_shown_says_where_secrets_are_kept_and_never_what_they_are() {
    let house = House::new(&[(
        "a.toml",
        "[source.websocket.dashboard]\nurl = \"wss://a/?token=hunter2\"\n\
         token = { credential = \"feed-token\" }\n\
         headers = { \"X-Api-Key\" = \"hunter2\", \"X-Tenant\" = \"siam\" }\n\
         [sink.webhook.crm]\nurl = \"https://me:hunter2@b/\"\nsecret = [{ env = \"CRM\" }]\n",
    )]);
    for origin in [Origin::Hidden, Origin::Shown] {
        let shown = show(&house.load().effective, origin);
        assert!(!shown.contains("hunter2"), "{shown}");
        for kept in ["credential = \"feed-token\"", "env = \"CRM\"", "X-Tenant = \"siam\""] {
            assert!(shown.contains(kept), "{shown}");
        }
        assert_eq!(shown.contains("a.toml:4"), origin == Origin::Shown);
        let read: Result<toml::Table, _> = toml::from_str(&shown);
        assert!(read.is_ok(), "what is masked is TOML still, for --json: {shown}\n{read:?}");
    }
}

#[test]
fn a_name_of_the_house_s_own_may_be_written_in_capitals() {
    let house = House::new(&[(
        "a.toml",
        "[intake]\nstatuses = [\"No_Show\"]\ncategories = [\" Spa\"]\n\
         [[rule]]\nname = \"R\"\nwhen = { status = \"No_Show\", category = [\"SPA\", \"tour\"] }\n\
         ring = [\"console.log\"]\n",
    )]);
    assert_eq!(house.told(), "");
}

#[test]
fn what_is_said_for_all_rules_is_no_mistake_of_an_alarm() {
    let house = House::new(&[(
        "a.toml",
        "[default.rule]\nunknown = \"ring\"\nwhen.live = true\nlevel = \"info\"\n\
         [[rule]]\nname = \"R\"\nring = [\"console.log\"]\n\
         [[rule]]\nname = \"Ill\"\nalarm = { feed = [\"down\"] }\nring = [\"console.log\"]\n",
    )]);
    assert_eq!(house.told(), "");
    let shown = show(&house.load().effective, Origin::Hidden);
    let alarm = shown.split("[[rule]]").last().expect("the alarm");
    assert!(alarm.contains("level = \"info\"") && !alarm.contains("unknown"), "{shown}");
}

#[test]
fn a_secret_that_an_override_says_in_the_clear_is_not_repeated() {
    let mut house = House::new(&[(
        "a.toml",
        "[sink.webhook.crm]\nurl = \"https://a/\"\n\
         [[rule]]\nname = \"R\"\nring = [\"webhook.crm\"]\n",
    )]);
    house.request.sets = vec!["sink.webhook.crm.secrt=hunter2".into()];
    let variable = "DESKBELL_SINK__WEBHOOK__CRM__SECRET";
    house.request.environment.insert(variable.into(), "hunter2 and more".into());
    let said = complain::show(&house.load().complaints, complain::Paint::Plain);
    assert!(said.contains("--set") && said.contains(variable), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_is_shown_is_a_configuration_of_the_same_values() {
    let house = House::new(&[(
        "a.toml",
        "[money]\nbase = \"THB\"\nrates = { EUR = \"38.20\", USD = \"35.10\" }\n\
         [sink.console.log]\ndelivery = { timeout = \"3s\", expires = \"1h\" }\n\
         [[rule]]\nname = \"A \\\"b\\\"\"\nwhen = { any = [{ country = \"TH\" }], not.party = 2 }\n\
         ring = [\"console.log\"]\n",
    )]);
    let shown = show(&house.load().effective, Origin::Hidden);
    let again = House::new(&[("a.toml", &shown)]);
    assert_eq!(again.told(), "");
    assert_eq!(show(&again.load().effective, Origin::Hidden), shown);
}
