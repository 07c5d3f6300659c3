//! Checks the user's prices and lays them over a book.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use crate::model::money::parse_decimal;
use crate::model::{Millis, ParseUsdError, PicoUsd, ServiceTier, Speed};

use super::book::{PriceBook, Settings};
use super::draft::{Draft, DraftModel, Slot, merge};
use super::json::MAX_RATE;
use super::matching::{normalise, vertex_endpoint, without_date};
use super::row::{Basis, PriceRow, Provider, Rates, Source, When};
use super::user::{
    Discount, UnknownPolicy, UserDiscount, UserPriceError, UserPriceProblem as Problem, UserPrices,
    UserRow, UserRowKind, UserSpeed, UserTier, UserWhen,
};

impl UserPrices {
    /// A book in which these prices win over those of `base`, with an id of its own.
    ///
    /// A row applies to every prompt longer than its `above`, so listed long-prompt rows of the
    /// same terms give way to it. The error lists every entry that is wrong.
    pub fn apply(&self, base: &PriceBook) -> Result<PriceBook, Vec<UserPriceError>> {
        let mut errors = Vec::new();
        let rows = self.checked_rows(base, &mut errors);
        let settings = self.checked_settings(base, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut draft = Draft { settings, ..Draft::of(base) };
        for own in &rows {
            let key = (own.provider, own.model.clone());
            let model = draft.models.entry(key).or_insert_with(|| DraftModel::new(&own.model));
            for (slot, listed) in &mut model.slots {
                let same_terms = slot.when.speed == own.when.speed
                    && slot.when.service_tier == own.when.service_tier
                    && (own.when.endpoint.is_none() || own.when.endpoint == slot.when.endpoint);
                if same_terms && slot.above >= own.above {
                    *listed = merge(listed, std::slice::from_ref(own), &[], |_, old, new| {
                        old.filter(|old| new.is_none() || is_own(old))
                    });
                }
            }
        }
        for own in rows {
            if let Some(model) = draft.models.get_mut(&(own.provider, own.model.clone())) {
                let slot = model.slots.entry(Slot::of(&own)).or_default();
                slot.push(own);
                slot.sort_by_key(PriceRow::start);
            }
        }
        draft.finish().map_err(|error| {
            let (entry, value) = ("prices".to_owned(), error.to_string());
            let problem = Problem::Unknown { field: "prices", value, hint: "check the rows" };
            vec![UserPriceError { span: None, entry, problem }]
        })
    }

    fn checked_rows(&self, base: &PriceBook, errors: &mut Vec<UserPriceError>) -> Vec<PriceRow> {
        let mut rows: Vec<PriceRow> = Vec::new();
        for spanned in &self.row {
            let row = spanned.get_ref();
            let entry = format!("prices.row for {}/{}", row.provider.name(), row.model);
            let checked = check_row(base, row).and_then(|row| {
                let overlaps = rows.iter().any(|other| {
                    (other.provider, &other.model) == (row.provider, &row.model)
                        && Slot::of(other) == Slot::of(&row)
                        && other.start() < row.end()
                        && row.start() < other.end()
                });
                if overlaps { Err(Problem::Overlap) } else { Ok(row) }
            });
            match checked {
                Ok(row) => rows.push(row),
                Err(problem) => errors.push(located(spanned, entry, problem)),
            }
        }
        rows
    }

    fn checked_settings(&self, base: &PriceBook, errors: &mut Vec<UserPriceError>) -> Settings {
        let mut discounts: Vec<Discount> = Vec::new();
        for spanned in &self.discount {
            let entry = format!("prices.discount for {}", spanned.get_ref().provider.name());
            let checked = check_discount(spanned.get_ref()).and_then(|discount| {
                let start = |d: &Discount| d.from.map_or(i64::MIN, |at| at.0);
                let end = |d: &Discount| d.to.map_or(i64::MAX, |at| at.0);
                let overlaps = discounts.iter().any(|other| {
                    other.provider == discount.provider
                        && start(other) < end(&discount)
                        && start(&discount) < end(other)
                });
                if overlaps { Err(Problem::Overlap) } else { Ok(discount) }
            });
            match checked {
                Ok(discount) => discounts.push(discount),
                Err(problem) => errors.push(located(spanned, entry, problem)),
            }
        }
        if let Some(platform @ (Provider::Openai | Provider::Other)) = self.platform {
            let problem = Problem::Unknown {
                field: "platform",
                value: platform.name().to_owned(),
                hint: "Claude is served by anthropic, aws or google",
            };
            errors.push(UserPriceError { span: None, entry: "prices".to_owned(), problem });
        }
        let mut unknown = UnknownPolicy::Flag;
        if let Some(spanned) = &self.unknown {
            match check_policy(base, &spanned.get_ref().policy) {
                Ok(policy) => unknown = policy,
                Err(problem) => {
                    errors.push(located(spanned, "prices.unknown".to_owned(), problem));
                }
            }
        }
        let region = self.vertex_region.as_deref().map(str::trim);
        Settings {
            platform: self.platform,
            vertex: region.filter(|region| !region.is_empty()).map(vertex_endpoint),
            unknown,
            discounts,
        }
    }
}

fn is_own(row: &PriceRow) -> bool {
    matches!(row.basis, Basis::User | Basis::Contract)
}

fn located<T>(spanned: &Spanned<T>, entry: String, problem: Problem) -> UserPriceError {
    let span: Range<usize> = spanned.span();
    UserPriceError { span: Some(span), entry, problem }
}

fn check_row(base: &PriceBook, row: &UserRow) -> Result<PriceRow, Problem> {
    let model = model_id(base, row.provider, &row.model).ok_or(Problem::NoModel)?;
    let (from, to) = interval(&row.from, &row.to)?;
    let rate = |field, text: &str| rate(field, text, row.free);
    let optional = |field, text: &Option<String>| match text {
        Some(text) => rate(field, text).map(Some),
        None => Ok(None),
    };
    let basis = match row.kind {
        UserRowKind::Contract => Basis::Contract,
        UserRowKind::List => Basis::User,
    };
    let text = if row.note.is_empty() { "your own price, from the config" } else { &row.note };
    let source = Source { id: "user".into(), text: text.into(), checked: "".into() };
    Ok(PriceRow {
        provider: row.provider,
        model,
        when: terms(row.when),
        above: row.above,
        from,
        to,
        rates: Rates {
            input: Some(rate("input", &row.input)?),
            output: Some(rate("output", &row.output)?),
            cache_write_5m: optional("cache_write_5m", &row.cache_write_5m)?,
            cache_write_1h: optional("cache_write_1h", &row.cache_write_1h)?,
            cache_read: optional("cache_read", &row.cache_read)?,
        },
        basis,
        source: Arc::new(source),
    })
}

/// The canonical id where the book has the model, else the name as transcripts will have it.
fn model_id(base: &PriceBook, provider: Provider, model: &str) -> Option<Arc<str>> {
    let (name, _) = normalise(model);
    let listed = |name: &str| {
        // The names of Claude models are the first party's.
        let own = base.entry(provider, name).or_else(|| base.entry(Provider::Anthropic, name));
        own.map(|entry| entry.model.clone())
    };
    let undated = || without_date(&name).and_then(listed);
    let id = match provider {
        Provider::Other => Arc::from(model.trim().to_ascii_lowercase()),
        _ => listed(&name).or_else(undated).unwrap_or_else(|| Arc::from(name.as_str())),
    };
    (!id.is_empty()).then_some(id)
}

fn terms(when: UserWhen) -> When {
    When {
        speed: match when.speed {
            UserSpeed::Standard => Speed::Standard,
            UserSpeed::Fast => Speed::Fast,
        },
        service_tier: match when.service_tier {
            UserTier::Standard => ServiceTier::Standard,
            UserTier::Batch => ServiceTier::Batch,
            UserTier::Priority => ServiceTier::Priority,
            UserTier::Flex => ServiceTier::Flex,
            UserTier::Ultrafast => ServiceTier::Ultrafast,
        },
        endpoint: when.endpoint,
    }
}

fn rate(field: &'static str, text: &str, free: bool) -> Result<PicoUsd, Problem> {
    let rate = decimal(field, text, 6)?;
    if rate > i128::from(MAX_RATE) {
        return Err(Problem::TooLarge { field, value: text.to_owned() });
    }
    if rate == 0 && !free {
        return Err(Problem::Zero { field, hint: "write free = true if that is meant" });
    }
    Ok(PicoUsd(rate as i64))
}

fn check_discount(discount: &UserDiscount) -> Result<Discount, Problem> {
    let field = "percent";
    let (from, to) = interval(&discount.from, &discount.to)?;
    // One percent is 10,000 parts per million.
    let off = decimal(field, &discount.percent, 4)?;
    if off >= 1_000_000 {
        return Err(Problem::TooLarge { field, value: discount.percent.clone() });
    }
    if off == 0 {
        return Err(Problem::Zero { field, hint: "leave the discount out" });
    }
    Ok(Discount { provider: discount.provider, from, to, multiplier_ppm: 1_000_000 - off as u32 })
}

fn check_policy(base: &PriceBook, policy: &str) -> Result<UnknownPolicy, Problem> {
    let field = "policy";
    match policy.trim() {
        "flag" => Ok(UnknownPolicy::Flag),
        "ceiling" => Ok(UnknownPolicy::Ceiling),
        other => {
            let value = other.to_owned();
            let hint = "write \"flag\", \"ceiling\" or \"assume:<model>\"";
            let Some(model) = other.strip_prefix("assume:") else {
                return Err(Problem::Unknown { field, value, hint });
            };
            if base.find_model(model).is_known() {
                Ok(UnknownPolicy::Assume(model.trim().to_owned()))
            } else {
                let hint = "its model is not in the price book either";
                Err(Problem::Unknown { field, value, hint })
            }
        }
    }
}

fn decimal(field: &'static str, text: &str, decimals: u32) -> Result<i128, Problem> {
    let value = || text.to_owned();
    match parse_decimal(text, decimals) {
        Ok((number, _)) if number < 0 || text.trim().starts_with('-') => {
            Err(Problem::Negative { field, value: value() })
        }
        Ok((number, true)) => Ok(number),
        Ok((_, false)) => Err(Problem::TooPrecise { field, value: value(), most: decimals }),
        Err(ParseUsdError::Range) => Err(Problem::TooLarge { field, value: value() }),
        Err(_) => Err(Problem::NotANumber { field, value: value() }),
    }
}

fn interval(from: &str, to: &str) -> Result<(Option<Millis>, Option<Millis>), Problem> {
    let (from, to) = (instant("from", from)?, instant("to", to)?);
    match (from, to) {
        (Some(from), Some(to)) if from >= to => Err(Problem::EmptyInterval),
        both => Ok(both),
    }
}

fn instant(field: &'static str, text: &str) -> Result<Option<Millis>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day = || Millis::parse(&format!("{text}T00:00:00Z"));
    match Millis::parse(text).or_else(day) {
        Some(at) => Ok(Some(at)),
        None => Err(Problem::NotADate { field, value: text.to_owned() }),
    }
}
