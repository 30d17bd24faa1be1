//! Job: finds what a misspelt name meant.
//! Takes: a name and the known ones.
//! Gives: the nearest known one within two edits.
//! Never: guesses further away than a slip of the fingers.

/// The nearest known name within two edits (one for names of up to three letters), letters of
/// either case being the same. Of equally near ones the first.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = folded(name);
    let most = if name.chars().count() <= 3 { 1 } else { 2 };
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&name, &folded(known)), known))
        .filter(|(edits, known)| *edits <= most && *edits < known.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

/// Lower case, and one spelling of what joins words.
fn folded(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_understood_and_nothing_more() {
        let known = ["status", "category", "time_zone", "ring", "id", "url", "cancelled"];
        let cases = [
            ("statsu", Some("status")),
            ("Status", Some("status")),
            ("timezone", Some("time_zone")),
            ("time-zone", Some("time_zone")),
            ("canceled", Some("cancelled")),
            ("rnig", Some("ring")),
            ("ulr", Some("url")),
            ("it", Some("id")),
            ("xy", None),
            ("customer", None),
            ("", None),
        ];
        for (name, meant) in cases {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
    }
}
