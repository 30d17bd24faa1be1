//! Job: keeps one table of versions, one of lints, and one stack of each kind.
//! Takes: Cargo's manifests and lock file, npm's lock files.
//! Gives: a complaint for each that goes its own way.
//! Never: asks Cargo, npm or the network.

use toml::{Table, Value};

use super::house::{File, House};

/// Crates that may not come in, not even by another crate.
const BANNED: [&str; 5] = ["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl-sys", "webpki-roots"];
/// Crates of which there is one, in one version.
const SINGLE: [&str; 7] =
    ["axum", "hyper", "reqwest", "rusqlite", "rustls", "tokio-tungstenite", "tungstenite"];
/// The tables of a manifest that name dependencies.
const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn read(file: &File) -> Result<Table, String> {
    file.text.parse().map_err(|error| format!("{}: {error}", file.path))
}

fn crates(house: &House) -> impl Iterator<Item = (&File, Result<Table, String>)> {
    house.ending(&["/Cargo.toml"]).map(|file| (file, read(file)))
}

fn from_workspace(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

/// Every crate takes lints, versions and its own data from the workspace.
pub(crate) fn inherits(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for (file, table) in crates(house) {
        let path = &file.path;
        let table = match table {
            Ok(table) => table,
            Err(complaint) => {
                complaints.push(complaint);
                continue;
            }
        };
        if !from_workspace(table.get("lints")) {
            complaints.push(format!("{path}: [lints] are not the workspace's"));
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !from_workspace(table.get("package").and_then(|package| package.get(key))) {
                complaints.push(format!("{path}: package.{key} is not the workspace's"));
            }
        }
        for (name, value) in dependencies(&table) {
            if !from_workspace(Some(value)) && value.get("path").is_none() {
                complaints.push(format!("{path}: {name} has a version of its own"));
            }
        }
    }
    complaints
}

fn dependencies(table: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let tables = DEPENDENCIES.iter().filter_map(|name| table.get(*name)?.as_table());
    tables.flatten()
}

/// A plugin depends on the contract, on no other plugin and not on the daemon.
pub(crate) fn plugins(house: &House) -> Vec<String> {
    let ours: Vec<_> = house
        .ending(&["/Cargo.toml"])
        .filter_map(|file| file.path.trim_end_matches("/Cargo.toml").rsplit('/').next())
        .chain(["deskbell"])
        .filter(|name| *name != "contract")
        .collect();
    let mut complaints = Vec::new();
    for (file, table) in crates(house).filter(|(file, _)| file.path.starts_with("plugins/")) {
        for (name, _) in dependencies(&table.unwrap_or_default()) {
            if ours.contains(&name.as_str()) {
                complaints.push(format!("{}: depends on {name}", file.path));
            }
        }
    }
    complaints
}

/// The lock file has no banned crate, and one version of what there may be one of.
pub(crate) fn lock(house: &House) -> Vec<String> {
    let Some(file) = house.file("Cargo.lock") else {
        return vec!["Cargo.lock: is missing".into()];
    };
    let table = match read(file) {
        Ok(table) => table,
        Err(complaint) => return vec![complaint],
    };
    let packages = table.get("package").and_then(Value::as_array);
    let names: Vec<_> = packages
        .into_iter()
        .flatten()
        .filter_map(|package| package.get("name")?.as_str())
        .collect();
    let mut complaints = Vec::new();
    for banned in BANNED.iter().filter(|banned| names.contains(banned)) {
        complaints.push(format!("Cargo.lock: {banned} is banned, see deny.toml"));
    }
    for single in SINGLE {
        let versions = names.iter().filter(|name| **name == single).count();
        if versions != 1 {
            complaints.push(format!("Cargo.lock: {versions} versions of {single}, not 1"));
        }
    }
    complaints
}

/// npm's lock files hold checksums, not the address that one machine happened to ask.
pub(crate) fn npm(house: &House) -> Vec<String> {
    let named = |file: &&File| file.text.contains("\"resolved\": \"http");
    let how = "set omit-lockfile-registry-resolved and write it again";
    let complaint = |file: &File| format!("{}: names a host; {how}", file.path);
    house.ending(&["/package-lock.json"]).filter(named).map(complaint).collect()
}
