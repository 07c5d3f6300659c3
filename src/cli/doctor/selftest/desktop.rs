//! The last step of a selftest: the desktop of the person who runs it is shown a notice.

use std::time::{Duration, Instant};

use super::report::{Proof, Proven, Unproven};
use crate::clock::{Clock, SystemClock};
use crate::notice::{Unshown, call_within, desktop_service, show_on_desktop, words};
use crate::paths::Paths;

/// A service that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(3);

/// The same for its name, which it need not say.
const LIMIT_OF_NAME: Duration = Duration::from_millis(500);

/// The desktop's notification service takes a notice that says it is a test.
pub(super) fn notification_accepted(paths: &Paths) -> Proof {
    let notice = words::of_selftest(SystemClock.now());
    let begun = Instant::now();
    let shown = call_within("desktop", LIMIT, move || Ok(show_on_desktop(&notice)));
    let took = begun.elapsed();
    match shown {
        Ok(Ok(())) => {
            let name = call_within("desktop service", LIMIT_OF_NAME, desktop_service);
            let detail = name.map_or_else(|_| String::new(), |name| format!("by {name}"));
            Ok(Proven { took, detail })
        }
        Ok(Err(why)) => Err(unshown(why, paths.has_session_bus())),
        Err(why) => Err(Unproven::Failed {
            why: format!("the notification service {why}"),
            todo: "Restart it. Notices are kept and tried again for a day; a webhook or a command \
                   can tell you, too: [notify] in the config.",
        }),
    }
}

fn unshown(why: Unshown, has_address: bool) -> Unproven {
    let elsewhere =
        "Without a desktop a webhook or a command can tell you: [notify] in the config.";
    match why {
        Unshown::NoBus(_) if !has_address => Unproven::Missing {
            what: "no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set)".into(),
            todo: elsewhere,
        },
        Unshown::NoService => Unproven::Missing { what: why.to_string(), todo: elsewhere },
        Unshown::NoBus(why) => Unproven::Failed {
            why: format!("nobody answers where DBUS_SESSION_BUS_ADDRESS points: {why}"),
            todo: "It is probably of an earlier login: try from a fresh terminal of your desktop.",
        },
        Unshown::Failed(why) => Unproven::Failed {
            why,
            todo: "Restart your desktop's notification service, then try `spendtop notify test`.",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_lacks_is_no_failure() {
        let of = |why, has_address| match unshown(why, has_address) {
            Unproven::Missing { what, .. } => format!("skip {what}"),
            Unproven::Failed { why, .. } => format!("FAIL {why}"),
            Unproven::Interrupted => "interrupted".into(),
        };
        let no_bus = || Unshown::NoBus("no such file".into());
        assert_eq!(
            of(no_bus(), false),
            "skip no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set)"
        );
        assert_eq!(
            of(no_bus(), true),
            "FAIL nobody answers where DBUS_SESSION_BUS_ADDRESS points: no such file"
        );
        assert_eq!(
            of(Unshown::NoService, true),
            "skip no notification service runs on the session bus"
        );
        assert_eq!(of(Unshown::Failed("it broke".into()), true), "FAIL it broke");
    }
}
