//! Every call of the session, newest first.
//!
//! ```text
//!   TIME      THREAD    MODEL          IN     OUT  CACHE  CONTEXT     COST
//! ▶ 15:41:05  main      opus-5-5      100   1,480    99%   148.1k  ≥$14.80
//!   15:38:51  a2f09c11  sonnet-5-5    100     175    99%   148.1k    $1.75
//! ```
//!
//! IN is what was sent and not in the cache; CONTEXT all that was sent.

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::boxed;
use super::head::local;
use crate::format::{column_decimals, fit, floor, money_fixed, pad_start, percent, thousands};
use crate::format::{short_id, tokens, width};
use crate::model::{CallKind, UsdTotal};
use crate::tui::app::Shell;
use crate::tui::screens::session::{Call, Data, SessionPage};
use crate::tui::table::List as _;
use crate::tui::theme::Role;

/// A column: its title, its cells, how long it stays while room runs out, and whether it is set
/// left.
const COLUMNS: [(&str, usize, u8, bool); 9] = [
    ("TIME", 8, 9, true),
    ("THREAD", 8, 5, true),
    ("MODEL", 14, 6, true),
    ("IN", 8, 3, false),
    ("OUT", 7, 7, false),
    ("CACHE", 5, 2, false),
    ("CONTEXT", 7, 4, false),
    ("COST", 10, 8, false),
    ("NOTE", 12, 1, true),
];

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    framed: bool,
    page: &SessionPage,
    data: &Data,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let table = page.table();
    let mut more = format!(" {}", thousands(data.calls.len() as u64));
    if !table.filter().is_empty() {
        let _ = write!(more, " · {} with {}", table.rows().len(), table.filter());
    }
    if table.order() > 0 || table.is_reversed() {
        let direction = if table.is_reversed() { "▲" } else { "▼" };
        let _ = write!(more, " · by {} {direction}", table.orders()[table.order()]);
    }
    if page.is_explaining() {
        more.push_str(" · reading its transcript");
    }
    let inner = boxed(frame, area, framed, "calls", &more, theme);
    let room = usize::from(inner.width);
    let mut rows = inner.rows();
    let columns = fitting(room.saturating_sub(2));
    if let Some(row) = rows.next() {
        let titles = COLUMNS.map(|(title, ..)| title.to_owned());
        let line = format!("  {}", set(&titles, &columns));
        frame.render_widget(Line::styled(line, theme.style(Role::Quiet)), row);
    }
    if table.rows().is_empty() {
        let words = format!("  no call has all of: {}   (Esc shows all)", table.filter());
        if let Some(row) = rows.next() {
            frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), row);
        }
        return;
    }
    let costs = data.calls.iter().filter_map(|call| call.row.cost).map(UsdTotal::from);
    let decimals = column_decimals(costs);
    let window = table.window(usize::from(inner.height).saturating_sub(1));
    let selected = table.position();
    for ((number, (_, at)), row) in window.clone().zip(&table.rows()[window]).zip(rows) {
        let Some(call) = data.calls.get(*at) else { continue };
        let is_selected = number == selected;
        let text = set(&fields(call, decimals, shell), &columns);
        let style = match (is_selected, call.subagent.is_empty()) {
            (true, _) => theme.style(Role::Selected),
            (false, true) => Style::new(),
            (false, false) => theme.style(Role::Quiet),
        };
        let mark = if is_selected { "▶ " } else { "  " };
        let line = vec![Span::styled(mark, theme.style(Role::Key)), Span::styled(text, style)];
        frame.render_widget(Line::from(line), row);
    }
}

fn fields(call: &Call, decimals: u32, shell: &Shell) -> [String; 9] {
    let row = &call.row;
    let at = local(row.at, shell);
    let is_today = at.date() == local(shell.now, shell).date();
    let time = at.strftime(if is_today { "%H:%M:%S" } else { "%d %H:%M" }).to_string();
    let thread = if call.subagent.is_empty() { "main" } else { &call.subagent };
    let count = |tokens: u64| UsdTotal(i128::from(tokens));
    let cached =
        percent(count(row.usage.cache_read_input_tokens), count(row.usage.prompt_tokens()));
    let fresh = row.usage.prompt_tokens()
        - row.usage.cache_read_input_tokens.min(row.usage.prompt_tokens());
    let cost = match row.cost {
        Some(cost) => floor(money_fixed(cost, decimals), !row.is_final),
        None => "no price".to_owned(),
    };
    let note = match row.kind {
        CallKind::Message if !row.is_final => "not final",
        CallKind::Message => "",
        CallKind::Advisor => "advisor",
        CallKind::FallbackAttempt => "fallback",
        CallKind::Compaction => "compaction",
    };
    [
        time,
        short_id(thread),
        call.model.clone(),
        thousands(fresh),
        thousands(row.usage.output_tokens),
        cached.map_or_else(|| "–".into(), |share| format!("{share}%")),
        tokens(row.usage.prompt_tokens()),
        cost,
        note.to_owned(),
    ]
}

/// The columns that have room, by their numbers.
fn fitting(room: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..COLUMNS.len()).collect();
    let wanted = |shown: &[usize]| shown.iter().map(|at| COLUMNS[*at].1 + 2).sum::<usize>();
    while wanted(&shown) > room + 2 && shown.len() > 1 {
        let least = shown.iter().copied().min_by_key(|at| COLUMNS[*at].2);
        shown.retain(|at| Some(*at) != least);
    }
    shown
}

fn set(fields: &[String; 9], columns: &[usize]) -> String {
    let texts = columns.iter().map(|at| {
        let (_, cells, _, is_left) = COLUMNS[*at];
        let text = fit(&fields[*at], cells).into_owned();
        let gap = pad_start("", cells - width(&text));
        if is_left { format!("{text}{gap}") } else { format!("{gap}{text}") }
    });
    texts.collect::<Vec<_>>().join("  ")
}
