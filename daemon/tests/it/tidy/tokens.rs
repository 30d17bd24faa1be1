//! Job: takes a Rust file apart as far as the checks need it.
//! Takes: its text.
//! Gives: `Tokens`: words, marks and literals with their lines, and every path that is named.
//! Never: understands Rust; comments are dropped, macros are read like code.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// A Rust file, taken apart.
pub(crate) struct Tokens {
    /// All of it, tests included.
    pub(crate) all: Vec<Token>,
    /// What is not under `#[cfg(test)]`.
    pub(crate) product: Vec<Token>,
    /// The modules declared under `#[cfg(test)]` that stand in files of their own.
    pub(crate) test_modules: Vec<String>,
    /// The lines that begin inside a literal, from 1.
    pub(crate) lines_in_literals: BTreeSet<usize>,
}

/// One token and the line it begins on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) is: Is,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    /// A name, a keyword or a number.
    Word(String),
    /// `::`.
    Apart,
    /// Any other sign.
    Sign(char),
    /// A text, without its quotes.
    Literal(String),
}

/// A path as it is named somewhere, groups of a `use` spread out: `std::{env, fs}` is two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) parts: Vec<String>,
}

impl Named {
    /// Says whether the path holds these parts, one after the other.
    pub(crate) fn holds(&self, parts: &[&str]) -> bool {
        self.parts.windows(parts.len()).any(|window| window == parts)
    }

    /// The path's first part.
    pub(crate) fn root(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }
}

impl Tokens {
    /// Takes a text apart.
    pub(crate) fn of(text: &str) -> Self {
        let mut reader = Reader { rest: text.chars().peekable(), line: 1, read: Vec::new() };
        let mut lines_in_literals = BTreeSet::new();
        while let Some(sign) = reader.next() {
            let (begun, before) = (reader.line, reader.read.len());
            reader.token(sign);
            if matches!(reader.read.get(before), Some(Token { is: Is::Literal(_), .. })) {
                lines_in_literals.extend(begun + 1..=reader.line);
            }
        }
        let all = reader.read;
        let (product, test_modules) = without_tests(&all);
        Self { all, product, test_modules, lines_in_literals }
    }
}

/// Every path that is named in these tokens; a single word is a path too.
pub(crate) fn named(tokens: &[Token]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].is {
            Is::Word(_) => path(tokens, &mut at, &[], &mut found),
            _ => at += 1,
        }
    }
    found
}

fn path(tokens: &[Token], at: &mut usize, before: &[String], found: &mut Vec<Named>) {
    let mut parts = before.to_vec();
    let line = tokens[*at].line;
    loop {
        match tokens.get(*at).map(|token| &token.is) {
            Some(Is::Word(word)) => parts.push(word.clone()),
            Some(Is::Sign('{')) if !parts.is_empty() => return group(tokens, at, &parts, found),
            _ => break,
        }
        *at += 1;
        if !matches!(tokens.get(*at).map(|token| &token.is), Some(Is::Apart)) {
            break;
        }
        *at += 1;
    }
    found.push(Named { line, parts });
}

/// Reads `{a, b::c as d}` of a `use`, from its brace on.
fn group(tokens: &[Token], at: &mut usize, before: &[String], found: &mut Vec<Named>) {
    *at += 1;
    while let Some(token) = tokens.get(*at) {
        match &token.is {
            Is::Word(word) if word == "as" => *at += 2,
            Is::Word(_) => path(tokens, at, before, found),
            Is::Sign('}') => {
                *at += 1;
                return;
            }
            _ => *at += 1,
        }
    }
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(&token.is, Is::Word(found) if found == word)
}

fn is_test_attribute(tokens: &[Token]) -> bool {
    let [hash, open, cfg, inner, test, close, end, ..] = tokens else { return false };
    let signs = [(hash, '#'), (open, '['), (inner, '('), (close, ')'), (end, ']')];
    is_word(cfg, "cfg")
        && is_word(test, "test")
        && signs.iter().all(|(token, sign)| token.is == Is::Sign(*sign))
}

/// Leaves out every item under `#[cfg(test)]`, and names the modules among them.
fn without_tests(all: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut product, mut modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < all.len() {
        if !is_test_attribute(&all[at..]) {
            product.push(all[at].clone());
            at += 1;
            continue;
        }
        let end = at + 7 + item_length(&all[at + 7..]);
        let item = &all[at + 7..end];
        if matches!(item.last(), Some(Token { is: Is::Sign(';'), .. })) {
            let after =
                item.iter().position(|token| is_word(token, "mod")).map(|mod_at| mod_at + 1);
            if let Some(Is::Word(name)) = after.and_then(|name| item.get(name)).map(|name| &name.is)
            {
                modules.push(name.clone());
            }
        }
        at = end;
    }
    (product, modules)
}

