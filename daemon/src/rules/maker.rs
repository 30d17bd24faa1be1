//! Job: from what is written to what is compiled, rule by rule.
//! Takes: `Settings`.
//! Gives: `Made`: rules whose names are places, and every complaint with the part it is about.
//! Never: stops at the first mistake.

use std::collections::{BTreeMap, BTreeSet};

use contract::plugin::Update;
use contract::{Complaint, Kind, SinkName, TeamName};

use super::check::All;
use super::compile::Compiler;
use super::plan::{Misfit, Part, RulePlan, Settings, Target};
use super::ring_by::ByPlan;
use super::spec::{Message, RingBy, Rule, UnknownIs};
use super::template::{Template, Templates};
use super::words::nearest;

/// A plan's parts.
pub(crate) struct Made {
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) ignore: Vec<(Vec<Kind>, All)>,
    pub(crate) sinks: Vec<(SinkName, Update)>,
    pub(crate) templates: Templates,
    pub(crate) extra_names: Vec<Box<str>>,
    pub(crate) misfits: Vec<Misfit>,
}

/// The words of `[default.message]`.
#[derive(Clone, Default)]
struct DefaultMessage {
    title: Option<Template>,
    body: Option<Template>,
}

/// Makes a plan's parts.
pub(crate) struct Maker<'a> {
    settings: &'a Settings,
    compiler: Compiler<'a>,
    templates: Templates,
    sinks: Vec<(SinkName, Update)>,
    places: BTreeMap<&'a str, usize>,
    misfits: Vec<Misfit>,
    made: usize,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        let Settings { categories, statuses, rates, sinks, .. } = settings;
        let places = sinks.keys().enumerate().map(|(place, sink)| (sink.as_str(), place));
        Self {
            settings,
            compiler: Compiler::new(categories, statuses, rates),
            templates: Templates::new(settings.locale),
            places: places.collect(),
            sinks: sinks.iter().map(|(sink, update)| (sink.clone(), *update)).collect(),
            misfits: Vec::new(),
            made: 0,
        }
    }

    /// Makes everything, whatever is wrong with it.
    pub(crate) fn make(mut self, written: Vec<Rule>) -> Made {
        self.house();
        let message = self.default_message();
        let ignore = self.ignore();
        let mut rules: Vec<RulePlan> = Vec::with_capacity(written.len());
        let mut names = BTreeSet::new();
        for (place, rule) in written.into_iter().enumerate() {
            let rule = self.rule(rule, &message);
            if !names.insert(rule.name.clone()) {
                let what = format!("there is another rule named \"{}\"", rule.name);
                self.complain("name", what, "each rule has a name of its own");
            }
            rules.push(rule);
            self.file(|| Part::Rule(place));
        }
        let Self { compiler, misfits, templates, sinks, .. } = self;
        let extra_names = compiler.extra_names;
        Made { rules, ignore, sinks, templates, extra_names, misfits }
    }

    /// Files the complaints made since the last call under one part.
    fn file(&mut self, part: impl Fn() -> Part) {
        let complaints = self.compiler.complaints.drain(..);
        self.misfits.extend(complaints.map(|complaint| Misfit { part: part(), complaint }));
    }

    fn complain(&mut self, key: &str, what: impl Into<String>, hint: impl Into<String>) {
        self.compiler.complaints.push(Complaint::error(what).key(key).hint(hint));
    }

    fn house(&mut self) {
        let settings = self.settings;
        if let Some(sink) = settings.redirect.as_ref().filter(|s| !settings.sinks.contains_key(*s))
        {
            self.unknown_sink("daemon.redirect", sink.as_str());
        }
        for (team, sinks) in &settings.teams {
            for sink in sinks.iter().filter(|sink| !settings.sinks.contains_key(*sink)) {
                self.unknown_sink(&format!("team.{team}.sinks"), sink.as_str());
            }
        }
        self.file(|| Part::House);
    }

    fn unknown_sink(&mut self, key: &str, name: &str) {
        let hint = match nearest(name, self.places.keys().copied()) {
            Some(known) => format!("\"{known}\" is meant?"),
            None => format!("it would be a table [sink.{name}]"),
        };
        self.complain(key, format!("there is no sink \"{name}\""), hint);
    }

    fn default_message(&mut self) -> DefaultMessage {
        let Message { title, body } = &self.settings.message;
        let made = DefaultMessage {
            title: self.template(title.as_deref(), "default.message.title"),
            body: self.template(body.as_deref(), "default.message.body"),
        };
        self.file(|| Part::House);
        made
    }

    fn template(&mut self, source: Option<&str>, key: &str) -> Option<Template> {
        self.made += 1;
        match self.templates.add(format!("{key} {}", self.made), source?) {
            Ok(template) => Some(template),
            Err(complaint) => {
                self.compiler.complaints.push(complaint.key(key));
                None
            }
        }
    }

    fn ignore(&mut self) -> Vec<(Vec<Kind>, All)> {
        let mut all = Vec::new();
        for (place, when) in self.settings.ignore.iter().enumerate() {
            if when.is_empty() {
                let hint = "name what is ignored: { live = false }";
                self.complain("", "an empty condition would ignore every booking", hint);
            }
            all.push(self.compiler.top(when.clone(), ""));
            self.file(|| Part::Ignore(place));
        }
        all
    }

    fn rule(&mut self, rule: Rule, message: &DefaultMessage) -> RulePlan {
        self.check_sense(&rule);
        let (kinds, when) = self.compiler.top(rule.when, "when");
        let ways = self.targets(&rule.ring, "ring");
        let ring_by = rule.ring_by.as_ref().and_then(|ring_by| self.ring_by(ring_by));
        let Message { title, body } = &rule.message;
        RulePlan {
            name: rule.name.into(),
            kinds,
            when,
            ways,
            ring_by,
            otherwise: rule.otherwise,
            stop: rule.stop,
            level: rule.level,
            unknown_rings: rule.unknown == UnknownIs::Ring,
            shadow: rule.shadow,
            data: rule.data,
            follow: rule.follow,
            alarm: rule.alarm,
            title: self.template(title.as_deref(), "message.title").or(message.title.clone()),
            body: self.template(body.as_deref(), "message.body").or(message.body.clone()),
        }
    }

    fn check_sense(&mut self, rule: &Rule) {
        if rule.name.trim().is_empty() {
            self.complain("name", "a rule needs a name", "name = \"Big tours\"");
        }
        let rings_by = rule.ring_by.as_ref().is_some_and(|by| {
            by.cases.iter().map(|(_, whom)| whom).chain(&by.other).any(|whom| !whom.is_empty())
        });
        if rule.ring.is_empty() && !rings_by && !rule.stop {
            let hint = "ring = [\"slack.sales\"]";
            self.complain("", "this rule would do nothing: it rings nobody", hint);
        }
        if let Some(alarm) = &rule.alarm {
            if alarm.feed.is_empty() {
                let hint = "feed = [\"down\", \"denied\", \"gap\"]";
                self.complain("alarm.feed", "an alarm without a state never rings", hint);
            }
            self.check_alarm(rule);
        } else if rule.data && rule.stop {
            let what = "a data rule ends no list: `stop` has no effect on it";
            self.compiler.complaints.push(Complaint::warning(what).key("stop"));
        }
    }

    fn check_alarm(&mut self, rule: &Rule) {
        let beside = [
            ("when", !rule.when.is_empty()),
            ("ring_by", rule.ring_by.is_some()),
            ("otherwise", rule.otherwise),
            ("stop", rule.stop),
            ("data", rule.data),
            ("unknown", rule.unknown == UnknownIs::Ring),
        ];
        for (key, _) in beside.iter().filter(|(_, said)| *said) {
            let hint = "write a second rule for bookings";
            self.complain(key, format!("an alarm is about a feed: it has no `{key}`"), hint);
        }
    }

    fn targets(&mut self, names: &[String], key: &str) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for name in names {
            let found = if name.contains('.') {
                self.sink(name, key).into_iter().map(|sink| Target { sink, team: None }).collect()
            } else {
                self.team(name, key)
            };
            targets.extend(found);
        }
        targets
    }

    fn sink(&mut self, name: &str, key: &str) -> Option<usize> {
        let place = self.places.get(name).copied();
        if place.is_none() {
            self.unknown_sink(key, name);
        }
        place
    }

    fn team(&mut self, name: &str, key: &str) -> Vec<Target> {
        let teams = &self.settings.teams;
        let Some(sinks) = teams.get(name) else {
            let hint = match nearest(name, teams.keys().map(TeamName::as_str)) {
                Some(known) => format!("\"{known}\" is meant?"),
                None => format!(
                    "it would be a table [team.{name}]; a sink's name has a dot, as \"slack.sales\""
                ),
            };
            self.complain(key, format!("there is no team \"{name}\""), hint);
            return Vec::new();
        };
        if sinks.is_empty() {
            let hint = format!("[team.{name}] sinks = [\"slack.sales\"]");
            self.complain(key, format!("the team \"{name}\" has no sinks"), hint);
        }
        let team: TeamName = name.into();
        let place = |sink: &SinkName| self.places.get(sink.as_str()).copied();
        sinks
            .iter()
            .filter_map(place)
            .map(|sink| Target { sink, team: Some(team.clone()) })
            .collect()
    }

    fn ring_by(&mut self, spec: &RingBy) -> Option<ByPlan> {
        let key = format!("ring_by.{}", spec.field);
        let field = ByPlan::field(&spec.field, &mut self.compiler, &key)?;
        let mut cases = Vec::new();
        for (value, whom) in &spec.cases {
            let key = format!("{key}.{value}");
            ByPlan::check(&field, value, &mut self.compiler, &key);
            cases.push((value.as_str().into(), self.targets(whom, &key)));
        }
        let other = spec.other.as_ref().map(|whom| self.targets(whom, &format!("{key}.other")));
        Some(ByPlan::of(field, cases, other))
    }
}
