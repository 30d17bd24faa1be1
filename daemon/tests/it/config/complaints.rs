//! Job: the folder `complaints`: one mistake a file, and beside it what is said of it.
//! Takes: `NAME.toml` and `NAME.txt`.
//! Gives: a failure where they differ; `BLESS=1` writes what is said, to be read and committed.
//! Never: lets a mistake pass without words.

use std::path::{Path, PathBuf};

use deskbell::config::complain::{Paint, show};
use deskbell::config::{LoadRequest, load};

use super::{House, catalog};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/complaints")
}

fn fixtures() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

fn said_of(file: &Path, paint: Paint) -> String {
    let request = LoadRequest { files: vec![file.to_owned()], ..House::new(&[]).request };
    let loaded = load(&request, &catalog::catalog(), &catalog::doors());
    show(&loaded.complaints, paint).replace(&format!("{}/", folder().display()), "")
}

#[test]
fn each_mistake_has_its_exact_complaint() {
    let mut differ = Vec::new();
    for file in fixtures() {
        let said = said_of(&file, Paint::Plain);
        let expected = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &said).expect("written");
        }
        if std::fs::read_to_string(&expected).ok().as_deref() != Some(&said) {
            differ.push(format!("{}\n{said}", file.display()));
        }
    }
    assert!(differ.is_empty(), "read them, then BLESS=1 cargo test:\n{}", differ.join("\n"));
}

#[test]
fn no_complaint_repeats_a_secret_or_lets_a_file_act_on_the_terminal() {
    for file in fixtures() {
        let plain = said_of(&file, Paint::Plain);
        assert!(!plain.contains("hunter2"), "{}\n{plain}", file.display());
        let hostile = |c: char| c != '\n' && contract::text::is_hostile(c);
        assert!(!plain.contains(hostile), "{}\n{plain}", file.display());
        assert!(!plain.is_empty(), "{} is no mistake", file.display());
        assert!(said_of(&file, Paint::Colours).contains('\u{1b}'), "{}", file.display());
    }
}
