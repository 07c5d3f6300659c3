//! What every key that works here does, and what every sign means, over the screen.
//!
//! ```text
//! ╭ help: Live ────────────────────────────────────────────────────────────────────────╮
//! │ /         show only rows with these words    ≥     at least: a price, or a last …  │
//! │ …                                            …                                     │
//! ╰────────────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! Where there is no room for both side by side, the signs stand below the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::over;
use crate::format::{pad_start, width};
use crate::tui::app::App;
use crate::tui::sheet::wrapped;
use crate::tui::theme::{Role, Theme};

/// Signs and words of the screen.
const WORDS: &[(&str, &str)] = &[
    ("≥", "at least: a price, or a last count, is missing"),
    ("$", "list price of the API, whatever your plan charges"),
    ("RUN ASK IDLE", "in mid-turn, asks you, at its prompt"),
    ("BLK END", "must not go on; has ended"),
    ("run idle", "the same, concluded from its last call alone"),
    ("RUN!", "flagged or blocked: why stands below the table"),
    ("SESSION", "all of it, with its subagents (SUB)"),
    ("$/H", "what the last 15 minutes would come to in an hour"),
    ("LOOP", "the newest tool call, so often in a row"),
    ("STEPS", "steps in this turn"),
    ("CACHE", "how much of what was sent came from the cache"),
    ("PROT", "what stops it: hook, signal, or none!"),
    ("AGE", "time since its last call"),
    ("z +", "on Caps: snoozed, raised"),
    ("● · !", "on Health: well, worth knowing, to be mended"),
];

/// Cells between a label and its text, and between two columns.
const GAP: usize = 2;
const GUTTER: usize = 4;

/// Labels with their texts.
type Entries = Vec<(String, &'static str)>;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, app: &App, above: u16) {
    let theme = &app.shell.look.theme;
    let keys = app.shell.look.keys.entries(app.here()).filter(|(_, keys)| !keys.is_empty());
    let keys: Entries = keys
        .map(|(entry, keys)| {
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            (keys.join(" "), entry.help)
        })
        .collect();
    let words: Entries = WORDS.iter().map(|(word, text)| ((*word).to_owned(), *text)).collect();
    let lines = set_out(&keys, &words, usize::from(area.width.saturating_sub(4)), theme);
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    let above = usize::from(above).min(lines.len().saturating_sub(room));
    let mut title = format!("help: {}", app.screen().title());
    if lines.len() > room {
        title.push_str(" (j/k scroll)");
    }
    let shown = &lines[above..lines.len().min(above + room)];
    over(frame, area, &title, shown, theme);
}

/// The words beside the keys where both have room, else below them.
fn set_out(keys: &Entries, words: &Entries, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let left = labels(keys) + keys.iter().map(|(_, text)| width(text)).max().unwrap_or(0);
    let right = labels(words) + words.iter().map(|(_, text)| width(text)).max().unwrap_or(0);
    if left + GUTTER + right > room {
        let mut lines = column(keys, room, theme);
        lines.push(Line::default());
        lines.extend(column(words, room, theme));
        return lines;
    }
    let mut lines = column(keys, left, theme);
    let words = column(words, right, theme);
    lines.resize(lines.len().max(words.len()), Line::default());
    for (line, word) in lines.iter_mut().zip(words) {
        line.push_span(" ".repeat(left + GUTTER - line.width()));
        line.extend(word);
    }
    lines
}

/// Cells of the labels.
fn labels(entries: &Entries) -> usize {
    entries.iter().map(|(label, _)| width(label)).max().unwrap_or(0) + GAP
}

/// Each label before its text, which is broken where it is too long.
fn column(entries: &Entries, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let labels = labels(entries);
    let set = |(label, text): &(String, &'static str)| {
        let parts = wrapped(text, room.saturating_sub(labels).max(1), 0).into_iter();
        let label = |number| if number == 0 { label.clone() } else { String::new() };
        let lines = parts.enumerate().map(|(number, part)| {
            let label = label(number);
            let pad = pad_start("", labels - width(&label));
            Line::from(vec![
                Span::styled(label, theme.style(Role::Key)),
                Span::raw(pad),
                Span::raw(part),
            ])
        });
        lines.collect::<Vec<_>>()
    };
    entries.iter().flat_map(set).collect()
}
