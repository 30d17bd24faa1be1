//! Job: what counts as the same text: case and accents do not matter.
//! Takes: any text.
//! Gives: its folded form; João, JOAO and joao fold to the same.
//! Never: drops a mark that makes another letter, as Thai vowels and Japanese voicing do.

use unicode_normalization::char::decompose_canonical;

/// The text without case and accents. Each character is folded for itself, so that the fold of a
/// part is a part of the fold of the whole: the index looks for folded literals.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            folded.push(letter.to_ascii_lowercase());
        } else {
            decompose_canonical(letter, |part| fold_part(part, &mut folded));
        }
    }
    folded
}

fn fold_part(part: char, folded: &mut String) {
    for letter in part.to_lowercase().filter(|letter| !is_accent(*letter)) {
        match letter {
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'đ' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'ſ' => folded.push('s'),
            'ς' => folded.push('σ'),
            'µ' => folded.push('μ'),
            other => folded.push(other),
        }
    }
}

/// The marks of the Latin, Greek and Cyrillic scripts; the blocks of combining diacritics.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_and_accents_fold_and_other_letters_stay_apart() {
        for (one, other) in [
            ("João", "JOAO"),
            ("Joa\u{303}o", "joão"),
            ("Straße", "strasse"),
            ("Ålesund", "alesund"),
            ("İzmir", "izmir"),
        ] {
            assert_eq!(fold(one), fold(other));
        }
        for (one, other) in [("กา", "กี"), ("ガ", "カ"), ("n", "m")] {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn the_fold_of_a_part_is_a_part_of_the_fold_of_the_whole() {
        for (whole, part) in [("Café Österreich", "é Ö"), ("한국어", "국"), ("ΟΔΟΣ", "Σ")]
        {
            assert!(fold(whole).contains(&fold(part)), "{part}");
        }
    }
}
