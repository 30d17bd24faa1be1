//! Job: shows that each check can complain, and where it must not.
//! Takes: nothing.
//! Gives: small houses that are untidy in one way, and houses that only look so.
//! Never: is read by the checks for words; this folder is left out there.

use super::{Check, arrows, doors, manifests, marks, shape};

/// A house that must be complained about.
pub(crate) struct Bad {
    pub(crate) check: Check,
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// What some complaint must contain.
    pub(crate) complaint: &'static str,
}

/// A house that must not.
pub(crate) struct Good {
    pub(crate) check: Check,
    pub(crate) files: &'static [(&'static str, &'static str)],
}

const fn bad(
    check: Check,
    files: &'static [(&'static str, &'static str)],
    complaint: &'static str,
) -> Bad {
    Bad { check, files, complaint }
}

const fn good(check: Check, files: &'static [(&'static str, &'static str)]) -> Good {
    Good { check, files }
}

const HEADER: &str = "//! Job: a.\n//! Takes: b.\n//! Gives: c.\n//! Never: d.\n";
const WEBHOOK: (&str, &str) = ("plugins/webhook/Cargo.toml", "[package]\n");
const LOCK: &str = "[[package]]\nname = \"axum\"\n[[package]]\nname = \"hyper\"\n\
    [[package]]\nname = \"reqwest\"\n[[package]]\nname = \"rusqlite\"\n\
    [[package]]\nname = \"rustls\"\n[[package]]\nname = \"tokio-tungstenite\"\n\
    [[package]]\nname = \"tungstenite\"\n";
const MANIFEST: &str = "[package]\nversion.workspace = true\nedition.workspace = true\n\
    rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
    [dependencies]\ntokio.workspace = true\n[lints]\nworkspace = true\n";

