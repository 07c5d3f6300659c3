//! From a call to its row: platform, terms, date and prompt length; and how sure that is.

use crate::model::{
    Call, CallKind, Charge, Cost, CostStatus, Geo, Millis, PicoUsd, Refusal, ServiceTier, Speed,
    UnpricedReason,
};

use super::book::{ModelEntry, PriceBook};
use super::formula::{self, Missing, ONE, WEB_SEARCH};
use super::matching::{Form, ModelMatch};
use super::reserve::vendor_of;
use super::row::{Basis, Endpoint, PriceRow, Provider, When};
use super::user::UnknownPolicy;

/// 2026-09-24T00:00:00Z: since then some refusals are billed without output.
const REFUSALS_BILLED_FROM: Millis = Millis(1_790_208_000_000);

/// Output tokens up to which a refusal leaves open whether the output was the answer's.
const AMBIGUOUS_OUTPUT: u64 = 9;

/// What about a price rests on something other than the record.
#[derive(Clone, Copy, Debug, Default)]
struct Doubts {
    contract: bool,
    upper_bound: bool,
    assumed: bool,
}

impl Doubts {
    /// The one word for it; a contract says most about how the amount is to be read.
    fn status(self) -> CostStatus {
        if self.contract {
            CostStatus::Contract
        } else if self.upper_bound {
            CostStatus::UpperBound
        } else if self.assumed {
            CostStatus::Assumed
        } else {
            CostStatus::Exact
        }
    }
}

/// Where a Claude call was served.
#[derive(Clone, Copy, Debug)]
struct Place {
    endpoint: Option<Endpoint>,
    /// The endpoint is a guess.
    guessed: bool,
}

impl PriceBook {
    /// Prices a call whose model was found before.
    pub fn price_matched(&self, call: &Call, found: &ModelMatch) -> Cost {
        let refusal = match refused(call) {
            Refused::NotBilled => {
                return Cost::Priced(Charge {
                    amount: PicoUsd::ZERO,
                    status: CostStatus::NotBilled,
                    row: None,
                    multiplier_ppm: ONE,
                });
            }
            other => other,
        };
        match (self.charge(call, found, refusal), call.reported_cost) {
            (Ok(charge), _) => Cost::Priced(charge),
            // Better than nothing: what the agent itself said the call cost. A listed price is
            // better still: it is dated, and tells its source.
            (Err(_), Some(amount)) => Cost::Priced(Charge {
                amount,
                status: CostStatus::ProviderReported,
                row: None,
                multiplier_ppm: ONE,
            }),
            (Err(reason), None) => Cost::Unpriced(reason),
        }
    }

    fn charge(
        &self,
        call: &Call,
        found: &ModelMatch,
        refusal: Refused,
    ) -> Result<Charge, UnpricedReason> {
        let mut doubts = Doubts {
            upper_bound: call.qualifiers.credited,
            assumed: call.qualifiers.assumed || found.stand_in || refusal == Refused::Ambiguous,
            ..Doubts::default()
        };
        let (entry, place) = match self.place(call, found) {
            Ok(placed) => placed,
            Err(UnpricedReason::UnknownModel)
                if self.settings.unknown == UnknownPolicy::Ceiling =>
            {
                return self.ceiling(call);
            }
            Err(reason) => return Err(reason),
        };
        let when = terms(call, entry, &mut doubts)?;
        let (index, row) = self.row_for(entry, when, place.endpoint, call)?;
        doubts.assumed |=
            row.basis.is_assumption() || (place.guessed && row.when.endpoint.is_some());
        doubts.contract |= row.basis == Basis::Contract;

        let multiplier = self.multiplier(call, entry, row, &mut doubts);
        let claude = is_claude(entry);
        let missing = match entry.provider {
            Provider::Openai | Provider::Google if !claude => Missing::AsInput,
            _ => Missing::Unknown,
        };
        let search = if claude || entry.provider == Provider::Openai { WEB_SEARCH } else { 0 };
        // Grounding is billed past a free quota of the whole account: not knowable.
        doubts.assumed |= search == 0 && call.usage.web_search_requests > 0;

        let priced = formula::amount(&row.rates, &call.usage, missing, multiplier, search)?;
        doubts.assumed |= priced.assumed;
        Ok(Charge {
            amount: priced.amount,
            status: doubts.status(),
            row: Some(index),
            multiplier_ppm: multiplier,
        })
    }

    /// The price of an unknown model at the vendor's dearest rate, where the user wants that.
    fn ceiling(&self, call: &Call) -> Result<Charge, UnpricedReason> {
        let (index, amount) =
            self.dearest(vendor_of(call), call).ok_or(UnpricedReason::UnknownModel)?;
        let (row, status) = (Some(index), CostStatus::UpperBound);
        Ok(Charge { amount, status, row, multiplier_ppm: ONE })
    }

    /// The platform's entry of the model, and the endpoint.
    fn place(
        &self,
        call: &Call,
        found: &ModelMatch,
    ) -> Result<(&ModelEntry, Place), UnpricedReason> {
        if call.model.is_none() {
            return Err(UnpricedReason::NoModel);
        }
        let platform = if found.aws.is_some() || found.vertex.is_some() {
            self.settings.platform.unwrap_or_else(|| platform(&call.call_id.id, found.form))
        } else {
            Provider::Anthropic
        };
        let (index, place) = match platform {
            Provider::Aws => {
                let (endpoint, guessed) = match found.form {
                    Form::Bedrock(endpoint) => (endpoint, false),
                    // The response names the bare model; the dearer endpoint is the default one.
                    Form::Plain | Form::Vertex(_) => (Endpoint::Regional, true),
                };
                (found.aws, Place { endpoint: Some(endpoint), guessed })
            }
            Provider::Google => {
                let told = match found.form {
                    Form::Vertex(endpoint) => endpoint,
                    Form::Plain | Form::Bedrock(_) => None,
                };
                let told = told.or(self.settings.vertex);
                let endpoint = Some(told.unwrap_or(Endpoint::Global));
                (found.vertex, Place { endpoint, guessed: told.is_none() })
            }
            Provider::Anthropic | Provider::Openai | Provider::Alibaba | Provider::Other => {
                (found.first_party, Place { endpoint: None, guessed: false })
            }
        };
        let entry = index.and_then(|index| self.models.get(index as usize));
        entry.map(|entry| (entry, place)).ok_or(UnpricedReason::UnknownModel)
    }

