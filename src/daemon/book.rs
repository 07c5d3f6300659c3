//! The price book in force: the newest kept one or the program's own, under the user's prices.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, ConfigError};
use crate::ledger::{KeptBook, Pricing};
use crate::model::Millis;
use crate::pricing::{AuditRow, PriceBook, Pricer};

/// The price book in force.
#[derive(Clone, Debug)]
pub struct Book {
    book: Arc<PriceBook>,
}

impl Book {
    /// The newest book that was fetched, unless the program's own was checked later.
    pub fn base(kept: Option<&KeptBook>) -> Arc<PriceBook> {
        let own = PriceBook::embedded();
        let fetched = kept
            .filter(|kept| own.checked().is_none_or(|checked| kept.stored_at >= checked))
            .and_then(|kept| match PriceBook::from_json(&kept.content) {
                Ok(book) => Some(Arc::new(book)),
                Err(error) => {
                    tracing::warn!("the kept price book cannot be read ({error}): not used");
                    None
                }
            });
        fetched.unwrap_or_else(|| Arc::clone(own))
    }

    /// Lays the user's prices over a book; an error names the line of the config.
    pub fn with_user_prices(base: Arc<PriceBook>, config: &Config) -> Result<Self, ConfigError> {
        if config.prices == crate::pricing::UserPrices::default() {
            return Ok(Self { book: base });
        }
        match config.prices.apply(&base) {
            Ok(book) => Ok(Self { book: Arc::new(book) }),
            Err(errors) => {
                let path = config.origin.as_deref().unwrap_or(Path::new("config"));
                Err(ConfigError::of_prices(path, &config.text, &errors))
            }
        }
    }

    /// The book.
    pub fn book(&self) -> &Arc<PriceBook> {
        &self.book
    }

    /// The book as the ledger wants it.
    pub fn pricing(&self, now: Millis) -> Pricing<'static> {
        let mut pricer = Pricer::new(Arc::clone(&self.book));
        let rows = Arc::clone(&self.book);
        Pricing {
            sha256: self.book.id().to_owned(),
            source: self.book.origin().to_owned(),
            price: Box::new(move |call| pricer.price(call)),
            row: Box::new(move |number| {
                let row = rows.row(number).map(AuditRow::from);
                serde_json::to_string(&row.unwrap_or_default()).unwrap_or_default()
            }),
            now,
        }
    }
}
