//! Telling the person: the desktop, a webhook, a command.
