//! Job: answers what people are likely to write instead of the right key.
//! Takes: an unknown key and where it stands.
//! Gives: what would be right.
//! Never: accepts it: a key that is not known is an error.

use contract::written::{Unknown, nearest};

/// The kind of table a key stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// The file itself.
    Top,
    /// `[daemon]`.
    Daemon,
    /// `[money]`, `[history]`, `[intake]`, `[web]`.
    Section,
    /// `delivery` of a sink.
    Delivery,
    /// `[team.NAME]`.
    Team,
    /// A rule.
    Rule,
}

/// What is planned, by the kind of its table: it is answered so, not as a slip of the fingers.
const LATER: [(Inside, &[&str]); 5] = [
    (Inside::Top, &["hours", "list", "when", "test"]),
    (Inside::Daemon, &["alert", "heartbeat"]),
    (Inside::Delivery, &["rate", "fallback"]),
    (Inside::Team, &["hours", "outside"]),
    (
        Inside::Rule,
        &[
            "hours",
            "escalate",
            "escalate_until",
            "escalate_clock",
            "silenceable",
            "throttle",
            "count",
            "digest",
        ],
    ),
];

/// Conditions that are planned.
const LATER_WHEN: [&str; 2] = ["is", "if"];
/// Alarms that are planned.
const LATER_ALARM: [&str; 5] = ["metric", "below", "above", "clear", "sink"];

/// Words of other systems and of everyday speech, with ours.
const WORDS: [(Inside, &[(&str, &str)]); 4] = [
    (
        Inside::Top,
        &[
            ("rules", "[[rule]]"),
            ("sources", "[source.PLUGIN.NAME]"),
            ("sinks", "[sink.PLUGIN.NAME]"),
            ("teams", "[team.NAME]"),
            ("receivers", "[sink.PLUGIN.NAME]"),
            ("outputs", "[sink.PLUGIN.NAME]"),
            ("defaults", "[default.…]"),
            ("server", "[web]"),
        ],
    ),
    (
        Inside::Daemon,
        &[
            ("tz", "time_zone"),
            ("data_dir", "state_dir"),
            ("dry_run", "shadow"),
            ("log_level", "log"),
            ("timeout", "stop_grace"),
        ],
    ),
    (Inside::Team, &[("receivers", "sinks"), ("members", "sinks"), ("ring", "sinks")]),
    (
        Inside::Rule,
        &[
            ("receivers", "ring"),
            ("receiver", "ring"),
            ("notify", "ring"),
            ("sinks", "ring"),
            ("sink", "ring"),
            ("teams", "ring"),
            ("team", "ring"),
            ("to", "ring"),
            ("match", "when"),
            ("matches", "when"),
            ("if", "when"),
            ("where", "when"),
            ("priority", "level"),
            ("severity", "level"),
            ("template", "message"),
            ("dry_run", "shadow"),
        ],
    ),
];

/// The feed's own words, with ours.
const FEED_WORDS: [(&str, &str); 10] = [
    ("type", "category"),
    ("customerName", "customer"),
    ("customer_name", "customer"),
    ("name", "customer"),
    ("timestamp", "age"),
    ("price", "amount"),
    ("total", "amount"),
    ("guests", "party"),
    ("startDate", "starts"),
    ("endDate", "ends"),
];

/// The dashboard's figures: they are no field of a booking.
const FIGURES: [&str; 7] = [
    "totalRevenue",
    "todayRevenue",
    "activeBookings",
    "totalCustomers",
    "revenueChange",
    "bookingsChange",
    "customersChange",
];

/// What would be right in a table of this kind.
pub(super) fn advice(inside: Inside, unknown: &Unknown<'_>) -> Option<String> {
    match (inside, unknown.table) {
        (Inside::Rule, "when") => in_when(unknown),
        (Inside::Rule, table) if is_within_when(table) => in_when(unknown),
        (Inside::Rule, "alarm") => in_alarm(unknown),
        (Inside::Section, table) if table.starts_with("ignore[") => in_when(unknown),
        (_, "") => in_own_table(inside, unknown),
        _ => None,
    }
}

fn is_within_when(table: &str) -> bool {
    table.starts_with("when.")
}

fn in_own_table(inside: Inside, unknown: &Unknown<'_>) -> Option<String> {
    let later = LATER.iter().filter(|(table, _)| *table == inside).flat_map(|(_, keys)| *keys);
    if later.into_iter().any(|key| *key == unknown.name) {
        return Some(not_yet(unknown.name));
    }
    let words = WORDS.iter().filter(|(table, _)| *table == inside).flat_map(|(_, words)| *words);
    if let Some((_, ours)) = words.into_iter().find(|(word, _)| *word == unknown.name) {
        return Some(format!("it is called `{ours}` here"));
    }
    let is_condition = inside == Inside::Rule && WHEN_KEYS.contains(&unknown.name);
    is_condition.then(|| format!("a condition stands in `when`: when.{} = …", unknown.name))
}

/// The conditions that people forget to put into `when`; `level` and others are keys of a rule.
const WHEN_KEYS: [&str; 8] =
    ["kind", "category", "status", "amount", "country", "customer", "party", "starts"];

fn in_when(unknown: &Unknown<'_>) -> Option<String> {
    let name = unknown.name;
    if RULE_KEYS.contains(&name) {
        return Some(format!(
            "`{name}` is a key of the rule, and everything after [rule.when] is a condition: \
             write it above [rule.when], or write conditions as when.KEY = …"
        ));
    }
    let of_rule = LATER.iter().filter(|(table, _)| *table == Inside::Rule);
    if LATER_WHEN.contains(&name) || of_rule.flat_map(|(_, keys)| *keys).any(|key| *key == name) {
        return Some(not_yet(name));
    }
    let ours = FEED_WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
    if let Some((_, ours)) = ours {
        return Some(format!("the feed's word; here it is called `{ours}`"));
    }
    if let Some(figure) = nearest(name, FIGURES) {
        return Some(format!(
            "`{figure}` is a figure of the dashboard, not of a booking; alarms on figures are not \
             built yet"
        ));
    }
    let near = nearest(name, unknown.known.iter().copied());
    (near.is_none() && unknown.known.contains(&"extra"))
        .then(|| format!("a field that only your feed has is written extra.{name}"))
}

/// The keys of a rule that follow `[rule.when]` by mistake.
const RULE_KEYS: [&str; 13] = [
    "name",
    "ring",
    "ring_by",
    "otherwise",
    "stop",
    "level",
    "unknown",
    "shadow",
    "message",
    "data",
    "follow",
    "alarm",
    "when",
];

fn in_alarm(unknown: &Unknown<'_>) -> Option<String> {
    LATER_ALARM.contains(&unknown.name).then(|| not_yet(unknown.name))
}

fn not_yet(name: &str) -> String {
    format!("`{name}` is planned, and not built in this version")
}
