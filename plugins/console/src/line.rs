//! Job: a note as one line for people.
//! Takes: a note, the terminal's width, colour or not, and a time zone.
//! Gives: time, icon, status, category, customer, amount, id and title, aligned.
//! Never: cuts an id or an amount, or passes on a character that does more than stand there.

use contract::text::clean;
use contract::{Body, Booking, Category, Event, Level, Note};
use jiff::tz::TimeZone;

use crate::width::{columns, cut, fit};

/// Narrower terminals get no word for the category: its icon says it.
const NARROW: usize = 120;
/// A title is never cut shorter than this, even if the line then wraps.
const TITLE_COLUMNS_MIN: usize = 8;

/// How a line looks.
pub(crate) struct Look<'a> {
    /// The terminal's columns, where they are known.
    pub(crate) width: Option<usize>,
    /// Whether it is coloured.
    pub(crate) colour: bool,
    /// The zone that times are shown in.
    pub(crate) zone: &'a TimeZone,
}

/// The line, with its line feed.
pub(crate) fn line(note: &Note, look: &Look<'_>) -> String {
    let event = note.event();
    let mut line = Line { text: String::with_capacity(256), used: 0, colour: look.colour };
    let time = event.at.to_zoned(look.zone.clone()).strftime("%H:%M:%S").to_string();
    line.add(&time, Paint::Dim);
    line.add(&fit(icon(event), 2), Paint::None);
    match (note.events.len(), event.booking()) {
        (1, Some(booking)) => about_booking(&mut line, note, booking, look),
        _ => about_others(&mut line, note, look),
    }
    line.text.truncate(line.text.trim_end_matches(' ').len());
    line.text.push('\n');
    line.text
}

fn about_booking(line: &mut Line, note: &Note, booking: &Booking, look: &Look<'_>) {
    let narrow = look.width.is_some_and(|width| width < NARROW);
    let (customer, amount) = if narrow { (10, 14) } else { (20, 16) };
    let word = |word: Option<&str>| clean(word.unwrap_or(""));
    let status = word(booking.status.as_ref().map(contract::Status::as_str));
    line.add(&fit(&status, 9), Paint::Level(note.level));
    if !narrow {
        line.add(&fit(&word(booking.category.as_ref().map(Category::as_str)), 8), Paint::None);
    }
    line.add(&fit(&word(booking.customer.as_deref()), customer), Paint::None);
    let money = booking.amount.map(|money| money.to_string()).unwrap_or_default();
    line.add(&format!("{money:>amount$}"), Paint::Bold);
    line.add(&format!("{:<16}", clean(booking.id.as_str())), Paint::None);
    let room = line.room(look);
    line.rest(&title(note, booking, room), room);
}

/// The booking's title and the rule's: both where the rule's does not hold the booking's, else the
/// rule's if there is room for it. So the booking's is the last to be cut.
fn title(note: &Note, booking: &Booking, room: usize) -> String {
    let said = clean(&note.title);
    let own = clean(booking.title.as_deref().unwrap_or(""));
    if said.is_empty() || own.is_empty() {
        return own + &said;
    }
    match said.contains(&own) {
        true if columns(&said) <= room => said,
        true => own,
        false => format!("{own} · {said}"),
    }
}

fn about_others(line: &mut Line, note: &Note, look: &Look<'_>) {
    line.add(&fit(note.level.word(), 9), Paint::Level(note.level));
    let about = match note.events.len() {
        1 => note.event().kind().word().to_owned(),
        several => format!("{several}×"),
    };
    line.add(&fit(&about, 8), Paint::None);
    let (title, body) = (clean(&note.title), clean(&note.body));
    let words = if body.is_empty() { title } else { format!("{title} — {body}") };
    let room = line.room(look);
    line.rest(&words, room);
}

fn icon(event: &Event) -> &'static str {
    let category = match &event.body {
        Body::Booking(booking) => booking.category.as_ref(),
        Body::Metrics(_) => return "📈",
        Body::Feed(_) => return "📡",
        Body::Sink(_) => return "📮",
        Body::Other(_) => None,
    };
    match category {
        Some(Category::Property) => "🏠",
        Some(Category::Car) => "🚗",
        Some(Category::Transfer) => "🚌",
        Some(Category::Tour) => "🧭",
        Some(Category::Own(_)) | None => "🔔",
    }
}

#[derive(Clone, Copy)]
enum Paint {
    None,
    Dim,
    Bold,
    Level(Level),
}

impl Paint {
    fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Level(Level::Info) => "36",
            Self::Level(Level::Success) => "32",
            Self::Level(Level::Warning) => "33",
            Self::Level(Level::Error) => "31",
        })
    }
}

struct Line {
    text: String,
    used: usize,
    colour: bool,
}

impl Line {
    fn add(&mut self, column: &str, paint: Paint) {
        self.used += columns(column) + 1;
        match paint.code().filter(|_| self.colour) {
            Some(code) => {
                for piece in ["\u{1b}[", code, "m", column, "\u{1b}[0m "] {
                    self.text.push_str(piece);
                }
            }
            None => {
                self.text.push_str(column);
                self.text.push(' ');
            }
        }
    }

    /// How many columns are left.
    fn room(&self, look: &Look<'_>) -> usize {
        let left = |width: usize| width.saturating_sub(self.used).max(TITLE_COLUMNS_MIN);
        look.width.map_or(usize::MAX, left)
    }

    /// The last column: as much as there is room for.
    fn rest(&mut self, words: &str, room: usize) {
        self.text.push_str(&cut(words, room));
    }
}
