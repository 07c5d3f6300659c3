//! The time zone, without the search through all of them that finding one by its name costs.

use std::path::Path;

use jiff::tz::TimeZone;

use crate::config::Config;
use crate::paths::Paths;

/// Where the system keeps its zones, and its own.
const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL: &str = "/etc/localtime";

/// The zone that days begin in: the same as [`Config::zone`], read from its file where that is
/// where it is expected.
pub(super) fn of(config: &Config, paths: &Paths) -> TimeZone {
    // What is no plain name has rules of its own, which finding it by the name knows.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    let named = |name: &str| {
        let is_name = !name.starts_with('/') && name.chars().all(is_plain);
        is_name.then(|| read(name, &Path::new(ZONES).join(name))).flatten()
    };
    let read = match (config.timezone.as_deref(), paths.zone()) {
        (Some(name), _) | (None, Some(name)) => named(name),
        (None, None) => read("Local", Path::new(LOCAL)),
    };
    read.unwrap_or_else(|| config.zone())
}

fn read(name: &str, path: &Path) -> Option<TimeZone> {
    TimeZone::tzif(name, &std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_zone_is_the_one_that_a_search_finds() {
        for name in ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "UTC"] {
            let config = Config { timezone: Some(name.to_owned()), ..Config::default() };
            let quick = of(&config, &Paths::default());
            for at in [0, 1_774_000_000, 1_795_435_200, 4_000_000_000] {
                let at = Timestamp::from_second(at).unwrap();
                assert_eq!(quick.to_offset(at), config.zone().to_offset(at), "{name}");
            }
        }
    }
}
