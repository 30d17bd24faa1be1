//! Job: the rules that every contestant runs: one that rings, the others only to be asked.
//! Takes: how many.
//! Gives: the same rules as our configuration's TOML and as the peers' JSON.
//! Never: a second rule that matches: each booking rings once, however many rules there are.

use serde_json::{Value, json};

/// A rule beyond the first asks for all of these, or for an expression alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    name: String,
    category: Option<&'static str>,
    status: Option<&'static str>,
    amount: Option<(u64, u64)>,
    expression: Option<Expression>,
}

/// A regular expression over the title that no title of the feed has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expression {
    text: String,
    folds_case: bool,
}

const CATEGORIES: [&str; 4] = ["property", "car", "transfer", "tour"];

/// Writes `count` rules, the first of which rings for every booking.
pub(crate) fn write(count: usize) -> Vec<Rule> {
    let mut rules = vec![Rule {
        name: "Every new booking".into(),
        category: None,
        status: Some("new"),
        amount: None,
        expression: None,
    }];
    rules.extend((1..count).map(never_matching));
    rules
}

fn never_matching(number: usize) -> Rule {
    let name = format!("Rule {number:05}");
    let expression = Some(expression(number));
    if number.is_multiple_of(5) {
        return Rule { name, category: None, status: None, amount: None, expression };
    }
    let from = number as u64 * 37 % 2_400;
    Rule {
        name,
        category: Some(CATEGORIES[number / 5 % 4]),
        status: Some(if number / 7 % 3 == 1 { "confirmed" } else { "new" }),
        amount: Some((from, from + 600)),
        expression,
    }
}

/// Three usual shapes: words in order, any case, and a code.
fn expression(number: usize) -> Expression {
    match number % 3 {
        0 => Expression { text: format!("Cruise .*deck {number:05}$"), folds_case: false },
        1 => Expression { text: format!("grand (villa|suite) {number:05}"), folds_case: true },
        _ => Expression { text: format!(r"\b[A-Z]{{3}}-{number:05}\b"), folds_case: false },
    }
}

/// Renders rules that ring `sink` in our configuration's language.
pub(crate) fn toml(rules: &[Rule], sink: &str) -> String {
    let mut text = String::new();
    for rule in rules {
        text.push_str(&format!("\n[[rule]]\nname = \"{}\"\n", rule.name));
        if let Some(category) = rule.category {
            text.push_str(&format!("when.category = \"{category}\"\n"));
        }
        if let Some(status) = rule.status {
            text.push_str(&format!("when.status = \"{status}\"\n"));
        }
        if let Some((from, to)) = rule.amount {
            text.push_str(&format!("when.amount = \"{from}..{to} USD\"\n"));
        }
        if let Some(expression) = &rule.expression {
            let fold = if expression.folds_case { "(?i)" } else { "" };
            text.push_str(&format!("when.title = {{ regex = '{fold}{}' }}\n", expression.text));
        }
        text.push_str(&format!("ring = [\"{sink}\"]\n"));
    }
    text
}

/// Renders the same rules for a peer.
pub(crate) fn json(rules: &[Rule]) -> Value {
    rules
        .iter()
        .map(|rule| {
            let mut object = serde_json::Map::new();
            object.insert("name".into(), json!(rule.name));
            if let Some(category) = rule.category {
                object.insert("category".into(), json!(category));
            }
            if let Some(status) = rule.status {
                object.insert("status".into(), json!(status));
            }
            if let Some((from, to)) = rule.amount {
                object.insert("from".into(), json!(from));
                object.insert("to".into(), json!(to));
            }
            if let Some(expression) = &rule.expression {
                let flags = if expression.folds_case { "i" } else { "" };
                object.insert("regex".into(), json!(expression.text));
                object.insert("flags".into(), json!(flags));
            }
            Value::Object(object)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_in_five_is_an_expression_alone_and_only_the_first_has_none() {
        let rules = write(1_000);
        let alone = rules.iter().filter(|rule| rule.status.is_none()).count();
        assert_eq!((rules.len(), alone), (1_000, 199));
        let without = rules.iter().filter(|rule| rule.expression.is_none()).count();
        assert_eq!(without, 1);
    }

    #[test]
    fn the_rules_read_as_our_configuration_writes_them() {
        let text = toml(&write(3)[1..], "console.log");
        let expected = r#"
[[rule]]
name = "Rule 00001"
when.category = "property"
when.status = "new"
when.amount = "37..637 USD"
when.title = { regex = '(?i)grand (villa|suite) 00001' }
ring = ["console.log"]

[[rule]]
name = "Rule 00002"
when.category = "property"
when.status = "new"
when.amount = "74..674 USD"
when.title = { regex = '\b[A-Z]{3}-00002\b' }
ring = ["console.log"]
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_peer_gets_the_same_rules() {
        let rules = json(&write(6));
        assert_eq!(rules[0], json!({ "name": "Every new booking", "status": "new" }));
        let alone = json!({
            "name": "Rule 00005",
            "regex": r"\b[A-Z]{3}-00005\b",
            "flags": ""
        });
        assert_eq!(rules[5], alone);
    }
}
