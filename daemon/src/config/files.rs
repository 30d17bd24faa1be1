//! Job: finds and reads the files of a configuration.
//! Takes: what was asked for on the command line and in the environment.
//! Gives: each file with its includes, read once, in the order in which they count.
//! Never: merges them; `layers` does.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::complaint::WrittenFile;
use contract::written::{self, Value, Written};
use contract::{Complaint, Place, Severity};

use super::LoadRequest;

/// A larger file is refused; ten thousand rules take 2 MiB.
pub(super) const FILE_BYTES_MAX: u64 = 16 << 20;
/// More included files than this are refused.
pub(super) const INCLUDES_MAX: usize = 256;

/// The variable that names a file when the command line names none.
const FILE_VARIABLE: &str = "DESKBELL_CONFIG";

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// One entry a file named; each holds the file first and then its includes by name.
    pub(super) sets: Vec<Vec<Written>>,
    /// Every file that was read, to be watched.
    pub(super) read: Vec<PathBuf>,
    /// What is wrong with them as files.
    pub(super) complaints: Vec<Complaint>,
}

/// Finds and reads all files. No file at all is no mistake: the built-in default then counts.
pub(super) fn read_all(request: &LoadRequest) -> Files {
    let mut files = Files::default();
    for named in named_files(request) {
        files.read_set(&named);
    }
    files
}

/// The files that count: those of the command line, else the environment's, else the first that
/// is there of the system's and the user's.
fn named_files(request: &LoadRequest) -> Vec<PathBuf> {
    if !request.files.is_empty() {
        return request.files.clone();
    }
    let variable = |name: &str| request.environment.get(name).filter(|value| !value.is_empty());
    if let Some(file) = variable(FILE_VARIABLE) {
        return vec![PathBuf::from(file)];
    }
    let user = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(home).join(".config")))
        .map(|folder| folder.join("deskbell").join("deskbell.toml"));
    std::iter::once(request.system_file.clone())
        .chain(user)
        .find(|file| file.exists())
        .into_iter()
        .collect()
}

impl Files {
    fn read_set(&mut self, path: &Path) {
        let Some(mut first) = self.read_file(path, None) else { return };
        let includes = first.table_mut().and_then(|table| table.take("include"));
        let mut set = vec![first];
        if let Some((_, include)) = includes {
            for (included, named_at) in self.included(path, &include) {
                set.extend(self.read_included(&included, &named_at));
            }
        }
        self.sets.push(set);
    }

    /// Includes go one step deep: what counts where can be seen in one file.
    fn read_included(&mut self, path: &Path, named_at: &Option<Place>) -> Option<Written> {
        let mut written = self.read_file(path, named_at.as_ref())?;
        if let Some((place, _)) = written.table_mut().and_then(|table| table.take("include")) {
            let complaint = Complaint::error("an included file cannot include others")
                .key("include")
                .at(place)
                .hint("name all files in the `include` of the first one");
            self.complaints.push(complaint);
        }
        Some(written)
    }

    fn read_file(&mut self, path: &Path, named_at: Option<&Place>) -> Option<Written> {
        match text_of(path) {
            Ok(text) => {
                self.read.push(path.to_owned());
                let file = Arc::new(WrittenFile { path: path.display().to_string(), text });
                let parsed = written::parse(&file);
                self.complaints.extend(parsed.complaints);
                Some(parsed.written)
            }
            Err(why) => {
                let complaint = Complaint::error(format!("{} {why}", path.display()));
                self.complaints.push(complaint.at(named_at.cloned()));
                None
            }
        }
    }

    /// The files that `include` names, sorted by name, each once.
    fn included(&mut self, from: &Path, include: &Written) -> Vec<(PathBuf, Option<Place>)> {
        let patterns = match &include.value {
            Value::List(patterns) => patterns.as_slice(),
            _ => std::slice::from_ref(include),
        };
        let mut found: Vec<(PathBuf, Option<Place>)> = Vec::new();
        for pattern in patterns {
            let paths = match pattern.text() {
                Some(text) => matching(from, text),
                None => Err(format!("expected text, found {}", pattern.value.word())),
            };
            match paths {
                Ok(paths) => found.extend(paths.into_iter().map(|p| (p, pattern.place.clone()))),
                Err(what) => self.complain_include(what, pattern),
            }
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found.dedup_by(|(a, _), (b, _)| a == b);
        if found.len() > INCLUDES_MAX {
            let what = format!("{} files are included, more than {INCLUDES_MAX}", found.len());
            self.complain_include(what, include);
            found.truncate(INCLUDES_MAX);
        }
        found
    }

    fn complain_include(&mut self, what: String, at: &Written) {
        self.complaints.push(Complaint::error(what).key("include").at(at.place.clone()));
    }

    /// Whether a file could not be read, or not as TOML: then what else is said may follow from it.
    pub(super) fn broken(&self) -> bool {
        self.complaints.iter().any(|complaint| complaint.severity == Severity::Error)
    }
}

/// The files that a pattern names, from the folder of the file that says it. A pattern may match
/// nothing; a plain name must be there.
fn matching(from: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let folder = from.parent().unwrap_or(Path::new(""));
    if !pattern.contains(['*', '?', '[']) {
        let path = folder.join(pattern);
        return if path.exists() {
            Ok(vec![path])
        } else {
            Err(format!("{} is not there", path.display()))
        };
    }
    let folder = glob::Pattern::escape(&folder.display().to_string());
    let full = Path::new(&folder).join(pattern);
    let paths = glob::glob(&full.display().to_string())
        .map_err(|why| format!("`{pattern}` is no pattern of files: {}", why.msg))?;
    Ok(paths.filter_map(Result::ok).filter(|path| path.is_file()).take(INCLUDES_MAX + 1).collect())
}

/// A file's text, up to the limit.
pub(super) fn text_of(path: &Path) -> Result<String, String> {
    let open = std::fs::File::open(path).map_err(|why| cannot_be_read(&why))?;
    let mut bytes = Vec::new();
    open.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|why| cannot_be_read(&why))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("is larger than {} MiB", FILE_BYTES_MAX >> 20));
    }
    String::from_utf8(bytes)
        .map_err(|why| format!("is not UTF-8 from byte {} on", why.utf8_error().valid_up_to()))
}

fn cannot_be_read(why: &std::io::Error) -> String {
    match why.kind() {
        std::io::ErrorKind::NotFound => "is not there".to_owned(),
        std::io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a folder, not a file".to_owned(),
        _ => format!("cannot be read: {why}"),
    }
}
