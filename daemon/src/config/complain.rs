//! Job: shows complaints so that they can be mended without a manual.
//! Takes: complaints with their places.
//! Gives: text: file, line, column, the line itself, a caret, a hint; sorted by file and line.
//! Never: repeats what may be a secret, nor lets a file write to the terminal.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use contract::text::{clean, is_hostile};
use contract::{Complaint, Place, Severity};

use super::masks;

/// How complaints are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// For a file or a pipe.
    Plain,
    /// For a terminal.
    Colours,
}

/// A longer line is shown from a little before what the complaint is about.
const LINE_CHARS_MAX: usize = 400;

/// All complaints as text, errors and warnings in the order of the files, with their number below.
pub fn show(complaints: &[Complaint], paint: Paint) -> String {
    let renderer = match paint {
        Paint::Plain => Renderer::plain(),
        Paint::Colours => Renderer::styled(),
    };
    let masked: Vec<&Place> = complaints.iter().filter_map(|c| c.hidden.as_ref()).collect();
    let mut shown = String::new();
    for complaint in &sorted(complaints) {
        shown += &show_one(complaint, &masked, &renderer);
        shown += "\n\n";
    }
    shown + &sum(complaints)
}

/// The complaints in the order of files, lines and columns; those without a place come last.
pub fn sorted(complaints: &[Complaint]) -> Vec<Complaint> {
    let mut sorted = complaints.to_vec();
    sorted.sort_by(|a, b| order(a).cmp(&order(b)));
    sorted
}

fn order(complaint: &Complaint) -> (bool, &str, usize) {
    match &complaint.place {
        Some(place) => (false, &place.file.path, place.span.start),
        None => (true, "", 0),
    }
}

fn sum(complaints: &[Complaint]) -> String {
    let of = |severity| complaints.iter().filter(|c| c.severity == severity).count();
    let several = |number, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => String::new(),
        (0, warnings) => format!("{}\n", several(warnings, "warning")),
        (errors, 0) => format!("{}\n", several(errors, "error")),
        (errors, warnings) => {
            format!("{}, {}\n", several(errors, "error"), several(warnings, "warning"))
        }
    }
}

fn show_one(complaint: &Complaint, masked: &[&Place], renderer: &Renderer) -> String {
    let level = match complaint.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let what = clean(&complaint.what);
    let key = clean(&complaint.key);
    let title = match &complaint.place {
        None if !key.is_empty() => format!("{key}: {what}"),
        _ => what,
    };
    if complaint.place.is_none() && complaint.other.is_none() {
        let help = complaint.hint.iter().map(|hint| format!("\n  = help: {}", clean(hint)));
        return renderer.render(&[Group::with_title(level.primary_title(title))])
            + &help.collect::<String>();
    }
    let own = complaint.place.as_ref().map(|place| Piece::of(place, masked));
    let other = complaint.other.as_ref().map(|(place, said)| (Piece::of(place, masked), said));
    let mut group = level.primary_title(title).elements(Vec::<Snippet<'_, Annotation<'_>>>::new());
    if let Some(piece) = &own {
        group = group.element(piece.snippet(AnnotationKind::Primary, &key));
    }
    if let Some((piece, said)) = &other {
        group = group.element(piece.snippet(AnnotationKind::Context, said));
    }
    if let Some(hint) = &complaint.hint {
        group = group.element(Level::HELP.message(clean(hint)));
    }
    renderer.render(&[group])
}

/// The line a complaint is about, fit to be shown, and the piece of it to point at.
struct Piece<'a> {
    path: &'a str,
    line: usize,
    text: String,
    span: Range<usize>,
}

impl<'a> Piece<'a> {
    fn of(place: &'a Place, masked: &[&Place]) -> Self {
        let text = &place.file.text;
        let start = floor(text, place.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let (line, _) = place.line_column();
        let own = masks::secrets(&text[line_start..line_end]);
        let own = own.into_iter().map(|mask| mask.start + line_start..mask.end + line_start);
        let masks: Vec<Range<usize>> = masked
            .iter()
            .filter(|mask| mask.file.path == place.file.path)
            .map(|mask| mask.span.clone())
            .chain(own)
            .collect();
        let mut piece = Self { path: &place.file.path, line, text: String::new(), span: 0..0 };
        piece.copy(text, line_start..line_end, &place.span, &masks);
        piece
    }

    /// Copies a line, makes visible what would act on a terminal, and leaves out what is masked.
    fn copy(
        &mut self,
        text: &str,
        line: Range<usize>,
        about: &Range<usize>,
        masks: &[Range<usize>],
    ) {
        let from = about.start.saturating_sub(LINE_CHARS_MAX / 2).max(line.start);
        let from = if line.len() > LINE_CHARS_MAX { floor(text, from) } else { line.start };
        let (mut start, mut end, mut masked) = (None, None, false);
        for (at, letter) in text[from..line.end].char_indices().take(LINE_CHARS_MAX) {
            let at = from + at;
            if at >= about.start {
                start.get_or_insert(self.text.len());
            }
            if at >= about.end {
                end.get_or_insert(self.text.len());
            }
            let hidden = masks.iter().any(|mask| mask.contains(&at));
            match letter {
                _ if hidden && masked => {}
                _ if hidden => self.text.push('…'),
                '\r' => {}
                '\t' => self.text.push(' '),
                hostile if is_hostile(hostile) => self.text.extend(hostile.escape_unicode()),
                plain => self.text.push(plain),
            }
            masked = hidden;
        }
        let start = start.unwrap_or(self.text.len());
        self.span = start..end.unwrap_or(self.text.len()).max(start);
    }

    fn snippet<'s>(&'s self, kind: AnnotationKind, label: &'s str) -> Snippet<'s, Annotation<'s>> {
        let mut annotation = kind.span(self.span.clone());
        if !label.is_empty() {
            annotation = annotation.label(label);
        }
        Snippet::source(&self.text).line_start(self.line).path(self.path).annotation(annotation)
    }
}

/// The nearest character's border at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
