//! Draws the Models screen.
//!
//! ```text
//! ╭ workhorses: routine and quality models ─────────────────────────────────────────────────╮
//! │ 64 % of calls  ██████████████████████████████████···░░░░░░··········  below 70–80 %      │
//! │ routine 30 % · quality 34 % · reasoning 36 % · of 412 calls                              │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ models  today ‹7 days› 30 days  month  all · 17–23 Nov · $61.05 ─────────────────────────╮
//! │   MODEL             TIER         COST  SHARE           CALLS  CACHE  $/M IN  $/M OUT      │
//! │ ▶ opus-5-5          reasoning  $48.10    78%  ██████▌    148    91%    0.58    20.00      │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────╯
//! ```

mod gauge;
mod list;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::{Data, Models};
use crate::tui::app::Shell;
use crate::tui::theme::Role;
use crate::tui::view::{FRAMED, indented};

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    models: &Models,
    data: Option<&Data>,
    shell: &Shell,
) {
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let Some(data) = data else {
        frame.render_widget(Line::styled("–", shell.look.theme.style(Role::Quiet)), indented(area));
        return;
    };
    let [top, bottom] = area.layout(&Layout::vertical([
        Constraint::Length(if framed { 4 } else { 2.min(area.height) }),
        Constraint::Min(0),
    ]));
    gauge::render(frame, top, framed, data, shell);
    list::render(frame, bottom, framed, models, data, shell);
}