/// At least one for each check.
pub(crate) const BAD: &[Bad] = &[
    bad(shape::headers, &[("daemon/src/app/x.rs", "//! Job: a.\n//! Takes: b.\n")], "x.rs:1"),
    bad(shape::headers, &[("plugins/x/src/lib.rs", "//! placeholder\n")], "lib.rs:1"),
    bad(shape::headers, &[("plugins/x/src/lib.rs", "//! Job: \n//! Takes: b.\n")], "lib.rs:1"),
    bad(shape::names, &[("daemon/src/app/utils.rs", "")], "says nothing"),
    bad(shape::names, &[("plugins/common/src/lib.rs", "")], "says nothing"),
    bad(shape::depth, &[("daemon/src/app/a/b.rs", "")], "deeper"),
    bad(shape::depth, &[("daemon/src/app/a/b/tests.rs", "")], "deeper"),
    bad(arrows::stations, &[("daemon/src/rules/x.rs", "use crate::outbox::A;")], "`outbox`"),
    bad(arrows::stations, &[("daemon/src/outbox/x.rs", "use crate::rules;")], "`rules`"),
    bad(arrows::stations, &[("daemon/src/intake/x.rs", "\nuse crate::{web};")], "x.rs:2"),
    bad(arrows::stations, &[("daemon/src/web/mod.rs", "fn a() { super::app::b() }")], "`app`"),
    bad(
        arrows::stations,
        &[("daemon/src/delivery/x.rs", "use super::super::{config::{A, B}, delivery};")],
        "`config`",
    ),
    bad(arrows::stations, &[("daemon/src/app/x.rs", "use crate::commands::Cli;")], "`commands`"),
    bad(arrows::stations, &[("daemon/src/bells/mod.rs", "use crate::outbox;")], "no station"),
    bad(arrows::stations, &[("daemon/src/loose.rs", "")], "in no station"),
    bad(arrows::stations, &[("daemon/src/main.rs", "use deskbell::config;")], "`config`"),
    bad(arrows::plugins, &[WEBHOOK, ("daemon/src/web/x.rs", "use webhook::Sink;")], "webhook"),
    bad(arrows::plugins, &[WEBHOOK, ("daemon/src/commands/demo.rs", "webhook::new();")], "webhook"),
    bad(doors::sql, &[("daemon/src/web/x.rs", "let a = \"select id from event\";")], "SQL"),
    bad(doors::sql, &[("plugins/x/src/lib.rs", "let a = r#\"\n PRAGMA wal\"#;")], "SQL"),
    bad(doors::sql, &[("daemon/src/web/x.rs", "use rusqlite::Row;")], "outside the outbox"),
    bad(doors::surroundings, &[("daemon/src/web/x.rs", "std::env::var(\"A\")")], "environment"),
    bad(doors::surroundings, &[("plugins/x/src/a.rs", "use std::{env, fs};")], "environment"),
    bad(doors::surroundings, &[("daemon/src/intake/x.rs", "Timestamp::now()")], "clock"),
    bad(doors::surroundings, &[("daemon/src/web/x.rs", "use std::time::SystemTime;")], "clock"),
    bad(doors::surroundings, &[("daemon/src/web/x.rs", "use tokio::signal;")], "signals"),
    bad(doors::errors, &[("daemon/src/web/x.rs", "anyhow::Result<()>")], "tell apart"),
    bad(doors::exits, &[("daemon/src/app/x.rs", "std::process::exit(1)")], "ends the process"),
    bad(doors::purity, &[("daemon/src/rules/x.rs", "async fn a() {}")], "only decides"),
    bad(doors::purity, &[("daemon/src/delivery/x.rs", "use std::fs;")], "only decides"),
    bad(doors::purity, &[("daemon/src/dispatch/retry.rs", "tokio::time::sleep")], "only decides"),
    bad(doors::purity, &[("daemon/src/rules/x.rs", "std::time::Instant")], "only decides"),
    bad(doors::spawns, &[("daemon/src/web/x.rs", "tokio::spawn(a)")], "nobody owns"),
    bad(doors::spawns, &[("daemon/src/web/x.rs", "use tokio::task::{spawn};")], "nobody owns"),
    bad(doors::macros, &[("plugins/contract/src/x.rs", "macro_rules! a { }")], "of our own"),
    bad(marks::unfinished, &[("README.md", "one\nTODO: two")], "README.md:2"),
    bad(marks::unfinished, &[("daemon/src/app/x.rs", "// FIXME")], "FIXME"),
    bad(marks::unfinished, &[("daemon/src/app/x.rs", "todo!()")], "todo!"),
    bad(marks::unfinished, &[("daemon/src/app/x.rs", "dbg!(1)")], "dbg!"),
    bad(marks::machine, &[("scripts/x", "/root/.profile")], "/root/"),
    bad(marks::promises, &[("README.md", "Guaranteed\ndelivery!")], "README.md:1"),
    bad(marks::promises, &[("config/deskbell.toml", "# rings exactly once")], "exactly once"),
    bad(marks::promises, &[("docs/a.md", "exactly-once")], "exactly-once"),
    bad(marks::links, &[("README.md", "[a](docs/a.md)")], "docs/a.md leads nowhere"),
    bad(marks::links, &[("bench/README.md", "[a](README.txt#b)")], "README.txt#b"),
    bad(manifests::inherits, &[("plugins/x/Cargo.toml", "[package]\n")], "[lints]"),
    bad(manifests::inherits, &[("plugins/x/Cargo.toml", "[lints]\nworkspace = true")], "edition"),
    bad(manifests::inherits, &[("plugins/x/Cargo.toml", "[dependencies]\na = \"1\"")], "a has"),
    bad(manifests::inherits, &[("plugins/x/Cargo.toml", "[")], "Cargo.toml:"),
    bad(
        manifests::plugins,
        &[WEBHOOK, ("plugins/x/Cargo.toml", "[dev-dependencies]\nwebhook.workspace = true")],
        "depends on webhook",
    ),
    bad(manifests::lock, &[], "is missing"),
    bad(manifests::lock, &[("Cargo.lock", "[[package]]\nname = \"native-tls\"")], "is banned"),
    bad(
        manifests::lock,
        &[("Cargo.lock", "[[package]]\nname = \"hyper\"\n[[package]]\nname = \"hyper\"")],
        "2 versions of hyper",
    ),
    bad(manifests::lock, &[("Cargo.lock", "")], "0 versions of rustls"),
    bad(manifests::npm, &[("a/package-lock.json", "\"resolved\": \"http://a\"")], "names a host"),
];

