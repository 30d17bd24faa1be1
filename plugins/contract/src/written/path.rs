//! Job: the paths by which complaints name keys: `rule[2]."my key".status`.
//! Takes: keys and list positions.
//! Gives: paths written out, and the place of what a path names.
//! Never: fails; an unknown part ends the search where it stands.

use super::{Value, Written};
use crate::Place;

/// A key as TOML would write it: bare where it may be, else in quotes.
pub fn quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// One path after another, with a dot where one belongs.
pub fn joined(front: &str, back: &str) -> String {
    let dot = if front.is_empty() || back.is_empty() || back.starts_with('[') { "" } else { "." };
    format!("{front}{dot}{back}")
}

/// The place of what the path names, or of the last part of it that is written.
pub(super) fn find(from: &Written, path: &str) -> Option<Place> {
    let mut at = from;
    let mut place = from.place.clone();
    for step in steps(path) {
        let next = match (&step, &at.value) {
            (Step::Key(key), Value::Table(table)) => table.value(key),
            (Step::Index(index), Value::List(list)) => list.get(*index),
            _ => None,
        };
        let Some(next) = next else { return place };
        place = next.place.clone().or(place);
        at = next;
    }
    place
}

enum Step {
    Key(String),
    Index(usize),
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let (step, after) = first_step(rest);
        steps.push(step);
        rest = after;
    }
    steps
}

fn first_step(path: &str) -> (Step, &str) {
    if let Some(inside) = path.strip_prefix('"') {
        return quoted_step(inside);
    }
    let bracketed = path.strip_prefix('[').and_then(|inside| inside.split_once(']'));
    if let Some((index, after)) = bracketed
        && let Ok(index) = index.parse()
    {
        return (Step::Index(index), after);
    }
    let end = path.char_indices().skip(1).find(|(_, c)| matches!(c, '.' | '['));
    let (key, after) = path.split_at(end.map_or(path.len(), |(end, _)| end));
    (Step::Key(key.to_owned()), after)
}

fn quoted_step(inside: &str) -> (Step, &str) {
    let mut key = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (Step::Key(key), &inside[at + 1..]),
            '\\' => key.extend(letters.next().map(|(_, escaped)| escaped)),
            other => key.push(other),
        }
    }
    (Step::Key(key), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_they_are_written() {
        let key = "say \"hi\".now\\";
        let path = joined(&joined("secret", "[1]"), &joined(&quoted(key), "file"));
        let read: Vec<String> = steps(&path)
            .into_iter()
            .map(|step| match step {
                Step::Key(key) => key,
                Step::Index(index) => index.to_string(),
            })
            .collect();
        assert_eq!(read, ["secret", "1", key, "file"]);
        assert_eq!(steps("[x").len(), 1);
        assert!(steps("").is_empty());
    }
}
