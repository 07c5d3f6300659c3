//! The first line: whose day, which day, and how collecting stands.
//!
//! ```text
//!  spendtop demo  maya  Mon 23 Nov 15:41 Europe/Berlin                          ● live
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{fitting, indented};
use crate::format::{fit, printable, width};
use crate::tui::app::{App, Collector};
use crate::tui::theme::{Role, Theme};

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    let area = indented(area);
    let mut left = vec![Span::styled("spendtop", theme.style(Role::Title))];
    if let Some(label) = app.setting.label {
        left.push(Span::styled(format!(" {label}"), theme.style(Role::Warn)));
    }
    let taken: usize = left.iter().map(|span| width(&span.content)).sum();
    let room = usize::from(area.width).saturating_sub(taken + 2);
    let (role, state) = state(app, room);
    // Two cells before each of the two that follow.
    let room = room.saturating_sub(width(&state) + 2);
    left.push(Span::raw("  "));
    left.push(Span::raw(fitting(when_and_whose(app), room)));
    frame.render_widget(Line::from(left), area);
    let state = Line::styled(state, theme.style(role)).right_aligned();
    let state_width = (state.width() as u16).min(area.width.saturating_sub(taken as u16 + 1));
    let x = area.right() - state_width;
    frame.render_widget(state, Rect { x, width: state_width, ..area });
}

/// From everything down to nothing.
fn when_and_whose(app: &App) -> [String; 5] {
    let now = app.now.timestamp().to_zoned_datetime(app.setting.zone.clone());
    let developer = printable(&app.setting.developer);
    let zone = match app.setting.zone.iana_name() {
        Some(name) => name.to_owned(),
        None => now.strftime("%Z").to_string(),
    };
    let day = now.strftime("%a %-d %b %H:%M");
    let time = now.strftime("%H:%M");
    [
        format!("{developer}  {day} {zone}"),
        format!("{developer}  {day}"),
        day.to_string(),
        time.to_string(),
        String::new(),
    ]
}

fn state(app: &App, room: usize) -> (Role, String) {
    match &app.collector {
        Collector::Starting => (Role::Quiet, "○ starting".into()),
        Collector::Reading { read_bytes, total_bytes } => {
            let percent = read_bytes.saturating_mul(100) / total_bytes.max(&1);
            (Role::Warn, format!("◌ reading {} %", percent.min(100)))
        }
        Collector::Live => (Role::Good, "● live".into()),
        Collector::Elsewhere(who) => {
            let texts = [format!("● live, collected by {who}"), "● live".into()];
            (Role::Good, fitting(texts, room / 2))
        }
        // Why stands in the line above the keys.
        Collector::Failed(_) => (Role::Bad, fit("■ not collecting", room).into_owned()),
    }
}
