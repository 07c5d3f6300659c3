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
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::until;
use crate::format::{
    Bar, bar, column_decimals, fit, floor, money_fixed, pad_start, percent, width,
};
use crate::model::UsdTotal;
use crate::policy::{Decision, Period};
use crate::tui::app::Shell;
use crate::tui::screens::caps::{Caps, Standing};
use crate::tui::table::List as _;
use crate::tui::theme::Role;

/// Share of a cap, in percent, from which on its bar warns.
const NEAR: u64 = 80;

/// A column: its title, its least cells, how long it stays while room runs out, and whether it is
/// set left.
const COLUMNS: [(&str, usize, u8, bool); 11] = [
    ("CAP", 6, 11, true),
    ("SCOPE", 9, 1, true),
    ("SUBJECT", 7, 5, true),
    ("PERIOD", 7, 3, true),
    ("SPENT", 7, 10, false),
    ("CAP", 7, 9, false),
    ("", 8, 6, true),
    ("USED", 5, 8, false),
    ("LEVEL", 7, 7, true),
    ("ACTION", 6, 2, true),
    ("RESETS", 9, 4, true),
];

/// The numbers of the columns that are drawn in a way of their own.
const BAR: usize = 6;
const LEVEL: usize = 8;

/// The bar is no longer than this.
const LONGEST_BAR: usize = 24;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Caps,
    data: &[Standing],
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let table = page.table();
    let height = usize::from(area.height).saturating_sub(1);
    let window = table.window(height);
    let shown = &table.rows()[window.clone()];
    let amounts = data.iter().map(|standing| match &standing.decision {
        Some(decision) => decision.counted().max(decision.limit.into()),
        None => standing.cap.limit.into(),
    });
    let decimals = column_decimals(amounts);
    let texts: Vec<[String; 11]> = shown
        .iter()
        .filter_map(|(_, at)| data.get(*at))
        .map(|standing| fields(standing, decimals, shell))
        .collect();
    let columns = fitting(&texts, usize::from(area.width).saturating_sub(2), shell);
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        let mut titles = COLUMNS.map(|(title, ..)| title.to_owned());
        if shell.setting.on_plan {
            "VALUE".clone_into(&mut titles[4]);
        }
        let mut line = "  ".to_owned();
        for (column, cells) in &columns {
            line.push_str(&set(&titles[*column], *column, *cells));
            line.push_str("  ");
        }
        frame.render_widget(Line::styled(line, theme.style(Role::Quiet)), row);
    }
    if shown.is_empty() {
        let words = format!("  no cap has all of: {}   (Esc shows all)", table.filter());
        if let Some(row) = rows.next() {
            frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), row);
        }
        return;
    }
    let selected = table.position();
    let lines = window.zip(shown).zip(texts).zip(rows);
    for (((number, (_, at)), texts), row) in lines {
        let Some(standing) = data.get(*at) else { continue };
        let is_selected = number == selected;
        let plain = if is_selected { theme.style(Role::Selected) } else { Style::new() };
        let mark = if is_selected { "▶ " } else { "  " };
        let mut spans = vec![Span::styled(mark, theme.style(Role::Key))];
        for (column, cells) in &columns {
            let role = role(standing);
            match *column {
                BAR => spans.extend(gauge(standing, *cells, shell)),
                LEVEL if role != Role::Good => {
                    let text = set(&texts[*column], *column, *cells);
                    spans.push(Span::styled(text, plain.patch(theme.style(role))));
                }
                _ => spans.push(Span::styled(set(&texts[*column], *column, *cells), plain)),
            }
            spans.push(Span::styled("  ", plain));
        }
        frame.render_widget(Line::from(spans), row);
    }
}

fn fields(standing: &Standing, decimals: u32, shell: &Shell) -> [String; 11] {
    let cap = &standing.cap;
    let money = |amount: UsdTotal| money_fixed(amount, decimals);
    let decision = standing.decision.as_ref();
    let limit = decision.map_or(cap.limit, |decision| decision.limit);
    let counted = decision.map_or_else(
        || "–".to_owned(),
        |decision| floor(money(decision.counted()), shell.is_behind()),
    );
    let used = decision.and_then(|decision| percent(decision.counted(), limit.into()));
    let resets = match decision {
        _ if cap.period == Period::Session => "with it".to_owned(),
        Some(decision) => format!("in {}", until(decision.window.end, shell)),
        None => "–".to_owned(),
    };
    let subject = if standing.subject.is_empty() { "nobody yet" } else { &standing.subject };
    [
        crate::format::printable(&cap.name).into_owned(),
        cap.scope.name().to_owned(),
        subject.to_owned(),
        cap.period.name().to_owned(),
        counted,
        money(limit.into()),
        String::new(),
        used.map_or_else(|| "–".to_owned(), |used| format!("{used}%")),
        decision.map_or_else(|| "–".to_owned(), level),
        cap.action.name().to_owned(),
        resets,
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

fn gauge(standing: &Standing, cells: usize, shell: &Shell) -> [Span<'static>; 2] {
    let theme = &shell.look.theme;
    let drawn = standing.decision.as_ref().map_or_else(String::new, |decision| {
        bar(decision.counted(), decision.limit.into(), cells, Bar::Unicode)
    });
    let used = drawn.trim_end().to_owned();
    let left = "·".repeat(cells - width(&used));
    // Reversed blocks would be gaps: without colours it is the level that warns.
    let style = theme.style(role(standing)).remove_modifier(Modifier::REVERSED);
    [Span::styled(used, style), Span::styled(left, theme.style(Role::Track))]
}

/// The columns that have room, with their widths; the bar has what is left.
fn fitting(texts: &[[String; 11]], room: usize, _shell: &Shell) -> Vec<(usize, usize)> {
    let cells = |column: usize| {
        let longest = texts.iter().map(|texts| width(&texts[column])).max().unwrap_or(0);
        longest.max(COLUMNS[column].1).min(28)
    };
    let mut columns: Vec<(usize, usize)> =
        (0..COLUMNS.len()).map(|column| (column, cells(column))).collect();
    let wanted = |columns: &[(usize, usize)]| -> usize {
        columns.iter().map(|(_, cells)| cells + 2).sum::<usize>().saturating_sub(2)
    };
    while wanted(&columns) > room && columns.len() > 1 {
        let least = columns.iter().map(|(column, _)| *column).min_by_key(|at| COLUMNS[*at].2);
        columns.retain(|(column, _)| Some(*column) != least);
    }
    let spare = room.saturating_sub(wanted(&columns));
    for (column, cells) in &mut columns {
        if *column == BAR {
            *cells = (*cells + spare).min(LONGEST_BAR);
        } else if *column == 0 {
            // Alone in a very narrow place.
            *cells = (*cells).min(room);
        }
    }
    columns
}

fn set(text: &str, column: usize, cells: usize) -> String {
    let text = fit(text, cells);
    let gap = pad_start("", cells - width(&text));
    if COLUMNS[column].3 { format!("{text}{gap}") } else { format!("{gap}{text}") }
}
