//! What other processes asked of the holder of the lock.

use std::path::Path;
use std::sync::Arc;

use super::{Book, store_notes};
use crate::config::Config;
use crate::ledger::{Inbox, LedgerError, Request, Writer};
use crate::model::Millis;
use crate::notice;
use crate::paths;
use crate::pricing::PriceBook;

/// The inbox of a ledger, if somebody waits there or left something.
pub fn waiting_requests(ledger: &Path, now: Millis) -> Result<Option<Inbox>, LedgerError> {
    let path = paths::inbox_of(ledger);
    if !path.exists() {
        return Ok(None);
    }
    let inbox = Inbox::open(&path)?;
    let is_empty = inbox.waiting(now)?.is_empty() && inbox.notes()?.is_empty();
    Ok(if is_empty { None } else { Some(inbox) })
}

/// Stores everything that was left, then does and answers everything that waits.
pub fn serve(
    inbox: &Inbox,
    writer: &mut Writer,
    book: &mut Book,
    config: &Config,
    now: Millis,
) -> Result<(), LedgerError> {
    store_notes(inbox, writer, &notice::channels(&config.notify))?;
    answer(inbox, writer, book, config, now)
}

/// Does and answers everything that waits.
pub(super) fn answer(
    inbox: &Inbox,
    writer: &mut Writer,
    book: &mut Book,
    config: &Config,
    now: Millis,
) -> Result<(), LedgerError> {
    for (id, request) in inbox.waiting(now)? {
        let answer = match request {
            Request::Reprice => {
                writer.reprice(&mut book.pricing(now)).map_err(|error| error.to_string())
            }
            Request::KeepBook { source, content } => {
                keep_book(writer, book, config, &source, &content, now)
            }
        };
        inbox.set_answer(id, &answer, now)?;
    }
    Ok(())
}

/// Keeps a price book for good and puts it in force.
pub fn keep_book(
    writer: &mut Writer,
    book: &mut Book,
    config: &Config,
    source: &str,
    content: &[u8],
    now: Millis,
) -> Result<(), String> {
    let new = PriceBook::from_json(content).map_err(|error| error.to_string())?;
    writer.keep_book(new.id(), source, now, content).map_err(|error| error.to_string())?;
    *book = Book::with_user_prices(Arc::new(new), config).map_err(|error| error.to_string())?;
    writer.forget_book();
    Ok(())
}
