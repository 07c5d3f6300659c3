//! The dialog that does something to sessions: shows their processes, has a deed chosen, and then
//! typed, with a reason behind it if the person wants one. Nothing is done by one key.

use std::collections::BTreeMap;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::deed::{About, Answered, Deed, Found, Reply, Request, Subject};
use crate::format::printable;
use crate::model::SessionKey;

/// The reason where the person gives none.
const BY_HAND: &str = "by hand, from the screen";

/// The dialog.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// The sessions.
    pub subjects: Vec<Subject>,
    /// The processes of each, as far as they were found.
    pub found: BTreeMap<SessionKey, Vec<Found>>,
    /// How far it is.
    pub step: Step,
}

/// How far a dialog is.
#[derive(Clone, Debug)]
pub enum Step {
    /// A deed is to be chosen.
    Choose,
    /// The deed's word is to be typed.
    Confirm {
        /// Which.
        deed: Deed,
        /// What was typed.
        input: Input,
        /// What was typed is not the word.
        wrong: bool,
    },
    /// It is being done.
    Doing {
        /// What.
        deed: Deed,
        /// Sessions that it is still to be heard of.
        left: usize,
        /// What was heard so far.
        said: Vec<String>,
    },
    /// It is done, or not; what was said.
    Over(Vec<String>),
}

/// What a key in the dialog came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Nothing.
    Same,
    /// Something to draw.
    Changed,
    /// It was left.
    Left,
    /// This is to be done.
    Asked(Vec<Request>),
}

impl Dialog {
    /// A dialog about these, and what has to be asked for it.
    pub fn new(subjects: Vec<Subject>) -> (Self, Vec<Request>) {
        let ask = |subject: &Subject| Request::Find(subject.session.clone());
        let requests = subjects.iter().map(ask).collect();
        (Self { subjects, found: BTreeMap::new(), step: Step::Choose }, requests)
    }

    /// Processes were looked for, and there are none.
    pub fn has_nothing_to_end(&self) -> bool {
        let found = |subject: &Subject| self.found.get(&subject.session);
        self.subjects.iter().all(|subject| found(subject).is_some_and(Vec::is_empty))
    }

    /// Takes in a key.
    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match &mut self.step {
            Step::Choose => match key.code {
                KeyCode::Esc | KeyCode::Char('q') => Pressed::Left,
                KeyCode::Char(letter) => {
                    match Deed::ALL.into_iter().find(|deed| deed.key() == letter) {
                        Some(deed) => {
                            let input = Input::default();
                            self.step = Step::Confirm { deed, input, wrong: false };
                            Pressed::Changed
                        }
                        None => Pressed::Same,
                    }
                }
                _ => Pressed::Same,
            },
            Step::Confirm { deed, input, wrong } => match key.code {
                KeyCode::Esc => {
                    self.step = Step::Choose;
                    Pressed::Changed
                }
                KeyCode::Enter => {
                    let deed = *deed;
                    let Some(reason) = reason(input.value(), deed) else {
                        *wrong = true;
                        return Pressed::Changed;
                    };
                    Pressed::Asked(self.ask(deed, &reason))
                }
                _ => {
                    *wrong = false;
                    input.handle_event(&Event::Key(key));
                    Pressed::Changed
                }
            },
            // What is under way cannot be called back; its outcome is said in any case.
            Step::Doing { .. } | Step::Over(_) => match key.code {
                KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Pressed::Left,
                _ => Pressed::Same,
            },
        }
    }

    fn ask(&mut self, deed: Deed, reason: &str) -> Vec<Request> {
        let left = self.subjects.len();
        self.step = Step::Doing { deed, left, said: Vec::new() };
        let request = |subject: &Subject| Request::Do {
            session: subject.session.clone(),
            deed,
            reason: reason.to_owned(),
        };
        self.subjects.iter().map(request).collect()
    }

    /// Takes in an answer.
    pub fn hear(&mut self, reply: &Reply) {
        let lines = match &reply.what {
            Answered::Found(found) => {
                if let About::Session(session) = &reply.about {
                    self.found.insert(session.clone(), found.clone());
                }
                return;
            }
            Answered::Done(lines) => lines.clone(),
            Answered::Refused(why) => vec![format!("refused: {why}")],
        };
        if let Step::Doing { left, said, .. } = &mut self.step {
            said.extend(lines.iter().map(|line| printable(line).into_owned()));
            *left = left.saturating_sub(1);
            if *left == 0 {
                let said = std::mem::take(said);
                self.step = Step::Over(said);
            }
        }
    }
}

