//! What the agent's model and the person read. None names a way round a cap: a model would try it.

use jiff::tz::TimeZone;

use crate::format::printable;
use crate::model::{LIMIT, Permille};
use crate::policy::Decision;

/// A person has blocked the session.
pub const BY_HAND: &str = "spendtop: this session was blocked by a person.";

/// The hook failed, and is to stop the agent then.
pub const UNCHECKED: &str = "spendtop: whether a spending cap is reached cannot be told now, so \
     nothing more is to be spent.";

/// For the model, where it reads why; elsewhere the person does, and is told already.
pub const TELL: &str = "Stop here and tell the user.";

/// A level of a cap, for the model.
pub fn context(decision: &Decision, level: Permille, zone: &TimeZone) -> String {
    let cap = printable(&decision.cap.name);
    let until =
        decision.resets_at(zone).map_or_else(String::new, |at| format!("; it resets at {at}"));
    if level >= LIMIT {
        format!("spendtop: the {} \"{cap}\" {}{until}.", decision.cap.noun(), decision.reached())
    } else {
        let headline = decision.headline(level);
        let noun = decision.cap.noun();
        format!("spendtop: {headline} of the {noun} \"{cap}\" are used{until}.")
    }
}
