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
use ratatui::text::{Line, Span};

use super::parts::over;
use crate::format::{counted, fit, pad_start, printable, width};
use crate::tui::act::{Dialog, Step};
use crate::tui::deed::Deed;
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
            lines.extend(Deed::ALL.map(|deed| choice(deed, theme)));
            lines.push(Line::default());
            lines.push(Line::styled("Esc leaves", quiet));
        }
        Step::Confirm { deed, input, wrong } => {
            lines.push(choice(*deed, theme));
            lines.push(Line::default());
            let word = deed.name();
            let words = if *wrong {
                format!("that is not {word}: type {word}, or Esc")
            } else {
                format!("type {word}, and a reason if you like, then Enter")
            };
            let role = if *wrong { Role::Warn } else { Role::Strong };
            lines.push(Line::styled(words, theme.style(role)));
            let scroll = input.visual_scroll(room.saturating_sub(3));
            let typed: String = input.value().chars().skip(scroll).collect();
            cursor = Some((lines.len(), 2 + input.visual_cursor().saturating_sub(scroll)));
            lines.push(Line::raw(format!("> {}", printable(&typed))));
        }
        Step::Doing { deed, said, .. } => {
            lines.extend(said.iter().map(|line| Line::raw(fit(line, room).into_owned())));
            lines.push(Line::styled(format!("{}: under way", deed.name()), quiet));
        }
        Step::Over(said) => {
            lines.extend(said.iter().map(|line| Line::raw(fit(line, room).into_owned())));
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

fn choice(deed: Deed, theme: &Theme) -> Line<'static> {
    let name = format!(" {}{}", deed.name(), pad_start("", 9 - width(deed.name())));
    Line::from(vec![
        Span::styled(deed.key().to_string(), theme.style(Role::Key)),
        Span::styled(name, theme.style(Role::Strong)),
        Span::raw(deed.meaning()),
    ])
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
            let words = "no process of it was found: stop has nothing to end";
            lines.push(Line::styled(fit(words, room).into_owned(), theme.style(Role::Quiet)));
        }
        for process in found {
            let role = if process.is_certain { Role::Good } else { Role::Warn };
            let words = printable(&process.words);
            // Long: a path, and why.
            for part in wrapped(&words, room) {
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

/// A text in lines, broken between words.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fit(word, room).into_owned()),
        }
    }
    lines
}
