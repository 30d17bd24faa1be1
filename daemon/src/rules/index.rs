//! Job: which rules can match an event at all.
//! Takes: compiled rules, once; then the facts of each event.
//! Gives: the candidates in the order of the file. What it leaves out would have said no.
//! Never: costs more than a few words a rule, or allocates for one.

use std::borrow::Cow;
use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use contract::{Category, Country, Currency, Kind, Status};

use super::check::{All, Check};
use super::condition::Condition;
use super::facts::{Facts, TextField};
use super::literals::{self, Choice};

/// One bit a rule.
type Bits = Box<[u64]>;

/// What is known of the rules before any event.
pub(crate) struct Index {
    words: usize,
    kinds: [(Kind, Bits); 3],
    categories: Words<Category>,
    statuses: Words<Status>,
    countries: Words<Country>,
    currencies: Words<Currency>,
    /// The rules that no literal holds back.
    free: Bits,
    fields: Vec<Field>,
}

/// Which rules take which value of a field.
struct Words<V> {
    /// The rules that do not ask; taken for a value that no rule names.
    silent: Bits,
    by_value: Vec<(V, Bits)>,
}

/// The literals of one field.
struct Field {
    field: TextField,
    automaton: AhoCorasick,
    /// The rules of each literal.
    rules: Vec<Vec<u32>>,
    /// All rules that one of the literals holds back.
    asks: Bits,
}

/// What a rule shows to the index.
pub(crate) struct Entry<'a> {
    /// What the rule is about; empty for an alarm.
    pub(crate) kinds: &'a [Kind],
    pub(crate) when: &'a All,
}

impl Index {
    /// Reads all rules. An automaton too large to build leaves its rules free: slower, not wrong.
    pub(crate) fn of(rules: &[Entry<'_>]) -> Self {
        let words = rules.len().div_ceil(64);
        let kind =
            |kind: Kind| (kind, bits(words, rules.iter().map(|rule| rule.kinds.contains(&kind))));
        let (fields, free) = fields(rules, words);
        Self {
            words,
            kinds: [kind(Kind::Booking), kind(Kind::Metrics), kind(Kind::Other)],
            categories: Words::of(rules, words, |c| match c {
                Condition::Category(names) => Some(&names.0),
                _ => None,
            }),
            statuses: Words::of(rules, words, |c| match c {
                Condition::Status(names) => Some(&names.0),
                _ => None,
            }),
            countries: Words::of(rules, words, |c| match c {
                Condition::Country(codes) => Some(&codes.0),
                _ => None,
            }),
            currencies: Words::of(rules, words, |c| match c {
                Condition::Currency(codes) => Some(&codes.0),
                _ => None,
            }),
            free,
            fields,
        }
    }

    /// Asks each candidate, in the order of the file, for as long as `ask` says to go on.
    pub(crate) fn each(&self, facts: &Facts<'_>, mut ask: impl FnMut(usize) -> bool) {
        let kind = facts.event.kind();
        let Some((_, kind)) = self.kinds.iter().find(|(known, _)| *known == kind) else { return };
        let sets = self.sets(facts, kind);
        let (hits, absent) = self.literals(facts);
        for word in 0..self.words {
            let mut bits = self.free[word];
            bits |= hits.as_ref().map_or(0, |hits| hits[word]);
            bits = absent.iter().fold(bits, |bits, asks| bits | asks[word]);
            bits = sets.iter().fold(bits, |bits, set| bits & set[word]);
            while bits != 0 {
                let rule = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if !ask(rule) {
                    return;
                }
            }
        }
    }

    fn sets<'a>(&'a self, facts: &Facts<'_>, kind: &'a Bits) -> [&'a Bits; 5] {
        let booking = facts.booking;
        let amount = booking.and_then(|b| b.amount.as_ref());
        let currency = amount.and_then(|amount| facts.rates.currency(amount));
        let of = |set: Option<&'a Bits>| set.unwrap_or(kind);
        [
            kind,
            of(booking
                .and_then(|b| b.category.as_ref())
                .map(|value| self.categories.taking(value))),
            of(booking.and_then(|b| b.status.as_ref()).map(|value| self.statuses.taking(value))),
            of(booking.and_then(|b| b.country.as_ref()).map(|value| self.countries.taking(value))),
            of(currency.map(|value| self.currencies.taking(&value))),
        ]
    }

    /// The rules whose literals stand in the event, and those that ask for an absent field.
    fn literals<'a>(&'a self, facts: &Facts<'_>) -> (Option<Bits>, Vec<&'a Bits>) {
        let mut hits: Option<Bits> = None;
        let mut absent = Vec::new();
        for field in &self.fields {
            let mut said = false;
            for (place, text) in facts.texts(field.field) {
                said = true;
                let folded = facts.folded(field.field, place, text);
                for found in field.automaton.find_overlapping_iter(folded) {
                    let hits = hits.get_or_insert_with(|| vec![0; self.words].into());
                    let rules = &field.rules[found.pattern().as_usize()];
                    rules.iter().for_each(|rule| hits[*rule as usize / 64] |= 1 << (rule % 64));
                }
            }
            if !said {
                absent.push(&field.asks);
            }
        }
        (hits, absent)
    }
}

