//! One row after the other. A row says all that has to be known of it: nothing is remembered.

use std::sync::Arc;

use super::answer::{Step, made, millis};
use super::record::{Data, Row};
use crate::agents::json::Count;
use crate::agents::{LastSeen, Parser, Unparsed, json};
use crate::model::{DeedLog, Event, Fingerprint};

/// The parser of a database.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) deeds: DeedLog,
    pub(super) models: LastSeen,
    pub(super) folders: LastSeen,
    sessions: LastSeen,
    subagents: LastSeen,
}

impl Rows {
    fn read(
        &mut self,
        row: &Row<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        if row.table.is("session") {
            self.read_session(row, events);
            return Ok(());
        }
        let data = row.data.0.as_ref().ok_or(Unparsed::NotJson)?;
        match row.table.as_deref() {
            Some("part") => self.read_part(row, data, offset, events),
            Some("message") => self.read_message(row, data, offset, events),
            Some("session_message") => self.read_session_message(row, data, offset, events),
            _ => Ok(()),
        }
    }

    /// The inner error is what is wrong with JSON that could be read.
    fn read_text(
        &mut self,
        text: &str,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> serde_json::Result<Result<(), Unparsed>> {
        let row: Row<'_> = serde_json::from_str(text)?;
        if row.table.0.is_some() {
            return Ok(self.read(&row, offset, events));
        }
        let data: Data<'_> = serde_json::from_str(text)?;
        Ok(self.read_file(&data, offset, events))
    }

    /// A message in a file of its own. Who started its session stands elsewhere.
    fn read_file(
        &mut self,
        data: &Data<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let created = made(data);
        let written = data.time.0.map(|time| time.completed.0).filter(|at| *at > 0).or(created);
        let (session, id) = (data.session.clone(), data.id.clone());
        let (created, written) = (Count(created), Count(written));
        let row = Row { session, id, created, written, ..Row::default() };
        self.read_message(&row, data, offset, events)
    }

    /// Of a subagent's session nothing: it is its parent's.
    fn read_session(&mut self, row: &Row<'_>, events: &mut Vec<Event>) {
        if let Some(timestamp) = millis(row.began.0).filter(|_| row.subagent.0.is_none()) {
            let (session_id, _) = self.place(row);
            events.push(Event::SessionSeen { session_id, timestamp });
        }
    }

    fn read_part(
        &mut self,
        row: &Row<'_>,
        data: &Data<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let nothing = Data::default();
        let message = row.message.0.as_ref().unwrap_or(&nothing);
        let at = millis(row.created.0);
        match data.kind.as_deref() {
            Some("step-finish") => {
                // Of a copy the row is as old as the fork.
                let completed = millis(message.time.0.map(|time| time.completed.0));
                let at = at.into_iter().chain(completed).min();
                let step = Step { row, message, told_by: data, at, reasoning_is_apart: false };
                let call = self.tell_call(&step, offset, events)?;
                self.tell_step(row, message, call.as_ref(), at, &row.tools.0);
                self.tell_end_of_step(row, message, at, data.reason.as_deref());
            }
            Some("text") if !data.synthetic.0 => self.tell_prompt(row, message, at),
            Some("compaction") => self.tell_compaction(row, message, at, data.auto.0),
            _ => {}
        }
        Ok(())
    }

    fn read_message(
        &mut self,
        row: &Row<'_>,
        data: &Data<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let completed = millis(data.time.0.map(|time| time.completed.0));
        let at = completed.or(millis(row.written.0));
        self.tell_failure(row, data, at, events);
        if row.has_steps.or_zero() == 0 {
            let step = Step { row, message: data, told_by: data, at, reasoning_is_apart: false };
            self.tell_call(&step, offset, events)?;
        }
        Ok(())
    }

    fn read_session_message(
        &mut self,
        row: &Row<'_>,
        data: &Data<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let completed = millis(data.time.0.map(|time| time.completed.0));
        match row.kind.as_deref() {
            Some("assistant") => {
                let at = completed.or(millis(row.written.0));
                self.tell_failure(row, data, at, events);
                let step = Step { row, message: data, told_by: data, at, reasoning_is_apart: true };
                let call = self.tell_call(&step, offset, events)?;
                self.tell_step(row, data, call.as_ref(), at, &data.content.0);
                if call.is_some() {
                    self.tell_end_of_step(row, data, at, data.finish.as_deref());
                }
            }
            Some("user") => self.tell_prompt(row, data, millis(row.created.0)),
            Some("compaction") => {
                let is_auto = data.reason.is("auto");
                self.tell_compaction(row, data, millis(row.created.0), is_auto);
            }
            _ => {}
        }
        Ok(())
    }

    /// Session and, in a subagent's, subagent.
    pub(super) fn place(&mut self, row: &Row<'_>) -> (Arc<str>, Option<Arc<str>>) {
        let session = self.sessions.share(row.session.as_deref().unwrap_or_default());
        (session, row.subagent.non_empty().map(|id| self.subagents.share(id)))
    }
}

/// The message was copied from another session: it is older than the one it is in. What was done
/// was done there.
pub(super) fn is_copy(row: &Row<'_>, message: &Data<'_>) -> bool {
    let made = made(message).or(row.created.0);
    made.zip(row.began.0).is_some_and(|(made, began)| made < began)
}

/// The row, whatever database it is in.
pub(super) fn key(row: &Row<'_>) -> Fingerprint {
    Fingerprint::of(row.id.as_deref().unwrap_or_default().as_bytes())
}

impl Parser for Rows {
    fn parse(
        &mut self,
        record: &[u8],
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        json::read(record, |text| self.read_text(text, offset, events))
    }

    fn take_deeds(&mut self) -> DeedLog {
        std::mem::take(&mut self.deeds)
    }

    fn waiting_deeds(&self) -> usize {
        self.deeds.weight()
    }

    fn save(&self) -> Option<String> {
        None
    }
}
