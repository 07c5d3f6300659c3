//! What every key does and every sign means, over the screen.
//!
//! ```text
//! ╭ help ──────────────────────────────────────────────────────────╮
//! │ q  ^C     quit                                                 │
//! │ …                                                              │
//! │ ≥         at least: a price or a last count is missing         │
//! ╰────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::panel;
use crate::format::{pad_start, width};
use crate::tui::action::BINDINGS;
use crate::tui::theme::{Role, Theme};

/// Signs and words of the screen.
const WORDS: &[(&str, &str)] = &[
    ("≥", "at least: a price, or a last count, is missing"),
    ("$", "list price of the API, whatever your plan charges"),
    ("SESSION", "all of it, with its subagents (SUB)"),
    ("IN", "tokens sent; CACHE: how much of them was cached"),
    ("LAST", "time since its last call"),
];

/// Cells of the left column.
const LABELS: usize = 9;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let keys = BINDINGS.iter().map(|binding| (binding.label, binding.help));
    let row = |(label, text): (&str, &str)| {
        let label = format!("{label}{}", pad_start("", LABELS.saturating_sub(width(label))));
        Line::from(vec![
            Span::styled(label, theme.style(Role::Key)),
            Span::raw(" "),
            Span::raw(text.to_owned()),
        ])
    };
    let mut lines: Vec<Line<'_>> = keys.map(row).collect();
    lines.push(Line::default());
    lines.extend(WORDS.iter().copied().map(row));
    let widest = lines.iter().map(Line::width).max().unwrap_or(0);
    let size = (widest as u16 + 4, lines.len() as u16 + 2);
    let area = centred(area, size);
    frame.render_widget(Clear, area);
    let title = vec![Span::styled("help", theme.style(Role::Title))];
    let inner = panel(frame, area, title, theme);
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

fn centred(area: Rect, (width, height): (u16, u16)) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}
