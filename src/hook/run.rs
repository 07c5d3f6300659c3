//! One call of the hook: from what the agent asks to how its caps stand; `react` has what follows.

use std::sync::Arc;

use super::answer::Answer;
use super::desk::Desk;
use super::event::Event;
use super::setting::{LazyBook, Setting};
use super::standing::{Question, Standing};
use super::tail::{self, Files};
use super::wait;
use super::words;
use crate::agents::Moment;
use crate::config::OnError;
use crate::ledger::{Inbox, LedgerError, Pending, Reader};
use crate::model::{AgentId, CapAction, Mark, ProcessKey, SessionKey, Sighting};
use crate::paths;

/// How a call of the hook ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the agent is told.
    pub answer: Answer,
    /// What went wrong on the way.
    pub trouble: Vec<String>,
}

/// Answers an agent. Whatever goes wrong is noted; the answer is then by what is known all the
/// same, and else as the config says.
pub fn run(event: &Event, agent: AgentId, setting: &mut Setting<'_>) -> Outcome {
    let mut outcome = Outcome { answer: Answer::Nothing, trouble: Vec::new() };
    outcome.trouble.extend(event.broken.clone());
    match (event.moment(), &event.session_id) {
        (Some(moment), Some(id)) => {
            let session = SessionKey { agent, session_id: Arc::clone(id) };
            let mut run = Run::start(event, moment, session, setting);
            run.answer();
            if let Err(error) = run.desk.tidy() {
                run.trouble.push(error.to_string());
            }
            outcome.trouble.append(&mut run.trouble);
            outcome.answer = run.answer;
        }
        (Some(_), None) => outcome.trouble.push("the event names no session".to_owned()),
        // Another event than those that are answered.
        (None, _) if event.name.is_some() => {}
        (None, _) if event.broken.is_none() => {
            outcome.trouble.push("the event has no name".to_owned());
        }
        (None, _) => {}
    }
    let stops = matches!(outcome.answer, Answer::Stop(_));
    if !outcome.trouble.is_empty() && !stops && setting.config.on_hook_error == OnError::Block {
        outcome.answer = Answer::Stop(words::UNCHECKED.to_owned());
    }
    outcome
}

pub(super) struct Run<'a, 's> {
    pub(super) event: &'a Event,
    pub(super) moment: Moment,
    pub(super) session: SessionKey,
    pub(super) setting: &'a mut Setting<'s>,
    pub(super) desk: Desk,
    pending: Pending,
    ledger: Option<Reader>,
    pub(super) process: Option<ProcessKey>,
    pub(super) answer: Answer,
    pub(super) trouble: Vec<String>,
}

impl<'a, 's> Run<'a, 's> {
    fn start(
        event: &'a Event,
        moment: Moment,
        session: SessionKey,
        setting: &'a mut Setting<'s>,
    ) -> Self {
        let mut trouble = Vec::new();
        let inbox_path = paths::inbox_of(setting.ledger);
        // The inbox first: what is stored in between is then seen twice rather than not at all.
        let inbox = Inbox::open_quickly(&inbox_path).unwrap_or_else(|error| {
            trouble.push(error.to_string());
            None
        });
        let pending = inbox.as_ref().map_or_else(|| Ok(Pending::default()), Inbox::pending);
        let pending = pending.unwrap_or_else(|error| {
            trouble.push(error.to_string());
            Pending::default()
        });
        let ledger = match Reader::open_quickly(setting.ledger) {
            Ok(None) if std::fs::metadata(setting.ledger).is_ok_and(|file| file.len() > 0) => {
                trouble.push("the ledger is of an older version".to_owned());
                None
            }
            Ok(ledger) => ledger,
            Err(error) => {
                trouble.push(error.to_string());
                None
            }
        };
        Self {
            event,
            moment,
            session,
            desk: Desk::new(inbox, inbox_path, setting.now),
            pending,
            ledger,
            process: None,
            setting,
            answer: Answer::Nothing,
            trouble,
        }
    }

