//! Fetches a price book over HTTP, and only when asked for. The only other network access is a
//! webhook that the config names.

use std::time::Duration;

use anyhow::{Context as _, Result};
use ureq::Agent;

/// The whole transfer must be done within this.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Price data is under 3 MB; a hostile server must not fill the memory.
pub(super) const MAX_BYTES: u64 = 16 << 20;

/// The bytes at a URL.
pub(super) fn fetch(url: &str) -> Result<Vec<u8>> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("spendtop/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut response = agent.get(url).call().with_context(|| format!("cannot fetch {url}"))?;
    response
        .body_mut()
        .with_config()
        .limit(MAX_BYTES)
        .read_to_vec()
        .with_context(|| format!("cannot read {url}"))
}
