//! Job: reads secrets where the configuration says they are kept.
//! Takes: a secret's form, and the environment as a function.
//! Gives: `SystemVault`, the `Vault` door that ships; each read is a fresh one.
//! Never: keeps a secret, prints one, or says more of a failure than its place.

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::secret::NotRevealed;
use contract::{Revealed, SecretForm, Vault};

/// The most a secret may be long, bytes.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Looks up one environment variable.
pub type Environment = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// Credentials, environment variables and files of this machine.
#[derive(Clone)]
pub struct SystemVault {
    environment: Environment,
}

impl SystemVault {
    /// A vault that looks up `$CREDENTIALS_DIRECTORY` and variables in this environment.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// Says who else may read a secret's file, with what to do, where others may.
    pub fn exposure(&self, form: &SecretForm) -> Option<String> {
        let SecretForm::File(path) = form else { return None };
        let mode = std::fs::metadata(path).ok()?.permissions().mode();
        let who = match (mode & 0o040 != 0, mode & 0o004 != 0) {
            (_, true) => "everyone on this machine",
            (true, false) => "its whole group",
            (false, false) => return None,
        };
        Some(format!("{form} can be read by {who}: chmod 600 {path}"))
    }

    fn credential(&self, name: &str) -> Result<PathBuf, String> {
        if name.is_empty() || name.contains('/') || name == "." || name == ".." {
            return Err("a credential's name is a file's name, without a path".to_owned());
        }
        let folder = (self.environment)("CREDENTIALS_DIRECTORY").ok_or(
            "$CREDENTIALS_DIRECTORY is not set: start the daemon by systemd with \
             LoadCredential=, or use { file = \"…\" }",
        )?;
        Ok(Path::new(&folder).join(name))
    }

    fn bytes(&self, form: &SecretForm) -> Result<Vec<u8>, String> {
        match form {
            SecretForm::Credential(name) => read(&self.credential(name)?).map_err(|why| {
                format!("{why}: add LoadCredential={name}:/path/to/file to the unit")
            }),
            SecretForm::File(path) => read(Path::new(path)),
            SecretForm::Env(name) => (self.environment)(name)
                .map(OsString::into_encoded_bytes)
                .ok_or_else(|| "it is not set; set it for the daemon, or use another form".into()),
        }
    }
}

impl Vault for SystemVault {
    fn reveal(&self, form: &SecretForm) -> Result<Revealed, NotRevealed> {
        let not = |why: &str| NotRevealed(format!("{form}: {why}"));
        let mut bytes = self.bytes(form).map_err(|why| not(&why))?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        let length = bytes.len() as u64;
        let revealed = Revealed::new(bytes);
        match length {
            0 => Err(not("it is empty; write the secret into it")),
            1..=SECRET_BYTES_MAX => Ok(revealed),
            _ => Err(not("it is longer than 64 KiB; is this the right file?")),
        }
    }
}

/// Reads at most a little more than a secret may be long: the caller refuses what is longer.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let said = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "the daemon's user may not read it".to_owned(),
        _ => error.to_string(),
    };
    if !std::fs::metadata(path).map_err(said)?.is_file() {
        return Err("it is not a regular file, and must be readable again and again".to_owned());
    }
    // Room for all of it at once: a buffer that grows leaves copies behind that nobody clears.
    let mut bytes = Vec::with_capacity(2 * usize::try_from(SECRET_BYTES_MAX).unwrap_or(65_536));
    let file = File::open(path).map_err(said)?;
    file.take(SECRET_BYTES_MAX + 3).read_to_end(&mut bytes).map_err(said)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(set: &'static [(&'static str, &'static str)]) -> SystemVault {
        SystemVault::new(Arc::new(move |name| {
            set.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value))
        }))
    }

    fn file(folder: &Path, name: &str, content: &[u8]) -> String {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn revealed(vault: &SystemVault, form: &SecretForm) -> Result<String, String> {
        vault.reveal(form).map(|r| r.text().unwrap().to_owned()).map_err(|not| not.0)
    }

    #[test]
    fn each_form_is_read_and_its_last_line_end_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "token", b"s3cret\n");
        let crlf = file(folder.path(), "crlf", b"two\nlines\r\n");
        let place = folder.path().to_str().unwrap().to_owned();
        let vault = SystemVault::new(Arc::new(move |name| match name {
            "CREDENTIALS_DIRECTORY" => Some(place.clone().into()),
            "TOKEN" => Some("from env".into()),
            _ => None,
        }));
        let cases = [
            (SecretForm::Credential("token".into()), "s3cret"),
            (SecretForm::File(path), "s3cret"),
            (SecretForm::File(crlf), "two\nlines"),
            (SecretForm::Env("TOKEN".into()), "from env"),
        ];
        for (form, secret) in cases {
            assert_eq!(revealed(&vault, &form).as_deref(), Ok(secret), "{form}");
        }
    }

    #[test]
    fn what_cannot_be_read_names_the_place_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let empty = file(folder.path(), "empty", b"\n");
        let long = file(folder.path(), "long", &vec![b'x'; 64 * 1024 + 1]);
        let vault = vault(&[]);
        let cases = [
            (SecretForm::Credential("smtp".into()), "credential \"smtp\"", "LoadCredential="),
            (SecretForm::Credential("../etc/passwd".into()), "../etc", "without a path"),
            (SecretForm::Env("NOPE".into()), "environment variable NOPE", "not set"),
            (SecretForm::File("/nowhere/at/all".into()), "/nowhere/at/all", "no such file"),
            (SecretForm::File("/".into()), "file /", "regular file"),
            (SecretForm::File(empty), "empty", "is empty"),
            (SecretForm::File(long), "long", "64 KiB"),
        ];
        for (form, place, advice) in cases {
            let said = revealed(&vault, &form).unwrap_err();
            assert!(said.contains(place) && said.contains(advice), "{said}");
        }
    }

    #[test]
    fn a_secret_of_exactly_the_limit_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let most = file(folder.path(), "most", &[vec![b'x'; 64 * 1024], b"\n".to_vec()].concat());
        let read = revealed(&vault(&[]), &SecretForm::File(most)).unwrap();
        assert_eq!(read.len(), 64 * 1024);
    }

    #[test]
    fn a_file_that_others_may_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "token", b"x");
        let cases = [(0o600, None), (0o640, Some("group")), (0o604, Some("everyone"))];
        for (mode, who) in cases {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let said = vault(&[]).exposure(&SecretForm::File(path.clone()));
            assert_eq!(said.is_some(), who.is_some(), "{said:?}");
            assert!(who.is_none_or(|who| said.unwrap().contains(who)));
        }
    }
}
