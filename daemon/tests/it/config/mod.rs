//! Job: what an admin writes, from files to what the stations need.
//! Takes: TOML in a temporary folder, and a catalog of small plugins.
//! Gives: what is promised of loading, layers, complaints, examples and the schema.
//! Never: reads this machine's configuration or environment.

mod catalog;
mod complaints;
mod examples;
mod judged;
mod layers;
mod loading;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use deskbell::config::{LoadRequest, Loaded, load};
use jiff::tz::TimeZone;
use tempfile::TempDir;

/// A folder of configuration files, and what is asked for beside them.
pub(crate) struct House {
    folder: TempDir,
    pub(crate) request: LoadRequest,
}

impl House {
    /// A folder with these files; the first is the one that `--config` names.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            std::fs::write(path, text).expect("written");
        }
        let first = files.first().map(|(name, _)| folder.path().join(name));
        let request = LoadRequest {
            files: first.into_iter().collect(),
            sets: Vec::new(),
            environment: BTreeMap::from([("HOME".to_owned(), "/home/ann".to_owned())]),
            system_file: folder.path().join("etc/deskbell.toml"),
            zone: TimeZone::get("Asia/Bangkok").expect("a zone"),
        };
        Self { folder, request }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn load(&self) -> Loaded {
        load(&self.request, &catalog::catalog(), &catalog::doors())
    }

    /// Each complaint as `file:line:column key: what (hint)`.
    pub(crate) fn told(&self) -> String {
        let mut told = String::new();
        for complaint in self.load().complaints {
            if let Some(place) = &complaint.place {
                let file = Path::new(&place.file.path);
                let name = file.strip_prefix(self.folder.path()).unwrap_or(file);
                let (line, column) = place.line_column();
                told += &format!("{}:{line}:{column} ", name.display());
            }
            told += &format!("{}: {}", complaint.key, complaint.what);
            if let Some(hint) = complaint.hint {
                told += &format!(" ({hint})");
            }
            if let Some((place, said)) = complaint.other {
                let name = Path::new(&place.file.path).file_name().expect("a name");
                let line = place.line_column().0;
                told += &format!(" [{}:{line} {said}]", name.display());
            }
            told.push('\n');
        }
        told.replace(&self.folder.path().display().to_string(), "DIR")
    }
}
