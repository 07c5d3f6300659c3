//! stub
use super::{Outcome, args::JsonArg, context::Context};
pub(super) fn run(
    _c: &Context,
    _a: JsonArg,
    _o: &mut dyn std::io::Write,
) -> anyhow::Result<Outcome> {
    Ok(Outcome::Done)
}
