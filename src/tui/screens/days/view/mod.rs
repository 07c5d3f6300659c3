//! Draws the Days screen.
//!
//! ```text
//! ╭ week and month at list prices of the API ───────────────────────────────────────────────╮
//! │ this week $61.05 · last week by now $50.10 (+22 %) · all of last week $80.00            │
//! │ November $402.10 · about $560 by 30 Nov · the rest like the last 4 weeks, by weekday    │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ year  · none  ░ to $2.10  ▒ to $5.40  ▓ to $9.99  █ above ──────────────────────────────╮
//! │      Dec     Jan     Feb …                                                              │
//! │ Mon  · ░ ▒ ▓ █ …                                                                        │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ days 212 · $4,102.66 ───────────────────────────────────────────────────────────────────╮
//! │   DAY         COST                                              CALLS     IN   OUT  CACHE │
//! │ ▶ Mon 23 Nov  $14.20  ██████████████▌                             412  31.0M  436k    91% │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! A low terminal does without the year, a lower one without the frames.

mod bars;
mod heat;
mod summary;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::{Data, Days};
use crate::tui::app::Shell;
use crate::tui::theme::Role;
use crate::tui::view::{FRAMED, indented};

/// From this height on there is room for the year.
const FOR_YEAR: u16 = 20;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    days: &Days,
    data: Option<&Data>,
    shell: &Shell,
) {
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let Some(data) = data else {
        frame.render_widget(Line::styled("–", shell.look.theme.style(Role::Quiet)), indented(area));
        return;
    };
    let summary = if framed { 4 } else { 2.min(area.height) };
    let year = if framed && area.height >= FOR_YEAR { heat::HEIGHT } else { 0 };
    let [top, middle, bottom] = area.layout(&Layout::vertical([
        Constraint::Length(summary),
        Constraint::Length(year),
        Constraint::Min(0),
    ]));
    summary::render(frame, top, framed, data, shell);
    if year > 0 {
        let selected = days.table().selected().map(|(date, _)| *date);
        heat::render(frame, middle, selected, data, shell);
    }
    bars::render(frame, bottom, framed, days, data, shell);
}
