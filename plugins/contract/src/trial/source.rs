//! Job: the battery for sources.
//! Takes: a plugin and the keys of an instance that works.
//! Gives: `source`, one call that runs all checks and names those that fail.
//! Never: connects to anything real; what a source reads is its own tests' matter.

use futures_util::FutureExt as _;
use std::time::Duration;

use super::battery::{self, Findings, Found, House, silent, so};
use super::{DialPlay, Play, TableVault};
use crate::doors::DialFault;
use crate::plugin::Opened;
use crate::written::Written;
use crate::{LostKind, Reconnect, SecretForm, Source, SourcePlugin};

/// How to try a source.
#[derive(Default)]
pub struct SourceTrial<'a> {
    /// The keys of an instance that works, as TOML.
    pub config: &'a str,
    /// Secrets that must be more than any text, such as a URL; each holds the canary.
    pub secrets: Vec<(SecretForm, &'a str)>,
    /// Whether it connects by `Dial`; a source within the process does not.
    pub dials: bool,
}

/// Tries a source with some fifteen checks.
///
/// # Panics
/// Where a check fails; the message names each that did.
pub async fn source<P: SourcePlugin>(trial: SourceTrial<'_>) {
    let mut findings = Findings::of(P::INFO.name);
    let run = Run { trial: &trial };
    let table = battery::written(trial.config);

    findings.check("introduces itself", async { battery::good_info(&P::INFO) }).await;
    findings.check("its example opens", async { run.opens_example::<P>() }).await;
    findings
        .check("refuses an unknown key", async { battery::refuses_unknown::<P::Config>(&table) })
        .await;
    findings
        .check("survives wrong types", async { battery::survives_wrong_types::<P::Config>(&table) })
        .await;
    findings.check("every key has words", async { battery::good_schema::<P::Config>() }).await;
    findings.check("opens apart from the world", async { run.opens::<P>() }).await;
    findings.check("opens twice", async { run.opens::<P>().and_then(|()| run.opens::<P>()) }).await;
    findings.check("a missing secret is no panic", async { run.needs_secrets::<P>() }).await;
    findings.check("its place is clean", async { run.place::<P>() }).await;
    findings.check("says how to reconnect", async { run.reconnects::<P>() }).await;
    if trial.dials {
        findings.check("tells every refusal", run.refused::<P>()).await;
        findings.check("survives being given up half-way", run.given_up::<P>()).await;
        findings.check("gives up a far side that is silent", run.silent_far_side::<P>()).await;
        findings.check("gives up a dial without an end", run.endless_dial::<P>()).await;
        findings.check("survives a far side that hangs up", run.hung_up::<P>()).await;
    }
    findings.end();
}

struct Run<'a> {
    trial: &'a SourceTrial<'a>,
}

