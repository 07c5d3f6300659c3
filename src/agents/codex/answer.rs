//! The calls that a rollout tells of: records with the id of an answer, or the thread's running total.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::history::{History, Verdict, is_older};
use super::record::Payload;
use super::thread::Thread;
use super::tokens::{Saved as SavedTokens, Tokens};
use crate::agents::Unparsed;
use crate::model::{AgentId, Call, CallId, Event, Millis, Qualifiers};

/// Assumed of builds of September 2025 that do not say.
const FIRST_MODEL: &str = "gpt-5";

/// A name that stands for another model, which is not told: its price is an estimate.
const ALIAS: &str = "codex-auto-review";

/// A call that may be another thread's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    id: String,
    usage: SavedTokens,
    at: Millis,
    offset: u64,
    model: Option<Arc<str>>,
    tier: u8,
}

impl Thread {
    /// An answer, with its id.
    pub(super) fn read_record(
        &mut self,
        record: &Payload<'_>,
        at: Option<Millis>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(usage) = record.usage.0 else { return Ok(()) };
        let total = record.thread_token_usage.0;
        let who = self.saved.who.as_ref();
        let own = who.map(|who| &*who.thread).or(self.named.as_deref());
        // It names its thread: of a copy it is the parent's.
        let names_thread = record.thread_id.non_empty().is_some();
        let is_copy =
            record.thread_id.non_empty().is_some_and(|id| own.is_some_and(|own| id != own));
        if is_copy {
            // So that the copy of its event is known, too.
            self.saved.counter.record(usage, total);
            return Ok(());
        }
        if names_thread {
            // Every own answer has a record: what was told without one is history.
            self.saved.history = History::Own;
        } else if self.saved.history.verdict(self.saved.turn_is_older) == Verdict::Drop {
            return Ok(());
        }
        self.note_turn(&record.turn_id);
        self.saved.counter.record(usage, total);
        if usage.is_nothing() {
            return Ok(());
        }
        let id = match record.response_id.non_empty() {
            Some(id) => id.to_owned(),
            None => self.name(&total.unwrap_or(usage), 0),
        };
        let at = at.or(self.saved.latest).ok_or(Unparsed::NoTimestamp)?;
        let call = self.held(id, usage, at, offset);
        events.push(self.call(call));
        Ok(())
    }

    pub(super) fn read_count(
        &mut self,
        event: &Payload<'_>,
        at: Option<Millis>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(info) = &event.info.0 else { return Ok(()) };
        let (total, last) = (info.total_token_usage.0, info.last_token_usage.0);
        let who = self.saved.who.as_ref();
        let goes_on = who.is_some_and(|who| who.goes_on) && !self.saved.is_answered;
        let who = who.filter(|who| who.is_child);
        let counted = self.saved.counter.count(total, last, goes_on);
        let Some(counted) = counted else { return Ok(()) };
        let began = who.and_then(|who| who.began);
        let line_is_older = at.zip(began).is_some_and(|(at, began)| is_older(at, began));
        let verdict = self.saved.history.verdict(line_is_older || self.saved.turn_is_older);
        if verdict == Verdict::Drop {
            return Ok(());
        }
        let at = at.or(self.saved.latest).ok_or(Unparsed::NoTimestamp)?;
        let id = self.name(&counted.total, counted.falls);
        let call = self.held(id, counted.usage, at, offset);
        if verdict == Verdict::Hold {
            self.saved.history.hold(call);
            return Ok(());
        }
        for call in self.saved.history.release().into_iter().chain([call]) {
            events.push(self.call(call));
        }
        Ok(())
    }

    /// The name of a request that has no id: the same in every copy of its line, because turn and
    /// total are copied with it. Older turns have numbers for names, which every thread begins
    /// anew; then the thread that the history comes from tells them apart.
    fn name(&self, total: &Tokens, falls: u32) -> String {
        const UUID: usize = 36;
        let root = self.saved.who.as_ref().map(|who| &*who.root).or(self.named.as_deref());
        let root = root.unwrap_or_default();
        let turn = self.saved.turn.as_deref().unwrap_or_default();
        let Tokens { input, cached, output, .. } = total;
        let place = match turn {
            turn if turn.len() >= UUID => turn.to_owned(),
            "" => root.to_owned(),
            turn => format!("{root}/{turn}"),
        };
        let falls = if falls == 0 { String::new() } else { format!("~{falls}") };
        format!("{place}@{input}/{cached}/{output}{falls}")
    }

    /// Session and, in a subagent's file, subagent.
    pub(super) fn place(&self) -> (Arc<str>, Option<Arc<str>>) {
        let who = self.saved.who.as_ref();
        let session = who.map(|who| &who.session).or(self.named.as_ref());
        let subagent = who.filter(|who| who.is_subagent).map(|who| &who.thread);
        (session.cloned().unwrap_or_default(), subagent.cloned())
    }

    fn held(&self, id: String, usage: Tokens, at: Millis, offset: u64) -> Held {
        let (model, tier) = (self.saved.model.clone(), self.saved.tier);
        Held { id, usage: SavedTokens(usage), at, offset, model, tier }
    }

    fn call(&mut self, held: Held) -> Event {
        let (usage, assumed) = held.usage.0.usage();
        let call_id = CallId::of(held.id);
        self.tell_call(&call_id, held.at);
        let is_guess = held.model.as_deref().is_none_or(|model| model == ALIAS);
        let model = held.model.unwrap_or_else(|| self.models.share(FIRST_MODEL));
        let tier = Qualifiers::from_bits(i64::from(held.tier) << 3).service_tier;
        Event::Call(Box::new(Call {
            model: Some(model),
            qualifiers: Qualifiers {
                service_tier: tier,
                assumed: assumed || is_guess,
                ..Qualifiers::default()
            },
            cwd: self.saved.cwd.clone(),
            git_branch: self.saved.who.as_ref().and_then(|who| who.branch.clone()),
            offset: held.offset,
            ..Call::told(AgentId::Codex, self.place(), call_id, held.at, usage)
        }))
    }
}
