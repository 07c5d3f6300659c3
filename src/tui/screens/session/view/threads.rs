//! The session's threads: the main one, and its subagents below it.
//!
//! ```text
//!                MODEL          CALLS  CONTEXT  CACHE     COST  LAST
//! main           opus-5-5          84   148.9k    97%   $19.57   now
//! ├ a2f09c11     sonnet-5-5        31    52.1k    90%    $1.75    3m
//! └ 77ab0d20     haiku-5-5          4     9.0k    80%    $0.05   12m
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::boxed;
use crate::format::{age, column_decimals, fit, floor, money_fixed, pad_start, thousands, tokens};
use crate::format::{percent, short_id, width};
use crate::model::UsdTotal;
use crate::tui::app::Shell;
use crate::tui::screens::session::{Data, Thread};
use crate::tui::theme::Role;

/// Lines it takes.
pub(super) fn height(data: &Data) -> u16 {
    data.threads.len() as u16 + 1
}

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, framed: bool, data: &Data, shell: &Shell) {
    let theme = &shell.look.theme;
    let subagents = data.threads.iter().filter(|thread| !thread.id.is_empty()).count();
    let more = match subagents {
        0 => " without subagents".to_owned(),
        count => format!(" with {}", crate::format::counted(count as u64, "subagent", "subagents")),
    };
    let inner = boxed(frame, area, framed, "threads", &more, theme);
    let room = usize::from(inner.width);
    let decimals = column_decimals(data.threads.iter().map(|thread| thread.totals.cost));
    let mut rows = inner.rows();
    let titles =
        set(&["", "MODEL", "CALLS", "CONTEXT", "CACHE", "COST", "LAST"].map(str::to_owned), room);
    if let Some(row) = rows.next() {
        frame.render_widget(Line::styled(titles, theme.style(Role::Quiet)), row);
    }
    let height = usize::from(inner.height).saturating_sub(1);
    let hidden = data.threads.len().saturating_sub(height);
    let shown = if hidden > 0 { height.saturating_sub(1) } else { height };
    for (number, thread) in data.threads.iter().take(shown).enumerate() {
        let is_last = number + 1 == data.threads.len();
        let text = set(&fields(thread, is_last, decimals, shell), room);
        let role = if thread.id.is_empty() { Role::Strong } else { Role::Quiet };
        let Some(row) = rows.next() else { break };
        frame.render_widget(Line::from(Span::styled(text, theme.style(role))), row);
    }
    if let (1.., Some(row)) = (hidden, rows.next()) {
        let rest = data.threads[shown..].iter().map(|thread| thread.totals.cost);
        let cost = money_fixed(rest.sum::<UsdTotal>(), decimals);
        let text = format!("└ and {} more, {cost} together", data.threads.len() - shown);
        frame.render_widget(Line::styled(text, theme.style(Role::Quiet)), row);
    }
}

fn fields(thread: &Thread, is_last: bool, decimals: u32, shell: &Shell) -> [String; 7] {
    let name = match thread.id.as_str() {
        "" => "main".to_owned(),
        id => {
            let head = short_id(id);
            format!("{} {head}", if is_last { "└" } else { "├" })
        }
    };
    let model = thread.models.first().map_or("?", String::as_str);
    let model = match thread.models.len() {
        0 | 1 => model.to_owned(),
        count => format!("{model} +{}", count - 1),
    };
    let usage = &thread.totals.usage;
    let count = |tokens: u64| UsdTotal(i128::from(tokens));
    let cached = percent(count(usage.cache_read_input_tokens), count(usage.prompt_tokens()));
    let since = shell.now.since(thread.last);
    let is_floor = thread.totals.is_floor() || shell.is_behind();
    [
        name,
        model,
        thousands(thread.totals.calls),
        tokens(thread.context),
        cached.map_or_else(|| "–".into(), |share| format!("{share}%")),
        floor(money_fixed(thread.totals.cost, decimals), is_floor),
        if since < 60_000 { "now".into() } else { age(since) },
    ]
}

/// Cells of each column, and how long it stays while room runs out.
const COLUMNS: [(usize, u8); 7] = [(10, 7), (11, 3), (5, 4), (7, 5), (5, 1), (8, 6), (4, 2)];

/// A row in its columns, as many as have room.
fn set(fields: &[String; 7], room: usize) -> String {
    let mut shown: Vec<usize> = (0..COLUMNS.len()).collect();
    let wanted = |shown: &[usize]| -> usize {
        shown.iter().map(|at| COLUMNS[*at].0 + 1).sum::<usize>().saturating_sub(1)
    };
    while wanted(&shown) > room && shown.len() > 1 {
        let least = shown.iter().copied().min_by_key(|at| COLUMNS[*at].1);
        shown.retain(|at| Some(*at) != least);
    }
    let texts = shown.iter().map(|at| {
        let cells = COLUMNS[*at].0;
        let text = fit(&fields[*at], cells).into_owned();
        if *at < 2 {
            format!("{text}{}", pad_start("", cells - width(&text)))
        } else {
            pad_start(&text, cells)
        }
    });
    let is_wide = wanted(&shown) + shown.len() <= room;
    texts.collect::<Vec<_>>().join(if is_wide { "  " } else { " " })
}
