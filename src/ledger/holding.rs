//! One place that holds a call: a row of the `call` table, in memory.

use std::sync::Arc;

use super::names::Who;
use super::terms::Terms;
use super::tools::{Tool, Tools};
use crate::model::{Call, CallKind, CallPlace, Cost, PicoUsd, TokenUsage};

/// Whether a row counts, and if not, why. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This row is the call.
    Counted = 0,
    /// Another session has the call: this one is a fork, resume or background copy.
    Copy = 1,
    /// Another thread of the same session has it.
    OtherThread = 2,
    /// An aside repeated the main thread's answer under a new request.
    Replay = 3,
}

impl Standing {
    pub(super) fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Counted,
            1 => Self::Copy,
            2 => Self::OtherThread,
            _ => Self::Replay,
        }
    }
}

/// Bits of the `flags` column.
pub(super) mod flag {
    pub const FINAL: i64 = 1;
    pub const SIDECHAIN: i64 = 2;
    pub const ECHO: i64 = 4;
    pub const BACKGROUND: i64 = 8;
    /// A class beyond what one call can use; an index is built on this number.
    pub const IMPLAUSIBLE: i64 = 16;
}

/// A charge with its price row as the ledger numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredCharge {
    pub amount: Option<PicoUsd>,
    /// A `CostStatus`, or the negative of an `UnpricedReason`.
    pub status: i64,
    pub price_row: Option<i64>,
    pub multiplier_ppm: u32,
}

impl StoredCharge {
    pub(super) fn new(cost: &Cost, price_row: Option<i64>) -> Self {
        match cost {
            Cost::Priced(charge) => Self {
                amount: Some(charge.amount),
                status: charge.status as i64,
                price_row,
                multiplier_ppm: charge.multiplier_ppm,
            },
            Cost::Unpriced(reason) => Self {
                amount: None,
                status: -(*reason as i64),
                price_row: None,
                multiplier_ppm: 1_000_000,
            },
        }
    }
}

/// What a row adds to the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contribution {
    pub quarter: i64,
    pub attribution: i64,
    pub usage: TokenUsage,
    pub amount: Option<PicoUsd>,
    pub is_final: bool,
}

/// A row of the `call` table.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub row: Option<i64>,
    /// As the rows of the call have it in common; the working directory is not kept.
    pub call: Box<Call>,
    /// Number of the session in the ledger.
    pub session: i64,
    pub developer: Arc<str>,
    pub source: i64,
    pub standing: Standing,
    pub shared: bool,
    /// The tools that it asked for.
    pub tools: Tools,
    /// What the records of this place say, where the call's other rows say more: if it turns out
    /// to be another call than theirs, it has its own terms back.
    pub own: Option<Box<Terms>>,
    /// Number of what the call is charged to, as it was stored.
    pub attribution: i64,
    /// None: to be priced (again).
    pub charge: Option<StoredCharge>,
    /// The row differs from what the database has.
    pub changed: bool,
    /// What the sums have of this row.
    pub contributed: Option<Contribution>,
}

impl Holding {
    pub(super) fn new(call: Box<Call>, session: i64, developer: Arc<str>, source: i64) -> Self {
        Self {
            row: None,
            call,
            session,
            developer,
            source,
            standing: Standing::Counted,
            shared: false,
            tools: Tools::default(),
            own: None,
            attribution: 0,
            charge: None,
            changed: true,
            contributed: None,
        }
    }

    /// Whether a record belongs to this row: same response, same request, same place.
    pub(super) fn is_place_of(&self, call: &Call) -> bool {
        self.call.call_id == call.call_id
            && self.call.session_id == call.session_id
            && self.call.agent_id == call.agent_id
            && self.call.is_sidechain == call.is_sidechain
            && self.call.is_echo == call.is_echo
            && self.call.is_background == call.is_background
            && self.call.agent == call.agent
    }

