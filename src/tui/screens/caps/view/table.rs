//! The caps, each with everyone it is about.
//!
//! ```text
//!   CAP      SUBJECT  PERIOD    SPENT      CAP                 USED  LEVEL  ACTION  RESETS
//! ▶ daily    maya     day      $21.37   $20.00  ████████████   106%  limit! flag    in 8h 19m
//!   shop     shop     week     $40.10  $100.00  ████▊           40%  –      block   in 6d 8h
//! ```
//!
//! `!` at the level: it stops the session. `z`: it is snoozed, `+`: it was raised.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::until;
use crate::format::{column_decimals, floor, money_fixed, percent, printable};
use crate::model::UsdTotal;
use crate::policy::{Decision, Period};
use crate::tui::app::Shell;
use crate::tui::screens::caps::{Caps, Standing};
use crate::tui::table::List as _;
use crate::tui::theme::Role;
use crate::tui::view::grid::{self, Cell, Column};

/// Share of a cap, in percent, from which on its bar warns.
const NEAR: u64 = 80;

fn columns(shell: &Shell) -> [Column; 11] {
    [
        Column::name("CAP", 11, 11),
        Column::left("SCOPE", 9, 1),
        Column::name("SUBJECT", 10, 5),
        Column::left("PERIOD", 7, 3),
        Column::right(if shell.setting.on_plan { "VALUE" } else { "SPENT" }, 7, 10),
        Column::right("CAP", 7, 9),
        Column::bar(6),
        Column::right("USED", 5, 8),
        Column::left("LEVEL", 7, 7),
        Column::left("ACTION", 6, 2),
        Column::left("RESETS", 9, 4),
    ]
}

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Caps,
    data: &[Standing],
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let table = page.table();
    if table.rows().is_empty() {
        let words = format!("no cap has all of: {}   (Esc shows all)", table.filter());
        frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), area);
        return;
    }
    let window = table.window(usize::from(area.height).saturating_sub(1));
    let amounts = data.iter().map(|standing| match &standing.decision {
        Some(decision) => decision.counted().max(decision.limit.into()),
        None => standing.cap.limit.into(),
    });
    let decimals = column_decimals(amounts);
    let rows: Vec<Vec<Cell>> = table.rows()[window.clone()]
        .iter()
        .filter_map(|(_, at)| data.get(*at))
        .map(|standing| cells(standing, decimals, shell))
        .collect();
    let selected = table.position().checked_sub(window.start);
    grid::render(frame, area, &columns(shell), &rows, selected, theme);
}

fn cells(standing: &Standing, decimals: u32, shell: &Shell) -> Vec<Cell> {
    let cap = &standing.cap;
    let money = |amount: UsdTotal| money_fixed(amount, decimals);
    let decision = standing.decision.as_ref();
    let limit = decision.map_or(cap.limit, |decision| decision.limit);
    let counted = decision.map_or_else(
        || "–".to_owned(),
        |decision| floor(money(decision.counted()), shell.is_behind()),
    );
    // Rounded down: all of it is used only at the limit.
    let used = decision.map(|decision| percent(decision.counted(), limit.into()).unwrap_or(0));
    let used = match used {
        None => "–".to_owned(),
        Some(0) if decision.is_some_and(|decision| decision.counted().0 > 0) => "<1%".to_owned(),
        Some(used) => format!("{used}%"),
    };
    let resets = match decision {
        _ if cap.period == Period::Session => "at its end".to_owned(),
        Some(decision) => format!("in {}", until(decision.window.end, shell)),
        None => "–".to_owned(),
    };
    let subject = if standing.subject.is_empty() { "nobody yet" } else { &standing.subject };
    let role = role(standing);
    let gauge = decision.map_or(Cell::NoBar, |decision| {
        Cell::Gauge(decision.counted(), decision.limit.into(), role)
    });
    let level = decision.map_or_else(|| "–".to_owned(), level);
    vec![
        Cell::plain(printable(&cap.name)),
        Cell::plain(cap.scope.name()),
        Cell::plain(subject),
        Cell::plain(cap.period.name()),
        Cell::plain(counted),
        Cell::plain(money(limit.into())),
        gauge,
        Cell::plain(used),
        Cell::Text(level, Some(role).filter(|role| *role != Role::Good)),
        Cell::plain(cap.action.name()),
        Cell::plain(resets),
    ]
}

/// `80 %`, `limit!`, with `z` where it is snoozed and `+` where it was raised.
fn level(decision: &Decision) -> String {
    let mut text = decision.level.map_or_else(|| "–".to_owned(), Decision::level_name);
    if decision.action().is_some_and(crate::model::CapAction::stops) {
        text.push('!');
    }
    if decision.snoozed_until.is_some() {
        text.push_str(" z");
    }
    if decision.limit > decision.cap.limit {
        text.push_str(" +");
    }
    text
}

fn role(standing: &Standing) -> Role {
    let Some(decision) = &standing.decision else { return Role::Good };
    match percent(decision.counted(), decision.limit.into()) {
        _ if decision.is_breach() => Role::Bad,
        Some(NEAR..) => Role::Warn,
        _ => Role::Good,
    }
}