/// How many tokens an item takes: up to its `;`, or to the end of its braces.
fn item_length(tokens: &[Token]) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.is {
            Is::Sign('{' | '(' | '[') => depth += 1,
            Is::Sign(')' | ']') => depth = depth.saturating_sub(1),
            Is::Sign('}') if depth <= 1 => return index + 1,
            Is::Sign('}') => depth -= 1,
            Is::Sign(';') if depth == 0 => return index + 1,
            _ => {}
        }
    }
    tokens.len()
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
    read: Vec<Token>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let sign = self.rest.next()?;
        self.line += usize::from(sign == '\n');
        Some(sign)
    }

    fn next_is(&mut self, sign: char) -> bool {
        self.rest.peek() == Some(&sign)
    }

    fn push(&mut self, line: usize, is: Is) {
        self.read.push(Token { line, is });
    }

    fn token(&mut self, sign: char) {
        let line = self.line;
        match sign {
            '/' if self.next_is('/') => while self.next().is_some_and(|sign| sign != '\n') {},
            '/' if self.next_is('*') => self.block_comment(),
            '"' => self.text(line),
            '\'' => self.character(),
            ':' if self.next_is(':') => {
                self.next();
                self.push(line, Is::Apart);
            }
            sign if sign == '_' || sign.is_alphanumeric() => self.word(line, sign),
            sign if sign.is_whitespace() => {}
            sign => self.push(line, Is::Sign(sign)),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        let mut before = '/';
        while let Some(sign) = self.next() {
            match (before, sign) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    before = sign;
                    continue;
                }
            }
            if depth == 0 {
                return;
            }
            before = ' ';
        }
    }

    fn word(&mut self, line: usize, first: char) {
        let mut word = String::from(first);
        while let Some(sign) = self.rest.next_if(|sign| *sign == '_' || sign.is_alphanumeric()) {
            word.push(sign);
        }
        match word.as_str() {
            "b" | "c" if self.next_is('"') => {
                self.next();
                self.text(line);
            }
            "b" if self.next_is('\'') => {
                self.next();
                self.character();
            }
            "r" | "br" | "cr" if self.next_is('"') || self.next_is('#') => self.raw(line, word),
            _ => self.push(line, Is::Word(word)),
        }
    }

    fn text(&mut self, line: usize) {
        let mut text = String::new();
        while let Some(sign) = self.next() {
            match sign {
                '"' => break,
                '\\' => text.extend(self.next().filter(|sign| *sign != '\n')),
                sign => text.push(sign),
            }
        }
        self.push(line, Is::Literal(text));
    }

    /// `r"…"`, `r#"…"#`; `r#name` is a word.
    fn raw(&mut self, line: usize, word: String) {
        let mut end = String::from('"');
        while self.rest.next_if_eq(&'#').is_some() {
            end.push('#');
        }
        if !self.next_is('"') {
            return self.push(line, Is::Word(word));
        }
        self.next();
        let mut text = String::new();
        while let Some(sign) = self.next() {
            text.push(sign);
            if text.ends_with(&end) {
                text.truncate(text.len() - end.len());
                break;
            }
        }
        self.push(line, Is::Literal(text));
    }

    /// `'x'`, `'\n'`; `'static` is a lifetime, which no check needs.
    fn character(&mut self) {
        let Some(first) = self.next() else { return };
        if first == '\\' {
            self.next();
            while self.next().is_some_and(|sign| sign != '\'') {}
        } else if self.next_is('\'') {
            self.next();
        } else {
            while self.rest.next_if(|sign| *sign == '_' || sign.is_alphanumeric()).is_some() {}
        }
    }
}

#[test]
fn words_in_comments_and_literals_are_no_words() {
    let text = r##"
        // one /* two
        /* three /* four */ five */ six 'x' '"' '\'' b'"' &'static
        "seven \" eight" r#"nine " ten"# b"eleven" r"twelve" r#type
    "##;
    let words: Vec<_> = named(&Tokens::of(text).all).into_iter().flat_map(|n| n.parts).collect();
    assert_eq!(words, ["six", "r", "type"]);
}

#[test]
fn groups_are_spread_out() {
    let text = "use std::{env as e, time::{SystemTime, Duration}, fs::*}; crate::a::<B>::c(x.y());";
    let paths: Vec<_> =
        named(&Tokens::of(text).all).into_iter().map(|named| named.parts.join("::")).collect();
    let wanted = [
        "use",
        "std::env",
        "std::time::SystemTime",
        "std::time::Duration",
        "std::fs",
        "crate::a",
        "B",
        "c",
        "x",
        "y",
    ];
    assert_eq!(paths, wanted);
}

#[test]
fn tests_are_left_out_and_lines_are_kept() {
    let text = "fn a() {}\n#[cfg(test)]\nmod t { fn b() { [1;2]; } }\n\
                #[cfg(test)]\nmod own;\nfn c() { \"x\ny\" }";
    let tokens = Tokens::of(text);
    let words: Vec<_> = named(&tokens.product).iter().map(|n| n.parts[0].clone()).collect();
    assert_eq!(words, ["fn", "a", "fn", "c"]);
    assert_eq!(tokens.test_modules, ["own"]);
    assert_eq!(tokens.lines_in_literals, [7].into());
    assert_eq!(named(&tokens.product).last().map(|named| named.line), Some(6));
}
