//! macOS shows a notification only for an application it knows.

use std::sync::Once;

static PREPARED: Once = Once::new();

/// Borrows the terminal's name, once: a bare binary has no bundle of its own, and without one the
/// first notification asks the person which application to use.
pub(super) fn prepare() {
    PREPARED.call_once(|| {
        let bundle = notify_rust::get_bundle_identifier_or_default("Terminal");
        // Fails where one is set already, which then serves.
        let _ = notify_rust::set_application(&bundle);
    });
}
