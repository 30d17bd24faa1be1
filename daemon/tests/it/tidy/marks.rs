//! Job: keeps out of the repository what does not belong into it.
//! Takes: every text file.
//! Gives: a complaint for each mark of unfinished work, of a machine, or of too big a promise.
//! Never: reads its own folder, where the words stand to be looked for.

use std::sync::LazyLock;

use regex::Regex;

use super::house::{File, House};

static UNFINISHED: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"\b(TODO|FIXME|XXX|HACK)\b|\b(todo|unimplemented|dbg)!\s*[\(\[\{]")
});
static MACHINE: LazyLock<Regex> = LazyLock::new(|| expression(r"(^|[^\w./-])/root/"));
static PROMISES: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?i)\bguaranteed\s+delivery\b|\bexactly[\s-]+once\b"));

static LINK: LazyLock<Regex> = LazyLock::new(|| expression(r"\]\(([^)\s]+)\)"));

fn expression(text: &str) -> Regex {
    Regex::new(text).expect("a valid expression")
}

fn is_ours(file: &&File) -> bool {
    let written_by_tools = ["Cargo.lock", "package-lock.json"];
    let name = file.path.rsplit('/').next().unwrap_or_default();
    !file.path.starts_with("daemon/tests/it/tidy/")
        && !written_by_tools.contains(&name)
        && !name.starts_with("LICENSE")
}

fn found<'a>(files: impl Iterator<Item = &'a File>, what: &Regex) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.filter(is_ours) {
        for found in what.find_iter(&file.text) {
            let line = file.text[..found.start()].matches('\n').count() + 1;
            complaints.push(format!("{}:{line}: `{}`", file.path, found.as_str().trim()));
        }
    }
    complaints
}

/// No work is left for later without an owner.
pub(crate) fn unfinished(house: &House) -> Vec<String> {
    found(house.files(), &UNFINISHED)
}

/// Nothing points at where it was written.
pub(crate) fn machine(house: &House) -> Vec<String> {
    found(house.files(), &MACHINE)
}

/// No document promises what no program can keep.
pub(crate) fn promises(house: &House) -> Vec<String> {
    found(house.ending(&[".md", ".toml", ".html", ".json"]), &PROMISES)
}

/// A link in a document that leads into the repository leads somewhere.
pub(crate) fn links(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in house.ending(&[".md"]) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for found in LINK.captures_iter(&file.text) {
            let link = &found[1];
            let target = link.split('#').next().unwrap_or(link);
            let path = [folder, target].join("/");
            let path = path.trim_matches('/');
            let inside = format!("{path}/");
            let exists = |file: &File| file.path == path || file.path.starts_with(&inside);
            if !target.is_empty() && !link.contains("://") && !house.files().any(exists) {
                complaints.push(format!("{}: {link} leads nowhere", file.path));
            }
        }
    }
    complaints
}
