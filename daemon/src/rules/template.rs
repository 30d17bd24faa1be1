//! Job: the words that an admin chose.
//! Takes: minijinja templates, once; then the facts of each event.
//! Gives: plain text, within its limits.
//! Never: reads a value as a template; runs without bounds; knows a name the documentation lacks.

use std::fmt;
use std::sync::Arc;

use contract::text::cut;
use contract::values::Span;
use contract::{Booking, Complaint, Event, Moment, Money};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::{Object, ObjectRepr, Serde};
use minijinja::{Environment, ErrorKind, Value, context};

use super::facts::{Facts, Ground};
use super::locale::Locale;
use super::message::{BODY_BYTES_MAX, Words, built_in, icon};
use super::money::Rates;
use super::words::nearest;

/// The names a template may use; `extra.NAME` beside them.
const NAMES: [&str; 18] = [
    "id",
    "reference",
    "category",
    "status",
    "title",
    "customer",
    "amount",
    "currency",
    "country",
    "at",
    "starts",
    "ends",
    "party",
    "age",
    "icon",
    "rule",
    "count",
    "total",
];
/// The filters a template may use.
const FILTERS: [&str; 6] = ["money", "time", "date", "ago", "upper", "truncate"];
/// The most steps of one rendering.
const FUEL: u64 = 10_000;
/// How many characters `truncate` keeps where it is not told.
const TRUNCATE: usize = 60;

/// All templates of a plan.
pub(crate) struct Templates {
    environment: Environment<'static>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    name: Arc<str>,
    uses_extra: bool,
}

impl Templates {
    /// No templates yet; the filters `money` and `date` write as the locale does.
    pub(crate) fn new(locale: Locale) -> Self {
        let mut environment = Environment::empty();
        environment.set_fuel(Some(FUEL));
        environment.add_filter("money", move |value: Value| money(&value, locale));
        environment.add_filter("time", |value: Value| told(&value, "%H:%M"));
        environment.add_filter("date", move |value: Value| told(&value, locale.date()));
        environment.add_filter("ago", |value: Value| ago(&value));
        environment.add_filter("upper", |value: Value| value.to_string().to_uppercase());
        environment.add_filter("truncate", |value: Value, length: Option<usize>| {
            truncate(&value.to_string(), length.unwrap_or(TRUNCATE))
        });
        Self { environment }
    }

    /// Adds a template after a look at its names and a trial with two events: one that says
    /// everything and one that says nothing.
    ///
    /// # Errors
    /// What is wrong with it, and which names there are.
    pub(crate) fn add(&mut self, name: String, source: &str) -> Result<Template, Complaint> {
        let unread = |error: minijinja::Error| {
            let what = format!("this template cannot be read: {}", reason(&error));
            Complaint::error(what).hint("an example that can: \"{{ icon }} {{ title }}\"")
        };
        self.environment.add_template_owned(name.clone(), source.to_owned()).map_err(unread)?;
        let names =
            self.environment.get_template(&name).map_err(unread)?.undeclared_variables(true);
        let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        let first = |name: &str| name.split('.').next().unwrap_or("").to_owned();
        if let Some(unknown) = sorted.iter().map(|name| first(name)).find(|name| !is_known(name)) {
            return Err(unknown_name(&unknown));
        }
        let uses_extra = sorted.iter().any(|name| first(name) == "extra");
        let template = Template { name: name.into(), uses_extra };
        self.trial(&template)?;
        Ok(template)
    }

    fn trial(&self, template: &Template) -> Result<(), Complaint> {
        let (rates, zone) = (Rates::default(), TimeZone::UTC);
        let now = Timestamp::UNIX_EPOCH;
        let ground = Ground { rates: &rates, zone: &zone, extra_names: &[], now };
        for event in [full(), bare("B1")] {
            let facts = Facts::of(&event, None, ground);
            let words = built_in(&facts);
            self.try_render(template, &facts, "rule", &words).map_err(|error| {
                let complaint =
                    Complaint::error(format!("this template fails: {}", reason(&error)));
                match error.kind() {
                    ErrorKind::UnknownFilter => {
                        complaint.hint(format!("the filters are {}", FILTERS.join(", ")))
                    }
                    _ => complaint.hint(
                        "it was tried with a booking that says everything, and one \
                                         that says nothing but its id",
                    ),
                }
            })?;
        }
        Ok(())
    }

    /// The text, or nothing where the template fails.
    pub(crate) fn render(
        &self,
        template: &Template,
        facts: &Facts<'_>,
        rule: &str,
        built_in: &Words,
    ) -> Option<String> {
        self.try_render(template, facts, rule, built_in).ok()
    }

    fn try_render(
        &self,
        template: &Template,
        facts: &Facts<'_>,
        rule: &str,
        built_in: &Words,
    ) -> Result<String, minijinja::Error> {
        let values = values(template, facts, rule, built_in);
        self.environment.get_template(&template.name)?.render(values)
    }
}

fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || matches!(name, "extra" | "link")
}

fn unknown_name(name: &str) -> Complaint {
    let all = format!("{}, link, extra.NAME", NAMES.join(", "));
    let hint = match nearest(name, NAMES) {
        Some(known) => format!("\"{known}\" is meant? the names are {all}"),
        None => format!("the names are {all}"),
    };
    Complaint::error(format!("a template knows no \"{name}\"")).hint(hint)
}

fn reason(error: &minijinja::Error) -> String {
    let line = error.line().filter(|line| *line > 1);
    let place = line.map(|line| format!(" in line {line}")).unwrap_or_default();
    match error.detail() {
        Some(detail) => format!("{detail}{place}"),
        None => format!("{}{place}", error.kind()),
    }
}

