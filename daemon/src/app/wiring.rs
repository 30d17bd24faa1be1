//! Job: a usable configuration in the stations' own words.
//! Takes: `config::Usable`.
//! Gives: what intake, dispatch, the outbox and the hub are handed.
//! Never: decides a value; the configuration has.

use std::sync::Arc;

use contract::{Secret, Vault};

use crate::config::{self, Usable};
use crate::dispatch::{self, Policy, Ringer};
use crate::intake;
use crate::outbox::{Durability, Keep, OpenSettings};
use crate::web::settings::WebSettings;

pub(super) fn sources(sources: Vec<config::SourceInstance>) -> Vec<intake::SourceInstance> {
    let wire = |source: config::SourceInstance| intake::SourceInstance {
        name: source.name,
        feed: source.feed,
        source: Arc::from(source.source),
        content: format!("{:?}", source.digest),
    };
    sources.into_iter().map(wire).collect()
}

pub(super) fn sinks(sinks: &[config::SinkInstance]) -> Vec<dispatch::SinkInstance> {
    let wire = |sink: &config::SinkInstance| dispatch::SinkInstance {
        ringer: Ringer {
            name: sink.name.clone(),
            sink: Arc::clone(&sink.sink),
            policy: Policy {
                timeout: sink.delivery.timeout,
                in_flight: sink.delivery.in_flight,
                attempts: sink.delivery.attempts,
                give_up_after: sink.delivery.give_up_after,
                expires: sink.delivery.expires,
                schedule: sink.delivery.schedule,
            },
        },
        content: format!("{:?}", sink.digest),
    };
    sinks.iter().map(wire).collect()
}

pub(super) fn web(usable: &Usable, vault: &Arc<dyn Vault>) -> Option<WebSettings> {
    let web = &usable.web;
    web.serves().then(|| WebSettings {
        echo_path: web.echo.then(|| "/echo".to_owned()),
        token: web.feed_token.clone().map(|form| Secret::new(form, Arc::clone(vault))),
        origins: web.origins.clone(),
        hosts: web.hosts.clone(),
        ..WebSettings::default()
    })
}

pub(super) fn outbox(usable: &Usable) -> OpenSettings {
    OpenSettings {
        durability: match usable.daemon.durability {
            config::Durability::Full => Durability::Full,
            config::Durability::Normal => Durability::Normal,
        },
        keep: Keep { matched: usable.history.matched.0, unmatched: usable.history.unmatched.0 },
        zone: usable.daemon.time_zone.clone(),
    }
}
