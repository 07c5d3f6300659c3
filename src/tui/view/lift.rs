//! The form that lifts a cap.
//!
//! ```text
//! ╭ snooze cap daily ────────────────────────────────────────╮
//! │ It stops nothing until then, and tells you all the same. │
//! │                                                          │
//! │   for  1h                     30m, 2h30m, 1d, or 18:00   │
//! │ ▶ why  the release has to go out                         │
//! │                                                          │
//! │ Enter does it, Tab goes to the other, Esc leaves         │
//! ╰──────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::parts::over;
use crate::format::{fit, pad_start, printable, width};
use crate::tui::deed::Lift;
use crate::tui::lift::{Form, Step};
use crate::tui::sheet::wrapped;
use crate::tui::theme::{Role, Theme};

/// Cells within the frame, at most.
const WIDTH: usize = 64;

/// Cells before what is typed: the mark and the field's name.
const BEFORE: usize = 7;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, form: &Form, theme: &Theme) {
    let room = usize::from(area.width.saturating_sub(4)).min(WIDTH);
    let quiet = theme.style(Role::Quiet);
    let (verb, meaning, name, example) = match form.lift {
        Lift::Snooze => (
            "snooze",
            "It stops nothing until then. You are told all the same.",
            "for",
            "30m, 2h30m, 1d, or 18:00",
        ),
        Lift::Raise => (
            "raise",
            "Its limit is so many dollars more, until its period ends.",
            "by $",
            "5, or 2.50",
        ),
    };
    let mut cursor = None;
    let mut lines: Vec<Line<'static>> = Vec::new();
    match &form.step {
        Step::Typing(wrong) => {
            let wide = |text: &str| wrapped(text, room, 0).into_iter();
            lines.extend(wide(meaning).map(|line| Line::styled(line, quiet)));
            lines.push(Line::default());
            for (number, name) in [name, "why"].into_iter().enumerate() {
                let is_here = number == form.at;
                let input = &form.fields[number];
                let left = room.saturating_sub(BEFORE + 1).max(1);
                let scroll = input.visual_scroll(left);
                let typed: String = input.value().chars().skip(scroll).collect();
                let typed = fit(&printable(&typed), left).into_owned();
                if is_here {
                    let cell = BEFORE + input.visual_cursor().saturating_sub(scroll);
                    cursor = Some((lines.len(), cell));
                }
                let hint = if number == 0 && typed.is_empty() { example } else { "" };
                let hint = fit(hint, left).into_owned();
                let gap = pad_start("", left.saturating_sub(width(&typed) + width(&hint)));
                let label = format!("{name}{}", pad_start("", BEFORE - 2 - width(name)));
                lines.push(Line::from(vec![
                    Span::styled(if is_here { "▶ " } else { "  " }, theme.style(Role::Key)),
                    Span::styled(label, theme.style(Role::Strong)),
                    Span::raw(typed),
                    Span::raw(gap),
                    Span::styled(hint, quiet),
                ]));
            }
            lines.push(Line::default());
            match wrong {
                Some(what) => {
                    lines
                        .extend(wide(what).map(|line| Line::styled(line, theme.style(Role::Warn))));
                }
                None => lines.extend(
                    wide("Enter does it, Tab goes to the other, Esc leaves")
                        .map(|line| Line::styled(line, quiet)),
                ),
            }
        }
        Step::Doing => lines.push(Line::styled("under way", quiet)),
        Step::Done(said) => {
            let said = said.iter().flat_map(|line| wrapped(line, room, 0));
            lines.extend(said.map(Line::raw));
            lines.push(Line::styled("Enter leaves", quiet));
        }
    }
    let title = format!("{verb} cap {}", printable(&form.cap));
    let title = fit(&title, room.saturating_sub(2)).into_owned();
    let inner = over(frame, area, &title, &lines, theme);
    if let Some((line, cell)) = cursor
        && (line as u16) < inner.height
    {
        let x = inner.x.saturating_add(cell as u16).min(inner.right().saturating_sub(1));
        frame.set_cursor_position(Position { x, y: inner.y + line as u16 });
    }
}
