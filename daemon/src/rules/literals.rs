//! Job: which texts must stand in a field for a condition on it to hold.
//! Takes: a text condition.
//! Gives: choices: of each, at least one folded literal must stand in the folded field.
//! Never: promises that the condition holds where one does.

use std::borrow::Cow;

use regex_syntax::hir::{Class, Hir, HirKind};

use super::condition::TextCheck;
use super::fold::fold;

/// Literals of which at least one must stand in the folded field.
pub(crate) type Choice = Vec<String>;

/// The most literals of one choice.
const LITERALS_MAX: usize = 64;
/// The largest class whose characters are tried for folding to the same.
const CLASS_MAX: usize = 8;

/// The choices of a list of conditions of which one is enough; none where one of them can hold
/// without any literal.
pub(crate) fn choices(tests: &[TextCheck]) -> Cow<'_, [Choice]> {
    match tests {
        [TextCheck::Matches(pattern)] => pattern.choices().into(),
        [only] => choices_of(only).into(),
        several => {
            let best: Option<Vec<Choice>> =
                several.iter().map(|test| best(choices_of(test))).collect();
            union(best).into_iter().collect::<Vec<Choice>>().into()
        }
    }
}

fn choices_of(test: &TextCheck) -> Vec<Choice> {
    match test {
        TextCheck::Whole { folded, .. }
        | TextCheck::Contains { folded, .. }
        | TextCheck::Starts { folded, .. } => literal(folded.to_string()),
        TextCheck::Matches(pattern) => pattern.choices().to_vec(),
        TextCheck::Over(_) | TextCheck::Under(_) => Vec::new(),
    }
}

/// The choices of an expression. What precedes or follows them does not matter: an expression can
/// only match where each of its fixed parts stands.
pub(crate) fn of_expression(hir: &Hir) -> Vec<Choice> {
    if let Some(text) = fixed(hir) {
        return literal(text);
    }
    match hir.kind() {
        HirKind::Concat(parts) => of_parts(parts),
        HirKind::Capture(capture) => of_expression(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of_expression(&repetition.sub),
        HirKind::Alternation(branches) => {
            let best: Option<Vec<Choice>> =
                branches.iter().map(|branch| best(of_expression(branch))).collect();
            union(best).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn of_parts(parts: &[Hir]) -> Vec<Choice> {
    let mut all = Vec::new();
    let mut run = String::new();
    for part in parts {
        match fixed(part) {
            Some(text) => run.push_str(&text),
            None => {
                all.extend(literal(std::mem::take(&mut run)));
                all.extend(of_expression(part));
            }
        }
    }
    all.extend(literal(run));
    all
}

/// The folded text of a part that can match nothing else.
fn fixed(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(String::new()),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(fold),
        HirKind::Class(class) => one_letter(class),
        HirKind::Capture(capture) => fixed(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(fixed).collect(),
        HirKind::Repetition(_) | HirKind::Alternation(_) => None,
    }
}

/// The fold of a class whose characters all fold to the same, as `(?i)` makes them.
fn one_letter(class: &Class) -> Option<String> {
    let Class::Unicode(class) = class else { return None };
    let mut letters = class.iter().flat_map(|range| range.start()..=range.end());
    let first = fold(letters.next()?.encode_utf8(&mut [0; 4]));
    let mut count = 1;
    for letter in letters {
        count += 1;
        if count > CLASS_MAX || fold(letter.encode_utf8(&mut [0; 4])) != first {
            return None;
        }
    }
    Some(first)
}

fn literal(text: String) -> Vec<Choice> {
    if text.is_empty() { Vec::new() } else { vec![vec![text]] }
}

/// The choice whose shortest literal is the longest.
fn best(choices: Vec<Choice>) -> Option<Choice> {
    choices.into_iter().max_by_key(shortest)
}

/// The length of the shortest literal, in bytes.
pub(crate) fn shortest(choice: &Choice) -> usize {
    choice.iter().map(String::len).min().unwrap_or(0)
}

fn union(choices: Option<Vec<Choice>>) -> Option<Choice> {
    let all: Choice = choices?.into_iter().flatten().collect();
    (!all.is_empty() && all.len() <= LITERALS_MAX).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Choice> {
        of_expression(&regex_syntax::parse(text).unwrap())
    }

    #[test]
    fn an_expression_needs_each_of_its_fixed_parts() {
        let cases: [(&str, &[&[&str]]); 8] = [
            ("Cruise .*deck 00003$", &[&["cruise "], &["deck 00003"]]),
            ("(?i)grand (villa|suite) 1", &[&["grand "], &["villa", "suite"], &[" 1"]]),
            (r"\b[A-Z]{3}-00002\b", &[&["-00002"]]),
            ("(?i)kids", &[&["kids"]]),
            ("São(Paulo)+x?", &[&["sao"], &["paulo"]]),
            ("a|.*", &[]),
            ("[0-9]+", &[]),
            ("^$", &[]),
        ];
        for (text, wanted) in cases {
            assert_eq!(of(text), wanted, "{text}");
        }
    }
}
