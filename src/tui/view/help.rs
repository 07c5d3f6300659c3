//! What every key that works here does, and what every sign means, over the screen.
//!
//! ```text
//! ╭ help: Live ────────────────────────────────────────────────────╮
//! │ /              show only rows with these words                 │
//! │ …                                                              │
//! │ ≥              at least: a price or a last count is missing    │
//! ╰────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::over;
use crate::format::{pad_start, width};
use crate::tui::app::App;
use crate::tui::theme::Role;

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
    ("● · !", "on Health: well, worth knowing, to be mended"),
];

/// Cells of the left column.
const LABELS: usize = 13;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, app: &App, above: u16) {
    let theme = &app.shell.look.theme;
    let row = |label: &str, text: &str| {
        let label = format!("{label}{}", pad_start("", LABELS.saturating_sub(width(label))));
        Line::from(vec![
            Span::styled(label, theme.style(Role::Key)),
            Span::raw(" "),
            Span::raw(text.to_owned()),
        ])
    };
    let keys = app.shell.look.keys.entries(app.here()).filter(|(_, keys)| !keys.is_empty());
    let mut lines: Vec<Line<'_>> = keys
        .map(|(entry, keys)| {
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            row(&keys.join(" "), entry.help)
        })
        .collect();
    lines.push(Line::default());
    lines.extend(WORDS.iter().map(|(word, text)| row(word, text)));
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    let above = usize::from(above).min(lines.len().saturating_sub(room));
    let mut title = format!("help: {}", app.screen().title());
    if lines.len() > room {
        title.push_str(" (j/k scroll)");
    }
    let shown = &lines[above..lines.len().min(above + room)];
    over(frame, area, &title, shown, theme);
}
