//! Job: an explanation as text, made to be read at three in the morning.
//! Takes: `Explanation`.
//! Gives: a tree with ✓ ✗ ? marks; the outcome first, then the rings, then each rule.
//! Never: lets a stranger's text move a cursor or forge a line.

use contract::text::clean;

use super::explanation::{ConditionTold, Explanation, RingTold, RuleTold};
use crate::delivery::{Outcome, Start, Way};

impl Explanation {
    /// The tree as text, each line clean for a terminal.
    pub fn render(&self) -> String {
        let mut lines = vec![self.what.to_string(), self.outcome_told()];
        lines.extend(self.rings.iter().flat_map(ring_lines));
        if !self.rules.is_empty() {
            lines.push(String::new());
        }
        lines.extend(self.rules.iter().flat_map(rule_lines));
        let mut text = String::new();
        for line in lines {
            text.push_str(clean(&line).trim_end());
            text.push('\n');
        }
        text
    }

    fn outcome_told(&self) -> String {
        let rings = self.rings.iter().filter(|ring| ring.start == Some(Start::Ring)).count();
        let what = match (self.outcome, rings) {
            (Outcome::Seen, _) => "✗ already seen: counted, not stored again",
            (Outcome::Stale, _) => "✗ stale: stored, rings nobody",
            (Outcome::Ignored, _) => "✗ ignored: stored, rings nobody",
            (Outcome::Unmatched, _) => "✗ no rule matched: stored, rings nobody",
            (Outcome::Routed, 0) => "✓ a rule matched, and nobody is rung",
            (Outcome::Routed, 1) => "✓ rings one sink",
            (Outcome::Routed, _) => return format!("✓ rings {rings} sinks"),
        };
        match &self.because {
            Some(because) => format!("{what} ({because})"),
            None => what.to_owned(),
        }
    }
}

fn ring_lines(ring: &RingTold) -> Vec<String> {
    let mark = match ring.start {
        Some(Start::Ring) => '✓',
        Some(Start::Shadow) | None => '✗',
    };
    let way = match ring.way {
        Way::Ring => String::new(),
        other => format!(" [{}]", other.word()),
    };
    let mut lines = vec![format!("  {mark} {}{way}: {}", ring.sink, ring.why)];
    if ring.start.is_none() {
        return lines;
    }
    if !ring.also.is_empty() {
        let names: Vec<&str> = ring.also.iter().map(|rule| rule.as_str()).collect();
        lines.push(format!("      also: {}", names.join(", ")));
    }
    if let Some(meant) = &ring.redirected_from {
        lines.push(format!("      meant for {meant}, redirected by [daemon] redirect"));
    }
    lines.push(format!("      {} │ {}", ring.level, ring.title));
    lines.extend(
        ring.body
            .lines()
            .map(|line| format!("      {} │ {line}", " ".repeat(ring.level.word().len()))),
    );
    lines
}

fn rule_lines(rule: &RuleTold) -> Vec<String> {
    let mark = if rule.matched { '✓' } else { rule.holds.mark() };
    let mut lines = vec![format!("{mark} {}: {}", rule.rule, rule.why)];
    let width = rule.conditions.iter().map(|c| c.key.chars().count()).max().unwrap_or(0);
    for condition in &rule.conditions {
        condition_lines(condition, 1, width, &mut lines);
    }
    for way in &rule.ways {
        lines.push(format!("    → {} ({})", way.sink, way.through));
    }
    lines
}

fn condition_lines(told: &ConditionTold, depth: usize, width: usize, lines: &mut Vec<String>) {
    let indent = "    ".repeat(depth);
    let mark = told.holds.mark();
    if told.wanted.is_empty() && told.actual.is_empty() {
        lines.push(format!("{indent}{mark} {}", told.key));
        let width = told.inside.iter().map(|c| c.key.chars().count()).max().unwrap_or(0);
        for inner in &told.inside {
            condition_lines(inner, depth + 1, width, lines);
        }
        return;
    }
    let (key, wanted, actual) = (&told.key, &told.wanted, &told.actual);
    lines.push(format!("{indent}{mark} {key:width$}  {wanted}  ·  is {actual}"));
}
