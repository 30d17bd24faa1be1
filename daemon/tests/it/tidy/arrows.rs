//! Job: keeps the daemon's stations in the order in which data flows.
//! Takes: the daemon's sources.
//! Gives: a complaint for each path that names what does not stand to the right.
//! Never: looks into plugins; Cargo keeps them apart, and `manifests` keeps Cargo to it.

use super::house::{File, House};
use super::tokens::{Named, named};

/// Each station and what stands to its right.
const STATIONS: [(&str, &[&str]); 9] = [
    ("commands", &["app", "config", "intake", "dispatch", "web", "rules", "outbox", "delivery"]),
    ("app", &["config", "intake", "dispatch", "web", "rules", "outbox", "delivery"]),
    ("config", &["intake", "dispatch", "web", "rules", "outbox", "delivery"]),
    ("intake", &["rules", "outbox", "delivery"]),
    ("dispatch", &["rules", "outbox", "delivery"]),
    ("web", &["rules", "outbox", "delivery"]),
    ("rules", &["delivery"]),
    ("outbox", &["delivery"]),
    ("delivery", &[]),
];

/// Files beside the catalog that may name one plugin: their command is about it.
const NAMERS: [(&str, &str); 2] = [
    ("daemon/src/commands/simulate.rs", "simulator"),
    ("daemon/src/commands/demo.rs", "simulator"),
];

/// A station uses only what stands to its right; `main` uses only `commands` and `app`.
pub(crate) fn stations(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in house.ending(&[".rs"]).filter(|file| file.path.starts_with("daemon/src/")) {
        let named = named(&file.tokens().all);
        match (file.path.as_str(), file.station()) {
            ("daemon/src/main.rs", _) => complaints.extend(named.iter().filter_map(main_complaint)),
            ("daemon/src/lib.rs", _) => {}
            (path, None) => complaints.push(format!("{path}: stands in no station")),
            (_, Some(station)) => {
                let complaint = |named| station_complaint(file, station, named);
                complaints.extend(named.iter().filter_map(complaint));
            }
        }
    }
    complaints
}

fn main_complaint(named: &Named) -> Option<String> {
    let station = named.parts.get(1)?;
    (named.root() == "deskbell" && !["app", "commands"].contains(&station.as_str()))
        .then(|| format!("daemon/src/main.rs:{}: `main` uses `{station}`", named.line))
}

fn station_complaint(file: &File, station: &str, named: &Named) -> Option<String> {
    let used = used_station(file, named)?;
    let right = STATIONS.iter().find(|(name, _)| *name == station);
    let Some((_, right)) = right else {
        return Some(format!("{}: `{station}` is no station", file.path));
    };
    (used != station && !right.contains(&used))
        .then(|| format!("{}:{}: `{station}` uses `{used}`, to its left", file.path, named.line))
}

/// The station that a path leads to, where it starts at the crate's root.
fn used_station<'a>(file: &File, named: &'a Named) -> Option<&'a str> {
    let is_folder = file.path.ends_with("/mod.rs");
    let depth = file.path.matches('/').count() - if is_folder { 2 } else { 1 };
    let supers = named.parts.iter().take_while(|part| *part == "super").count();
    let first = match named.root() {
        "crate" => 1,
        "super" if supers == depth => depth,
        _ => return None,
    };
    let used = named.parts.get(first)?;
    STATIONS.iter().any(|(name, _)| name == used).then_some(used)
}

/// A plugin's crate is named in the catalog, and where a command is about that plugin.
pub(crate) fn plugins(house: &House) -> Vec<String> {
    let plugins: Vec<_> = house
        .ending(&["/Cargo.toml"])
        .filter_map(|file| file.path.strip_prefix("plugins/")?.strip_suffix("/Cargo.toml"))
        .filter(|plugin| *plugin != "contract")
        .collect();
    let mut complaints = Vec::new();
    for file in house.sources().filter(|file| file.path.starts_with("daemon/src/")) {
        if file.path == "daemon/src/app/catalog.rs" {
            continue;
        }
        for named in named(&file.tokens().product) {
            let root = named.root();
            let allowed = NAMERS.contains(&(file.path.as_str(), root));
            if named.parts.len() > 1 && plugins.contains(&root) && !allowed {
                complaints.push(format!("{}:{}: names plugin `{root}`", file.path, named.line));
            }
        }
    }
    complaints
}