/// What looks untidy and is not.
pub(crate) const GOOD: &[Good] = &[
    good(shape::headers, &[("daemon/src/app/x.rs", HEADER)]),
    good(
        shape::headers,
        &[(
            "daemon/src/app/x.rs",
            "//! Job: a,\n//!      b.\n//! Takes: c.\n//! Gives: d.\n//! Never: e.\n",
        )],
    ),
    good(shape::names, &[("daemon/src/app/basement.rs", ""), ("bench/src/commons.rs", "")]),
    good(
        shape::depth,
        &[
            ("daemon/src/app/a/tests.rs", ""),
            ("daemon/src/a/tests/b.rs", ""),
            ("plugins/x/src/a/b.rs", ""),
        ],
    ),
    good(arrows::stations, &[("daemon/src/rules/x.rs", "use crate::{delivery, rules};")]),
    good(arrows::stations, &[("daemon/src/rules/x.rs", "// crate::outbox\n\"crate::web\"")]),
    good(arrows::stations, &[("daemon/src/rules/x.rs", "use super::outbox;")]),
    good(arrows::stations, &[("daemon/src/main.rs", "fn main() { deskbell::app::main() }")]),
    good(arrows::plugins, &[WEBHOOK, ("daemon/src/app/catalog.rs", "webhook::Sink")]),
    good(arrows::plugins, &[WEBHOOK, ("daemon/src/web/x.rs", "let webhook = a.webhook();")]),
    good(doors::sql, &[("daemon/src/outbox/x.rs", "\"select id from event\"; rusqlite::Row")]),
    good(doors::sql, &[("daemon/src/app/x.rs", "\"Select one of: update the rules from here\"")]),
    good(doors::surroundings, &[("daemon/src/app/x.rs", "std::env::var(\"A\")")]),
    good(doors::surroundings, &[("daemon/src/web/x.rs", "env!(\"CARGO_PKG_NAME\"); clock.now()")]),
    good(
        doors::surroundings,
        &[("daemon/src/web/x.rs", "#[cfg(test)]\nmod tests { fn a() { Timestamp::now() } }")],
    ),
    good(doors::exits, &[("daemon/src/main.rs", "std::process::exit(1)")]),
    good(doors::purity, &[("daemon/src/rules/x.rs", "// async\nuse std::{collections, fmt};")]),
    good(doors::purity, &[("daemon/src/dispatch/pump.rs", "tokio::time::sleep(a).await")]),
    good(doors::spawns, &[("daemon/src/web/x.rs", "tasks.spawn(a); tokio::time::sleep(b)")]),
    good(marks::unfinished, &[("daemon/src/app/x.rs", "let todo = a.todo();")]),
    good(marks::machine, &[("README.md", "https://example.com/root/, framework/root/")]),
    good(marks::promises, &[("README.md", "delivered at least once")]),
    good(
        marks::links,
        &[
            ("bench/README.md", "[a](README.md) [b](https://b.example) [c](#c) [d](peers)"),
            ("bench/peers/node.js", ""),
        ],
    ),
    good(manifests::inherits, &[("plugins/x/Cargo.toml", MANIFEST)]),
    good(manifests::lock, &[("Cargo.lock", LOCK)]),
    good(manifests::npm, &[("a/package-lock.json", "\"integrity\": \"sha512-a\"")]),
];
