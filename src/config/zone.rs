//! Time zones by their names, without the search through all of them that finding one costs: two
//! milliseconds, which a hook does not have.

use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;

/// Where the system keeps its zones, and its own.
const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL: &str = "/etc/localtime";

/// Copies of all zones that some systems have: with leap seconds, or under another name.
const COPIES: [&str; 2] = ["right/", "posix/"];

/// The zone of a name, from its file where that is where it is expected; none if there is no such
/// zone.
pub fn named(name: &str) -> Option<TimeZone> {
    // What is no plain name has rules of its own, which the search knows.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    let is_name = !name.starts_with('/') && name.chars().all(is_plain);
    let is_usual = is_name && !COPIES.iter().any(|copies| name.starts_with(copies));
    let read = is_usual.then(|| read(name, &Path::new(ZONES).join(name))).flatten();
    read.or_else(|| TimeZone::get(name).ok())
}

/// The system's own zone, or the one that its environment names in place of it (`TZ`).
pub fn system(environment: Option<&str>) -> TimeZone {
    let zone = match environment {
        Some(name) => named(name),
        None => read("Local", Path::new(LOCAL)),
    };
    zone.unwrap_or_else(TimeZone::system)
}

fn read(name: &str, path: &Path) -> Option<TimeZone> {
    TimeZone::tzif(name, &fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_zone_is_the_one_that_a_search_finds() {
        for name in ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "UTC", "asia/tokyo"] {
            let (quick, found) = (named(name).unwrap(), TimeZone::get(name).unwrap());
            assert_eq!(quick.iana_name(), found.iana_name());
            for at in [0, 1_774_000_000, 1_795_435_200, 4_000_000_000] {
                let at = Timestamp::from_second(at).unwrap();
                assert_eq!(quick.to_offset(at), found.to_offset(at), "{name}");
                assert_eq!(system(Some(name)).to_offset(at), found.to_offset(at), "{name}");
            }
        }
        for name in ["", "Europe", "Europe/Nowhere", "../zoneinfo/UTC", "tzdata.zi", "zone.tab"] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
