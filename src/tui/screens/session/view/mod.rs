//! Draws the Session screen.
//!
//! ```text
//! ╭ session shop feat/pay 7c1e9a02 ────────────────────────────────────────────────────────────╮
//! │ $21.37 of it $9.80 today · RUN in mid-turn · 212 calls · 2 subagents · 12:10 to now         │
//! │ …                                                                                          │
//! ╰────────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ cost by class ─────────────────────────────╮╭ threads 3 ───────────────────────────────────╮
//! │ …                                          ││ …                                            │
//! ╰────────────────────────────────────────────╯╰──────────────────────────────────────────────╯
//! ╭ turn ──────────────────────────────────────╮╭ context and cost ────────────────────────────╮
//! │ …                                          ││ …                                            │
//! ╰────────────────────────────────────────────╯╰──────────────────────────────────────────────╯
//! ╭ calls 212 ─────────────────────────────────────────────────────────────────────────────────╮
//! │ …                                                                                          │
//! ╰────────────────────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! A smaller terminal has the head, the turn and the context as lines, and the calls; `v` shows
//! each of the other panels in their place.

mod calls;
mod chart;
mod costs;
mod head;
mod threads;
mod turn;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{Data, Panel, SessionPage};
use crate::format::fit;
use crate::tui::app::Shell;
use crate::tui::screens::live;
use crate::tui::theme::{Role, Theme};
use crate::tui::view::{FRAMED, indented, panel};

/// From this size on there is room for everything at once.
const FOR_ALL: (u16, u16) = (100, 32);

/// Lines of the turn's and the chart's panels, with their frames.
const CHART: u16 = 8;

/// Lines that stay for the calls, with their frame.
const CALLS: u16 = 9;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &SessionPage,
    data: Option<&Data>,
    is_empty: bool,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let Some(data) = data else {
        nothing(frame, area, is_empty, theme);
        return;
    };
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let around = if framed { 2 } else { 0 };
    let lines = head::lines(data, shell, usize::from(area.width.saturating_sub(4)));
    let most = match area.height {
        _ if framed && area.height >= FOR_ALL.1 => 6,
        _ if framed => 4,
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    let shown = lines.len().min(most);
    let [top, rest] = area
        .layout(&Layout::vertical([Constraint::Length(shown as u16 + around), Constraint::Min(0)]));
    let title = format!("session {}", live::label(&data.session));
    let inner = boxed(frame, top, framed, &title, "", theme);
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
    match page.panel() {
        Panel::All if framed && area.width >= FOR_ALL.0 && area.height >= FOR_ALL.1 => {
            everything(frame, rest, page, data, shell);
        }
        Panel::All => some(frame, rest, framed, page, data, shell),
        Panel::Costs => costs::render(frame, rest, framed, data, shell),
        Panel::Threads => threads::render(frame, rest, framed, data, shell),
        Panel::Chart => chart::render(frame, rest, framed, data, shell),
    }
}

fn everything(frame: &mut Frame<'_>, area: Rect, page: &SessionPage, data: &Data, shell: &Shell) {
    let parts = costs::height(data).max(threads::height(data)) + 2;
    let most = area.height.saturating_sub(CHART + CALLS);
    let [parts, middle, calls] = area.layout(&Layout::vertical([
        Constraint::Length(parts.min(most)),
        Constraint::Length(CHART),
        Constraint::Min(0),
    ]));
    let halves = || Layout::horizontal([Constraint::Percentage(50), Constraint::Min(0)]);
    let [costs, threads] = parts.layout(&halves());
    let [turn, chart] = middle.layout(&halves());
    costs::render(frame, costs, true, data, shell);
    threads::render(frame, threads, true, data, shell);
    turn::render(frame, turn, data, shell);
    chart::render(frame, chart, true, data, shell);
    calls::render(frame, calls, true, page, data, shell);
}

fn some(
    frame: &mut Frame<'_>,
    area: Rect,
    framed: bool,
    page: &SessionPage,
    data: &Data,
    shell: &Shell,
) {
    let when = |from: u16| Constraint::Length(u16::from(area.height >= from));
    let [turn, context, calls] =
        area.layout(&Layout::vertical([when(5), when(9), Constraint::Min(0)]));
    frame.render_widget(turn::line(data, usize::from(turn.width), shell), indented(turn));
    frame.render_widget(chart::line(data, usize::from(context.width), shell), indented(context));
    calls::render(frame, calls, framed, page, data, shell);
}

/// A frame with a title, where there is room for frames; tells the place within.
fn boxed(
    frame: &mut Frame<'_>,
    area: Rect,
    framed: bool,
    title: &str,
    more: &str,
    theme: &Theme,
) -> Rect {
    if !framed || area.height < 3 {
        return indented(area);
    }
    let room = usize::from(area.width).saturating_sub(6);
    let title = fit(title, room).into_owned();
    let left = room.saturating_sub(crate::format::width(&title));
    let more = fit(more, left).into_owned();
    let title = vec![
        Span::styled(title, theme.style(Role::Title)),
        Span::styled(more, theme.style(Role::Quiet)),
    ];
    panel(frame, area, title, theme)
}

/// In place of a session while there is none.
fn nothing(frame: &mut Frame<'_>, area: Rect, is_empty: bool, theme: &Theme) {
    let lines = if is_empty {
        vec![
            Line::styled("No session here", theme.style(Role::Strong)),
            Line::default(),
            Line::raw("Choose one on the Live screen (1),"),
            Line::raw("and press Enter."),
        ]
    } else {
        vec![Line::styled("Reading", theme.style(Role::Quiet))]
    };
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
