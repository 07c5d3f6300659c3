//! What a cap means, in a sentence.

use std::fmt::Write as _;

use super::words::decimals;
use super::{Cap, Decision, Measure, Period, Scope};
use crate::format::{money_fixed, printable};
use crate::model::{CapAction, Permille};

impl Cap {
    /// `each developer may use $20.00 a day; you are told at 50 % and 80 %; at the limit …`.
    pub fn meaning(&self) -> String {
        let limit = money_fixed(self.limit, decimals(self.limit.into()));
        let period = match self.period {
            Period::Session => "in all its life",
            Period::Hour => "an hour",
            Period::Day => "a day",
            Period::Week => "a week, from Monday",
            Period::Month => "a month",
        };
        let whom = self.whom();
        let mut text = match self.measure {
            Measure::Spend => format!("{whom} may use {limit} {period}; "),
            Measure::LoopUsd => format!("{whom} may spend {limit} going round and round; "),
            Measure::LoopCount => {
                let count = Measure::count(self.limit.into());
                format!("{whom} may do the same {count} times, going round and round; ")
            }
        };
        if !self.warn_at.is_empty() {
            let _ = write!(text, "you are told at {}; ", levels(&self.warn_at));
        }
        let grace = self.grace.as_secs_f64();
        let _ = match self.action {
            CapAction::Notify => write!(text, "at the limit you are told, and nothing else"),
            CapAction::Flag => write!(text, "at the limit you are told and the session is marked"),
            CapAction::Block => write!(text, "at the limit its hook stops the session"),
            CapAction::Kill => write!(
                text,
                "at the limit its hook stops the session, and the process of one that goes on is \
                 ended, by force after {grace} s"
            ),
        };
        if self.measure.is_loop() {
            text.push_str("; a person's next prompt begins anew");
        }
        text
    }

    /// `spending cap`, or what else it is.
    pub fn noun(&self) -> &'static str {
        if self.measure.is_loop() { "cap on loops" } else { "spending cap" }
    }

    /// `each project like */shop`, `developer maya`.
    fn whom(&self) -> String {
        let scope = self.scope.name();
        let pattern = printable(&self.pattern);
        let mut text = if &*self.pattern == "*" {
            format!("each {scope}")
        } else if self.pattern.contains(['*', '?']) {
            format!("each {scope} like {pattern}")
        } else {
            format!("{scope} {pattern}")
        };
        if self.scope == Scope::Developer && &*self.pattern == "*" && !self.except.is_empty() {
            let names: Vec<_> = self.except.iter().map(|name| printable(name)).collect();
            let _ = write!(text, " but {}", names.join(", "));
        }
        text
    }
}

/// `50 %, 80 % and 90 %`.
fn levels(levels: &[Permille]) -> String {
    let names: Vec<String> = levels.iter().map(|level| Decision::level_name(*level)).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::PicoUsd;

    #[test]
    fn a_cap_is_told_in_a_sentence() {
        let daily =
            Cap { except: vec![Arc::from("maya")], ..Cap::daily(PicoUsd::from_dollars(20)) };
        assert_eq!(
            daily.meaning(),
            "each developer but maya may use $20.00 a day; you are told at 50 % and 80 %; at the \
             limit you are told and the session is marked"
        );
        let shop = Cap {
            scope: Scope::Project,
            pattern: Arc::from("*/shop"),
            period: Period::Week,
            warn_at: vec![755],
            action: CapAction::Kill,
            ..Cap::daily(PicoUsd(50_000_000_000))
        };
        assert_eq!(
            shop.meaning(),
            "each project like */shop may use $0.0500 a week, from Monday; you are told at 75.5 %; \
             at the limit its hook stops the session, and the process of one that goes on is \
             ended, by force after 3 s"
        );
    }
}
