//! Draws the Live screen.
//!
//! ```text
//! ╭ today ────────────────────────────────╮╭ pace ──────────────────╮╭ 7 days $61.05 ─────────╮
//! │ $14.20 of $20.00  ██████████▌··  71 % ││ $3.10/h  cap at 17:30  ││ Tue▄ Wed▇ Thu▃ …       │
//! │ $5.80 left · resets in 8h 19m         ││ ▁▂▂▃▅▇▆▅▃▂▂▃  last 3 h ││  $9  $14   $8  …       │
//! ╰───────────────────────────────────────╯╰────────────────────────╯╰────────────────────────╯
//! ╭ sessions 9 · 3 live ── by activity ───────────────────────────────────────────────────────╮
//! │   ST    PROJECT  BRANCH    MODEL        SESSION   TODAY    $/H  LOOP  …  PROT    AGE       │
//! │ ▶ RUN!  shop     feat-pay  opus-5-5 +2   $21.37  ≥$9.80   2.90   ×14  …  hook    now       │
//! │ 7c1e9a02 in mid-turn · process 41822, by its hook · flagged by daily: over $20             │
//! ╰───────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ alerts ────────────────────────────────────────────────────────────────────────────────────╮
//! │ 15:38 ! maya is over the daily cap · $21.37 of $20.00                                      │
//! ╰───────────────────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! A narrow or low terminal does without the frames, and loses its lines from the outside in: the
//! last one left is today's total.

mod alerts;
mod detail;
mod empty;
mod gauge;
mod pace;
mod sessions;
mod week;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Span;

use super::{Data, Live};
use crate::tui::app::Shell;
use crate::tui::theme::Role;
use crate::tui::view::{FRAMED, indented, panel};

/// From these widths on there is room for the week, and for the pace, beside today's gauge.
const FOR_WEEK: u16 = 96;
const FOR_PACE: u16 = 116;

/// From this height on the alerts have a panel of their own.
const FOR_ALERTS: u16 = 26;

/// Lines of the alerts' panel, with its frame: as many as are told of, from the least on up to a
/// quarter of the screen.
const ALERTS: u16 = 7;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    live: &Live,
    data: Option<&Data>,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let has_alerts = data.is_some_and(|data| !data.alerts.is_empty());
    let alerts = match (framed, has_alerts) {
        (_, false) => 0,
        (true, true) if area.height >= FOR_ALERTS => {
            let told = data.map_or(0, |data| data.alerts.len() as u16) + 2;
            told.clamp(ALERTS, (area.height / 4).max(ALERTS))
        }
        (_, true) => u16::from(area.height >= 8),
    };
    let [top, main, bottom] = area.layout(&Layout::vertical([
        Constraint::Length(if framed { 4 } else { u16::from(area.height >= 3) + 1 }),
        Constraint::Min(0),
        Constraint::Length(alerts),
    ]));
    let when = |from: u16, cells: u16| if framed && area.width >= from { cells } else { 0 };
    let [gauge, pace, week] = top.layout(&Layout::horizontal([
        Constraint::Min(0),
        Constraint::Length(when(FOR_PACE, pace::WIDTH)),
        Constraint::Length(when(FOR_WEEK, week::WIDTH)),
    ]));
    let inner = if framed {
        let what = if shell.setting.on_plan { " value" } else { "" };
        let title = vec![
            Span::styled("today", theme.style(Role::Title)),
            Span::styled(format!("{what} at list prices of the API"), theme.style(Role::Quiet)),
        ];
        panel(frame, gauge, title, theme)
    } else {
        // In line with the other lines, which begin one cell from the edge.
        indented(gauge)
    };
    gauge::render(frame, inner, data, shell, pace.width == 0);
    if let Some(data) = data {
        pace::render(frame, pace, data, shell);
        week::render(frame, week, data, shell);
    }
    match data {
        Some(data) if !data.sessions.is_empty() => {
            sessions::render(frame, main, framed, live, data, shell);
        }
        _ => empty::render(frame, main, data, shell),
    }
    if let Some(data) = data {
        alerts::render(frame, bottom, data, shell);
    }
}
