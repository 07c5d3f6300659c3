//! The last two lines: what the user should know, where there is something, and the keys, or what
//! is being typed.
//!
//! ```text
//!  ! 3 calls have no price, so totals are at least what they say: `spendtop prices missing`
//!  Enter detail   x act   / filter   s sort   ? help   q quit
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::header::silence;
use super::{fitting, indented};
use crate::format::{FLOOR, age, fit, thousands, width};
use crate::health::BOOK_IS_OLD_AFTER_DAYS;
use crate::tui::app::{App, Collector};
use crate::tui::mode::Mode;
use crate::tui::theme::{Role, Theme};

/// Between two keys.
const GAP: &str = "   ";

/// What the user should know, longest wording first.
pub(super) struct Alert {
    role: Role,
    texts: Vec<String>,
}

/// The worst there is to say.
pub(super) fn alert(app: &App) -> Option<Alert> {
    let is = |role, texts: &[String]| Some(Alert { role, texts: texts.to_vec() });
    let shell = &app.shell;
    if let Some(message) = &app.message {
        return is(Role::Strong, std::slice::from_ref(message));
    }
    if let Some(why) = &shell.unreadable {
        return is(Role::Bad, &[format!("! {why}")]);
    }
    if let Collector::Failed(why) = &shell.collector {
        return is(Role::Bad, &[format!("! not collecting: {why}")]);
    }
    if let (Collector::Elsewhere(who), Some(silence)) = (&shell.collector, silence(app)) {
        let silence = age(silence);
        let texts = [
            format!(
                "! {who} has the ledger and has given no sign of life for {silence}: figures \
                 stand still. End it, and this screen takes over"
            ),
            format!("! {who} is silent for {silence}: end it, and this screen takes over"),
            format!("! {who} is silent for {silence}"),
        ];
        return is(Role::Bad, &texts);
    }
    if let Some(why) = &shell.refused {
        let texts = [
            format!("! the new config cannot be used, the last good one stays: {why}"),
            format!("! config not used: {why}"),
        ];
        return is(Role::Warn, &texts);
    }
    if let Some(first) = shell.closed.first() {
        let more = match shell.closed.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let texts = [
            format!("! not counted, since it cannot be read: {first}{more}. Health (8) has all"),
            format!("! cannot be read: {first}{more}"),
        ];
        return is(Role::Bad, &texts);
    }
    if let Some(what) = &shell.trouble {
        return is(Role::Warn, &[format!("! {what}")]);
    }
    let board = shell.board.as_ref()?;
    if board.unpriced_calls > 0 {
        let calls = if board.unpriced_calls == 1 { "call has" } else { "calls have" };
        let count = thousands(board.unpriced_calls);
        let texts = [
            format!(
                "{FLOOR} {count} {calls} no price: totals are at least what they say. \
                 `spendtop prices missing`"
            ),
            format!("{FLOOR} {count} {calls} no price: `spendtop prices missing`"),
            format!("{FLOOR} {count} without price: prices missing"),
        ];
        return is(Role::Warn, &texts);
    }
    let days = board.book_checked.map_or(0, |checked| shell.now.since(checked) / 86_400_000);
    if days > BOOK_IS_OLD_AFTER_DAYS {
        let texts = [
            format!(
                "! prices were last checked {days} days ago and may have changed: \
                 `spendtop prices update`"
            ),
            format!("! prices are {days} days old: `spendtop prices update`"),
            format!("! prices are {days} days old"),
        ];
        return is(Role::Warn, &texts);
    }
    None
}

pub(super) fn render_alert(frame: &mut Frame<'_>, area: Rect, alert: &Alert, theme: &Theme) {
    let area = indented(area);
    let room = usize::from(area.width);
    let text = fitting(alert.texts.iter().cloned(), room);
    let text = fit(&text, room).into_owned();
    frame.render_widget(Line::styled(text, theme.style(alert.role)), area);
}

pub(super) fn render_keys(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let theme = &app.shell.look.theme;
    let area = indented(area);
    if let Mode::Filter(input) = &app.mode {
        let prompt = "filter: ";
        let room = usize::from(area.width).saturating_sub(width(prompt) + 1);
        let scroll = input.visual_scroll(room);
        let typed: String = input.value().chars().skip(scroll).collect();
        let line = Line::from(vec![Span::styled(prompt, theme.style(Role::Key)), Span::raw(typed)]);
        frame.render_widget(line, area);
        let cursor = width(prompt) + input.visual_cursor().saturating_sub(scroll);
        let x = area.x.saturating_add(cursor as u16).min(area.right().saturating_sub(1));
        frame.set_cursor_position(Position { x, y: area.y });
        return;
    }
    let mut room = usize::from(area.width);
    let mut spans = Vec::new();
    for (entry, keys) in app.shell.look.keys.entries(app.here()) {
        let (Some(word), Some(key)) = (entry.hint, keys.first()) else { continue };
        let label = key.to_string();
        let Some(left) = room.checked_sub(width(&label) + 1 + width(word)) else { break };
        room = left.saturating_sub(width(GAP));
        spans.push(Span::styled(label, theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {word}{GAP}"), theme.style(Role::Quiet)));
    }
    frame.render_widget(Line::from(spans), area);
}
