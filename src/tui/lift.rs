//! The form that lifts a cap for a while: how far, and why. Both are kept.

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::deed::{About, Answered, Lift, Reply, Request};
use crate::format::printable;

/// The form.
#[derive(Clone, Debug)]
pub struct Form {
    /// The cap's name.
    pub cap: Arc<str>,
    /// How it is to be lifted.
    pub lift: Lift,
    /// For how long or by how much, and why.
    pub fields: [Input; 2],
    /// The field that is typed into.
    pub at: usize,
    /// How far it is.
    pub step: Step,
}

/// How far a form is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is being filled in; what is wrong with it so far.
    Typing(Option<String>),
    /// It is being done.
    Doing,
    /// It is done: what was said.
    Done(Vec<String>),
}

/// What a key in the form came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Nothing.
    Same,
    /// Something to draw.
    Changed,
    /// It was left.
    Left,
    /// This is to be done.
    Asked(Request),
}

impl Form {
    /// An empty form.
    pub fn new(cap: Arc<str>, lift: Lift) -> Self {
        let fields = [Input::default(), Input::default()];
        Self { cap, lift, fields, at: 0, step: Step::Typing(None) }
    }

    /// Takes in a key.
    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        if self.step == Step::Doing || matches!(self.step, Step::Done(_)) {
            return match key.code {
                KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Pressed::Left,
                _ => Pressed::Same,
            };
        }
        match key.code {
            KeyCode::Esc => return Pressed::Left,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Down | KeyCode::Up => self.at = 1 - self.at,
            KeyCode::Enter => return self.enter(),
            _ => {
                self.step = Step::Typing(None);
                if self.fields[self.at].handle_event(&Event::Key(key)).is_none() {
                    return Pressed::Same;
                }
            }
        }
        Pressed::Changed
    }

    /// Goes on to what is still empty; where nothing is, it is to be done.
    fn enter(&mut self) -> Pressed {
        let texts = self.fields.each_ref().map(|field| field.value().trim().to_owned());
        if let Some(empty) = texts.iter().position(String::is_empty) {
            if self.at == empty {
                let what = match (empty, self.lift) {
                    (0, Lift::Snooze) => "say for how long, or until when",
                    (0, Lift::Raise) => "say by how many dollars",
                    _ => "say why: it is kept with it",
                };
                self.step = Step::Typing(Some(what.to_owned()));
            }
            self.at = empty;
            return Pressed::Changed;
        }
        self.step = Step::Doing;
        let [by, reason] = texts;
        Pressed::Asked(Request::Lift { cap: Arc::clone(&self.cap), lift: self.lift, by, reason })
    }

    /// Takes in an answer; tells whether it is to this form.
    pub fn hear(&mut self, reply: &Reply) -> bool {
        if reply.about != About::Cap(Arc::clone(&self.cap)) || self.step != Step::Doing {
            return false;
        }
        self.step = match &reply.what {
            Answered::Done(lines) => {
                Step::Done(lines.iter().map(|line| printable(line).into_owned()).collect())
            }
            // What was typed is still there, to be mended.
            Answered::Refused(why) => Step::Typing(Some(printable(why).into_owned())),
            Answered::Found(_) => return false,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(lift: Lift) -> Form {
        Form::new(Arc::from("daily"), lift)
    }

    fn type_in(form: &mut Form, text: &str) {
        for letter in text.chars() {
            form.press(KeyCode::Char(letter).into());
        }
    }

    fn press(form: &mut Form, key: KeyCode) -> Pressed {
        form.press(key.into())
    }

    #[test]
    fn nothing_is_lifted_without_how_far_and_why() {
        let mut form = form(Lift::Snooze);
        assert_eq!(press(&mut form, KeyCode::Enter), Pressed::Changed);
        assert!(matches!(&form.step, Step::Typing(Some(what)) if what.contains("how long")));
        type_in(&mut form, "1h");
        assert_eq!(form.step, Step::Typing(None));
        assert_eq!(press(&mut form, KeyCode::Enter), Pressed::Changed);
        assert_eq!((form.at, &form.step), (1, &Step::Typing(None)), "on to the reason");
        type_in(&mut form, "  ");
        press(&mut form, KeyCode::Enter);
        assert!(matches!(&form.step, Step::Typing(Some(what)) if what.contains("why")));
        type_in(&mut form, "a demo");
        let (cap, lift) = (Arc::from("daily"), Lift::Snooze);
        let asked = Request::Lift { cap, lift, by: "1h".into(), reason: "a demo".into() };
        assert_eq!(press(&mut form, KeyCode::Enter), Pressed::Asked(asked));
        assert_eq!(press(&mut form, KeyCode::Char('x')), Pressed::Same, "asked once");
    }

    #[test]
    fn what_is_refused_can_be_mended() {
        let mut form = form(Lift::Raise);
        type_in(&mut form, "five");
        press(&mut form, KeyCode::Tab);
        type_in(&mut form, "release day");
        assert!(matches!(press(&mut form, KeyCode::Enter), Pressed::Asked(_)));
        let about = About::Cap(Arc::from("daily"));
        let other = About::Cap(Arc::from("weekly"));
        let refused = Answered::Refused("no \x1b dollars".into());
        assert!(!form.hear(&Reply { about: other, what: refused.clone() }));
        assert!(form.hear(&Reply { about: about.clone(), what: refused }));
        assert_eq!(form.step, Step::Typing(Some("no \u{fffd} dollars".into())));
        press(&mut form, KeyCode::BackTab);
        for _ in 0..4 {
            press(&mut form, KeyCode::Backspace);
        }
        type_in(&mut form, "5");
        let Pressed::Asked(Request::Lift { by, .. }) = press(&mut form, KeyCode::Enter) else {
            panic!()
        };
        assert_eq!(by, "5");
        assert!(form.hear(&Reply { about, what: Answered::Done(vec!["raised".into()]) }));
        assert_eq!(form.step, Step::Done(vec!["raised".into()]));
        assert_eq!(press(&mut form, KeyCode::Enter), Pressed::Left);
    }

    #[test]
    fn esc_leaves_and_nothing_is_done() {
        let mut form = form(Lift::Raise);
        type_in(&mut form, "q5");
        assert_eq!(form.fields[0].value(), "q5", "letters are letters here");
        assert_eq!(press(&mut form, KeyCode::Esc), Pressed::Left);
    }
}
