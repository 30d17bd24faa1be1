//! Job: replaces the configuration: all of it, or nothing.
//! Takes: how to read it anew.
//! Gives: a new generation in force, or every complaint and the old one.
//! Never: waits for a sink to succeed, or pauses a source that has not changed.

use std::sync::Arc;

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};

use super::running::{Loader, Running};
use super::wiring;
use crate::config::complain::{self, Paint};
use crate::config::{Loaded, Usable};
use crate::intake::Generation;
use crate::outbox::Outbox;

/// What a reload needs.
pub(super) struct Reloading {
    pub(super) loader: Loader,
    pub(super) outbox: Outbox,
    pub(super) generation: Arc<ArcSwap<Generation>>,
    pub(super) at_start: AtStart,
}

/// What is read at the start only: by the key it is written under.
pub(super) struct AtStart([(&'static str, String); 5]);

impl AtStart {
    /// As this configuration has it.
    pub(super) fn of(usable: &Usable) -> Self {
        let Usable { daemon, history, web, .. } = usable;
        Self([
            ("[daemon] state_dir", format!("{:?}", daemon.state_dir)),
            ("[daemon] durability", format!("{:?}", daemon.durability)),
            ("[daemon] log", daemon.log.word().to_owned()),
            ("[history]", format!("{history:?}")),
            ("[web]", format!("{web:?}")),
        ])
    }

    /// Says what differs, and that it does not count yet.
    fn differences(&self, wanted: &Self) -> Vec<String> {
        let pairs = self.0.iter().zip(&wanted.0).filter(|(running, wanted)| running != wanted);
        pairs
            .map(|(_, (key, _))| format!("{key}: changed, counts from the next start on"))
            .collect()
    }
}

/// What became of a reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// The generation of rules in force now.
    pub generation: i64,
    /// What changed, or would, a line each.
    pub changes: Vec<String>,
    /// Whether it was only looked at.
    pub dry_run: bool,
}

impl Running {
    /// Reads everything, and only then touches what runs.
    pub(super) async fn reload(&mut self, dry_run: bool) -> Result<Reloaded, String> {
        let loader = Arc::clone(&self.reloading.loader);
        let read = tokio::task::spawn_blocking(move || loader()).await;
        let read = read.map_err(|wrong| format!("reading the configuration failed: {wrong}"))?;
        let Loaded { usable, complaints, .. } = read;
        let usable = usable.ok_or_else(|| complain::show(&complaints, Paint::Plain))?;
        let changes = self.changes(&usable);
        let old = self.reloading.generation.load().id;
        if dry_run {
            return Ok(Reloaded { generation: old.0, changes, dry_run });
        }
        let Usable { daemon, sources, sinks, plan, ruling: text, .. } = usable;
        let id = self.reloading.outbox.generation(text.clone()).await;
        let id = id.map_err(|wrong| wrong.to_string())?;
        self.grace = daemon.stop_grace.0;
        // Sinks first: the new rules may name new ones. A removed one's rows are parked, not lost.
        self.dispatch.replace(&wiring::sinks(&sinks)).await.map_err(|wrong| wrong.to_string())?;
        self.reloading.generation.store(Arc::new(Generation { id, text, plan }));
        self.follow(sources).await.map_err(|wrong| wrong.to_string())?;
        self.intake.try_again();
        Ok(Reloaded { generation: id.0, changes, dry_run })
    }

    fn changes(&self, usable: &Usable) -> Vec<String> {
        let mut changes = Vec::new();
        let sinks = usable.sinks.iter().map(|s| (s.name.as_str(), format!("{:?}", s.digest)));
        compare("sink", &self.dispatch.contents(), sinks.collect(), &mut changes);
        let sources = usable.sources.iter().map(|s| (s.name.as_str(), format!("{:?}", s.digest)));
        compare("source", &self.intake.contents(), sources.collect(), &mut changes);
        if self.reloading.generation.load().text != usable.ruling {
            changes.push("rules, and what they are read with: changed".to_owned());
        }
        changes.extend(self.reloading.at_start.differences(&AtStart::of(usable)));
        changes
    }
}

fn compare(
    what: &str,
    running: &[(&str, &str)],
    wanted: Vec<(&str, String)>,
    changes: &mut Vec<String>,
) {
    for (name, content) in &wanted {
        match running.iter().find(|(known, _)| known == name) {
            None => changes.push(format!("{what} {name}: added")),
            Some((_, old)) if old != content => changes.push(format!("{what} {name}: changed")),
            Some(_) => {}
        }
    }
    for (name, _) in running {
        if !wanted.iter().any(|(known, _)| known == name) {
            changes.push(format!("{what} {name}: removed"));
        }
    }
}
