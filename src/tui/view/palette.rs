//! The command palette, over the screen.
//!
//! ```text
//! ╭ command ──────────────────────────────────────╮
//! │ : fi                                          │
//! │ ▶ filter           show only rows with these… │
//! │   first            first row                  │
//! ╰───────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::parts::over;
use crate::format::{fit, pad_start, width};
use crate::tui::app::App;
use crate::tui::palette::Palette;
use crate::tui::theme::Role;

/// Commands shown at most.
const MOST: usize = 10;

/// Cells of a command's name.
const NAMES: usize = 16;

/// Cells of the whole, so that it stays the same while it is typed into.
const WIDTH: usize = 56;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, palette: &Palette, app: &App) {
    let theme = &app.shell.look.theme;
    let found = palette.found();
    let room = usize::from(area.height.saturating_sub(3)).min(MOST);
    let first = palette.at.saturating_sub(room / 2).min(found.len().saturating_sub(room));
    let typed = format!(": {}", palette.input.value());
    let wide = usize::from(area.width.saturating_sub(4)).min(WIDTH);
    let typed = format!("{typed}{}", pad_start("", wide.saturating_sub(width(&typed))));
    let mut lines = vec![Line::raw(typed)];
    for (number, entry) in found.iter().enumerate().skip(first).take(room) {
        let here = number == palette.at;
        let mark = if here { "▶ " } else { "  " };
        let name =
            format!("{}{}", entry.name, pad_start("", NAMES.saturating_sub(width(entry.name))));
        let help = fit(entry.help, wide.saturating_sub(2 + NAMES + 1));
        let role = if here { Role::Selected } else { Role::Strong };
        lines.push(Line::from(vec![
            Span::styled(mark, theme.style(Role::Key)),
            Span::styled(name, theme.style(role)),
            Span::styled(format!(" {help}"), theme.style(Role::Quiet)),
        ]));
    }
    if found.is_empty() {
        lines.push(Line::styled("  no such command", theme.style(Role::Quiet)));
    }
    // In one place, however many are found.
    lines.resize(room + 1, Line::default());
    let inner = over(frame, area, "command", &lines, theme);
    let x = inner.x.saturating_add(2 + palette.input.visual_cursor() as u16);
    if x < inner.right() && inner.height > 0 {
        frame.set_cursor_position(Position { x, y: inner.y });
    }
}
