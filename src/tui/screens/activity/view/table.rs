//! What was told and done, one a line.
//!
//! ```text
//!   TIME      WHAT    ABOUT          HOW                                AFTER    OVER  BY
//! ▶ 15:38:02  SIGNAL  shop 7c1e9a02  SIGINT sent · $21.37 of $20.00    132 ms   $1.37  daemon
//! ```
//!
//! AFTER is the time since the line that led to it came, OVER what was spent beyond the limit.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::span;
use crate::format::{fit, money, pad_start, printable, width};
use crate::tui::app::Shell;
use crate::tui::screens::activity::{Activity, Event, From, Group};
use crate::tui::table::List as _;
use crate::tui::theme::Role;

/// A column: its title, its cells, how long it stays while room runs out, and whether it is set
/// left.
const COLUMNS: [(&str, usize, u8, bool); 7] = [
    ("TIME", 8, 5, true),
    ("WHAT", 7, 7, true),
    ("ABOUT", 8, 4, true),
    ("HOW", 22, 6, true),
    ("AFTER", 7, 2, false),
    ("OVER", 7, 3, false),
    ("BY", 8, 1, true),
];

/// The numbers of the columns that are treated in a way of their own.
const WHAT: usize = 1;
const ABOUT: usize = 2;
const HOW: usize = 3;

/// What an event is about takes no more than this.
const LONGEST_ABOUT: usize = 24;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Activity,
    data: &[Event],
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let table = page.table();
    let window = table.window(usize::from(area.height).saturating_sub(1));
    let shown = table.rows()[window.clone()].iter().filter_map(|(_, at)| data.get(*at));
    let about = shown.map(|event| width(&event.about)).max().unwrap_or(0);
    let columns = fitting(usize::from(area.width).saturating_sub(2), about);
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        let titles = COLUMNS.map(|(title, ..)| title.to_owned());
        let texts = columns.iter().map(|(at, cells)| set(&titles[*at], *at, *cells));
        let line = format!("  {}", texts.collect::<Vec<_>>().join("  "));
        frame.render_widget(Line::styled(line, theme.style(Role::Quiet)), row);
    }
    if table.rows().is_empty() {
        let words = match page.group() {
            Some(group) if table.filter().is_empty() => {
                format!("  there are no {}   (v shows others)", group.name())
            }
            _ => format!("  nothing has all of: {}   (Esc shows all)", table.filter()),
        };
        if let Some(row) = rows.next() {
            frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), row);
        }
        return;
    }
    let selected = table.position();
    for ((number, (_, at)), row) in window.clone().zip(&table.rows()[window]).zip(rows) {
        let Some(event) = data.get(*at) else { continue };
        let is_selected = number == selected;
        let plain = if is_selected { theme.style(Role::Selected) } else { Style::new() };
        let mark = if is_selected { "▶ " } else { "  " };
        let mut spans = vec![Span::styled(mark, theme.style(Role::Key))];
        let texts = fields(event, shell);
        for (number, (column, cells)) in columns.iter().enumerate() {
            if number > 0 {
                spans.push(Span::styled("  ", plain));
            }
            let text = set(&texts[*column], *column, *cells);
            let style = match *column {
                WHAT => plain.patch(theme.style(role(event))),
                _ => plain,
            };
            spans.push(Span::styled(text, style));
        }
        frame.render_widget(Line::from(spans), row);
    }
}

fn role(event: &Event) -> Role {
    match event.group() {
        _ if event.is_grave() => Role::Bad,
        Group::Alerts | Group::Marks => Role::Warn,
        Group::Lifts => Role::Strong,
        Group::Stops => Role::Quiet,
    }
}

fn fields(event: &Event, shell: &Shell) -> [String; 7] {
    let local =
        |at: crate::model::Millis| at.timestamp().to_zoned_datetime(shell.setting.zone.clone());
    let at = local(event.at());
    let is_today = at.date() == local(shell.now).date();
    let time = at.strftime(if is_today { "%H:%M:%S" } else { "%d %b" }).to_string();
    let action = event.action();
    let latency = action.and_then(|action| action.latency_ms);
    let over = action.and_then(|action| action.overshoot);
    [
        time,
        event.word().to_owned(),
        event.about.clone(),
        how(event),
        latency.map_or_else(|| "–".to_owned(), span),
        over.map_or_else(|| "–".to_owned(), money),
        action.map_or_else(|| "daemon".to_owned(), |action| printable(&action.by).into_owned()),
    ]
}

/// The signal, how it ended, and what led to it.
fn how(event: &Event) -> String {
    let mut parts: Vec<String> = Vec::new();
    match &event.from {
        From::Action(action) => {
            let outcome = printable(&action.outcome);
            let plain = outcome.is_empty() || matches!(&*outcome, "done" | "told" | "in force");
            match (&action.signal, plain) {
                (Some(signal), true) => parts.push(printable(signal).into_owned()),
                (Some(signal), false) => parts.push(format!("{} {outcome}", printable(signal))),
                (None, false) => parts.push(outcome.into_owned()),
                (None, true) => {}
            }
            if !action.evidence.is_empty() {
                parts.push(printable(&action.evidence).into_owned());
            }
        }
        From::Notice(notice) => {
            let title = notice.title.strip_prefix("spendtop: ").unwrap_or(&notice.title);
            let lines = std::iter::once(title).chain(notice.body.lines());
            parts.extend(lines.filter(|line| !line.is_empty()).map(|line| printable(line).into()));
        }
    }
    parts.join(" · ")
}

/// The columns that have room, with their widths: what is left is for how it went.
fn fitting(room: usize, about: usize) -> Vec<(usize, usize)> {
    let mut columns: Vec<(usize, usize)> =
        COLUMNS.iter().enumerate().map(|(at, (_, cells, ..))| (at, *cells)).collect();
    columns[ABOUT].1 = about.clamp(COLUMNS[ABOUT].1, LONGEST_ABOUT);
    let wanted = |columns: &[(usize, usize)]| -> usize {
        columns.iter().map(|(_, cells)| cells + 2).sum::<usize>().saturating_sub(2)
    };
    while wanted(&columns) > room && columns.len() > 1 {
        let least = columns.iter().map(|(at, _)| *at).min_by_key(|at| COLUMNS[*at].2);
        columns.retain(|(at, _)| Some(*at) != least);
    }
    let spare = room.saturating_sub(wanted(&columns));
    for (at, cells) in &mut columns {
        if *at == HOW {
            *cells += spare;
        }
    }
    columns
}

fn set(text: &str, column: usize, cells: usize) -> String {
    let text = fit(text, cells);
    let gap = pad_start("", cells - width(&text));
    if COLUMNS[column].3 { format!("{text}{gap}") } else { format!("{gap}{text}") }
}