    /// The row in force for the terms, from the highest threshold the prompt passes.
    pub(super) fn row_for(
        &self,
        entry: &ModelEntry,
        when: When,
        endpoint: Option<Endpoint>,
        call: &Call,
    ) -> Result<(u32, &PriceRow), UnpricedReason> {
        let prompt = call.band_prompt_tokens();
        let mut best: Option<(u32, &PriceRow)> = None;
        let mut other_date = false;
        for (index, row) in (entry.rows.start..).zip(self.rows_of(entry)) {
            let same_terms = row.when.speed == when.speed
                && row.when.service_tier == when.service_tier
                && (row.when.endpoint.is_none() || row.when.endpoint == endpoint);
            if !same_terms {
                continue;
            }
            if !row.covers(call.timestamp) {
                other_date = true;
                continue;
            }
            let reached = row.above == 0 || prompt > row.above;
            // A row for this very endpoint is the user's where the list has one for all.
            let rank = |row: &PriceRow| (row.when.endpoint.is_some(), row.above);
            if reached && best.is_none_or(|(_, best)| rank(best) <= rank(row)) {
                best = Some((index, row));
            }
        }
        best.ok_or(if when.is_standard() && other_date {
            UnpricedReason::NoRowAtDate
        } else {
            UnpricedReason::UnknownQualifier
        })
    }

    /// Residency surcharge and discount, in parts per million.
    fn multiplier(
        &self,
        call: &Call,
        entry: &ModelEntry,
        row: &PriceRow,
        doubts: &mut Doubts,
    ) -> u32 {
        let mut ppm = ONE;
        if let Some(residency) = entry.residency_ppm {
            match call.qualifiers.inference_geo {
                Geo::Us => ppm = residency,
                // The surcharge is published for the United States only.
                Geo::Other => doubts.assumed = true,
                Geo::Unstated | Geo::Global => {}
            }
        }
        if row.basis != Basis::Contract
            && let Some(discount) = self.settings.discounts.iter().find(|discount| {
                discount.provider == entry.provider && discount.covers(call.timestamp)
            })
        {
            doubts.contract = true;
            let product = u64::from(ppm) * u64::from(discount.multiplier_ppm);
            ppm = (product / u64::from(ONE)) as u32;
        }
        ppm
    }
}

/// Who served a Claude call: the response id says so, else the form of the model name.
fn platform(response_id: &str, form: Form) -> Provider {
    if response_id.starts_with("msg_bdrk_") {
        Provider::Aws
    } else if response_id.starts_with("msg_vrtx_") {
        Provider::Google
    } else {
        match form {
            Form::Bedrock(_) => Provider::Aws,
            Form::Vertex(_) => Provider::Google,
            Form::Plain => Provider::Anthropic,
        }
    }
}

pub(super) fn is_claude(entry: &ModelEntry) -> bool {
    match entry.provider {
        Provider::Anthropic => true,
        Provider::Aws | Provider::Google => entry.model.starts_with("claude"),
        Provider::Openai | Provider::Alibaba | Provider::Other => false,
    }
}

/// The terms of a call, in the words its vendor's rows use.
fn terms(call: &Call, entry: &ModelEntry, doubts: &mut Doubts) -> Result<When, UnpricedReason> {
    let (mut speed, mut service_tier) = (call.qualifiers.speed, call.qualifiers.service_tier);
    if speed == Speed::Other || service_tier == ServiceTier::Other {
        return Err(UnpricedReason::UnknownQualifier);
    }
    if is_claude(entry) && service_tier == ServiceTier::Priority {
        // Committed capacity at a price of its own: list price stands in.
        service_tier = ServiceTier::Standard;
        doubts.contract = true;
    }
    if entry.provider == Provider::Openai
        && speed == Speed::Fast
        && matches!(service_tier, ServiceTier::Standard | ServiceTier::Priority)
    {
        // OpenAI renamed `priority` to `fast` on 2026-07-30.
        (speed, service_tier) = (Speed::Standard, ServiceTier::Priority);
    }
    Ok(When { speed, service_tier, endpoint: None })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// An answer, or a refusal billed like one.
    Billed,
    /// So little output that it may not have been billed.
    Ambiguous,
    /// Free.
    NotBilled,
}

fn refused(call: &Call) -> Refused {
    let free_without_output = match (call.qualifiers.refusal, call.kind) {
        (Refusal::None, CallKind::FallbackAttempt) | (Refusal::Unbilled, _) => true,
        (Refusal::Billed, _) => call.timestamp < REFUSALS_BILLED_FROM,
        (Refusal::None, CallKind::Message | CallKind::Advisor | CallKind::Compaction) => false,
    };
    match call.usage.output_tokens {
        _ if !free_without_output => Refused::Billed,
        0 => Refused::NotBilled,
        1..=AMBIGUOUS_OUTPUT => Refused::Ambiguous,
        _ => Refused::Billed,
    }
}
