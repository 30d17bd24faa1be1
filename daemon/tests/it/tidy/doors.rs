//! Job: keeps each way to the outside world in its one place.
//! Takes: the sources of the daemon and of the plugins, tests left out.
//! Gives: a complaint for each word that stands where it may not.
//! Never: looks at `bench/`, whose programs are the outside world.

use std::sync::LazyLock;

use regex::Regex;

use super::house::{File, House};
use super::tokens::{Is, Named, named};

/// How a statement of SQL begins.
static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(
            select\s[\s\S]*\sfrom\s | insert\s+(or\s+\w+\s+)?into\s | replace\s+into\s
            | update\s+\w+\s+set\s | delete\s+from\s | pragma\s+\w | begin\s+(immediate|exclusive)
            | (create|drop|alter)\s+(unique\s+)?(table|index|view|trigger)\s
            | with\s+\w+\s*(\([^)]*\)\s*)?as\s*\(\s*select )",
    )
    .expect("a valid expression")
});

/// Tells a statement from a sentence, which begins with one capital: `Select one from …`.
fn is_statement(text: &str) -> bool {
    let mut signs = text.trim_start().chars();
    let (first, second) = (signs.next(), signs.next());
    let is_sentence =
        first.is_some_and(char::is_uppercase) && second.is_some_and(char::is_lowercase);
    !is_sentence && STATEMENT.is_match(text)
}

fn each(file: &File, complaint: impl Fn(&Named) -> Option<&'static str>) -> Vec<String> {
    let named = named(&file.tokens().product);
    let says = |named: &Named| {
        let says = complaint(named)?;
        Some(format!("{}:{}: `{}` {says}", file.path, named.line, named.parts.join("::")))
    };
    named.iter().filter_map(says).collect()
}

/// Only the outbox knows SQL.
pub(crate) fn sql(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in house.sources().filter(|file| file.station() != Some("outbox")) {
        complaints.extend(each(file, |named| {
            (named.root() == "rusqlite").then_some("stands outside the outbox")
        }));
        for token in &file.tokens().product {
            match &token.is {
                Is::Literal(text) if is_statement(text) => {
                    complaints
                        .push(format!("{}:{}: SQL outside the outbox", file.path, token.line));
                }
                _ => {}
            }
        }
    }
    complaints
}

/// Only `app` reads the environment, signals and the wall clock.
pub(crate) fn surroundings(house: &House) -> Vec<String> {
    const OUTSIDE: [(&[&str], &str); 8] = [
        (&["std", "env"], "reads the environment outside app"),
        (&["env", "var"], "reads the environment outside app"),
        (&["TimeZone", "system"], "reads the environment outside app"),
        (&["SystemTime"], "reads the clock outside app"),
        (&["Timestamp", "now"], "reads the clock outside app"),
        (&["Zoned", "now"], "reads the clock outside app"),
        (&["tokio", "signal"], "listens to signals outside app"),
        (&["signal_hook"], "listens to signals outside app"),
    ];
    let outside_app =
        |file: &&File| file.station() != Some("app") && file.path != "daemon/src/main.rs";
    let complaint =
        |named: &Named| OUTSIDE.iter().find(|(parts, _)| named.holds(parts)).map(|(_, says)| *says);
    house.sources().filter(outside_app).flat_map(|file| each(file, complaint)).collect()
}

/// Errors keep their kind up to where they are shown to a person.
pub(crate) fn errors(house: &House) -> Vec<String> {
    let in_station = |file: &&File| {
        !matches!(file.station(), Some("app" | "commands")) && file.path != "daemon/src/main.rs"
    };
    let complaint = |named: &Named| {
        (named.root() == "anyhow").then_some("is an error that nobody can tell apart")
    };
    house.sources().filter(in_station).flat_map(|file| each(file, complaint)).collect()
}

/// Only `main` exits.
pub(crate) fn exits(house: &House) -> Vec<String> {
    let complaint = |named: &Named| {
        let exits = named.holds(&["process", "exit"]) || named.holds(&["process", "abort"]);
        exits.then_some("ends the process outside main")
    };
    let not_main = |file: &&File| !file.path.ends_with("src/main.rs");
    house.sources().filter(not_main).flat_map(|file| each(file, complaint)).collect()
}

/// What decides reads no clock, does no I/O and does not wait.
pub(crate) fn purity(house: &House) -> Vec<String> {
    const ROOTS: [&str; 6] = ["tokio", "reqwest", "rusqlite", "rustix", "getrandom", "axum"];
    const STD: [&str; 7] = ["fs", "net", "io", "process", "thread", "env", "os"];
    let is_pure = |file: &&File| {
        matches!(file.station(), Some("rules" | "delivery"))
            || file.path == "daemon/src/dispatch/retry.rs"
    };
    let complaint = |named: &Named| {
        let parts: Vec<_> = named.parts.iter().map(String::as_str).collect();
        let impure = match parts.as_slice() {
            ["async" | "await", ..] | [.., "await"] => true,
            ["std", part, ..] => STD.contains(part) || named.holds(&["Instant"]),
            [root, ..] if ROOTS.contains(root) => true,
            _ => named.holds(&["SystemTime"]) || named.holds(&["Instant", "now"]),
        };
        impure.then_some("has no place in what only decides")
    };
    house.sources().filter(is_pure).flat_map(|file| each(file, complaint)).collect()
}

/// A task is spawned into a set whose owner joins it.
pub(crate) fn spawns(house: &House) -> Vec<String> {
    let complaint = |named: &Named| {
        let loose = named.holds(&["tokio", "spawn"]) || named.holds(&["task", "spawn"]);
        loose.then_some("makes a task that nobody owns")
    };
    house.sources().flat_map(|file| each(file, complaint)).collect()
}

/// There is no macro of our own.
pub(crate) fn macros(house: &House) -> Vec<String> {
    let complaint =
        |named: &Named| (named.root() == "macro_rules").then_some("is a language of our own");
    house.sources().flat_map(|file| each(file, complaint)).collect()
}
