//! Job: the files of the repository, read once.
//! Takes: what git tracks or would track; without git, a walk.
//! Gives: `House` and its `File`s, Rust files taken apart.
//! Never: reads what is built or installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::tokens::Tokens;

/// All files of the repository that are text.
pub(crate) struct House {
    files: Vec<File>,
}

/// One file.
pub(crate) struct File {
    /// Its path from the repository's root, with slashes.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
    tokens: OnceLock<Tokens>,
}

impl House {
    /// The house this test stands in.
    pub(crate) fn here() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace around us");
        let mut paths = tracked(root).unwrap_or_else(|| walked(root));
        paths.sort();
        paths.dedup();
        let files = paths.into_iter().filter_map(|path| {
            // What is no text, and what was removed but is still tracked, is left out.
            let text = fs::read_to_string(root.join(&path)).ok()?;
            Some(File::new(path, text))
        });
        Self { files: files.collect() }
    }

    /// A house of samples: path and text.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new((*path).into(), (*text).into()));
        Self { files: files.collect() }
    }

    /// Every file.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Every file whose name ends so.
    pub(crate) fn ending<'a>(&'a self, ends: &'a [&str]) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(|file| ends.iter().any(|end| file.path.ends_with(end)))
    }

    /// Every Rust file below a folder `src` of the daemon or of a plugin, tests left out.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &File> {
        let tests = self.test_modules();
        self.ending(&[".rs"]).filter(move |file| {
            let module = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
            file.is_source()
                && !tests.iter().any(|test| {
                    module
                        .strip_prefix(test.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
        })
    }

    /// The file at a path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The modules that are built for tests only, as paths without `.rs`.
    fn test_modules(&self) -> Vec<String> {
        let mut modules = Vec::new();
        for file in self.ending(&[".rs"]).filter(|file| file.is_source()) {
            let own = file.path.trim_end_matches(".rs");
            let folder = match own.rsplit_once('/') {
                Some((folder, "mod" | "lib" | "main")) => folder,
                _ => own,
            };
            let names = file.tokens().test_modules.iter();
            modules.extend(names.map(|name| format!("{folder}/{name}")));
        }
        modules
    }
}

impl File {
    fn new(path: String, text: String) -> Self {
        Self { path, text, tokens: OnceLock::new() }
    }

    /// The file as Rust, taken apart on first use.
    pub(crate) fn tokens(&self) -> &Tokens {
        self.tokens.get_or_init(|| Tokens::of(&self.text))
    }

    /// The station of the daemon it belongs to.
    pub(crate) fn station(&self) -> Option<&str> {
        let (station, _) = self.path.strip_prefix("daemon/src/")?.split_once('/')?;
        Some(station)
    }

    /// The path's last part without its ending.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    fn is_source(&self) -> bool {
        self.path.starts_with("daemon/src/")
            || (self.path.starts_with("plugins/") && self.path.contains("/src/"))
    }
}

/// What git tracks, and what it would track if it were added.
fn tracked(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let listed = String::from_utf8(listed.stdout).ok()?;
    Some(listed.split_terminator('\0').map(String::from).collect())
}

fn walked(root: &Path) -> Vec<String> {
    const LEFT_OUT: [&str; 4] = [".git", "target", "node_modules", ".demo"];
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the house can be read").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_file() {
                let inside = path.strip_prefix(root).expect("the walk began at the root");
                found.push(inside.to_string_lossy().replace('\\', "/"));
            } else if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                folders.push(path);
            }
        }
    }
    found
}

#[test]
fn the_walk_without_git_finds_what_git_tracks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace around us");
    let walked = walked(root);
    for path in tracked(root).unwrap_or_default() {
        let exists = root.join(&path).is_file();
        assert!(!exists || walked.contains(&path), "{path} is missed by the walk");
    }
}

#[test]
fn a_file_declared_for_tests_only_is_no_source() {
    let house = House::of(&[
        ("daemon/src/rules/judge.rs", "#[cfg(test)]\nmod tests;\nmod product;"),
        ("daemon/src/rules/judge/tests.rs", ""),
        ("daemon/src/rules/judge/product.rs", ""),
        ("daemon/src/rules/mod.rs", "#[cfg(test)]\n#[allow(x)]\nmod random;"),
        ("daemon/src/rules/random.rs", ""),
    ]);
    let sources: Vec<_> = house.sources().map(|file| file.path.as_str()).collect();
    let wanted = [
        "daemon/src/rules/judge.rs",
        "daemon/src/rules/judge/product.rs",
        "daemon/src/rules/mod.rs",
    ];
    assert_eq!(sources, wanted);
}