    /// The same by what a record names that tells more of a call.
    pub(super) fn is_at(
        &self,
        place: &CallPlace,
        session_id: &Arc<str>,
        agent_id: Option<&Arc<str>>,
    ) -> bool {
        self.call.session_id == *session_id
            && self.call.agent_id.as_ref() == agent_id
            && self.call.is_sidechain == place.is_sidechain
            && self.call.is_background == place.is_background
            && !self.call.is_echo
            && self.call.kind == CallKind::Message
            && self.call.call_id.request_key() == place.request
    }

    /// Notes a tool that the answer asked for.
    pub(super) fn note_tool(&mut self, tool: Tool) {
        let is_new = match &mut self.own {
            Some(own) => own.tools.insert(tool),
            None => self.tools.insert(tool),
        };
        self.changed |= is_new;
    }

    /// Takes in another record of the same place.
    pub(super) fn absorb(&mut self, call: &Call, source: i64) {
        let mut own = self.own_terms();
        if own.absorb(&Terms::of(call)) {
            self.source = source;
            self.call.offset = call.offset;
            self.changed = true;
        }
        self.set_own(own);
    }

    /// Credits web searches that were told elsewhere.
    pub(super) fn raise_searches(&mut self, searches: u64) {
        let mut own = self.own_terms();
        own.usage.web_search_requests = own.usage.web_search_requests.max(searches);
        self.set_own(own);
    }

    /// What the records of this place say.
    pub(super) fn own_terms(&self) -> Terms {
        self.own.as_deref().cloned().unwrap_or_else(|| self.terms())
    }

    fn terms(&self) -> Terms {
        Terms { tools: self.tools.clone(), ..Terms::of(&self.call) }
    }

    /// Takes over what all rows of a call have in common.
    pub(super) fn take(&mut self, terms: &Terms) {
        let own = Some(self.own_terms()).filter(|own| own != terms).map(Box::new);
        self.changed |= self.own != own;
        self.own = own;
        self.set_terms(terms);
    }

    fn set_own(&mut self, own: Terms) {
        match &mut self.own {
            None => self.set_terms(&own),
            Some(kept) if **kept == own => {}
            Some(kept) => {
                **kept = own;
                self.changed = true;
            }
        }
    }

    fn set_terms(&mut self, terms: &Terms) {
        let now = self.terms();
        if now == *terms {
            return;
        }
        self.changed = true;
        let priced = Terms { is_final: now.is_final, tools: now.tools.clone(), ..terms.clone() };
        if now != priced {
            self.charge = None;
        }
        self.tools.clone_from(&terms.tools);
        self.call.model.clone_from(&terms.model);
        self.call.timestamp = terms.at;
        self.call.usage = terms.usage;
        self.call.qualifiers = terms.qualifiers;
        self.call.reported_cost = terms.reported_cost;
        self.call.is_final = terms.is_final;
    }

    pub(super) fn set_standing(&mut self, standing: Standing) {
        self.changed |= self.standing != standing;
        self.standing = standing;
    }

    pub(super) fn set_shared(&mut self, shared: bool) {
        self.changed |= self.shared != shared;
        self.shared = shared;
    }

    /// Who and what the call is charged to.
    pub(super) fn who(&self) -> Who<'_> {
        Who {
            session: self.session,
            subagent: self.call.agent_id.as_ref(),
            project: self.call.project.as_ref(),
            branch: self.call.git_branch.as_ref(),
            model: self.call.model.as_ref(),
            developer: &self.developer,
        }
    }

    /// Notes what the row is to be stored with. Returns what it added to the sums before and what
    /// it adds now.
    pub(super) fn charge_to(
        &mut self,
        attribution: i64,
        charge: StoredCharge,
    ) -> (Option<Contribution>, Option<Contribution>) {
        self.attribution = attribution;
        self.charge = Some(charge);
        self.changed = false;
        let now = self.contribution();
        (std::mem::replace(&mut self.contributed, now), now)
    }

    /// What the sums should have of this row.
    pub(super) fn contribution(&self) -> Option<Contribution> {
        let counts = self.standing == Standing::Counted && self.call.usage.is_plausible();
        self.charge.filter(|_| counts).map(|charge| Contribution {
            quarter: self.call.timestamp.quarter(),
            attribution: self.attribution,
            usage: self.call.usage,
            amount: charge.amount,
            is_final: self.call.is_final,
        })
    }
}
