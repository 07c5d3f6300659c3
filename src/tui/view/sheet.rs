//! A sheet of text over the screen.
//!
//! ```text
//! ╭ call msg_01XFDU (Esc closes) ────────────────────────────────╮
//! │ 2026-11-23 15:41:05.000 CET  claude-opus-5-5  msg_01XFDU     │
//! │   input               1,024 × $5/M = $0.00512                │
//! │   kept     /home/maya/.claude/projects/…/7c1e.jsonl @ 90112  │
//! ╰──────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::parts::over;
use crate::format::fit;
use crate::tui::sheet::Sheet;
use crate::tui::theme::Theme;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, sheet: &Sheet, theme: &Theme) {
    let lines = sheet.set(area.width);
    let first = sheet.first(lines.len(), area.height);
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    let is_longer = lines.len() > room;
    let keys = if is_longer { " (j/k scroll, Esc closes)" } else { " (Esc closes)" };
    let title = fit(&sheet.title, usize::from(area.width).saturating_sub(keys.len() + 6));
    // As wide as its widest line, shown or not: it keeps its place while it is scrolled.
    let widest = lines.iter().map(|(_, line)| crate::format::width(line)).max().unwrap_or(0);
    let mut shown: Vec<Line<'_>> = lines
        .iter()
        .skip(first)
        .take(room)
        .map(|(role, line)| {
            Line::styled(line.as_str(), role.map_or_else(Style::new, |role| theme.style(role)))
        })
        .collect();
    if let Some(line) = shown.first_mut() {
        let gap = widest.saturating_sub(line.width());
        line.push_span(" ".repeat(gap));
    }
    over(frame, area, &format!("{title}{keys}"), &shown, theme);
}
