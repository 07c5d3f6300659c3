//! The last two lines: one alert, where there is one, and the keys.
//!
//! ```text
//!  ! 3 calls have no price, so totals are at least what they say: `spendtop prices missing`
//!  q quit  ? help  j/k move  g/G first/last
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{fitting, indented};
use crate::format::{FLOOR, fit, thousands, width};
use crate::tui::action::BINDINGS;
use crate::tui::app::{App, Collector};
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
    let is = |role, text: String| Some(Alert { role, texts: vec![text] });
    if let Some(why) = &app.unreadable {
        return is(Role::Bad, format!("! {why}"));
    }
    if let Collector::Failed(why) = &app.collector {
        return is(Role::Bad, format!("! not collecting: {why}"));
    }
    if let Some(what) = &app.trouble {
        return is(Role::Warn, format!("! {what}"));
    }
    let unpriced = app.snapshot.as_ref().map_or(0, |snapshot| snapshot.unpriced_calls);
    if unpriced == 0 {
        return None;
    }
    let calls = if unpriced == 1 { "call has" } else { "calls have" };
    let count = thousands(unpriced);
    let texts = vec![
        format!(
            "{FLOOR} {count} {calls} no price: totals are at least what they say. \
             `spendtop prices missing`"
        ),
        format!("{FLOOR} {count} {calls} no price: `spendtop prices missing`"),
        format!("{FLOOR} {count} without price: prices missing"),
    ];
    Some(Alert { role: Role::Warn, texts })
}

pub(super) fn render_alert(frame: &mut Frame<'_>, area: Rect, alert: &Alert, theme: Theme) {
    let area = indented(area);
    let room = usize::from(area.width);
    let text = fitting(alert.texts.iter().cloned(), room);
    let text = fit(&text, room).into_owned();
    frame.render_widget(Line::styled(text, theme.style(alert.role)), area);
}

pub(super) fn render_keys(frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let area = indented(area);
    let mut room = usize::from(area.width);
    let mut spans = Vec::new();
    for (label, word) in BINDINGS.iter().filter_map(|binding| binding.hint) {
        let Some(left) = room.checked_sub(width(label) + 1 + width(word)) else { break };
        room = left.saturating_sub(width(GAP));
        spans.push(Span::styled(label, theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {word}{GAP}"), theme.style(Role::Quiet)));
    }
    frame.render_widget(Line::from(spans), area);
}
