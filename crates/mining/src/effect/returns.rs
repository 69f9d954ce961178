//! What a campaign earned on what it cost. Of the difference d in sales per customer, the margin rate m, the n customers reached, the
//! cost c of a contact and the fixed cost F, which is spent however many are reached:
//!
//! extra contribution = d·m·n, cost = c·n + F, return = (extra − cost) / cost,
//!
//! each at d and at both ends of its interval, which the other factors only stretch. d is in units of money per customer, m and the
//! return are shares. m is taken as known: the intervals are those of the difference alone.

use super::Effect;

/// An estimate with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    pub at: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Between {
    fn map(self, of: impl Fn(f64) -> f64) -> Between {
        let (one, other) = (of(self.lower), of(self.upper));
        Between { at: of(self.at), lower: one.min(other), upper: one.max(other) }
    }
}

/// What a campaign costs, in units of money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    pub contact: f64,
    pub fixed: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Return {
    pub extra: Between,
    /// Of all contacts.
    pub contacts: f64,
    /// With the fixed cost.
    pub cost: f64,
    /// `None` where the campaign costs nothing.
    pub rate: Option<Between>,
}

/// `None` where an effect on sales may not be claimed. What is sold at a loss has a `margin` below zero.
pub fn of(sales: &Effect, margin: f64, reached: u64, cost: Cost) -> Option<Return> {
    if !sales.verdict.is_claim() {
        return None;
    }
    let reached = reached as f64;
    let difference = Between { at: sales.difference, lower: sales.lower, upper: sales.upper };
    let extra = difference.map(|difference| difference * margin * reached);
    let contacts = cost.contact * reached;
    let cost = contacts + cost.fixed;
    let rate = (cost > 0.0).then(|| extra.map(|extra| (extra - cost) / cost));
    Some(Return { extra, contacts, cost, rate })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::Verdict;

    fn effect(difference: f64, lower: f64, upper: f64, verdict: Verdict) -> Effect {
        let (treated, control) = (20.0 + difference, 20.0);
        Effect { treated, control, difference, lower, upper, p_value: 0.01, verdict, relative: None }
    }

    fn contacts(contact: f64) -> Cost {
        Cost { contact, fixed: 0.0 }
    }

    #[test]
    fn what_was_earned_is_the_difference_as_margin_over_everybody_reached() {
        // 5 (2 to 8) more sales a customer, a quarter of it margin, 1,000 reached at 0.50 each: 1,250 (500 to 2,000) for 500.
        let found = of(&effect(5.0, 2.0, 8.0, Verdict::Raised), 0.25, 1_000, contacts(0.5)).expect("a claim");
        let rate = Between { at: 1.5, lower: 0.0, upper: 3.0 };
        let extra = Between { at: 1_250.0, lower: 500.0, upper: 2_000.0 };
        assert_eq!(found, Return { extra, contacts: 500.0, cost: 500.0, rate: Some(rate) });
        // What lowers sales loses more than its cost.
        let worse =
            of(&effect(-4.0, -6.0, -2.0, Verdict::Lowered), 0.5, 100, contacts(2.0)).expect("a claim");
        assert_eq!((worse.extra.at, worse.cost), (-200.0, 200.0));
        assert_eq!(worse.rate, Some(Between { at: -2.0, lower: -2.5, upper: -1.5 }));
        let free = of(&effect(5.0, 2.0, 8.0, Verdict::Raised), 0.25, 1_000, contacts(0.0)).expect("a claim");
        assert_eq!((free.cost, free.rate), (0.0, None));
    }

    #[test]
    fn the_fixed_cost_is_earned_back_as_well() {
        // As above, and 500 for the design: 1,250 (500 to 2,000) for 1,000.
        let raised = effect(5.0, 2.0, 8.0, Verdict::Raised);
        let found = of(&raised, 0.25, 1_000, Cost { contact: 0.5, fixed: 500.0 }).expect("a claim");
        assert_eq!((found.extra.at, found.contacts, found.cost), (1_250.0, 500.0, 1_000.0));
        assert_eq!(found.rate, Some(Between { at: 0.25, lower: -0.5, upper: 1.0 }));
        // Contacts that cost nothing do not make the campaign free.
        let fixed = of(&raised, 0.25, 1_000, Cost { contact: 0.0, fixed: 500.0 }).expect("a claim");
        assert_eq!((fixed.contacts, fixed.cost, fixed.rate.map(|rate| rate.at)), (0.0, 500.0, Some(1.5)));
    }

    #[test]
    fn nothing_is_told_where_no_effect_may_be_claimed() {
        for verdict in [Verdict::NotShown, Verdict::TooFew, Verdict::Running] {
            assert_eq!(of(&effect(5.0, -1.0, 11.0, verdict), 0.25, 1_000, contacts(0.5)), None);
        }
    }
}
