//! The selected session in words, below the table: what holds it, then how it is, in one line or
//! two.
//!
//! ```text
//! 7c1e9a02  flagged by daily: $20.02 of $20.00 today
//!           in mid-turn · process 41822, by its hook · 212 calls
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{counted, fit, pad_start, width};
use crate::tui::app::Shell;
use crate::tui::screens::live::state::{how, unprotected};
use crate::tui::screens::live::{Data, Live, Protection, short_id};
use crate::tui::theme::Role;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, live: &Live, data: &Data, shell: &Shell) {
    let Some(session) = live.selected(data) else { return };
    let theme = &shell.look.theme;
    let held: Vec<&str> = session.held.iter().map(|held| held.why.as_str()).collect();
    let mut parts = vec![session.state.meaning().to_owned()];
    parts.extend(
        session.process.as_ref().map(|found| format!("process {}, {}", found.pid, how(found.how))),
    );
    if session.protection == Protection::None {
        parts.push(unprotected(session.key.agent).to_owned());
    }
    parts.push(counted(session.total.calls, "call", "calls"));
    let id = short_id(&session.key);
    let room = usize::from(area.width).saturating_sub(width(&id) + 2);
    let rows = usize::from(area.height);
    let mut lines: Vec<(Role, String)> = Vec::new();
    if !held.is_empty() && rows > 1 {
        lines.push((Role::Warn, held.join(" · ")));
    } else {
        // What holds it matters more than how it is.
        parts.splice(0..0, held.iter().map(|why| (*why).to_owned()));
    }
    let role = if held.is_empty() || !lines.is_empty() { Role::Quiet } else { Role::Warn };
    for part in parts {
        let is_last = lines.len() >= rows;
        match lines.last_mut() {
            Some((of, words))
                if *of == role && (is_last || width(words) + 3 + width(&part) <= room) =>
            {
                *words = format!("{words} · {part}");
            }
            _ => lines.push((role, part)),
        }
    }
    // At the bottom, where it is looked for.
    let blank = rows.saturating_sub(lines.len());
    for (number, (row, (role, words))) in area.rows().skip(blank).zip(&lines).enumerate() {
        let start = if number == 0 { format!("{id}  ") } else { pad_start("", width(&id) + 2) };
        let sentence = Line::from(vec![
            Span::styled(start, theme.style(Role::Key)),
            Span::styled(fit(words, room).into_owned(), theme.style(*role)),
        ]);
        frame.render_widget(sentence, row);
    }
}
