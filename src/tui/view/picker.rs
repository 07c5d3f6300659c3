//! The head of a list that sums up a time: its name, the times to pick from, and notes.
//!
//! ```text
//! ╭ models  today ‹7 days› 30 days  month  all · 17–23 Nov · $61.05 ──────────────╮
//! ╭ models ‹7 days› 17–23 Nov · $61.05 ───────────────────────────────────────────╮
//! ```

use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{indented, joined, panel};
use crate::format::width;
use crate::tui::span::Span as Time;
use crate::tui::theme::{Role, Theme};

/// What is kept for the notes beside all the times.
const NOTES: usize = 24;

/// Draws the head, in a frame or as a line of its own, and tells the place below it.
#[expect(clippy::too_many_arguments, reason = "all of it is in one line of the screen")]
pub(in crate::tui) fn headed(
    frame: &mut Frame<'_>,
    area: Rect,
    framed: bool,
    name: &str,
    time: Time,
    today: Date,
    notes: Vec<String>,
    theme: &Theme,
) -> Rect {
    let room = usize::from(area.width).saturating_sub(if framed { 6 } else { 2 });
    let head = head(name, time, today, notes, room, theme);
    if framed {
        return panel(frame, area, head, theme);
    }
    let area = indented(area);
    frame.render_widget(Line::from(head), Rect { height: area.height.min(1), ..area });
    let taken = area.height.min(1);
    Rect { y: area.y + taken, height: area.height - taken, ..area }
}

fn head(
    name: &str,
    time: Time,
    today: Date,
    notes: Vec<String>,
    room: usize,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let mut spans = vec![Span::styled(name.to_owned(), theme.style(Role::Title)), Span::raw(" ")];
    let picked = |time: Time| Span::styled(format!("‹{}›", time.name()), theme.style(Role::Strong));
    let all: usize = Time::ALL.iter().map(|time| width(time.name()) + 2).sum();
    if width(name) + 1 + all + NOTES <= room {
        for other in Time::ALL {
            spans.push(if other == time {
                picked(time)
            } else {
                Span::styled(format!(" {} ", other.name()), theme.style(Role::Quiet))
            });
        }
    } else {
        spans.push(picked(time));
    }
    let taken: usize = spans.iter().map(|span| width(&span.content)).sum();
    let days = Some(time.days(today)).filter(|days| !days.is_empty());
    let notes = joined(days.into_iter().chain(notes), " · ", room.saturating_sub(taken + 1));
    spans.push(Span::styled(format!(" {notes}"), theme.style(Role::Quiet)));
    spans
}