fn bare(id: &str) -> Event {
    Event {
        id: None,
        source: "trial.trial".into(),
        feed: "trial".into(),
        at: Timestamp::UNIX_EPOCH,
        received: Timestamp::UNIX_EPOCH,
        body: contract::Body::Booking(Booking::of(id)),
        extra: Default::default(),
    }
}

fn full() -> Event {
    let mut booking = Booking::of("B1");
    booking.category = Some(contract::Category::Tour);
    booking.status = Some(contract::Status::New);
    booking.title = Some("A tour".into());
    booking.customer = Some("A guest".into());
    booking.reference = Some("R1".into());
    booking.country = "TH".parse().ok();
    booking.amount = Some(Money { amount: 1250.into(), currency: "USD".parse().ok() });
    booking.starts = Some(Moment::Instant(Timestamp::UNIX_EPOCH));
    booking.ends = Some(Moment::Instant(Timestamp::UNIX_EPOCH));
    booking.party = Some(contract::Party { total: Some(2), ..Default::default() });
    Event { body: contract::Body::Booking(booking), ..bare("B1") }
}

/// What a template sees. What is absent is the empty text, so that it prints as nothing.
fn values(template: &Template, facts: &Facts<'_>, rule: &str, built_in: &Words) -> Value {
    let booking = facts.booking;
    let text = |text: Option<&str>| Value::from(cut(text.unwrap_or(""), BODY_BYTES_MAX));
    let moment = |moment: Option<Moment>| match moment {
        Some(moment) => {
            let (now, zone) = (facts.now, facts.zone.clone());
            Value::from_object(MomentValue { moment, now, zone })
        }
        None => Value::from(""),
    };
    let money = booking.and_then(|b| b.amount).map_or_else(
        || Value::from(""),
        |amount| {
            let currency = facts.rates.currency(&amount);
            Value::from_object(MoneyValue(Money { amount: amount.amount, currency }))
        },
    );
    let currency = booking.and_then(|b| b.amount).and_then(|m| facts.rates.currency(&m));
    let party = booking.and_then(|b| b.party.as_ref()).and_then(|party| party.size());
    let extra = template.uses_extra.then(|| Value::from(Serde(&facts.event.extra)));
    let title = booking.map_or(Some(built_in.title.as_str()), |b| b.title.as_deref());
    context! {
        id => text(Some(facts.event.subject())),
        reference => text(booking.and_then(|b| b.reference.as_deref())),
        category => text(booking.and_then(|b| b.category.as_ref()).map(|c| c.as_str())),
        status => text(booking.and_then(|b| b.status.as_ref()).map(|s| s.as_str())),
        title => text(title),
        customer => text(booking.and_then(|b| b.customer.as_deref())),
        amount => money.clone(),
        currency => text(currency.as_ref().map(|c| c.as_str())),
        country => text(booking.and_then(|b| b.country.as_ref()).map(|c| c.as_str())),
        at => moment(Some(Moment::Instant(facts.event.at))),
        starts => moment(booking.and_then(|b| b.starts)),
        ends => moment(booking.and_then(|b| b.ends)),
        party => party.map_or_else(|| Value::from(""), Value::from),
        age => coarse(facts.age().as_secs()),
        icon => icon(facts.event),
        rule => rule,
        count => 1,
        total => money,
        link => "",
        extra => extra.unwrap_or_default(),
    }
}

/// An amount in a template; prints as `1,250.00 USD`.
#[derive(Debug)]
struct MoneyValue(Money);

/// A moment in a template; prints with its day and time.
#[derive(Debug)]
struct MomentValue {
    moment: Moment,
    now: Timestamp,
    zone: TimeZone,
}

impl Object for MoneyValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Object for MomentValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told("%Y-%m-%d %H:%M"))
    }
}

impl MomentValue {
    fn told(&self, format: &str) -> String {
        match self.moment {
            Moment::Instant(instant) => self.zone.to_datetime(instant).strftime(format).to_string(),
            Moment::Date(date) if format.contains("%H") => date.to_string(),
            Moment::Date(date) => date.strftime(format).to_string(),
        }
    }
}

fn money(value: &Value, locale: Locale) -> String {
    if let Some(MoneyValue(money)) = value.downcast_object_ref::<MoneyValue>() {
        return locale.money(money);
    }
    let text = value.to_string();
    let amount = contract::money::decimal(&text).ok();
    amount.map_or(text, |amount| locale.money(&Money { amount, currency: None }))
}

fn told(value: &Value, format: &str) -> String {
    let moment = value.downcast_object_ref::<MomentValue>();
    moment.map_or_else(|| value.to_string(), |moment| moment.told(format))
}

fn ago(value: &Value) -> String {
    let Some(value) = value.downcast_object_ref::<MomentValue>() else {
        return value.to_string();
    };
    let instant = match value.moment {
        Moment::Instant(instant) => instant,
        Moment::Date(date) => match date.to_zoned(value.zone.clone()) {
            Ok(start) => start.timestamp(),
            Err(_) => return date.to_string(),
        },
    };
    let seconds = value.now.duration_since(instant).as_secs();
    let told = coarse(seconds.unsigned_abs());
    if seconds >= 0 { format!("{told} ago") } else { format!("in {told}") }
}

/// A length of time in its largest unit: `45s`, `12m`, `3h`, `2d`.
fn coarse(seconds: u64) -> String {
    let unit = [86_400, 3_600, 60, 1].into_iter().find(|unit| seconds >= *unit).unwrap_or(1);
    Span(std::time::Duration::from_secs(seconds / unit * unit)).to_string()
}

fn truncate(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(length.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}
