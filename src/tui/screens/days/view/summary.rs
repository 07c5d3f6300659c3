//! Where the week and the month are going, in two lines.
//!
//! ```text
//! this week $61.05 · last week by now $50.10 (+22 %) · all of last week $80.00
//! November $402.10 · about $560.00 by 30 Nov · the rest like the last 4 weeks, by weekday
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{floor, money_fixed, thousands, width};
use crate::ledger::Totals;
use crate::model::UsdTotal;
use crate::tui::app::Shell;
use crate::tui::screens::days::Data;
use crate::tui::theme::Role;
use crate::tui::view::{indented, joined, panel};

const SEPARATOR: &str = " · ";

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, framed: bool, data: &Data, shell: &Shell) {
    let theme = &shell.look.theme;
    let inner = if framed {
        let what = if shell.setting.on_plan { " value" } else { "" };
        let title = vec![
            Span::styled("week and month", theme.style(Role::Title)),
            Span::styled(format!("{what} at list prices of the API"), theme.style(Role::Quiet)),
        ];
        panel(frame, area, title, theme)
    } else {
        indented(area)
    };
    for (row, (first, rest)) in inner.rows().zip([week(data, shell), month(data, shell)]) {
        let room = usize::from(row.width).saturating_sub(width(&first) + width(SEPARATOR));
        let rest = joined(rest, SEPARATOR, room);
        let mut spans = vec![Span::styled(first, theme.style(Role::Strong))];
        if !rest.is_empty() {
            let rest = format!("{SEPARATOR}{rest}");
            spans.push(Span::styled(rest, theme.style(Role::Quiet)));
        }
        frame.render_widget(Line::from(spans), row);
    }
}

fn week(data: &Data, shell: &Shell) -> (String, Vec<String>) {
    let outlook = &data.outlook;
    let now = outlook.last_week_by_now;
    let change =
        change(outlook.week.cost, now.cost).map_or_else(String::new, |c| format!(" ({c})"));
    let rest = vec![
        format!("last week by now {}{change}", amount(&now, shell)),
        format!("all of last week {}", amount(&outlook.last_week, shell)),
    ];
    (format!("this week {}", amount(&outlook.week, shell)), rest)
}

fn month(data: &Data, shell: &Shell) -> (String, Vec<String>) {
    let (outlook, today) = (&data.outlook, data.today);
    let first = format!("{} {}", today.strftime("%B"), amount(&outlook.month, shell));
    let last = today.last_of_month().strftime("%-d %b");
    let mut rest = match outlook.projection {
        Some(projection) => {
            let is_floor = outlook.month.is_floor() || shell.is_behind();
            let about = floor(money_fixed(projection, 2), is_floor);
            vec![
                format!("about {about} by {last}"),
                "the rest like the last 4 weeks, by weekday".to_owned(),
            ]
        }
        None => vec!["projected once there is a week of use".to_owned()],
    };
    if outlook.last_month.calls > 0 {
        let before = today.first_of_month().yesterday().unwrap_or(today);
        rest.push(format!("{} {}", before.strftime("%B"), amount(&outlook.last_month, shell)));
    }
    (first, rest)
}

fn amount(totals: &Totals, shell: &Shell) -> String {
    floor(money_fixed(totals.cost, 2), totals.is_floor() || shell.is_behind())
}

/// `+22 %`, `-5 %`, `×12`; none where there is nothing to compare with.
pub(super) fn change(now: UsdTotal, before: UsdTotal) -> Option<String> {
    if before.0 <= 0 {
        return None;
    }
    let percent = now.0.saturating_sub(before.0).saturating_mul(100) / before.0;
    Some(match percent {
        1000.. => format!("×{}", thousands((now.0 / before.0).unsigned_abs())),
        0.. => format!("+{percent} %"),
        _ => format!("{percent} %"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_in_percent_until_it_is_many_times() {
        for (now, before, text) in [
            (122, 100, Some("+22 %")),
            (100, 100, Some("+0 %")),
            (95, 100, Some("-5 %")),
            (0, 100, Some("-100 %")),
            (1099, 100, Some("+999 %")),
            (1200, 100, Some("×12")),
            (5, 0, None),
        ] {
            assert_eq!(change(UsdTotal(now), UsdTotal(before)).as_deref(), text);
        }
    }
}
