//! Desktop notifications: over D-Bus on Linux, the notification centre on macOS.

use notify_rust::{Notification, Timeout};

use super::Notifier;
use crate::model::Notice;

/// The channel's name.
pub(super) const CHANNEL: &str = "desktop";

/// How long an ordinary notification stays; an urgent one stays until it is seen.
const SHOWN_MS: u32 = 15_000;

/// The desktop's notification service.
pub(super) struct Desktop;

impl Notifier for Desktop {
    fn channel(&self) -> &'static str {
        CHANNEL
    }

    fn tell(&self, notice: &Notice) -> Result<(), String> {
        show(notice).map_err(|why| why.to_string())
    }
}

/// Why the desktop did not show a notice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unshown {
    /// There is no session bus, or nobody answers at it.
    #[error("no session bus (D-Bus) could be used: {0}")]
    NoBus(String),
    /// The bus is there, and nobody on it shows notifications.
    #[error("no notification service runs on the session bus")]
    NoService,
    /// The service failed.
    #[error("{0}")]
    Failed(String),
}

/// Has the desktop's service show a notice. May hang.
pub fn show(notice: &Notice) -> Result<(), Unshown> {
    #[cfg(target_os = "macos")]
    super::desktop_macos::prepare();
    let mut notification = Notification::new();
    notification.appname("spendtop").summary(&notice.title).body(&body(notice));
    notification.timeout(if notice.urgent {
        Timeout::Never
    } else {
        Timeout::Milliseconds(SHOWN_MS)
    });
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        use notify_rust::Urgency;
        let (urgency, icon) = if notice.urgent {
            (Urgency::Critical, "dialog-warning")
        } else {
            (Urgency::Normal, "dialog-information")
        };
        notification.urgency(urgency).icon(icon);
    }
    notification.show().map(|_| ()).map_err(|error| explain(&error))
}

/// The service's name and version, if it answers. May hang.
#[cfg(all(unix, not(target_os = "macos")))]
pub fn service() -> Result<String, String> {
    let server =
        notify_rust::get_server_information().map_err(|error| explain(&error).to_string())?;
    let text = format!("{} {}", server.name, server.version);
    Ok(crate::format::printable(text.trim()).into_owned())
}

/// The system's own; whether it is allowed to show anything is not told.
#[cfg(target_os = "macos")]
pub fn service() -> Result<String, String> {
    Ok("notification centre".to_owned())
}

/// The body as the service wants it: many read `<b>` and links in it, which a folder's name must
/// not be able to make.
#[cfg(all(unix, not(target_os = "macos")))]
fn body(notice: &Notice) -> String {
    let plain = notify_rust::get_capabilities()
        .is_ok_and(|known| known.iter().all(|capability| capability != "body-markup"));
    if plain { notice.body.clone() } else { escape(&notice.body) }
}

#[cfg(target_os = "macos")]
fn body(notice: &Notice) -> String {
    notice.body.clone()
}

#[cfg(all(unix, not(target_os = "macos")))]
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What went wrong, as a person says it.
fn explain(error: &notify_rust::error::Error) -> Unshown {
    let text = error.to_string();
    if text.contains("ServiceUnknown") || text.contains("NameHasNoOwner") {
        return Unshown::NoService;
    }
    if text.contains("NoReply") || text.contains("Disconnected") {
        return Unshown::Failed("the notification service ended before it answered".to_owned());
    }
    let text = crate::format::printable(&text).into_owned();
    // The bus itself says so.
    if text.contains("org.freedesktop.DBus.Error") {
        return Unshown::Failed(format!("the notification service failed: {text}"));
    }
    if cfg!(target_os = "macos") { Unshown::Failed(text) } else { Unshown::NoBus(text) }
}
