//! Tells what the ledger says is still to be told, and notes there how it went.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::config::Notify;
use crate::ledger::{LedgerError, Outgoing, Writer};
use crate::model::Millis;
use crate::notice::{Teller, Told, retry_at, words};

/// The notices under way. The ledger remembers, so a restart loses none.
pub struct Outbox {
    teller: Teller,
    zone: TimeZone,
    /// Handed to the teller and not noted yet, by number and channel.
    under_way: BTreeMap<(i64, String), Outgoing>,
    /// Ended, but not noted yet: the ledger was busy.
    ended: Vec<Told>,
}

impl Outbox {
    /// Starts the configured channels. `wake` is called, from another thread, whenever
    /// [`Outbox::pump`] should be; `zone` is for the times in late notices.
    pub fn start(
        config: &Notify,
        zone: TimeZone,
        wake: impl Fn() + Clone + Send + 'static,
    ) -> Self {
        let teller = Teller::start(config, wake);
        Self { teller, zone, under_way: BTreeMap::new(), ended: Vec::new() }
    }

    /// The configured channels, for [`Writer::store_notice`] and [`Writer::store_note`].
    pub fn channels(&self) -> Vec<&'static str> {
        self.teller.channels()
    }

    /// Notes what was told, starts telling what is due, and says when to be called again if
    /// nothing wakes it before. Waits for nothing but the ledger.
    pub fn pump(
        &mut self,
        writer: &mut Writer,
        now: Millis,
    ) -> Result<Option<Millis>, LedgerError> {
        self.ended.extend(std::iter::from_fn(|| self.teller.told()));
        self.note_ended(writer, now)?;
        for outgoing in writer.outgoing(now)? {
            let key = (outgoing.number, outgoing.channel.clone());
            if self.under_way.contains_key(&key) {
                continue;
            }
            let notice = words::late(&outgoing.notice, &self.zone, now);
            match self.teller.send(outgoing.number, &outgoing.channel, notice) {
                Ok(()) => drop(self.under_way.insert(key, outgoing)),
                // A channel that is no more will not come back by waiting.
                Err(why) => writer.note_delivery(&outgoing, &Err(why), now, None)?,
            }
        }
        // What is due by now is under way, and wakes us.
        writer.next_outgoing_after(now)
    }

    /// Waits up to `limit` for what is under way, so that a daemon that ends does not tell it
    /// again when it is started anew.
    pub fn finish(
        &mut self,
        writer: &mut Writer,
        now: Millis,
        limit: Duration,
    ) -> Result<(), LedgerError> {
        let start = Instant::now();
        while self.under_way.len() > self.ended.len() {
            let Some(told) = self.teller.told_within(limit.saturating_sub(start.elapsed())) else {
                break;
            };
            self.ended.push(told);
        }
        self.note_ended(writer, now)
    }

    fn note_ended(&mut self, writer: &mut Writer, now: Millis) -> Result<(), LedgerError> {
        while let Some(told) = self.ended.last() {
            let key = (told.number, told.channel.to_owned());
            if let Some(outgoing) = self.under_way.get(&key) {
                let failed = outgoing.attempts.saturating_add(1);
                let retry = retry_at(outgoing.notice.at, failed, now);
                writer.note_delivery(outgoing, &told.outcome, now, retry)?;
                if let Err(why) = &told.outcome {
                    tracing::warn!("{} could not tell: {why}", told.channel);
                }
            }
            self.under_way.remove(&key);
            self.ended.pop();
        }
        Ok(())
    }
}
