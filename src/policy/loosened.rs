//! What a new config allows that the old one did not.

use std::sync::Arc;

use super::Cap;

/// Each way in which caps were loosened, in words.
pub fn loosened(old: &[Arc<Cap>], new: &[Arc<Cap>]) -> Vec<String> {
    let mut changes = Vec::new();
    for before in old {
        let name = &before.name;
        let Some(now) = new.iter().find(|cap| cap.name == *name) else {
            changes.push(format!("the cap \"{name}\" is gone"));
            continue;
        };
        if now.limit > before.limit && now.measure == before.measure {
            let shown = |cap: &Cap| cap.measure.show(cap.limit.into(), 2);
            let (from, to) = (shown(before), shown(now));
            changes.push(format!("the cap \"{name}\" went from {from} to {to}"));
        }
        if now.action < before.action {
            let (from, to) = (before.action, now.action);
            changes.push(format!("the cap \"{name}\" only does {to} now, not {from}"));
        }
        let about = |cap: &Cap| (cap.scope, Arc::clone(&cap.pattern), cap.except.clone());
        let over = |cap: &Cap| (cap.period, cap.measure);
        if about(now) != about(before) || over(now) != over(before) {
            changes.push(format!("the cap \"{name}\" is about something else now"));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CapAction, PicoUsd};

    #[test]
    fn only_what_allows_more_is_told() {
        let daily = Cap { action: CapAction::Block, ..Cap::daily(PicoUsd::from_dollars(20)) };
        let with = |change: &dyn Fn(&mut Cap)| {
            let mut cap = daily.clone();
            change(&mut cap);
            loosened(&[Arc::new(daily.clone())], &[Arc::new(cap)])
        };
        assert!(with(&|_| {}).is_empty());
        assert!(with(&|cap| cap.limit = PicoUsd::from_dollars(10)).is_empty());
        assert!(with(&|cap| cap.action = CapAction::Kill).is_empty());
        let raised = with(&|cap| cap.limit = PicoUsd::from_dollars(30));
        assert_eq!(raised, ["the cap \"daily\" went from $20.00 to $30.00"]);
        let milder = with(&|cap| cap.action = CapAction::Flag);
        assert_eq!(milder, ["the cap \"daily\" only does flag now, not block"]);
        let renamed = with(&|cap| cap.name = "day".into());
        assert_eq!(renamed, ["the cap \"daily\" is gone"]);
        let narrowed = with(&|cap| cap.pattern = "maya".into());
        assert_eq!(narrowed, ["the cap \"daily\" is about something else now"]);
    }
}
