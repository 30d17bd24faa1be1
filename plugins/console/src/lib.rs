//! Job: says notes on a terminal, a pipe or a file.
//! Takes: a note, and the form the configuration wants it in.
//! Gives: a coloured, aligned line a note on a terminal, else a JSON object a line.
//! Never: lets a booking's text move a cursor, or waits for a reader longer than a moment.

mod json;
mod line;
mod output;
mod width;

#[cfg(test)]
mod tests;

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use contract::plugin::{DeliveryDefaults, Opened};
use contract::{Class, Clock, Complaint, Info, Note, OpenContext, Sink, SinkPlugin, Verdict, Why};
use jiff::tz::TimeZone;
use rustix::termios::{isatty, tcgetwinsize};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Mutex;

use self::line::Look;
use self::output::{Failure, Output};

/// A line a note on standard output, on standard error, or in a file.
pub struct Console;

/// The keys of `[sink.console.NAME]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What a note becomes: a line for people, or a JSON object on a line of its own (the document
    /// that webhooks carry). `auto` is a line on a terminal and JSON elsewhere.
    pub form: Form,
    /// Whether lines are coloured. `auto` is on a terminal; the daemon makes it `never` where the
    /// environment has NO_COLOR, or TERM=dumb.
    pub colour: Colour,
    /// Where to: standard output unless said otherwise. Not together with `file`.
    pub stream: Option<Stream>,
    /// A file to append to, by its full path; opened anew within a second after it was moved away.
    pub file: Option<PathBuf>,
    /// The zone that times are shown in, an IANA name; the daemon's own unless said otherwise.
    pub time_zone: Option<String>,
}

/// What a note becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A line on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// A line for people.
    Line,
    /// A JSON object.
    Json,
}

/// Whether lines are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// One of the process's own streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl SinkPlugin for Console {
    const INFO: Info = Info {
        name: "console",
        summary: "A line a note on the terminal, a JSON object a note on a pipe or in a file",
        example: "[sink.console.log]\nform = \"auto\"\ncolour = \"auto\"\nstream = \"stdout\"\n",
        delivery: DeliveryDefaults::TERMINAL,
    };
    type Config = Config;

    fn open(config: Config, cx: &OpenContext) -> Opened<dyn Sink> {
        let mut complaints = Vec::new();
        if config.stream.is_some() && config.file.is_some() {
            let what = "a console writes to a stream or to a file, not to both";
            complaints.push(Complaint::error(what).key("stream").hint("leave one of them out"));
        }
        if config.file.as_deref().is_some_and(|path| !path.is_absolute()) {
            let what = "a daemon has no folder of its own to start from";
            complaints.push(Complaint::error(what).key("file").hint("write the full path"));
        }
        let zone = config.time_zone.as_deref().map_or(Ok(TimeZone::UTC), TimeZone::get);
        if zone.is_err() {
            let what = "no time zone of that name is known";
            let hint = "an IANA name such as \"Asia/Bangkok\"";
            complaints.push(Complaint::error(what).key("time_zone").hint(hint));
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let target = target(&config).map_err(|why| vec![why])?;
        let zone = zone.unwrap_or(TimeZone::UTC);
        Ok(Box::new(ConsoleSink::new(target, &config, zone, Arc::clone(&cx.clock))))
    }
}

enum Target {
    Stream(OwnedFd, &'static str),
    File(PathBuf),
}

fn target(config: &Config) -> Result<Target, Complaint> {
    if let Some(path) = &config.file {
        return Ok(Target::File(path.clone()));
    }
    let (stream, name) = match config.stream.unwrap_or(Stream::Stdout) {
        Stream::Stdout => (std::io::stdout().as_fd().try_clone_to_owned(), "standard output"),
        Stream::Stderr => (std::io::stderr().as_fd().try_clone_to_owned(), "standard error"),
    };
    let closed = |why| Complaint::error(format!("{name} cannot be used: {why}")).key("stream");
    stream.map(|stream| Target::Stream(stream, name)).map_err(closed)
}

struct ConsoleSink {
    /// Notes take turns: a turn may have to wait for the reader, so the lock is tokio's.
    output: Mutex<Output>,
    /// The terminal, to ask for its width.
    terminal: Option<OwnedFd>,
    form: Form,
    colour: bool,
    zone: TimeZone,
    place: String,
}

impl ConsoleSink {
    fn new(target: Target, config: &Config, zone: TimeZone, clock: Arc<dyn Clock>) -> Self {
        let terminal = match &target {
            Target::Stream(stream, _) if isatty(stream) => stream.try_clone().ok(),
            _ => None,
        };
        let form = match (config.form, &terminal) {
            (Form::Auto, Some(_)) => Form::Line,
            (Form::Auto, None) => Form::Json,
            (form, _) => form,
        };
        let colour = match config.colour {
            Colour::Auto => terminal.is_some(),
            Colour::Always => true,
            Colour::Never => false,
        };
        let place = match &target {
            Target::Stream(_, name) => (*name).to_owned(),
            Target::File(path) => shown(path),
        };
        let output = Mutex::new(match target {
            Target::Stream(stream, _) => Output::stream(stream, clock),
            Target::File(path) => Output::file(path, clock),
        });
        Self { output, terminal, form, colour, zone, place }
    }

    fn written(&self, note: &Note) -> Vec<u8> {
        if self.form == Form::Json {
            return json::line(note);
        }
        let columns = self.terminal.as_ref().and_then(|fd| tcgetwinsize(fd).ok());
        let width = columns.map(|size| usize::from(size.ws_col)).filter(|width| *width > 0);
        line::line(note, &Look { width, colour: self.colour, zone: &self.zone }).into_bytes()
    }
}

#[async_trait]
impl Sink for ConsoleSink {
    async fn send(&self, note: &Note) -> Verdict {
        let line = self.written(note);
        match self.output.lock().await.write(line).await {
            Ok(()) => Verdict::sent(),
            Err(failure) => failure.verdict(),
        }
    }

    async fn probe(&self) -> Result<(), Why> {
        match self.output.lock().await.look() {
            Ok(()) => Ok(()),
            Err(failure) => Err(failure.why()),
        }
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}

impl Failure {
    fn why(&self) -> Why {
        let class = match self {
            Self::Gone | Self::Stuck => Class::Transient,
            Self::Torn => Class::Ambiguous,
            Self::File(..) => Class::Config,
        };
        Why::new(class, self.to_string())
    }

    /// A reader that is gone or asleep costs each note its one try, counted and listed; a file
    /// that cannot be written is for a person to mend, and everything is kept until then.
    fn verdict(&self) -> Verdict {
        match self {
            Self::Gone | Self::Stuck | Self::Torn => {
                Verdict::Retry { why: self.why(), after: None }
            }
            Self::File(..) => Verdict::Down { why: self.why(), after: None },
        }
    }
}

/// A path as people read it.
fn shown(path: &Path) -> String {
    contract::text::clean(&path.to_string_lossy())
}
