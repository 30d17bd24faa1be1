//! Job: a configuration from its files to what the stations need.
//! Takes: a request, the catalog, the doors.
//! Gives: `Loaded`: every complaint, and a `Usable` where none of them is an error.
//! Never: leaves something half loaded: it is usable as a whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use contract::plugin::Update;
use contract::values::Span;
use contract::written::{Table, Value, Written};
use contract::{Catalog, Complaint, OpenContext, Severity, SinkName};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::daemon_section::{DaemonSection, Durability, LogLevel};
use super::history::HistorySection;
use super::instances::{self, HouseKeys, SinkInstance, SourceInstance};
use super::names::Names;
use super::sections::{Sections, read_sections, rule_path};
use super::web::WebSection;
use super::{complain, defaults, files, layers, order, overrides, rates, ruling};
use crate::rules::{Plan, Rates, Settings};

/// What is asked for on the command line, and what the machine says.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    /// The files of `--config`, later ones winning.
    pub files: Vec<PathBuf>,
    /// The `key=value` of `--set`.
    pub sets: Vec<String>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The file of the system, `/etc/deskbell/deskbell.toml`.
    pub system_file: PathBuf,
    /// The machine's own time zone.
    pub zone: TimeZone,
}

/// What was read, usable or not.
pub struct Loaded {
    /// What the stations need; absent where a complaint is an error.
    pub usable: Option<Usable>,
    /// Every complaint, in the order of files and lines.
    pub complaints: Vec<Complaint>,
    /// The effective values, each with its place, for `config show`.
    pub effective: Table,
    /// Every file that was read, to be watched.
    pub files: Vec<PathBuf>,
}

/// A configuration in which nothing is wrong.
pub struct Usable {
    /// The daemon as a whole.
    pub daemon: Daemon,
    /// How long events are kept.
    pub history: HistorySection,
    /// What is served.
    pub web: WebSection,
    /// The sources, opened.
    pub sources: Vec<SourceInstance>,
    /// The sinks, opened.
    pub sinks: Vec<SinkInstance>,
    /// The rules, compiled.
    pub plan: Plan,
    /// What the plan was compiled from, to be stored with the generation; `plan_of` compiles it
    /// again.
    pub ruling: String,
}

/// The daemon as a whole, with nothing left open.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// Where days begin and end.
    pub time_zone: TimeZone,
    /// Where events and deliveries are kept.
    pub state_dir: PathBuf,
    /// How long a stop waits for sinks that are being told.
    pub stop_grace: Span,
    /// How safe a commit is.
    pub durability: Durability,
    /// Whether nothing rings.
    pub shadow: bool,
    /// Which sink rings in place of every other.
    pub redirect: Option<SinkName>,
    /// How much is logged.
    pub log: LogLevel,
}

/// Reads everything. Opening plugins touches no network.
pub fn load(request: &LoadRequest, catalog: &Catalog, doors: &OpenContext) -> Loaded {
    let files = files::read_all(request);
    let broken = files.broken();
    let mut loading = Loading { request, complaints: files.complaints, read: files.read };
    let mut tree = loading.tree(files.sets);
    if broken {
        // What is missing because a file could not be read would be told as a mistake of its own.
        return loading.done(tree, None);
    }
    let sections = read_sections(&tree, &mut loading.complaints);
    let house = loading.house_keys(&sections);
    if let Some(table) = tree.table_mut() {
        instances::apply_house_keys(table, catalog, &house);
    }
    let Value::Table(table) = &tree.value else { return loading.done(tree, None) };
    loading.check(table, &sections);
    let sources = instances::open_sources(table, catalog, doors, &mut loading.complaints);
    let sinks = instances::open_sinks(table, catalog, doors, &mut loading.complaints);
    let usable = loading.usable(table, sections, (sources, sinks), doors.clock.now());
    loading.done(tree, usable)
}

struct Loading<'a> {
    request: &'a LoadRequest,
    complaints: Vec<Complaint>,
    read: Vec<PathBuf>,
}

