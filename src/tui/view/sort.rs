//! The menu of what rows can be sorted by.
//!
//! ```text
//! ╭ sort by ─────╮
//! │   activity   │
//! │ ▶ today      │
//! ╰──────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::over;
use crate::tui::app::App;
use crate::tui::theme::Role;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, app: &App, at: usize) {
    let Some(rows) = app.page().rows() else { return };
    let theme = &app.shell.look.theme;
    let orders = rows.orders();
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    let first = at.saturating_sub(room / 2).min(orders.len().saturating_sub(room));
    let line = |(number, name): (usize, &&str)| {
        let role = if number == at { Role::Selected } else { Role::Quiet };
        let mark = if number == at { "▶ " } else { "  " };
        let now = if number == rows.order() { "  (now)" } else { "" };
        Line::from(vec![
            Span::styled(mark, theme.style(Role::Key)),
            Span::styled(format!("{name}{now}"), theme.style(role)),
        ])
    };
    let lines: Vec<Line<'_>> = orders.iter().enumerate().skip(first).take(room).map(line).collect();
    over(frame, area, "sort by", &lines, theme);
}
