//! What the session is at in this turn: steps, and what repeats, as its transcripts tell now.
//!
//! ```text
//! ×14 in a row in subagent 77ab0d20
//! Bash  npm test -- --watch=false
//! 31 steps in this turn of the main thread
//! main 31 steps, Read ×1 · a2f09c11 8 steps, Grep ×2
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::boxed;
use crate::format::{FLOOR, counted, fit, short_id};
use crate::ledger::LoopLevel;
use crate::tui::app::Shell;
use crate::tui::screens::session::{Data, ThreadNow};
use crate::tui::theme::Role;
use crate::tui::view::joined;

/// So often in a row is something to look at, whatever else is known.
const LOOPS: u64 = 5;

fn is_loop(thread: &ThreadNow) -> bool {
    thread.level() > LoopLevel::None || thread.repeats() >= LOOPS
}

const fn word(level: LoopLevel) -> &'static str {
    match level {
        LoopLevel::None | LoopLevel::Watch => "LOOP?",
        LoopLevel::Loop => "LOOP!",
        LoopLevel::Runaway => "RUNAWAY!",
    }
}

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, data: &Data, shell: &Shell) {
    let theme = &shell.look.theme;
    let inner = boxed(frame, area, true, "turn", " read live from the transcript", theme);
    let room = usize::from(inner.width);
    let quiet =
        |text: String| Line::styled(fit(&text, room).into_owned(), theme.style(Role::Quiet));
    let mut lines: Vec<Line<'static>> = Vec::new();
    match data.latest.first() {
        None => lines.push(quiet(nothing(data))),
        Some(worst) => {
            lines.push(repeats(worst, room, shell));
            if let Some(tool) = &worst.now.tool {
                let arguments =
                    fit(&tool.arguments, (room * 2).saturating_sub(tool.name.len() + 4));
                lines.extend(two_lines(&tool.name, &arguments, room, shell));
            }
            lines.extend(data.latest.iter().map(|thread| quiet(at(thread))));
        }
    }
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

/// The same in one line.
pub(super) fn line(data: &Data, room: usize, shell: &Shell) -> Line<'static> {
    let theme = &shell.look.theme;
    let room = room.saturating_sub(2);
    let Some(worst) = data.latest.first() else {
        return Line::styled(fit(&nothing(data), room).into_owned(), theme.style(Role::Quiet));
    };
    let tool = worst.now.tool.as_ref();
    let what = tool.map(|tool| format!("{} {}", tool.name, tool.arguments));
    let parts = [Some(steps(worst)), Some(row(worst)), what].into_iter().flatten();
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    let role = if is_loop(worst) { Role::Warn } else { Role::Quiet };
    Line::styled(fit(&parts.join(" · "), room).into_owned(), theme.style(role))
}

fn nothing(data: &Data) -> String {
    let gone = "its transcript is gone";
    match data.session.turn {
        Some(turn) if turn.repeats > 0 => {
            let steps = counted(turn.steps, "step", "steps");
            format!("{gone}; {steps} in this turn, ×{} in a row", turn.repeats)
        }
        Some(turn) => {
            format!("{gone}; {} in this turn", counted(turn.steps, "step", "steps"))
        }
        None => gone.to_owned(),
    }
}

/// `×14 in a row in subagent 77ab0d20`; nothing where no tool was called.
fn row(thread: &ThreadNow) -> String {
    let whose = match thread.thread.as_str() {
        "" => String::new(),
        id => format!(" in subagent {}", short_id(id)),
    };
    match thread.repeats() {
        0 => String::new(),
        1 => format!("no repeat{whose}"),
        repeats => format!("×{repeats} in a row{whose}"),
    }
}

fn repeats(thread: &ThreadNow, room: usize, shell: &Shell) -> Line<'static> {
    let theme = &shell.look.theme;
    let loops = is_loop(thread);
    let words = match (thread.repeats(), loops) {
        (0, _) => "no tool was called in this turn".to_owned(),
        (_, true) => format!("{} same call {}", word(thread.level()), row(thread)),
        (1, _) => format!("nothing repeats{}", row(thread).trim_start_matches("no repeat")),
        _ => format!("the same call {}", row(thread)),
    };
    let role = if loops { Role::Warn } else { Role::Strong };
    Line::styled(fit(&words, room).into_owned(), theme.style(role))
}

/// A tool with what it was asked for, which may take a second line.
fn two_lines(name: &str, arguments: &str, room: usize, shell: &Shell) -> Vec<Line<'static>> {
    let theme = &shell.look.theme;
    let name = fit(name, room / 2).into_owned();
    let first_room = room.saturating_sub(crate::format::width(&name) + 2);
    let first: String = cells(arguments, first_room);
    let rest = arguments[first.len()..].trim_start();
    let mut lines = vec![Line::from(vec![
        Span::styled(name, theme.style(Role::Key)),
        Span::raw("  "),
        Span::raw(first),
    ])];
    if !rest.is_empty() {
        lines.push(Line::raw(format!("  {}", fit(rest, room.saturating_sub(2)))));
    }
    lines
}

/// The first characters of a text, as many as have room.
fn cells(text: &str, room: usize) -> String {
    let mut taken = String::new();
    for c in text.chars() {
        taken.push(c);
        if crate::format::width(&taken) > room {
            taken.pop();
            break;
        }
    }
    taken
}

fn steps(thread: &ThreadNow) -> String {
    let (steps, may_be_more) = thread.steps();
    let mark = if may_be_more { FLOOR } else { "" };
    format!("{mark}{} in this turn", counted(steps, "step", "steps"))
}

fn at(thread: &ThreadNow) -> String {
    let whose = match thread.thread.as_str() {
        "" => "main".to_owned(),
        id => short_id(id),
    };
    let tool = thread.now.tool.as_ref();
    let tool = tool.map(|tool| format!("{} ×{}", tool.name, thread.repeats()));
    joined([format!("{whose}: {}", steps(thread))].into_iter().chain(tool), " · ", usize::MAX)
}
