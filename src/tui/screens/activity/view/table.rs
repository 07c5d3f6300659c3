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
use ratatui::text::Line;

use super::span;
use crate::format::{column_decimals, fit, money_fixed, printable};
use crate::tui::app::Shell;
use crate::tui::screens::activity::{Activity, Event, From, Group};
use crate::tui::table::List as _;
use crate::tui::theme::Role;
use crate::tui::view::grid::{self, Cell, Column};

const COLUMNS: [Column; 7] = [
    Column::left("TIME", 8, 5),
    Column::left("WHAT", 7, 7),
    Column::name("ABOUT", 8, 4),
    Column::name("HOW", 22, 6),
    Column::right("AFTER", 7, 2),
    Column::right("OVER", 7, 3),
    Column::left("BY", 8, 1),
];

/// What an event is about takes no more than this.
const LONGEST_ABOUT: usize = 32;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Activity,
    data: &[Event],
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let table = page.table();
    if table.rows().is_empty() {
        let words = match page.group() {
            Some(group) if table.filter().is_empty() => {
                format!("there are no {}   (v shows others)", group.name())
            }
            _ => format!("nothing has all of: {}   (Esc shows all)", table.filter()),
        };
        frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), area);
        return;
    }
    let over = data.iter().filter_map(|event| event.action()?.overshoot);
    let decimals = column_decimals(over.map(Into::into));
    let window = table.window(usize::from(area.height).saturating_sub(1));
    let rows: Vec<Vec<Cell>> = table.rows()[window.clone()]
        .iter()
        .filter_map(|(_, at)| data.get(*at))
        .map(|event| cells(event, decimals, shell))
        .collect();
    let selected = table.position().checked_sub(window.start);
    grid::render(frame, area, &COLUMNS, &rows, selected, theme);
}

fn role(event: &Event) -> Role {
    match event.group() {
        _ if event.is_grave() => Role::Bad,
        Group::Alerts | Group::Marks => Role::Warn,
        Group::Lifts => Role::Strong,
        Group::Stops => Role::Quiet,
    }
}

fn cells(event: &Event, decimals: u32, shell: &Shell) -> Vec<Cell> {
    let local =
        |at: crate::model::Millis| at.timestamp().to_zoned_datetime(shell.setting.zone.clone());
    let at = local(event.at());
    let is_today = at.date() == local(shell.now).date();
    let time = at.strftime(if is_today { "%H:%M:%S" } else { "%d %b" }).to_string();
    let action = event.action();
    let latency = action.and_then(|action| action.latency_ms);
    let over = action.and_then(|action| action.overshoot);
    vec![
        Cell::plain(time),
        Cell::Text(event.word().to_owned(), Some(role(event))),
        Cell::plain(fit(&event.about, LONGEST_ABOUT)),
        Cell::plain(how(event)),
        Cell::plain(latency.map_or_else(|| "–".to_owned(), span)),
        Cell::plain(over.map_or_else(|| "–".to_owned(), |over| money_fixed(over, decimals))),
        Cell::plain(action.map_or("daemon".into(), |action| printable(&action.by))),
    ]
}

/// The signal, how it ended, and what led to it.
pub(super) fn how(event: &Event) -> String {
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
