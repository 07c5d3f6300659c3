//! Draws the Caps screen.
//!
//! ```text
//! ╭ caps 4 · 1 at its limit ────────────────────────────────────────────────────────────────────╮
//! │   CAP      SUBJECT  PERIOD    SPENT      CAP              USED  LEVEL  ACTION  RESETS        │
//! │ ▶ daily    maya     day      $21.37   $20.00  ██████████  106%  limit  flag    00:00 in 8h…  │
//! │ …                                                                                            │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ daily, for maya ────────────────────────────────────────────────────────────────────────────╮
//! │ …                                                                                            │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────────╯
//! ```

mod detail;
mod table;

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{Caps, Standing};
use crate::format::{duration, fit, thousands};
use crate::model::Millis;
use crate::tui::app::Shell;
use crate::tui::sheet::wrapped;
use crate::tui::table::List as _;
use crate::tui::theme::Role;
use crate::tui::view::{FRAMED, indented, panel};
use crate::tui::when::clock;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Caps,
    data: Option<&Vec<Standing>>,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let Some(data) = data else {
        frame.render_widget(Line::styled("Reading", theme.style(Role::Quiet)), indented(area));
        return;
    };
    if data.is_empty() {
        without_a_cap(frame, area, shell);
        return;
    }
    let around = if framed { 2 } else { 0 };
    let room = usize::from(area.width).saturating_sub(if framed { 4 } else { 2 });
    let lines = detail::lines(page.selected(data), room, shell);
    let most = (area.height / 2).saturating_sub(around);
    let below = (lines.len() as u16).min(most);
    let below = if below == 0 || area.height < 8 { 0 } else { below + around };
    let [top, bottom] =
        area.layout(&Layout::vertical([Constraint::Min(0), Constraint::Length(below)]));
    let inner =
        if framed { panel(frame, top, title(page, data, shell), theme) } else { indented(top) };
    table::render(frame, inner, page, data, shell);
    if below == 0 {
        return;
    }
    let inner = if framed {
        let title = page.selected(data).map_or_else(String::new, detail::title);
        let title = fit(&title, room).into_owned();
        panel(frame, bottom, vec![Span::styled(title, theme.style(Role::Title))], theme)
    } else {
        indented(bottom)
    };
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

fn title(page: &Caps, data: &[Standing], shell: &Shell) -> Vec<Span<'static>> {
    let theme = &shell.look.theme;
    let broken = data.iter().filter_map(|standing| standing.decision.as_ref());
    let broken = broken.filter(|decision| decision.is_breach()).count();
    let mut parts = String::new();
    if broken > 0 {
        let _ = write!(parts, " · {} at the limit", thousands(broken as u64));
    }
    let table = page.table();
    if !table.filter().is_empty() {
        let _ = write!(parts, " · {} with {}", table.rows().len(), table.filter());
    }
    if table.order() > 0 || table.is_reversed() {
        let direction = if table.is_reversed() { "▲" } else { "▼" };
        let _ = write!(parts, " · by {} {direction}", table.orders()[table.order()]);
    }
    vec![
        Span::styled("caps ", theme.style(Role::Title)),
        Span::styled(thousands(data.len() as u64), theme.style(Role::Strong)),
        Span::styled(parts, theme.style(Role::Quiet)),
    ]
}

/// In place of the table while there is no cap: how to set one.
fn without_a_cap(frame: &mut Frame<'_>, area: Rect, shell: &Shell) {
    let theme = &shell.look.theme;
    let room = usize::from(area.width).saturating_sub(4).min(62);
    let file = &shell.setting.config_file;
    let file = if file.is_empty() { "the config" } else { file };
    let mut lines = vec![
        Line::styled("No cap is set", theme.style(Role::Strong)),
        Line::default(),
        Line::raw(format!("This line in {}", fit(file, room.saturating_sub(13)))),
        Line::default(),
        Line::styled("  daily_cap = 20", theme.style(Role::Key)),
        Line::default(),
    ];
    let more = "has you told when a day comes to half of $20, to 80 % and to all of it. What then \
                happens to the session is one word more: action = \"flag\", \"block\" or \"kill\".";
    lines.extend(wrapped(more, room, 0).into_iter().map(Line::raw));
    let widest = lines.iter().map(Line::width).max().unwrap_or(0) as u16;
    let top = area.height.saturating_sub(lines.len() as u16) / 3;
    let left = area.width.saturating_sub(widest) / 2;
    let block = Rect {
        x: area.x + left,
        y: area.y + top,
        width: area.width.saturating_sub(left),
        height: area.height.saturating_sub(top),
    };
    for (row, line) in block.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

/// An instant in local time: without the day where that is today's.
fn at(instant: Millis, shell: &Shell) -> String {
    clock(instant, shell.now, &shell.setting.zone)
}

/// How long until then, by the minute as all that only time moves.
fn until(instant: Millis, shell: &Shell) -> String {
    let minutes = instant.since(shell.now).max(0).saturating_add(59_999) / 60_000;
    if minutes < 60 { format!("{minutes}m") } else { duration(minutes * 60_000) }
}
