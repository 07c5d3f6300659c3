//! stub
use super::{Outcome, args::ExplainArgs, context::Context};
pub(super) fn run(
    _c: &Context,
    _a: &ExplainArgs,
    _o: &mut dyn std::io::Write,
) -> anyhow::Result<Outcome> {
    Ok(Outcome::Done)
}
