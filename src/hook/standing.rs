//! How the caps of a session stand: the ledger's sums and the unread end of its transcripts.

use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;

use super::event::Event;
use super::tail::{Files, Tail};
use super::whose::{Latest, Whose};
use crate::config::Config;
use crate::guard::{self, Terms};
use crate::ledger::{Known, LedgerError, Pending, Reader, Shift};
use crate::model::{CapAction, Cost, Millis, PicoUsd, SessionKey, UsdTotal};
use crate::policy::{self, Decision, Tally, Used, Who};
use crate::pricing::PriceBook;

/// What is asked: which session, by which terms.
pub struct Question<'a, B> {
    /// What the agent said.
    pub event: &'a Event,
    /// The session.
    pub session: &'a SessionKey,
    /// Who pays.
    pub developer: &'a Arc<str>,
    /// Caps and what goes with them.
    pub config: &'a Config,
    /// The zone that days begin in.
    pub zone: &'a TimeZone,
    /// The price book in force; read when a call has to be priced.
    pub book: &'a B,
    /// Latches and lifts that the ledger does not have yet.
    pub pending: &'a Pending,
    /// The present.
    pub now: Millis,
    /// When reading must end.
    pub until: Instant,
}

/// How the caps stand.
#[derive(Debug)]
pub struct Standing {
    /// All of them.
    pub decisions: Vec<Decision>,
    /// What the session's next call counts towards.
    pub whose: Whose,
    /// What the thread's latest call cost, or what is set aside for it.
    pub latest_cost: PicoUsd,
    /// What could not be read: the sums are a floor.
    pub trouble: Option<String>,
}

impl<B: AsRef<PriceBook>> Question<'_, B> {
    /// Sums up on one state of the ledger, without which everything is in the transcripts.
    pub fn ask(&self, ledger: Option<&Reader>, files: &Files) -> Result<Standing, LedgerError> {
        match ledger {
            Some(ledger) => ledger.snapshot(|ledger| self.sum_up(Some(ledger), files)),
            None => self.sum_up(None, files),
        }
    }

    fn sum_up(&self, ledger: Option<&Reader>, files: &Files) -> Result<Standing, LedgerError> {
        let Tail { ahead, last, trouble } = files.read(ledger, self.until)?;
        let caps = &self.config.caps;
        let mut tally = match ledger {
            Some(ledger) => {
                let terms = Terms {
                    caps,
                    zone: self.zone,
                    book: self.book,
                    include_unlogged: self.config.include_unlogged,
                };
                guard::tally(ledger, &terms, std::slice::from_ref(self.session), self.now)?
            }
            None => Tally::new(caps, self.zone, self.now),
        };
        let windows = tally.windows();
        if !ahead.is_empty() {
            ahead.shifts(&mut |shift| {
                let used = self.used(&shift);
                let who = who(&shift);
                for window in windows.iter().filter(|time| time.contains(&shift.call.timestamp)) {
                    tally.add(window, &who, used);
                }
                if *shift.call.session_id == *self.session.session_id {
                    tally.add_session(&who, used);
                }
            })?;
        }
        let subagent = self.event.subagent.as_deref();
        let latest = Latest::find(ledger, &last, self.session, subagent)?;
        let latest_cost = latest.as_ref().and_then(|latest| latest.cost).or_else(|| {
            let call = last.of(subagent).or_else(|| last.of(None))?;
            call.usage.is_plausible().then(|| self.book.as_ref().set_aside(call))
        });
        let session = self.session.clone();
        let whose = Whose::of(self.event, session, self.developer, latest.as_ref(), caps);
        if let Some(at) = last.person() {
            tally.person_asked(&whose.who(), at);
        }
        // A cap that this session has spent nothing of is told of, too.
        tally.expect(&whose.who());
        let (mut lifts, mut latches) = match ledger {
            Some(ledger) => (ledger.lifts(self.now)?, ledger.latches(self.now)?),
            None => (Vec::new(), Vec::new()),
        };
        for lift in &self.pending.lifts {
            // It may have been stored between the two looks.
            if !lifts.contains(lift) {
                lifts.push(lift.clone());
            }
        }
        latches.extend(self.pending.latches.iter().cloned());
        let decisions = policy::decide(&tally, &lifts, &latches, self.now);
        Ok(Standing { decisions, whose, latest_cost: latest_cost.unwrap_or_default(), trouble })
    }

    /// What a call adds to the sums, or takes from them.
    fn used(&self, shift: &Shift) -> Used {
        let book = || self.book.as_ref();
        let none = UsdTotal::ZERO;
        let used = match shift.known {
            Known::Amount(amount) => Used { spent: amount.into(), reserve: none },
            Known::Unpriced => Used { spent: none, reserve: book().set_aside(&shift.call).into() },
            Known::Not => match book().price(&shift.call) {
                Cost::Priced(charge) => Used { spent: charge.amount.into(), reserve: none },
                Cost::Unpriced(_) => {
                    Used { spent: none, reserve: book().set_aside(&shift.call).into() }
                }
            },
        };
        if shift.comes {
            used
        } else {
            Used { spent: none - used.spent, reserve: none - used.reserve }
        }
    }
}

impl Standing {
    /// What concerns the session.
    pub fn own(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|decision| self.whose.concerns(decision))
    }

    /// The decision for which the session must not go on.
    pub fn stop(&self) -> Option<&Decision> {
        let strictest = policy::verdict(&self.decisions, &self.whose.who())?;
        strictest.action().is_some_and(CapAction::stops).then_some(strictest)
    }

    /// The next call may break a cap that stops the session.
    pub fn is_near(&self) -> bool {
        let on_spend = |decision: &&Decision| !decision.cap.measure.is_loop();
        self.own().filter(on_spend).any(|decision| {
            let left = UsdTotal::from(decision.limit) - decision.counted();
            let near = UsdTotal(i128::from(decision.limit.0 / 10));
            decision.cap.action.stops()
                && decision.snoozed_until.is_none()
                && left <= near.max(self.latest_cost.into())
        })
    }
}

fn who(shift: &Shift) -> Who<'_> {
    let call = &shift.call;
    Who {
        developer: &shift.developer,
        project: call.project.as_deref().unwrap_or_default(),
        branch: call.git_branch.as_deref().unwrap_or_default(),
        model: call.model.as_deref().unwrap_or_default(),
        agent: Some(call.agent),
        session_id: &call.session_id,
    }
}

impl<B> std::fmt::Debug for Question<'_, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("session", &self.session).finish_non_exhaustive()
    }
}