    fn answer(&mut self) {
        if let Err(error) = self.sight() {
            self.trouble.push(error.to_string());
        }
        match self.mark() {
            Ok(Some(mark)) => return self.stop_by_hand(&mark),
            Ok(None) => {}
            Err(error) => self.trouble.push(error.to_string()),
        }
        if self.setting.config.caps.is_empty() {
            return;
        }
        let standing = match self.stand() {
            Ok(standing) => Ok(standing),
            // A ledger that cannot be used: what the transcripts alone tell is a floor.
            Err(error) if self.ledger.is_some() => {
                self.trouble.push(error.to_string());
                self.ledger = None;
                self.stand()
            }
            Err(error) => Err(error),
        };
        match standing {
            Ok(standing) => self.by_caps(&standing),
            Err(error) => self.trouble.push(error.to_string()),
        }
    }

    /// Notes which process the session lives in: once, and again where it is taken up, because the
    /// process may have been in another session in between.
    fn sight(&mut self) -> Result<(), LedgerError> {
        let Some((process, exe)) = (self.setting.process)() else { return Ok(()) };
        self.process = Some(process.clone());
        let is_it =
            |sighting: &Sighting| sighting.session == self.session && sighting.process == process;
        let stored = match &self.ledger {
            Some(ledger) => ledger.sightings(&self.session)?,
            None => Vec::new(),
        };
        let is_known = stored.iter().chain(&self.pending.sightings).any(is_it);
        if is_known && self.moment != Moment::SessionStart {
            return Ok(());
        }
        self.desk.sight(Sighting {
            session: self.session.clone(),
            process,
            exe,
            transcript: self.event.transcript.clone(),
            at: self.setting.now,
        })
    }

    /// A person's block of this session. What a cap marked, the cap itself decides anew.
    fn mark(&self) -> Result<Option<Mark>, LedgerError> {
        let mut marks = match &self.ledger {
            Some(ledger) => ledger.marks_of(&self.session)?,
            None => Vec::new(),
        };
        for (_, mark) in self.pending.marks.iter().filter(|(key, _)| *key == self.session) {
            match mark {
                Some(mark) => marks.push(mark.clone()),
                None => marks.clear(),
            }
        }
        let by_hand = |mark: &Mark| mark.cap.is_none() && mark.action == CapAction::Block;
        Ok(marks.into_iter().find(by_hand))
    }

    fn stand(&mut self) -> Result<Standing, LedgerError> {
        let book = LazyBook::new(self.setting.book, self.ledger.as_ref());
        let agent = self.session.agent;
        let placed = self.event.transcript.as_ref().map(|transcript| {
            match tail::place(self.setting.roots, transcript) {
                Some((root, path)) => (path, root.developer),
                None => (transcript.clone(), Arc::clone(self.setting.developer)),
            }
        });
        let developer = placed
            .as_ref()
            .map_or_else(|| Arc::clone(self.setting.developer), |(_, id)| Arc::clone(id));
        let question = Question {
            event: self.event,
            session: &self.session,
            developer: &developer,
            config: self.setting.config,
            zone: self.setting.zone,
            book: &book,
            pending: &self.pending,
            now: self.setting.now,
            until: self.setting.until,
        };
        let look = || match &placed {
            Some((transcript, developer)) => Files::of(transcript, agent, developer),
            None => Files::default(),
        };
        let files = look();
        let mut standing = question.ask(self.ledger.as_ref(), &files)?;
        // The call whose tool has run may not be in the transcript yet. Where it could break a cap
        // that is worth a moment.
        if self.moment == Moment::PostToolUse
            && standing.stop().is_none()
            && standing.is_near()
            && let Some(id) = &self.event.tool_use_id
            && let Some(file) = files.of_thread(self.event.subagent.as_deref())
            && wait::for_text(&file.path, id, self.setting.pause)
        {
            standing = question.ask(self.ledger.as_ref(), &look())?;
        }
        // With this prompt a person may be ending the loop: it is the first step after it, by what
        // the transcript then says, that is stopped.
        if self.moment == Moment::UserPromptSubmit {
            standing.decisions.retain(|decision| !decision.cap.measure.is_loop());
        }
        self.trouble.extend(standing.trouble.take());
        self.trouble.extend(book.into_trouble());
        Ok(standing)
    }
}
