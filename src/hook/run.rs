//! One call of the hook: what the agent asks, what it is told, and what is noted of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;

use super::answer::{Answer, takes_context};
use super::desk::Desk;
use super::event::Event;
use super::standing::{Question, Standing};
use super::tail::{self, Files};
use super::wait;
use super::words;
use crate::agents::{self, Moment};
use crate::config::{Config, OnError};
use crate::ingest::Root;
use crate::ledger::{Inbox, LedgerError, Pending, Reader};
use crate::model::{
    Action, ActionKind, AgentId, CapAction, Mark, Millis, Permille, PicoUsd, ProcessKey,
    SessionKey, Sighting,
};
use crate::paths;
use crate::policy::{Decision, notice_key};
use crate::pricing::PriceBook;

/// Looks up the price book in force, in the ledger if there is one.
pub type FindBook<'a> = dyn Fn(Option<&Reader>) -> Result<Arc<PriceBook>, String> + 'a;

/// What a hook is run with.
pub struct Setting<'a> {
    /// What the user wrote.
    pub config: &'a Config,
    /// The ledger.
    pub ledger: &'a Path,
    /// Where transcripts are, and who pays for them.
    pub roots: &'a [Root],
    /// Who pays for those that lie nowhere in there.
    pub developer: &'a Arc<str>,
    /// The zone that days begin in.
    pub zone: &'a TimeZone,
    /// The present.
    pub now: Millis,
    /// When reading transcripts must end.
    pub until: Instant,
    /// Looks up the price book in force.
    pub book: &'a FindBook<'a>,
    /// Finds the agent's process that we live in, and its executable.
    pub process: &'a dyn Fn() -> Option<(ProcessKey, PathBuf)>,
    /// Waits a moment for a transcript that is about to grow; false when it has been long enough.
    pub pause: &'a mut dyn FnMut() -> bool,
    /// A daemon is there, which tells the person.
    pub is_watched: &'a dyn Fn() -> bool,
    /// Tells the person, where no daemon does: a level of a cap, and in which project.
    pub tell: &'a mut dyn FnMut(&Decision, Permille, &str) -> Result<(), String>,
}

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

struct Run<'a, 's> {
    event: &'a Event,
    moment: Moment,
    session: SessionKey,
    setting: &'a mut Setting<'s>,
    desk: Desk,
    pending: Pending,
    ledger: Option<Reader>,
    process: Option<ProcessKey>,
    answer: Answer,
    trouble: Vec<String>,
}

/// The book in force, looked up when it is first needed.
struct LazyBook<'a> {
    book: std::cell::OnceCell<Arc<PriceBook>>,
    trouble: std::cell::RefCell<Option<String>>,
    look_up: &'a FindBook<'a>,
    ledger: Option<&'a Reader>,
}

impl AsRef<PriceBook> for LazyBook<'_> {
    fn as_ref(&self) -> &PriceBook {
        self.book.get_or_init(|| {
            (self.look_up)(self.ledger).unwrap_or_else(|why| {
                *self.trouble.borrow_mut() = Some(why);
                Arc::new(PriceBook::embedded().clone())
            })
        })
    }
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

    /// Notes which process the session lives in, once.
    fn sight(&mut self) -> Result<(), LedgerError> {
        let Some((process, exe)) = (self.setting.process)() else { return Ok(()) };
        self.process = Some(process.clone());
        let is_it =
            |sighting: &Sighting| sighting.session == self.session && sighting.process == process;
        let stored = match &self.ledger {
            Some(ledger) => ledger.sightings(&self.session)?,
            None => Vec::new(),
        };
        if stored.iter().chain(&self.pending.sightings).any(is_it) {
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
        let book = LazyBook {
            book: std::cell::OnceCell::new(),
            trouble: std::cell::RefCell::new(None),
            look_up: self.setting.book,
            ledger: self.ledger.as_ref(),
        };
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
            lifts: &self.pending.lifts,
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
        self.trouble.extend(standing.trouble.take());
        self.trouble.extend(book.trouble.into_inner());
        Ok(standing)
    }

    fn by_caps(&mut self, standing: &Standing) {
        if let Some(decision) = standing.stop() {
            self.stop_by_cap(decision);
        } else if takes_context(self.moment) {
            self.warn(standing);
        }
        self.tell(standing);
    }

    fn stop_by_cap(&mut self, decision: &Decision) {
        self.answer = Answer::Stop(decision.stop_reason(self.setting.zone));
        let overshoot = decision.overshoot().0;
        self.note_stop(Action {
            cap: Some(Arc::clone(&decision.cap.name)),
            evidence: format!("{}: {}", self.moment.name(), decision.amounts()),
            overshoot: Some(PicoUsd(i64::try_from(overshoot).unwrap_or(i64::MAX))),
            ..Action::new(self.setting.now, ActionKind::HookStop, "hook")
        });
    }

    fn stop_by_hand(&mut self, mark: &Mark) {
        self.answer = Answer::Stop(words::BY_HAND.to_owned());
        self.note_stop(Action {
            evidence: format!("{}: blocked by {}", self.moment.name(), mark.by),
            ..Action::new(self.setting.now, ActionKind::HookStop, "hook")
        });
    }

    fn note_stop(&mut self, action: Action) {
        // The start of a session is not stopped, only commented.
        if self.moment == Moment::SessionStart {
            return;
        }
        let noted = self.desk.act(Action {
            session: Some(self.session.clone()),
            process: self.process.clone(),
            outcome: "answered".to_owned(),
            resume: agents::resume_command(self.session.agent, &self.session.session_id, None),
            ..action
        });
        if let Err(error) = noted {
            self.trouble.push(error.to_string());
        }
    }

    /// One line for the model at each level, once.
    fn warn(&mut self, standing: &Standing) {
        let mut lines = Vec::new();
        for decision in standing.own().filter(|decision| decision.snoozed_until.is_none()) {
            let key = |level| format!("context/{}", notice_key(decision, level));
            match self.desk.claim(decision.levels(), key) {
                Ok(Some(level)) => lines.push(words::context(decision, level, self.setting.zone)),
                Ok(None) => {}
                Err(error) => self.trouble.push(error.to_string()),
            }
        }
        if !lines.is_empty() {
            self.answer = Answer::Context(lines.join("\n"));
        }
    }

    /// Has the person told of each level, once, where no daemon does.
    fn tell(&mut self, standing: &Standing) {
        for decision in standing.own() {
            let key = |level| notice_key(decision, level);
            let told = match self.desk.unclaimed(decision.levels(), key) {
                Ok(levels) if levels.is_empty() => continue,
                Ok(_) if (self.setting.is_watched)() => return,
                Ok(levels) => self.desk.claim(levels.into_iter(), key),
                Err(error) => Err(error),
            };
            let told = match told {
                Ok(Some(level)) => (self.setting.tell)(decision, level, standing.whose.project()),
                Ok(None) => Ok(()),
                Err(error) => Err(error.to_string()),
            };
            self.trouble.extend(told.err());
        }
    }
}

impl std::fmt::Debug for Setting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
