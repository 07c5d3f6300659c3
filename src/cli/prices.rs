//! stub
use super::{Outcome, args::PricesCommand, context::Context};
pub(super) fn run(
    _c: &Context,
    _a: &PricesCommand,
    _o: &mut dyn std::io::Write,
) -> anyhow::Result<Outcome> {
    Ok(Outcome::Done)
}
