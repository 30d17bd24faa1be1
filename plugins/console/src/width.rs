//! Job: how many columns a text takes on a terminal.
//! Takes: clean text.
//! Gives: its width, and the text cut or filled to a width.
//! Never: is exact for every script; a column off in a rare one costs alignment, nothing else.

/// Marks that stand on the letter before them, by the scripts that bookings come in.
const NO_COLUMN: [(char, char); 17] = [
    ('\u{0300}', '\u{036f}'),
    ('\u{0483}', '\u{0489}'),
    ('\u{0591}', '\u{05bd}'),
    ('\u{0610}', '\u{061a}'),
    ('\u{064b}', '\u{065f}'),
    ('\u{0941}', '\u{0948}'),
    ('\u{0e31}', '\u{0e31}'),
    ('\u{0e34}', '\u{0e3a}'),
    ('\u{0e47}', '\u{0e4e}'),
    ('\u{0eb1}', '\u{0eb1}'),
    ('\u{0eb4}', '\u{0ebc}'),
    ('\u{0ec8}', '\u{0ecd}'),
    ('\u{1ab0}', '\u{1aff}'),
    ('\u{1dc0}', '\u{1dff}'),
    ('\u{20d0}', '\u{20ff}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{fe20}', '\u{fe2f}'),
];

/// Letters and signs that are drawn wide.
const TWO_COLUMNS: [(char, char); 12] = [
    ('\u{1100}', '\u{115f}'),
    ('\u{2e80}', '\u{303e}'),
    ('\u{3041}', '\u{4dbf}'),
    ('\u{4e00}', '\u{a4cf}'),
    ('\u{ac00}', '\u{d7a3}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{fe30}', '\u{fe6f}'),
    ('\u{ff00}', '\u{ff60}'),
    ('\u{ffe0}', '\u{ffe6}'),
    ('\u{1f300}', '\u{1f6ff}'),
    ('\u{1f900}', '\u{1faff}'),
    ('\u{20000}', '\u{3fffd}'),
];

/// The most marks that are kept on one letter: more would cover the lines above.
const MARKS_MAX: usize = 3;

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The text cut to at most so many columns, with `…` where it was cut.
pub(crate) fn cut(text: &str, columns_max: usize) -> String {
    let mut kept = String::new();
    let (mut used, mut marks, mut before_last) = (0, 0, 0);
    for c in text.chars() {
        let width = columns_of(c);
        marks = if width == 0 { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            continue;
        }
        if used + width > columns_max {
            kept.truncate(before_last);
            kept.push('…');
            return kept;
        }
        used += width;
        kept.push(c);
        // One column stays free for the sign of a cut.
        if used < columns_max {
            before_last = kept.len();
        }
    }
    kept
}

/// The text in exactly so many columns: cut, or filled with spaces.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut fitted = cut(text, width);
    let missing = width.saturating_sub(columns(&fitted));
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

fn columns_of(c: char) -> usize {
    let lies_in = |ranges: &[(char, char)]| ranges.iter().any(|(a, z)| (*a..=*z).contains(&c));
    match c {
        '\u{0}'..='\u{2ff}' => 1,
        _ if lies_in(&NO_COLUMN) => 0,
        _ if lies_in(&TWO_COLUMNS) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_or_filled_to_its_columns() {
        let cases = [
            ("Anna", 6, "Anna  "),
            ("Anna", 4, "Anna"),
            ("Annabel", 4, "Ann…"),
            ("東京都", 6, "東京都"),
            ("東京都", 5, "東京…"),
            ("東京都", 4, "東… "),
            ("นั่ง", 4, "นั่ง  "),
            ("", 2, "  "),
            ("Anna", 0, "…"),
        ];
        for (text, width, fitted) in cases {
            assert_eq!(fit(text, width), fitted, "{text} in {width}");
        }
    }

    #[test]
    fn marks_do_not_stack_over_the_lines_above() {
        let stacked = format!("Z{}!", "\u{0315}".repeat(1000));
        assert_eq!(fit(&stacked, 3), "Z\u{0315}\u{0315}\u{0315}! ");
    }
}
