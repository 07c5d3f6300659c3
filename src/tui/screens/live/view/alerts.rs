//! What was told and done lately: a panel, or the newest as one line where there is no room.
//!
//! ```text
//! ╭ alerts ──────────────────────────────────────────────────────────────────╮
//! │ 15:38 ! maya is over the daily cap · $21.37 of $20.00                     │
//! │ 15:31   w/shop (7c1e9a02) flagged · by maya                               │
//! ╰──────────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::fit;
use crate::tui::app::Shell;
use crate::tui::screens::live::{Alert, Data};
use crate::tui::theme::Role;
use crate::tui::view::{indented, panel};

/// Cells before the text: the time and the sign.
const BEFORE: usize = 8;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, data: &Data, shell: &Shell) {
    let inner = if area.height > 2 {
        let title = vec![Span::styled("alerts", shell.look.theme.style(Role::Title))];
        panel(frame, area, title, &shell.look.theme)
    } else {
        indented(area)
    };
    for (row, alert) in inner.rows().zip(&data.alerts) {
        frame.render_widget(line(alert, usize::from(inner.width), shell), row);
    }
}

fn line(alert: &Alert, room: usize, shell: &Shell) -> Line<'static> {
    let theme = &shell.look.theme;
    let local =
        |at: crate::model::Millis| at.timestamp().to_zoned_datetime(shell.setting.zone.clone());
    let (at, now) = (local(alert.at), local(shell.now));
    // Yesterday's have a day instead: there is no room for both.
    let format = if at.date() == now.date() { "%H:%M" } else { "%a %d" };
    let time = format!("{:<6}", at.strftime(format).to_string());
    let (sign, role) = if alert.urgent { ("! ", Role::Warn) } else { ("  ", Role::Quiet) };
    let text = fit(&alert.text, room.saturating_sub(BEFORE)).into_owned();
    let text = if alert.urgent { Span::raw(text) } else { Span::styled(text, theme.style(role)) };
    Line::from(vec![
        Span::styled(time, theme.style(Role::Quiet)),
        Span::styled(sign, theme.style(role)),
        text,
    ])
}