impl Run<'_> {
    fn house(&self) -> House {
        let secrets = self.trial.secrets.iter();
        let vault = secrets.fold(TableVault::canaries(), |vault, (form, secret)| {
            vault.with(form.clone(), *secret)
        });
        House::new(vault, Play::status(200))
    }

    fn opens_table<P: SourcePlugin>(
        &self,
        house: &House,
        table: &Written,
    ) -> Result<Opened<dyn Source>, String> {
        let context = house.context(&format!("{}.trial", P::INFO.name));
        battery::opened_apart(house, move || {
            battery::read::<P::Config>(table).and_then(|config| P::open(config, &context))
        })
    }

    fn open<P: SourcePlugin>(&self, house: &House) -> Result<Box<dyn Source>, String> {
        self.opens_table::<P>(house, &battery::written(self.trial.config))?
            .map_err(|said| format!("not opened: {said:?}"))
    }

    fn opens<P: SourcePlugin>(&self) -> Found {
        self.open::<P>(&self.house()).map(drop)
    }

    fn opens_example<P: SourcePlugin>(&self) -> Found {
        let table = battery::example("source", &P::INFO)?;
        self.opens_table::<P>(&self.house(), &table)?
            .map(drop)
            .map_err(|said| format!("not opened: {said:?}"))
    }

    fn needs_secrets<P: SourcePlugin>(&self) -> Found {
        let house = House::new(TableVault::shut(), Play::status(200));
        match self.opens_table::<P>(&house, &battery::written(self.trial.config))? {
            Ok(_) => Ok(()),
            Err(complaints) => battery::good_complaints(&complaints),
        }
    }

    fn place<P: SourcePlugin>(&self) -> Found {
        battery::good_place(&self.open::<P>(&self.house())?.place())
    }

    fn reconnects<P: SourcePlugin>(&self) -> Found {
        let reconnect = self.open::<P>(&self.house())?.reconnect();
        let good = match &reconnect {
            Reconnect::Listed { delays, .. } => !delays.is_empty(),
            Reconnect::Growing { first, factor, max, .. } => {
                !first.is_zero() && *factor >= 1.0 && factor.is_finite() && max >= first
            }
        };
        so(good, || format!("{reconnect:?} is no way to connect again"))
    }

    async fn refused<P: SourcePlugin>(&self) -> Found {
        let said = || "said by the far side".to_owned();
        let faults = [
            DialFault::Resolve { host: "feed.example".to_owned(), said: said() },
            DialFault::Connect(said()),
            DialFault::Timeout(Duration::from_secs(15)),
            DialFault::Tls(said()),
            DialFault::Config(said()),
            DialFault::Proxy("407".to_owned()),
        ];
        for fault in faults {
            let house = self.house();
            house.dial.then(DialPlay::Refuse(fault.clone()));
            let source = self.open::<P>(&house)?;
            let Err(lost) = source.open(None).await else {
                return Err(format!("{fault:?} became a session"));
            };
            silent("the loss", &format!("{lost} {lost:?}"))?;
            let person = matches!(fault, DialFault::Tls(_) | DialFault::Config(_));
            so(!person || lost.kind == LostKind::Config, || {
                format!("{fault:?} is for a person to mend, and became {:?}", lost.kind)
            })?;
        }
        Ok(())
    }

    async fn given_up<P: SourcePlugin>(&self) -> Found {
        let house = self.house();
        let source = self.open::<P>(&house)?;
        for polls in 0..8 {
            let mut opening = source.open(None);
            let _ = (0..polls).find_map(|_| (&mut opening).now_or_never());
        }
        house.dial.then(DialPlay::Refuse(DialFault::Connect("later".to_owned())));
        so(source.open(None).await.is_err(), || "it no longer dials".to_owned())
    }

    async fn silent_far_side<P: SourcePlugin>(&self) -> Found {
        self.gives_up::<P>(DialPlay::Accept).await
    }

    async fn endless_dial<P: SourcePlugin>(&self) -> Found {
        self.gives_up::<P>(DialPlay::Never).await
    }

    /// A dial that never ends is the dial's own deadline to keep; a source may trust it, so that
    /// only what it waits for by itself must end.
    async fn gives_up<P: SourcePlugin>(&self, play: DialPlay) -> Found {
        let trusted = matches!(play, DialPlay::Never);
        let house = self.house();
        house.dial.then(play);
        let source = self.open::<P>(&house)?;
        let mut opening = source.open(None);
        for _ in 0..200 {
            if let Some(opened) = (&mut opening).now_or_never() {
                return so(opened.is_err(), || "silence became a session".to_owned());
            }
            house.clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
        so(trusted, || "it waits for ever".to_owned())
    }

    async fn hung_up<P: SourcePlugin>(&self) -> Found {
        let house = self.house();
        let source = self.open::<P>(&house)?;
        let hanging_up = async {
            drop(house.dial.far_end().await);
            std::future::pending::<()>().await;
        };
        let opened = tokio::select! {
            opened = source.open(None) => opened,
            () = hanging_up => return Err("it never ends".to_owned()),
        };
        let Err(lost) = opened else { return Err("a closed stream became a session".to_owned()) };
        silent("the loss", &format!("{lost} {lost:?}"))
    }
}
