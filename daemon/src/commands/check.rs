//! Job: `deskbell check`: what is wrong with the configuration, and what was read.
//! Takes: the configuration; with `--online` also each sink's own look at its far side.
//! Gives: every complaint at once, then a few lines that show what was understood.
//! Never: notifies anybody, or touches the network without `--online`.

use std::time::Duration;

use contract::text::clean;
use contract::{Complaint, Severity, Why};
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;

use super::cli::CheckOptions;
use super::failure::Failure;
use super::table::{Tone, painted};
use super::{Caller, read_back};
use crate::app::exit::Exit;
use crate::config::complain::{self, Paint};
use crate::config::{Loaded, Usable};

/// How many sinks are asked at once; the others wait.
const PROBES_MAX: usize = 16;

/// What one sink said of itself.
#[derive(Debug, Serialize)]
struct Probed {
    sink: String,
    place: String,
    took_ms: u64,
    /// What a person should mend; absent where it could send.
    wrong: Option<String>,
}

/// Checks the configuration.
pub(super) async fn run(caller: &Caller, options: CheckOptions) -> Result<Exit, Failure> {
    let loaded = caller.load();
    let probed = match (&loaded.usable, options.online) {
        (Some(usable), true) => probe(caller, usable).await,
        _ => Vec::new(),
    };
    match options.output.json {
        true => caller.screen.document(&document(&loaded, &probed))?,
        false => caller.screen.say(&render(&loaded, &probed, caller.screen.paint))?,
    }
    Ok(exit(&loaded, &probed, options.strict))
}

fn exit(loaded: &Loaded, probed: &[Probed], strict: bool) -> Exit {
    let warned = loaded.complaints.iter().any(|c| c.severity == Severity::Warning);
    match (&loaded.usable, strict && warned) {
        (None, _) | (_, true) => Exit::Configuration,
        _ if probed.iter().any(|one| one.wrong.is_some()) => Exit::Failed,
        _ => Exit::Ok,
    }
}

async fn probe(caller: &Caller, usable: &Usable) -> Vec<Probed> {
    let mut waiting = usable.sinks.iter();
    let mut asked = JoinSet::new();
    let mut probed = Vec::new();
    loop {
        while asked.len() < PROBES_MAX
            && let Some(instance) = waiting.next()
        {
            let (sink, clock) = (instance.sink.clone(), caller.doors.clock.clone());
            let (name, within) = (instance.name.to_string(), instance.delivery.timeout);
            asked.spawn(async move {
                let begun = clock.boot();
                let answer = tokio::time::timeout(within, sink.probe()).await;
                let took = clock.boot().saturating_sub(begun);
                let wrong = match answer {
                    Ok(Ok(())) => None,
                    Ok(Err(Why { class, said })) => Some(format!("{class}: {}", said.clean())),
                    Err(_) => Some(format!("no answer within {} s", within.as_secs())),
                };
                let took_ms = milliseconds(took);
                Probed { sink: name, place: sink.place(), took_ms, wrong }
            });
        }
        match asked.join_next().await {
            None => break,
            Some(Ok(one)) => probed.push(one),
            Some(Err(wrong)) => probed.push(Probed {
                sink: "a sink".to_owned(),
                place: String::new(),
                took_ms: 0,
                wrong: Some(format!("its plugin failed, which is a mistake of ours: {wrong}")),
            }),
        }
    }
    probed.sort_by(|a, b| a.sink.cmp(&b.sink));
    probed
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn render(loaded: &Loaded, probed: &[Probed], paint: Paint) -> String {
    let mut text = String::new();
    if !loaded.complaints.is_empty() {
        text += &complain::show(&loaded.complaints, paint);
        text += "\n";
    }
    let Some(usable) = &loaded.usable else {
        return text + "the configuration cannot be used\n";
    };
    text += &read_back::render(loaded, usable, paint);
    for one in probed {
        let (mark, tone) =
            if one.wrong.is_some() { ("✗", Tone::Bad) } else { ("✓", Tone::Good) };
        let head = painted(&format!("{mark} {}", clean(&one.sink)), tone, paint);
        let said = match &one.wrong {
            Some(wrong) => clean(wrong),
            None => format!("could send, {} ms", one.took_ms),
        };
        text += &format!("  {head}  {}  {said}\n", clean(&one.place));
    }
    text
}

fn document(loaded: &Loaded, probed: &[Probed]) -> serde_json::Value {
    json!({
        "usable": loaded.usable.is_some(),
        "complaints": loaded.complaints.iter().map(complaint).collect::<Vec<_>>(),
        "read": loaded.usable.as_ref().map(|usable| read_back::document(loaded, usable)),
        "probed": probed,
    })
}

fn complaint(told: &Complaint) -> serde_json::Value {
    let place = told.place.as_ref().map(|place| (&place.file.path, place.line_column()));
    json!({
        "severity": match told.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "file": place.map(|(file, _)| file),
        "line": place.map(|(_, (line, _))| line),
        "column": place.map(|(_, (_, column))| column),
        "key": told.key,
        "what": told.what,
        "hint": told.hint,
    })
}