/// The reason behind the deed's word; none where the word is not there.
fn reason(typed: &str, deed: Deed) -> Option<String> {
    let rest = typed.trim().strip_prefix(deed.name())?;
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let rest = rest.trim();
    Some(if rest.is_empty() { BY_HAND.to_owned() } else { rest.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::AgentId;

    fn subject(id: &str) -> Subject {
        let session = SessionKey { agent: AgentId::Claude, session_id: Arc::from(id) };
        Subject { session, label: id.into() }
    }

    fn type_in(dialog: &mut Dialog, text: &str) {
        for letter in text.chars() {
            dialog.press(KeyCode::Char(letter).into());
        }
    }

    #[test]
    fn nothing_is_done_before_the_word_is_typed() {
        let (mut dialog, asked) = Dialog::new(vec![subject("a")]);
        assert_eq!(asked, [Request::Find(subject("a").session)]);
        assert_eq!(dialog.press(KeyCode::Enter.into()), Pressed::Same);
        assert_eq!(dialog.press(KeyCode::Char('s').into()), Pressed::Changed);
        for wrong in ["", "y", "stopp"] {
            type_in(&mut dialog, wrong);
            assert_eq!(dialog.press(KeyCode::Enter.into()), Pressed::Changed, "{wrong:?}");
            assert!(matches!(dialog.step, Step::Confirm { wrong: true, .. }));
            dialog.press(KeyCode::Esc.into());
            dialog.press(KeyCode::Char('s').into());
        }
        type_in(&mut dialog, "stop too dear");
        let Pressed::Asked(requests) = dialog.press(KeyCode::Enter.into()) else { panic!() };
        let (session, reason) = (subject("a").session, "too dear".to_owned());
        assert_eq!(requests, [Request::Do { session, deed: Deed::Stop, reason }]);
    }

    #[test]
    fn several_sessions_are_asked_for_one_by_one_and_all_are_heard_of() {
        let (mut dialog, _) = Dialog::new(vec![subject("a"), subject("b")]);
        dialog.press(KeyCode::Char('f').into());
        type_in(&mut dialog, "flag");
        let Pressed::Asked(requests) = dialog.press(KeyCode::Enter.into()) else { panic!() };
        assert_eq!(requests.len(), 2);
        let reply = |id, what| Reply { about: About::Session(subject(id).session), what };
        dialog.hear(&reply("a", Answered::Done(vec!["done \x1b[2J".into()])));
        assert!(matches!(dialog.step, Step::Doing { left: 1, .. }));
        dialog.hear(&reply("b", Answered::Refused("inside an agent".into())));
        let Step::Over(said) = &dialog.step else { panic!() };
        assert_eq!(said, &["done \u{fffd}[2J", "refused: inside an agent"]);
        assert_eq!(dialog.press(KeyCode::Esc.into()), Pressed::Left);
    }

    #[test]
    fn esc_takes_one_step_back() {
        let (mut dialog, _) = Dialog::new(vec![subject("a")]);
        dialog.press(KeyCode::Char('b').into());
        assert_eq!(dialog.press(KeyCode::Esc.into()), Pressed::Changed);
        assert!(matches!(dialog.step, Step::Choose));
        assert_eq!(dialog.press(KeyCode::Esc.into()), Pressed::Left);
    }
}