impl<V: PartialEq + Clone> Words<V> {
    fn of(
        rules: &[Entry<'_>],
        words: usize,
        values: impl Fn(&Condition) -> Option<&Vec<V>>,
    ) -> Self {
        let asked: Vec<Option<&Vec<V>>> =
            rules.iter().map(|rule| plain(rule.when).find_map(&values)).collect();
        let silent = bits(words, asked.iter().map(Option::is_none));
        let mut by_value: Vec<(V, Bits)> = Vec::new();
        for (rule, value) in asked.iter().enumerate().flat_map(|(rule, values)| {
            values.iter().flat_map(move |values| values.iter().map(move |value| (rule, value)))
        }) {
            let known = by_value.iter().position(|(known, _)| known == value);
            let place = known.unwrap_or_else(|| {
                by_value.push((value.clone(), silent.clone()));
                by_value.len() - 1
            });
            by_value[place].1[rule / 64] |= 1 << (rule % 64);
        }
        Self { silent, by_value }
    }

    fn taking(&self, value: &V) -> &Bits {
        let known = self.by_value.iter().find(|(known, _)| known == value);
        known.map_or(&self.silent, |(_, bits)| bits)
    }
}

fn plain(when: &All) -> impl Iterator<Item = &Condition> {
    when.0.iter().filter_map(|check| match check {
        Check::Plain(condition) => Some(condition),
        Check::Any(_) | Check::Not(_) => None,
    })
}

fn bits(words: usize, each: impl Iterator<Item = bool>) -> Bits {
    let mut bits: Bits = vec![0; words].into();
    for (rule, set) in each.enumerate() {
        bits[rule / 64] |= u64::from(set) << (rule % 64);
    }
    bits
}

/// What must stand in a field for one of its conditions to hold.
type FieldChoices<'a> = (TextField, Cow<'a, [Choice]>);

/// One automaton a field over the rarest choice of each rule, and the rules without any.
fn fields(rules: &[Entry<'_>], words: usize) -> (Vec<Field>, Bits) {
    let choices: Vec<Vec<FieldChoices<'_>>> = rules.iter().map(|rule| all_choices(rule)).collect();
    let mut shared: HashMap<(TextField, &str), usize> = HashMap::new();
    for (field, choices) in choices.iter().flatten() {
        for literal in choices.iter().flatten() {
            *shared.entry((*field, literal)).or_default() += 1;
        }
    }
    let commonness = |(field, choice): &(TextField, &Choice)| {
        let most = choice.iter().map(|literal| shared[&(*field, literal.as_str())]).max();
        (most, std::cmp::Reverse(literals::shortest(choice)))
    };
    let mut by_field: HashMap<TextField, Vec<(u32, &Choice)>> = HashMap::new();
    for (rule, of_rule) in (0..).zip(&choices) {
        let each = of_rule.iter().flat_map(|(field, all)| all.iter().map(|one| (*field, one)));
        if let Some((field, choice)) = each.min_by_key(commonness) {
            by_field.entry(field).or_default().push((rule, choice));
        }
    }
    let mut fields: Vec<Field> =
        by_field.into_iter().filter_map(|(field, asks)| Field::of(field, &asks, words)).collect();
    fields.sort_by_key(|field| field.field);
    let held_back = |rule: usize| fields.iter().any(|f| f.asks[rule / 64] >> (rule % 64) & 1 == 1);
    let free = bits(words, (0..rules.len()).map(|rule| !held_back(rule)));
    (fields, free)
}

fn all_choices<'a>(rule: &Entry<'a>) -> Vec<FieldChoices<'a>> {
    let choices = |condition: &'a Condition| match condition {
        Condition::Text(field, tests) => Some((*field, literals::choices(tests))),
        _ => None,
    };
    plain(rule.when).filter_map(choices).collect()
}

impl Field {
    fn of(field: TextField, asks: &[(u32, &Choice)], words: usize) -> Option<Self> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut rules: Vec<Vec<u32>> = Vec::new();
        let mut literals: Vec<&str> = Vec::new();
        for (rule, literal) in asks
            .iter()
            .flat_map(|(rule, choice)| choice.iter().map(move |literal| (*rule, literal.as_str())))
        {
            let place = *places.entry(literal).or_insert_with(|| {
                literals.push(literal);
                rules.push(Vec::new());
                literals.len() - 1
            });
            rules[place].push(rule);
        }
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(&literals).ok()?;
        let mut held: Bits = vec![0; words].into();
        for (rule, _) in asks {
            held[*rule as usize / 64] |= 1 << (rule % 64);
        }
        Some(Self { field, automaton, rules, asks: held })
    }
}
