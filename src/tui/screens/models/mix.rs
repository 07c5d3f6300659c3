//! How the calls are spread over the tiers, against what the workhorses should do. Pure.

use crate::pricing::Tier;

/// The part of the calls, in percent, that the routine and the quality tier should do together:
/// below it dear models do plain work, above it hard work may be done by cheap ones.
pub(super) const TARGET: (u64, u64) = (70, 80);

/// How many calls each tier had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mix {
    /// By tier.
    pub routine: u64,
    /// By tier.
    pub quality: u64,
    /// By tier.
    pub reasoning: u64,
    /// Of models that the price book does not list; they are of no tier.
    pub unlisted: u64,
}

/// How the share of the workhorses stands to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Below it.
    Below,
    /// Within it.
    Within,
    /// Above it.
    Above,
}

impl Mix {
    pub(super) fn add(&mut self, tier: Option<Tier>, calls: u64) {
        *match tier {
            Some(Tier::Routine) => &mut self.routine,
            Some(Tier::Quality) => &mut self.quality,
            Some(Tier::Reasoning) => &mut self.reasoning,
            None => &mut self.unlisted,
        } += calls;
    }

    /// The calls that are of a tier.
    pub fn listed(&self) -> u64 {
        self.routine + self.quality + self.reasoning
    }

    /// The calls of the tiers that should do most of the work.
    pub fn workhorse(&self) -> u64 {
        self.routine + self.quality
    }

    /// How the workhorses stand to the target; none without calls.
    pub fn standing(&self) -> Option<Standing> {
        let (part, all) = (u128::from(self.workhorse()) * 100, u128::from(self.listed()));
        Some(match () {
            () if all == 0 => return None,
            () if part < all * u128::from(TARGET.0) => Standing::Below,
            () if part > all * u128::from(TARGET.1) => Standing::Above,
            () => Standing::Within,
        })
    }
}

/// Its name.
pub(super) const fn word(tier: Tier) -> &'static str {
    match tier {
        Tier::Routine => "routine",
        Tier::Quality => "quality",
        Tier::Reasoning => "reasoning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_target_are_within_it() {
        let standing = |workhorse, reasoning| {
            Mix { quality: workhorse, reasoning, unlisted: 1000, ..Mix::default() }.standing()
        };
        assert_eq!(standing(69, 31), Some(Standing::Below));
        assert_eq!(standing(70, 30), Some(Standing::Within));
        assert_eq!(standing(80, 20), Some(Standing::Within));
        assert_eq!(standing(801, 199), Some(Standing::Above));
        assert_eq!(standing(0, 0), None);
    }

    #[test]
    fn the_first_two_tiers_are_the_workhorses() {
        let mut mix = Mix::default();
        for (tier, calls) in [
            (Some(Tier::Routine), 1),
            (Some(Tier::Quality), 2),
            (Some(Tier::Reasoning), 4),
            (None, 8),
        ] {
            mix.add(tier, calls);
        }
        assert_eq!((mix.workhorse(), mix.listed(), mix.unlisted), (3, 7, 8));
    }
}
