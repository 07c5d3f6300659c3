//! How full the main thread's context was, and what each call cost, call by call: the newest on
//! the right.
//!
//! ```text
//! context 148.9k tokens                                    most 162.0k
//! ▁▂▂▃▃▄▄▅▅▆▆▇▇█▁▂▂▃▃▄▄▅▅▆▆▇▇█
//! cost $0.31 a call                                        most $0.92
//! ▁▁▂▁▁▁█▁▁▂▁▁▁▁▁▁▁▁▂▁▁▁▁▁▁▁▁▁
//! 12:10                                                          15:41
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::boxed;
use super::head::local;
use crate::format::{fit, money, pad_start, tokens, width};
use crate::model::{Millis, UsdTotal};
use crate::tui::app::Shell;
use crate::tui::screens::session::Data;
use crate::tui::theme::Role;

/// Cells of a call's column, at most.
const WIDEST: usize = 3;

/// A call of the main thread.
struct Point {
    at: Millis,
    context: u64,
    cost: Option<UsdTotal>,
}

/// The main thread's newest calls, oldest first, as many as there are columns.
fn points(data: &Data, columns: usize) -> Vec<Point> {
    let main = data.calls.iter().filter(|call| call.subagent.is_empty());
    let mut points: Vec<Point> = main
        .take(columns)
        .map(|call| Point {
            at: call.row.at,
            context: call.row.usage.prompt_tokens(),
            cost: call.row.cost.map(UsdTotal::from),
        })
        .collect();
    points.reverse();
    points
}

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, framed: bool, data: &Data, shell: &Shell) {
    let theme = &shell.look.theme;
    let word = if shell.setting.on_plan { "value" } else { "cost" };
    let title = format!("context and {word}");
    let inner = boxed(frame, area, framed, &title, " call by call, main thread", theme);
    let room = usize::from(inner.width);
    let points = points(data, room);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        let words = "the main thread has called no model";
        frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), inner);
        return;
    };
    // What the labels and the times leave, shared by both.
    let height = usize::from(inner.height).saturating_sub(3);
    let contexts: Vec<i128> = points.iter().map(|point| i128::from(point.context)).collect();
    let costs: Vec<i128> = points.iter().map(|point| point.cost.unwrap_or_default().0).collect();
    let most = contexts.iter().copied().max().unwrap_or(0);
    let dearest = UsdTotal(costs.iter().copied().max().unwrap_or(0));
    let now = last.cost.map_or_else(|| "no price".to_owned(), money);
    let mut lines = vec![label(
        ("context ", &format!("{} tokens", tokens(last.context))),
        &format!("most {}", tokens(most as u64)),
        room,
        shell,
    )];
    // A few calls are wider columns, so that they are seen at all.
    let stretch = (room / points.len()).clamp(1, WIDEST);
    let chart = |text: String| {
        let wide: String = text.chars().flat_map(|c| std::iter::repeat_n(c, stretch)).collect();
        Line::styled(wide, theme.style(Role::Chart))
    };
    lines.extend(columns(&contexts, height.div_ceil(2)).into_iter().map(chart));
    lines.push(label(
        (&format!("{word} "), &now),
        &format!("most {}", money(dearest)),
        room,
        shell,
    ));
    lines.extend(columns(&costs, (height / 2).max(1)).into_iter().map(chart));
    let time = |at: Millis| local(at, shell).strftime("%a %H:%M").to_string();
    let (from, to) = (time(first.at), time(last.at));
    let gap =
        (points.len() * stretch).max(width(&from) + width(&to) + 1) - width(&from) - width(&to);
    let times = format!("{from}{}{to}", " ".repeat(gap));
    lines.push(Line::styled(fit(&times, room).into_owned(), theme.style(Role::Quiet)));
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

/// The context alone, in one line.
pub(super) fn line(data: &Data, room: usize, shell: &Shell) -> Line<'static> {
    let theme = &shell.look.theme;
    let room = room.saturating_sub(2);
    let all = points(data, room);
    let Some(last) = all.last() else { return Line::default() };
    let label = format!("context {} ", tokens(last.context));
    let left = room.saturating_sub(width(&label));
    let contexts: Vec<i128> = all[all.len().saturating_sub(left)..]
        .iter()
        .map(|point| i128::from(point.context))
        .collect();
    let drawn = columns(&contexts, 1).concat();
    Line::from(vec![
        Span::styled(fit(&label, room).into_owned(), theme.style(Role::Quiet)),
        Span::styled(drawn, theme.style(Role::Chart)),
    ])
}

fn label(left: (&str, &str), right: &str, room: usize, shell: &Shell) -> Line<'static> {
    let theme = &shell.look.theme;
    let used = width(left.0) + width(left.1);
    let right = fit(right, room.saturating_sub(used + 1)).into_owned();
    Line::from(vec![
        Span::styled(left.0.to_owned(), theme.style(Role::Quiet)),
        Span::styled(left.1.to_owned(), theme.style(Role::Strong)),
        Span::styled(pad_start(&right, room.saturating_sub(used)), theme.style(Role::Quiet)),
    ])
}

/// Values as columns of this many lines, against the greatest; what is not nothing is seen.
fn columns(values: &[i128], height: usize) -> Vec<String> {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let steps = (height * 8) as i128;
    let eighths = |value: i128| match value {
        ..=0 => 0,
        value => (value.saturating_mul(steps) / most).clamp(1, steps) as usize,
    };
    let cell = |value: &i128, line: usize| {
        EIGHTHS[eighths(*value).saturating_sub((height - 1 - line) * 8).min(8)]
    };
    (0..height).map(|line| values.iter().map(|value| cell(value, line)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_on_each_other_and_what_is_not_nothing_is_seen() {
        assert_eq!(columns(&[0, 1, 8], 1), [" ▁█"]);
        assert_eq!(columns(&[16, 8, 12, 1], 2), ["█ ▄ ", "███▁"]);
        assert_eq!(columns(&[], 2), ["", ""]);
        assert_eq!(columns(&[0, 0], 1), ["  "]);
        assert!(columns(&[1], 0).is_empty());
    }
}
