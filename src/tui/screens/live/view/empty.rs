//! In place of the sessions while there are none: what is going on, and where was looked.
//!
//! ```text
//!                     No transcripts yet
//!
//!    spendtop reads what coding agents write on this machine,
//!    and found nothing in
//!
//!      ~/.claude/projects
//!
//!    Start a coding agent, or try `spendtop demo`.
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::format::{Bar, bar, fit_end, thousands};
use crate::model::UsdTotal;
use crate::tui::app::{Collector, Shell};
use crate::tui::screens::live::Data;
use crate::tui::sheet::{INSET, wrapped};
use crate::tui::theme::{Role, Theme};

/// The bar of the first scan, at most.
const LONGEST_BAR: usize = 48;

/// Folders that are named one by one.
const MOST_CLOSED: usize = 3;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, data: Option<&Data>, shell: &Shell) {
    let theme = &shell.look.theme;
    let room = usize::from(area.width).saturating_sub(4);
    let lines = match &shell.collector {
        Collector::Reading { read_bytes, total_bytes } => {
            reading(*read_bytes, *total_bytes, room, theme)
        }
        Collector::Starting => {
            vec![Line::styled("Looking for transcripts", theme.style(Role::Strong))]
        }
        _ if !shell.closed.is_empty() => closed(shell, room),
        Collector::Live | Collector::Elsewhere(_) | Collector::Failed(_) => {
            nothing_found(data, shell, room)
        }
    };
    let widest = lines.iter().map(Line::width).max().unwrap_or(0) as u16;
    // A little above the middle rests the eye.
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

fn reading(read: u64, total: u64, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let length = room.min(LONGEST_BAR);
    let [part, whole] = [read.min(total), total].map(|bytes| UsdTotal(i128::from(bytes)));
    vec![
        Line::styled("Reading what was written before", theme.style(Role::Strong)),
        Line::default(),
        Line::styled(bar(part, whole, length, Bar::Unicode), theme.style(Role::Good)),
        Line::styled(
            format!("{} of {} MB", thousands(read / 1_000_000), thousands(total / 1_000_000)),
            theme.style(Role::Quiet),
        ),
    ]
}

/// There may be some, but the system does not let us look.
fn closed(shell: &Shell, room: usize) -> Vec<Line<'static>> {
    let theme = &shell.look.theme;
    let mut lines =
        vec![Line::styled("Transcripts cannot be read", theme.style(Role::Bad)), Line::default()];
    for what in shell.closed.iter().take(MOST_CLOSED) {
        lines.extend(wrapped(what, room, INSET).into_iter().map(Line::raw));
    }
    let more = shell.closed.len().saturating_sub(MOST_CLOSED);
    if more > 0 {
        lines.push(Line::raw(format!("and {more} more: see Health (8)")));
    }
    lines.push(Line::default());
    lines.push(Line::raw("Make them readable for you, and they"));
    lines.push(Line::raw("are counted within a minute."));
    lines
}

fn nothing_found(data: Option<&Data>, shell: &Shell, room: usize) -> Vec<Line<'static>> {
    let theme = &shell.look.theme;
    let transcripts = data.map_or(0, |data| data.transcripts);
    let quiet = theme.style(Role::Quiet);
    let mut lines = if transcripts == 0 {
        vec![
            Line::styled("No transcripts yet", theme.style(Role::Strong)),
            Line::default(),
            Line::raw("spendtop reads what coding agents"),
            Line::raw("write, and found nothing in"),
        ]
    } else {
        vec![
            Line::styled("No model calls yet", theme.style(Role::Strong)),
            Line::default(),
            Line::raw(format!("{} transcripts, but no call in", thousands(transcripts as u64))),
        ]
    };
    lines.push(Line::default());
    for folder in &shell.setting.looked_at {
        lines.push(Line::styled(format!("  {}", fit_end(folder, room.saturating_sub(2))), quiet));
    }
    lines.push(Line::default());
    lines.push(Line::raw("Start a coding agent, or see"));
    lines.push(Line::raw("`spendtop demo` for a taste."));
    lines
}
