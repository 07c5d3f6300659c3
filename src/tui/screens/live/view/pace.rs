//! How fast money goes, and when the cap will be reached if it goes on so.
//!
//! ```text
//! ╭ pace ──────────────────────────────╮
//! │ $3.10/h       cap at 17:30         │
//! │ ▁▂▂▃▅▇▆▅▃▂▂▃▅█▇▅▃         last 2 h │
//! ╰────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{fit, money_fixed, pad_start, width};
use crate::model::{Millis, UsdTotal};
use crate::policy::Decision;
use crate::tui::app::Shell;
use crate::tui::board::Board;
use crate::tui::screens::live::Data;
use crate::tui::theme::Role;
use crate::tui::view::panel;

/// Of the whole panel.
pub(super) const WIDTH: u16 = 34;

/// Columns of the burn: two hours, of five minutes each.
const COLUMNS: usize = 24;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, data: &Data, shell: &Shell) {
    let Some(board) = shell.board.as_ref().filter(|_| area.width >= WIDTH) else { return };
    let theme = &shell.look.theme;
    let inner = panel(frame, area, vec![Span::styled("pace", theme.style(Role::Title))], theme);
    let room = usize::from(inner.width);
    let rate = format!("{}/h", money_fixed(board.per_hour(), 2));
    let words = words(board, shell).unwrap_or_else(|| "over 15 minutes".to_owned());
    let words = pad_start(&fit(&words, room.saturating_sub(width(&rate) + 1)), room - width(&rate));
    let first = Line::from(vec![
        Span::styled(rate, theme.style(Role::Strong)),
        Span::styled(words, theme.style(Role::Quiet)),
    ]);
    let trend = &data.trend[data.trend.len().saturating_sub(COLUMNS)..];
    let drawn: String = sparkline(trend);
    let label = pad_start("2 h", room.saturating_sub(width(&drawn)));
    let second = Line::from(vec![
        Span::styled(drawn, theme.style(Role::Chart)),
        Span::styled(label, theme.style(Role::Quiet)),
    ]);
    for (row, line) in inner.rows().zip([first, second]) {
        frame.render_widget(line, row);
    }
}

/// When the cap will be reached, in words; none where there is no cap, or it is reached.
pub(super) fn words(board: &Board, shell: &Shell) -> Option<String> {
    let cap = board.cap.as_ref().filter(|cap| !cap.is_breach())?;
    if board.burn == UsdTotal::ZERO {
        return None;
    }
    Some(match reached_at(cap, board.per_hour(), shell.now) {
        Some(at) if at < board.day.end => {
            let at = at.timestamp().to_zoned_datetime(shell.setting.zone.clone());
            format!("cap at about {}", at.strftime("%H:%M"))
        }
        _ => "cap not today".to_owned(),
    })
}

/// When what is left will be used up at this pace.
fn reached_at(cap: &Decision, per_hour: UsdTotal, now: Millis) -> Option<Millis> {
    let left = UsdTotal::from(cap.limit) - cap.counted();
    if per_hour.0 <= 0 {
        return None;
    }
    let milliseconds = left.0.max(0).checked_mul(3_600_000)? / per_hour.0;
    // Up to five minutes: a pace is no timetable, and never leads into the past.
    let at = now.0.checked_add(i64::try_from(milliseconds).ok()?)?;
    Some(Millis((at.div_euclid(300_000) + 1) * 300_000))
}

/// Amounts as columns one cell high, against the greatest of them.
pub(super) fn sparkline(amounts: &[UsdTotal]) -> String {
    let most = amounts.iter().copied().max().unwrap_or_default();
    amounts.iter().map(|amount| column(*amount, most)).collect()
}

/// One column; what is not nothing is seen.
pub(super) fn column(amount: UsdTotal, most: UsdTotal) -> &'static str {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    if amount.0 <= 0 || most.0 <= 0 {
        return EIGHTHS[0];
    }
    let eighths = amount.0.saturating_mul(8) / most.0;
    EIGHTHS[eighths.clamp(1, 8) as usize]
}