impl Loading<'_> {
    /// All layers as one tree: built-in, files, environment, `--set`, then defaults and patches.
    fn tree(&mut self, sets: Vec<Vec<Written>>) -> Written {
        let mut tree = Table::default();
        for set in sets {
            let mut united = Table::default();
            for file in set {
                if let Value::Table(table) = file.value {
                    layers::unite(&mut united, table, &mut self.complaints);
                }
            }
            layers::overlay(&mut tree, united);
        }
        let environment = &self.request.environment;
        let mut over = overrides::of_environment(environment, &tree, &mut self.complaints);
        over.extend(overrides::of_sets(&self.request.sets, &mut self.complaints));
        for table in over {
            layers::overlay(&mut tree, table);
        }
        let mut tree = defaults::over_built_in(tree, environment);
        defaults::apply_patches(&mut tree, &mut self.complaints);
        defaults::apply_defaults(&mut tree);
        Written { value: Value::Table(tree), place: None }
    }

    /// What sinks take from the house: its time zone, and no colours where the terminal wants none.
    fn house_keys(&self, sections: &Sections) -> HouseKeys {
        let own = sections.daemon.as_ref().and_then(|daemon| daemon.time_zone.as_ref());
        let zone = own.map_or(&self.request.zone, |zone| &zone.0).iana_name();
        let variable = |name: &str| self.request.environment.get(name).map(String::as_str);
        let plain = variable("NO_COLOR").is_some_and(|value| !value.is_empty())
            || variable("TERM") == Some("dumb");
        let colour = plain.then(|| ("colour", "never".to_owned()));
        zone.map(|zone| ("time_zone", zone.to_owned())).into_iter().chain(colour).collect()
    }

    /// What can only be seen in the whole: names, order, rules that do nothing.
    fn check(&mut self, tree: &Table, sections: &Sections) {
        let intake = sections.intake.as_ref();
        let teams = defaults::table_at(tree, &["team"]).map_or(&[][..], |table| &table.entries);
        let names = Names {
            sinks: instances::sink_names(tree),
            teams: teams.iter().map(|(team, _, _)| team.clone()).collect(),
            statuses: intake.map(|intake| intake.statuses.clone()).unwrap_or_default(),
            categories: intake.map(|intake| intake.categories.clone()).unwrap_or_default(),
        };
        let redirect = defaults::table_at(tree, &["daemon"]).and_then(|d| d.value("redirect"));
        if let Some(redirect) = redirect {
            names.sink("daemon.redirect", redirect, &mut self.complaints);
        }
        for (team, _, written) in teams {
            names.team(team, written, &mut self.complaints);
        }
        let rules = order::written_rules(tree.value("rule"));
        for (index, rule) in rules.iter().enumerate() {
            if let Some(table) = rule.table() {
                names.rule(&rule_path(index, rule), table, &mut self.complaints);
            }
        }
        let ignore = defaults::table_at(tree, &["intake"]).and_then(|i| i.value("ignore"));
        for (index, when) in order::written_rules(ignore).iter().enumerate() {
            names.when(&format!("intake.ignore[{index}]"), when, &mut self.complaints);
        }
        self.complaints.extend(order::complaints(rules, &sections.rules));
        if rules.is_empty() {
            let complaint = Complaint::warning("there is no rule: nothing will ring");
            let hint = "write a [[rule]]: the built-in one gives way to sinks of your own";
            self.complaints.push(complaint.hint(hint));
        }
    }

    fn usable(
        &mut self,
        tree: &Table,
        sections: Sections,
        (sources, sinks): (Vec<SourceInstance>, Vec<SinkInstance>),
        now: Timestamp,
    ) -> Option<Usable> {
        let (daemon, money, intake) = (sections.daemon?, sections.money?, sections.intake?);
        let empty = Table::default();
        let money_table = defaults::table_at(tree, &["money"]).unwrap_or(&empty);
        let rates = rates::effective(&money, money_table, &mut self.complaints);
        self.complaints.extend(rates::stale(&money, &rates, money_table, now));
        self.read.extend(rates.file.clone());
        let daemon_table = defaults::table_at(tree, &["daemon"]).unwrap_or(&empty);
        let daemon = self.daemon(daemon, daemon_table)?;
        let mut updates: BTreeMap<SinkName, Update> = instances::sink_names(tree)
            .into_iter()
            .map(|name| (SinkName::from(name), Update::New))
            .collect();
        updates.extend(sinks.iter().map(|sink| (sink.name.clone(), sink.delivery.update)));
        let settings = Settings {
            rules: sections.rules,
            ignore: intake.ignore,
            sinks: updates,
            teams: ruling::sinks_of(sections.teams),
            categories: intake.categories,
            statuses: intake.statuses,
            rates: Rates { base: money.base, rates: rates.rates, as_of: rates.as_of },
            locale: money.locale.0,
            zone: daemon.time_zone.clone(),
            message: sections.message,
            shadow: daemon.shadow,
            redirect: daemon.redirect.clone(),
        };
        let text = ruling::text(&settings, tree);
        let plan = self.plan(settings, tree)?;
        let (history, web) = (sections.history?, sections.web?);
        Some(Usable { daemon, history, web, sources, sinks, plan, ruling: text })
    }

    fn plan(&mut self, settings: Settings, tree: &Table) -> Option<Plan> {
        let rules = settings.rules.clone();
        let (plan, misfits) = match Plan::compile(settings) {
            Ok(plan) => {
                let warnings = plan.warnings().to_vec();
                (Some(plan), warnings)
            }
            Err(misfits) => (None, misfits),
        };
        // What was said of a key, or of an element of it, is not said again.
        let plain = |complaint: &Complaint| order::without_positions(&complaint.key);
        let mut told: BTreeSet<String> = self.complaints.iter().map(plain).collect();
        for complaint in order::locate(ruling::keyed(misfits, &rules), tree) {
            if told.insert(plain(&complaint)) {
                self.complaints.push(complaint);
            }
        }
        plan
    }

    fn daemon(&mut self, section: DaemonSection, written: &Table) -> Option<Daemon> {
        let state_dir = section.state_dir.or_else(|| state_dir_of(&self.request.environment));
        if state_dir.is_none() {
            let complaint = Complaint::error("there is no folder for the state");
            let hint = "state_dir = \"/var/lib/deskbell\" in [daemon], or set $HOME";
            self.complaints.push(complaint.key("daemon.state_dir").hint(hint));
        }
        let home = state_dir.as_ref().filter(|folder| folder.starts_with("~"));
        if let Some(folder) = home {
            let what = format!("{} would be a folder named ~, not a home", folder.display());
            let place = written.value("state_dir").and_then(|value| value.place.clone());
            let complaint = Complaint::error(what).key("daemon.state_dir").at(place);
            self.complaints.push(complaint.hint("write the full path"));
        }
        Some(Daemon {
            time_zone: section.time_zone.map_or_else(|| self.request.zone.clone(), |zone| zone.0),
            state_dir: state_dir?,
            stop_grace: section.stop_grace,
            durability: section.durability,
            shadow: section.shadow,
            redirect: section.redirect,
            log: section.log,
        })
    }

    /// The same mistake, told by way of a default or of several readers, is told once.
    fn done(self, tree: Written, usable: Option<Usable>) -> Loaded {
        let mut complaints = complain::sorted(&self.complaints);
        complaints.dedup_by(|b, a| a.place.is_some() && a.place == b.place && a.what == b.what);
        let wrong = complaints.iter().any(|complaint| complaint.severity == Severity::Error);
        let effective = match tree.value {
            Value::Table(table) => table,
            _ => Table::default(),
        };
        Loaded { usable: usable.filter(|_| !wrong), complaints, effective, files: self.read }
    }
}

/// The folder of the state where nothing is written of it: systemd's, else the user's. systemd may
/// name several, with colons between; the first is ours.
pub fn state_dir_of(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    if let Some(named) = variable("STATE_DIRECTORY") {
        return named.split(':').next().map(PathBuf::from);
    }
    let user = variable("XDG_STATE_HOME").map(PathBuf::from);
    let user = user.or_else(|| variable("HOME").map(|home| Path::new(home).join(".local/state")));
    user.map(|folder| folder.join("deskbell"))
}
