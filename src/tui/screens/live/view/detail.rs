//! The selected session in words, below the table.
//!
//! ```text
//! 7c1e9a02  in mid-turn · process 41822, by its hook · 212 calls · flagged by daily: over $20
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{counted, fit, width};
use crate::tui::app::Shell;
use crate::tui::screens::live::state::how;
use crate::tui::screens::live::{Data, Live, Protection, short_id};
use crate::tui::theme::Role;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, live: &Live, data: &Data, shell: &Shell) {
    let Some(session) = live.selected(data) else { return };
    let theme = &shell.look.theme;
    let mut parts: Vec<String> = session.held.iter().map(|held| held.why.clone()).collect();
    parts.push(session.state.meaning().to_owned());
    parts.extend(
        session.process.as_ref().map(|found| format!("process {}, {}", found.pid, how(found.how))),
    );
    if session.protection == Protection::None {
        parts.push("nothing would stop it: `spendtop hook install`".to_owned());
    }
    parts.push(counted(session.total.calls, "call", "calls"));
    let id = short_id(&session.key);
    let room = usize::from(area.width).saturating_sub(width(&id) + 2);
    let words = parts.join(" · ");
    let role = if session.held.is_empty() { Role::Quiet } else { Role::Warn };
    let sentence = Line::from(vec![
        Span::styled(format!("{id}  "), theme.style(Role::Key)),
        Span::styled(fit(&words, room).into_owned(), theme.style(role)),
    ]);
    frame.render_widget(sentence, area);
}
