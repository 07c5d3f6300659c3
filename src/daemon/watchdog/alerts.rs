//! What the person should know beside caps: a session that grew dear, a model without a price, a
//! session that no hook protects.

use std::collections::BTreeSet;

use super::sessions::Touched;
use super::{Look, Watchdog};
use crate::agents;
use crate::enforce::Located;
use crate::ledger::LedgerError;
use crate::model::{CapAction, Notice, SessionKey, UsdTotal};
use crate::notice::words;

/// What was told in this life; the ledger keeps what was told in earlier ones.
#[derive(Debug, Default)]
pub(super) struct Alerted {
    over: BTreeSet<SessionKey>,
    unprotected: BTreeSet<SessionKey>,
}

impl Watchdog {
    pub(super) fn alert(
        &mut self,
        look: &mut Look<'_>,
        touched: &Touched,
    ) -> Result<(), LedgerError> {
        let mut notices: Vec<Notice> = Vec::new();
        for change in touched.changes.iter().filter(|change| change.unpriced_calls > 0) {
            let model = self.sums.charged(look.writer, change.attribution)?.model.clone();
            notices.push(words::of_unpriced(&model, look.now));
        }
        let strictest = self.config.caps.iter().map(|cap| cap.action).max();
        let stops = strictest.filter(|action| action.stops());
        for session in touched.sessions() {
            notices.extend(self.dear(look, touched, session)?);
            if let Some(action) = stops {
                notices.extend(self.unprotected(look, touched, session, action)?);
            }
        }
        if notices.is_empty() {
            return Ok(());
        }
        let channels = self.channels();
        look.writer.together(|writer| {
            for notice in &notices {
                writer.store_notice(notice, &channels)?;
            }
            Ok(())
        })
    }

    /// The session costs more than a person wants to be told late of.
    fn dear(
        &mut self,
        look: &Look<'_>,
        touched: &Touched,
        session: &SessionKey,
    ) -> Result<Option<Notice>, LedgerError> {
        if self.alerted.over.contains(session) {
            return Ok(None);
        }
        let limit = self.config.session_alert;
        let spent: UsdTotal =
            look.writer.session_spend(session)?.into_iter().map(|row| row.spent).sum();
        if spent < limit.into() {
            return Ok(None);
        }
        self.alerted.over.insert(session.clone());
        let project = project_of(touched, session);
        Ok(Some(words::of_session_over(session, &project, spent, limit, look.now)))
    }

    /// A cap would stop the session, but no hook of it was ever heard.
    fn unprotected(
        &mut self,
        look: &Look<'_>,
        touched: &Touched,
        session: &SessionKey,
        action: CapAction,
    ) -> Result<Option<Notice>, LedgerError> {
        if self.alerted.unprotected.contains(session)
            || self.sessions.has_hook(look.writer, &self.table, session)?
        {
            return Ok(None);
        }
        // Only of one that lives: a transcript can be copied here from anywhere.
        let located = self.sessions.locate(look.writer, &self.table, session, &[])?;
        if !located.iter().any(Located::is_certain) {
            return Ok(None);
        }
        self.alerted.unprotected.insert(session.clone());
        let project = project_of(touched, session);
        let has_hook = agents::adapter(session.agent).hook().is_some();
        Ok(Some(words::of_unprotected(session, &project, action, has_hook, look.now)))
    }
}

/// The project of a session's latest calls.
pub(super) fn project_of(touched: &Touched, session: &SessionKey) -> String {
    touched.charged(session).next().map_or_else(String::new, |to| to.project.to_string())
}
