//! The dialog that does something to sessions.
//!
//! ```text
//! ╭ act on w/shop feat/pay 7c1e9a02 ─────────────────────────────────────╮
//! │ process 41822, ~/.local/bin/claude: certain, by its hook             │
//! │                                                                      │
//! │ f flag     marks it, and it goes on                                  │
//! │ b block    its hook stops it at its next step                        │
//! │ u unblock  takes its marks back                                      │
//! │ s stop     ends its process, and the tools it leaves behind          │
//! │                                                                      │
//! │ type stop, and a reason if you like, then Enter:                     │
//! │ > stop too dear                                                      │
//! ╰──────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::parts::over;
use crate::format::{counted, fit, pad_start, printable, width};
use crate::tui::act::{Dialog, Step};
use crate::tui::deed::Deed;
use crate::tui::sheet::{INSET, wrapped};
use crate::tui::theme::{Role, Theme};

/// Sessions that are named one by one.
const NAMED: usize = 6;

/// Cells within the frame, at most.
const WIDTH: usize = 84;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, dialog: &Dialog, theme: &Theme) {
    let room = usize::from(area.width.saturating_sub(4)).min(WIDTH);
    let quiet = theme.style(Role::Quiet);
    let mut lines = processes(dialog, room, theme);
    lines.push(Line::default());
    let mut cursor = None;
    match &dialog.step {
        Step::Choose => {
            lines.extend(Deed::ALL.iter().flat_map(|deed| {
                let is_idle = *deed == Deed::Stop && dialog.has_nothing_to_end();
                choice(*deed, is_idle, room, theme)
            }));
            lines.push(Line::default());
            lines.push(Line::styled("Esc leaves", quiet));
        }
        Step::Confirm { deed, input, wrong } => {
            lines.extend(choice(*deed, false, room, theme));
            lines.push(Line::default());
            let word = deed.name();
            let words = if *wrong {
                format!("that is not {word}: type {word}, or Esc")
            } else {
                format!("type {word}, and a reason if you like, then Enter")
            };
            let role = if *wrong { Role::Warn } else { Role::Strong };
            let words = wrapped(&words, room, 0).into_iter();
            lines.extend(words.map(|line| Line::styled(line, theme.style(role))));
            let scroll = input.visual_scroll(room.saturating_sub(3));
            let typed: String = input.value().chars().skip(scroll).collect();
            cursor = Some((lines.len(), 2 + input.visual_cursor().saturating_sub(scroll)));
            lines.push(Line::raw(format!("> {}", printable(&typed))));
        }
        Step::Doing { deed, said, .. } => {
            lines.extend(broken(said, room));
            lines.push(Line::styled(format!("{}: under way", deed.name()), quiet));
        }
        Step::Over(said) => {
            lines.extend(broken(said, room));
            lines.push(Line::styled("Enter leaves", quiet));
        }
    }
    let title = match dialog.subjects.as_slice() {
        [one] => format!("act on {}", one.label),
        several => format!("act on {} sessions", several.len()),
    };
    let title = fit(&title, room.saturating_sub(2)).into_owned();
    let inner = over(frame, area, &title, &lines, theme);
    if let Some((line, cell)) = cursor
        && (line as u16) < inner.height
    {
        let x = inner.x.saturating_add(cell as u16).min(inner.right().saturating_sub(1));
        frame.set_cursor_position(Position { x, y: inner.y + line as u16 });
    }
}

/// Cells of a deed's key and name.
const NAME: usize = 11;

/// What can be done, and what comes of it; quiet where it is idle.
fn choice(deed: Deed, is_idle: bool, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let name = format!(" {}{}", deed.name(), pad_start("", NAME - 2 - width(deed.name())));
    let roles = if is_idle { [Role::Quiet; 2] } else { [Role::Key, Role::Strong] };
    let [key, name] = [deed.key().to_string(), name];
    let head =
        vec![Span::styled(key, theme.style(roles[0])), Span::styled(name, theme.style(roles[1]))];
    let parts = wrapped(deed.meaning(), room.saturating_sub(NAME).max(1), 0).into_iter();
    let lines = parts.enumerate().map(|(number, part)| {
        let mut line = if number == 0 { head.clone() } else { vec![Span::raw(" ".repeat(NAME))] };
        let style = if is_idle { theme.style(Role::Quiet) } else { Style::new() };
        line.push(Span::styled(part, style));
        Line::from(line)
    });
    lines.collect()
}

/// What was said, in lines that have room.
fn broken(said: &[String], room: usize) -> impl Iterator<Item = Line<'static>> {
    said.iter().flat_map(move |line| wrapped(line, room, INSET)).map(Line::raw)
}

/// Each session's processes, with how they were found and how sure that is.
fn processes(dialog: &Dialog, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let several = dialog.subjects.len() > 1;
    for subject in dialog.subjects.iter().take(NAMED) {
        if several {
            let label = fit(&subject.label, room).into_owned();
            lines.push(Line::styled(label, theme.style(Role::Strong)));
        }
        let Some(found) = dialog.found.get(&subject.session) else {
            lines.push(Line::styled("looking for its process", theme.style(Role::Quiet)));
            continue;
        };
        if found.is_empty() {
            let words = wrapped("no process of it was found: stop has nothing to end", room, 0);
            let quiet = theme.style(Role::Quiet);
            lines.extend(words.into_iter().map(|line| Line::styled(line, quiet)));
        }
        for process in found {
            let role = if process.is_certain { Role::Good } else { Role::Warn };
            let words = printable(&process.words);
            // Long: a path, and why.
            for part in wrapped(&words, room, 0) {
                lines.push(Line::styled(part, theme.style(role)));
            }
        }
    }
    let more = dialog.subjects.len().saturating_sub(NAMED);
    if more > 0 {
        let more = format!("and {}", counted(more as u64, "more session", "more sessions"));
        lines.push(Line::styled(more, theme.style(Role::Quiet)));
    }
    lines
}
