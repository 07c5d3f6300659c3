//! One event in all that is known of it.
//!
//! ```text
//! a session's process was to be ended by a signal
//!
//! when      Mon 23 Nov 2026 15:38:02.114
//! cap       daily
//! session   shop 7c1e9a02 (7c1e9a02-…)
//! process   41822, started at tick 812334
//! signal    SIGINT
//! outcome   sent
//! evidence  $21.37 of $20.00 today
//! after     132 ms, from the line that led to it
//! over      $1.37 beyond the limit
//! by        daemon
//!
//! take it up again (y copies it):
//! cd /w/shop && claude --resume 7c1e9a02-…
//! ```

use super::span;
use crate::format::money;
use crate::tui::app::Shell;
use crate::tui::screens::activity::{Event, From};
use crate::tui::sheet::Sheet;
use crate::tui::theme::Role;

pub(in crate::tui::screens::activity) fn detail(event: &Event, shell: &Shell) -> Sheet {
    let at = event.at().timestamp().to_zoned_datetime(shell.setting.zone.clone());
    let when = at.strftime("%a %-d %b %Y %H:%M:%S%.3f").to_string();
    let mut lines = vec![(Some(Role::Strong), event.meaning().to_owned()), (None, String::new())];
    let mut say = |name: &str, value: Option<String>| {
        let value = value.filter(|value| !value.is_empty());
        lines.extend(value.map(|value| (None, format!("{name:<10}{value}"))));
    };
    say("when", Some(when));
    match &event.from {
        From::Action(action) => {
            say("cap", action.cap.as_ref().map(ToString::to_string));
            say(
                "session",
                action.session.as_ref().map(|session| {
                    format!("{} ({}, {})", event.about, session.agent, session.session_id)
                }),
            );
            say(
                "process",
                action.process.as_ref().map(|process| {
                    format!("{}, started at tick {} since boot", process.pid, process.start_time)
                }),
            );
            say("signal", action.signal.clone());
            say("outcome", Some(action.outcome.clone()));
            say("evidence", Some(action.evidence.clone()));
            let after = action.latency_ms.map(span);
            say("after", after.map(|after| format!("{after}, from the line that led to it")));
            let over = action.overshoot.map(money);
            say("over", over.map(|over| format!("{over} beyond the limit")));
            say("by", Some(action.by.clone()));
        }
        From::Notice(notice) => {
            say("told", Some(notice.title.clone()));
            for line in notice.body.lines() {
                say("", Some(line.to_owned()));
            }
        }
    }
    if let Some(resume) = event.resume() {
        lines.push((None, String::new()));
        lines.push((Some(Role::Quiet), "take it up again (y copies it):".to_owned()));
        lines.push((Some(Role::Strong), resume.to_owned()));
    }
    Sheet::new(event.word(), lines)
}
