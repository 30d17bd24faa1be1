//! Job: `deskbell init`: a first configuration, asked for, written, checked, and rung once.
//! Takes: a terminal, or `--yes`.
//! Gives: a commented file that only its owner may read.
//! Never: overwrites a file without being told to.

use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use contract::text::clean;

use super::cli::{InitOptions, Layers, Output, TryOptions};
use super::failure::Failure;
use super::printing::Screen;
use super::questions::{self, Answers};
use super::{Caller, loading, try_sink};
use crate::app::environment::machine_zone;
use crate::app::exit::Exit;

/// Writes a first configuration.
pub(super) async fn run(caller: &Caller, options: &InitOptions) -> Result<Exit, Failure> {
    let zone = machine_zone();
    let feed = caller.environment.var("DESKBELL_FEED_URL");
    let mut answers = Answers::suggested(feed, zone.iana_name());
    let shown = clean(&options.file.display().to_string());
    let exists = options.file.exists();
    let mut replace = false;
    if options.yes {
        if exists {
            return Err(Failure::failed(format!("{shown} is there already"))
                .hint("name another file, or move it away; --yes overwrites nothing"));
        }
    } else {
        if !io::stdin().is_terminal() {
            return Err(Failure::usage("init asks questions, and this is no terminal")
                .hint("deskbell init --yes takes the default answers"));
        }
        if exists {
            replace = may_replace(&shown)?;
        }
        let asked = questions::ask(answers, &mut io::stdin().lock(), &mut io::stdout().lock());
        answers = asked.map_err(unanswered)?;
    }
    let written = write(&options.file, &questions::file(&answers), replace);
    written.map_err(|wrong| Failure::failed(format!("{shown}: {wrong}")))?;
    caller.screen.say(&format!("\nwritten: {shown}\n\n"))?;
    check_and_ring(caller, options, &shown).await
}

fn may_replace(shown: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    let asked = write!(out, "{shown} is there already. Overwrite it? [no] ");
    asked.and_then(|()| out.flush()).map_err(unanswered)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(unanswered)?;
    match line.trim() {
        "y" | "yes" => Ok(true),
        _ => Err(Failure::failed(format!("{shown} stays as it is"))),
    }
}

fn unanswered(wrong: io::Error) -> Failure {
    match wrong.kind() {
        io::ErrorKind::UnexpectedEof => Failure::failed("the answers ended; nothing is written"),
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::failed(wrong),
    }
}

/// A file that is there is replaced only where that was allowed, and never followed elsewhere.
fn write(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    if replace {
        std::fs::remove_file(path)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

async fn check_and_ring(
    caller: &Caller,
    options: &InitOptions,
    shown: &str,
) -> Result<Exit, Failure> {
    let layers = Layers { config: vec![options.file.clone()], set: Vec::new() };
    let loaded = loading::load(&layers, &caller.environment, &caller.doors);
    loading::complain(&loaded.complaints, &caller.environment);
    let next = format!("run it: deskbell run --config {shown}\n");
    if loaded.usable.is_none() {
        caller.screen.say(&format!("mend what is said above, then {next}"))?;
        return Ok(Exit::Configuration);
    }
    let ringing = Caller {
        layers,
        environment: caller.environment.clone(),
        doors: caller.doors.clone(),
        screen: Screen { ..caller.screen },
    };
    let bell = TryOptions { sink: "console.log".into(), event: None, output: Output::default() };
    let rung = try_sink::run(&ringing, &bell).await?;
    caller.screen.say(&format!("\n{next}look at it: deskbell check --config {shown}\n"))?;
    Ok(rung)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::app::doors::Doors;
    use crate::app::environment::Environment;

    #[test]
    fn whatever_is_answered_the_file_has_nothing_to_be_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deskbell.toml");
        let state = folder.path().to_str().unwrap().to_owned();
        let environment = Environment::of([("STATE_DIRECTORY", &state), ("TOKEN", "s3cret")]);
        let doors = Doors::real(&environment);
        let plain = Answers { big: None, ..Answers::suggested(None, None) };
        let all = Answers {
            token: Some("env:TOKEN".into()),
            webhook: Some("http://127.0.0.1:9/hook".into()),
            ..Answers::suggested(Some("wss://a.example/feed"), Some("Asia/Bangkok"))
        };
        for answers in [Answers::suggested(None, None), plain, all] {
            write(&path, &questions::file(&answers), path.exists()).unwrap();
            let layers = Layers { config: vec![path.clone()], set: Vec::new() };
            let loaded = loading::load(&layers, &environment, &doors);
            assert!(loaded.complaints.is_empty(), "{answers:?}: {:?}", loaded.complaints);
            assert!(loaded.usable.is_some());
        }
    }

    #[test]
    fn the_file_is_its_owner_s_alone_and_is_not_overwritten_by_chance() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deskbell.toml");
        write(&path, "one", false).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(&path, "two", false).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        write(&path, "two", true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    }
}
