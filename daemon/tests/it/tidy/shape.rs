//! Job: keeps files short, narrow, shallow, and named and opened so that they are found.
//! Takes: paths and lines.
//! Gives: a complaint for each file that is out of shape.
//! Never: judges what a file says.

use super::house::{File, House};

/// The most lines a Rust file may have.
const LINES_MAX: usize = 600;
/// The most lines a Rust file has without a reason.
const LINES_USUAL: usize = 400;
/// The most characters of a line of Rust.
const COLUMNS_MAX: usize = 100;

/// Files that are longer than usual, and why they are not two files.
const LONG: &[(&str, &str)] = &[(
    "daemon/src/app/post/tests.rs",
    "every way in which a far side can fail, one after the other, on the same few tools",
)];

/// No file is longer than the limit, none is longer than usual without a reason.
pub(crate) fn lengths(house: &House) -> Vec<String> {
    lengths_but(house, LONG)
}

fn lengths_but(house: &House, long: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in house.ending(&[".rs"]) {
        let lines = file.text.lines().count();
        let excused = long.iter().any(|(path, _)| *path == file.path);
        let path = &file.path;
        if lines > LINES_MAX {
            complaints.push(format!("{path}: {lines} lines, at most {LINES_MAX}"));
        } else if lines > LINES_USUAL && !excused {
            complaints.push(format!("{path}: {lines} lines, past {LINES_USUAL} needs a reason"));
        } else if lines <= LINES_USUAL && excused {
            complaints.push(format!("{path}: {lines} lines need no reason any more"));
        }
    }
    complaints
}

/// No line of Rust is too wide, but inside a literal, where it is what a user sees.
pub(crate) fn columns(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in house.ending(&[".rs"]) {
        for (number, line) in (1..).zip(file.text.lines()) {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX && !file.tokens().lines_in_literals.contains(&number) {
                complaints.push(format!("{}:{number}: {columns} columns", file.path));
            }
        }
    }
    complaints
}

/// A module opens with four lines that say what it is for.
pub(crate) fn headers(house: &House) -> Vec<String> {
    const OPENINGS: [&str; 4] = ["//! Job: ", "//! Takes: ", "//! Gives: ", "//! Never: "];
    let opens = |file: &File| {
        let mut lines = file.text.lines().filter(|line| !line.starts_with("//!  "));
        OPENINGS.iter().all(|opening| {
            lines.next().is_some_and(|line| {
                let said = line.strip_prefix(opening).unwrap_or_default();
                !said.trim().is_empty()
            })
        })
    };
    let complaint = |file: &File| format!("{}:1: no Job, Takes, Gives, Never", file.path);
    house.sources().filter(|file| !opens(file)).map(complaint).collect()
}

/// No file is a dumping ground.
pub(crate) fn names(house: &House) -> Vec<String> {
    const GROUNDS: [&str; 10] = [
        "util", "utils", "common", "helper", "helpers", "misc", "core", "manager", "base", "shared",
    ];
    let is_ground = |file: &&File| {
        let folders = file.path.split('/').rev().skip(1);
        folders.chain([file.stem()]).any(|part| GROUNDS.contains(&part.to_lowercase().as_str()))
    };
    let complaint = |file: &File| format!("{}: a name that says nothing", file.path);
    house.files().filter(is_ground).map(complaint).collect()
}

/// Below `src` stands a file, or a folder of files; one deeper stand only tests.
pub(crate) fn depth(house: &House) -> Vec<String> {
    let too_deep = |file: &&File| {
        let Some((_, inside)) = file.path.split_once("/src/") else { return false };
        let folders = inside.matches('/').count();
        let is_tests = file.stem() == "tests" || inside.rsplit('/').nth(1) == Some("tests");
        folders > if is_tests { 2 } else { 1 }
    };
    let complaint = |file: &File| format!("{}: deeper than station/file.rs", file.path);
    house.ending(&[".rs"]).filter(too_deep).map(complaint).collect()
}

#[test]
fn the_limit_of_a_file_s_length_is_where_it_is_said_to_be() {
    let path = "daemon/src/app/long.rs";
    let excuse: &[(&str, &str)] = &[(path, "because")];
    for (lines, excuses, complaints) in [
        (400, &[] as &[_], 0),
        (401, &[], 1),
        (401, excuse, 0),
        (400, excuse, 1),
        (600, excuse, 0),
        (601, excuse, 1),
    ] {
        let house_of_one = "\n".repeat(lines);
        let house = House::of(&[(path, house_of_one.as_str())]);
        assert_eq!(lengths_but(&house, excuses).len(), complaints, "{lines} {excuses:?}");
    }
}

#[test]
fn the_limit_of_a_line_s_width_is_where_it_is_said_to_be() {
    for (columns_used, complaints) in [(100, 0), (101, 1)] {
        let line = "ü".repeat(columns_used);
        let house = House::of(&[("daemon/src/app/wide.rs", line.as_str())]);
        assert_eq!(columns(&house).len(), complaints);
    }
}
