//! The stage of the relation with a customer: exploration 考察期, formation 形成期, stability 稳定期, decline 退化期,
//! after Dwyer, Schurr & Oh (1987), "Developing Buyer–Seller Relationships", and 陈明亮 (2002); the measurable rule is ours.
//!
//! The first condition that holds decides ([`StageRule::decide`]):
//!
//! | # | stage | condition |
//! |---|---|---|
//! | 1 | prospect | no purchase yet |
//! | 2 | lost | repeat buyer with P(alive) < `lost_below`, or silent for more than `lost_intervals` of his own intervals |
//! | 3 | lost | one purchase only, longer ago than `single_lost_weeks` |
//! | 4 | decline | repeat buyer with P(alive) < `decline_below`, or silent for more than `decline_intervals` of his own intervals |
//! | 5 | decline | one purchase only, longer ago than `single_decline_weeks` |
//! | 6 | exploration | fewer than `formation_orders` purchase days |
//! | 7 | formation | fewer than `stability_orders` purchase days, or known for less than `stability_weeks` |
//! | 8 | stability | all others |
//!
//! Silence counts only beyond `patience_weeks`, so that someone who bought on three days running is not lost a week
//! later. One-time buyers have conditions of their own because BG/NBD calls them alive forever.

use serde::{Deserialize, Serialize};

use crate::history::{DAYS_PER_WEEK, Summary};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Prospect,
    Exploration,
    Formation,
    Stability,
    Decline,
    Lost,
}

/// The thresholds of the rule. Weeks are days / 7; probabilities between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StageRule {
    pub lost_below: f64,
    pub decline_below: f64,
    pub lost_intervals: f64,
    pub decline_intervals: f64,
    pub patience_weeks: f64,
    pub single_lost_weeks: f64,
    pub single_decline_weeks: f64,
    pub formation_orders: u32,
    pub stability_orders: u32,
    pub stability_weeks: f64,
}

impl Default for StageRule {
    fn default() -> Self {
        Self {
            lost_below: 0.2,
            decline_below: 0.5,
            lost_intervals: 6.0,
            decline_intervals: 3.0,
            patience_weeks: 8.0,
            single_lost_weeks: 52.0,
            single_decline_weeks: 26.0,
            formation_orders: 2,
            stability_orders: 4,
            stability_weeks: 26.0,
        }
    }
}

/// A threshold that makes no sense: the field, and what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRule {
    pub field: &'static str,
    pub remedy: &'static str,
}

impl std::fmt::Display for BadRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.remedy)
    }
}

impl std::error::Error for BadRule {}

/// What the rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub orders: u32,
    /// Weeks since the first purchase.
    pub tenure_weeks: f64,
    /// Weeks since the last purchase.
    pub idle_weeks: f64,
    /// Mean weeks between his purchases; `None` with fewer than two.
    pub interval_weeks: Option<f64>,
    /// `None` without a fitted model.
    pub p_alive: Option<f64>,
}

impl Standing {
    pub fn of(customer: &Summary, on_day: i32, p_alive: Option<f64>) -> Self {
        let seen = customer.observe(on_day);
        Self {
            orders: customer.orders,
            tenure_weeks: seen.age,
            idle_weeks: seen.age - seen.t_x,
            interval_weeks: customer.mean_interval_days().map(|days| days / DAYS_PER_WEEK),
            p_alive,
        }
    }

    /// Someone who has not bought yet.
    pub fn prospect() -> Self {
        Self { orders: 0, tenure_weeks: 0.0, idle_weeks: 0.0, interval_weeks: None, p_alive: None }
    }
}

/// The figure that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    NoPurchase,
    /// P(alive) below the threshold.
    ProbablyInactive,
    /// More of his own intervals without a purchase than the threshold.
    SilentForIntervals,
    /// Weeks since his only purchase above the threshold.
    SinglePurchaseLongAgo,
    /// Fewer purchase days than the threshold.
    FewOrders,
    /// Known for fewer weeks than the threshold.
    ShortTenure,
    /// Nothing speaks against it: at least this many purchase days.
    LastingRelation,
}

/// A stage and why: the first condition that held, the customer's figure and the threshold it was held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub stage: Stage,
    pub condition: Condition,
    pub figure: f64,
    pub threshold: f64,
}

impl StageRule {
    /// # Errors
    /// [`BadRule`] names the first field that makes no sense.
    pub fn check(&self) -> Result<(), BadRule> {
        let bad = |field, remedy| Err(BadRule { field, remedy });
        if !(0.0..=1.0).contains(&self.decline_below) {
            return bad("decline_below", "must be a probability between 0 and 1");
        }
        if !(0.0..=self.decline_below).contains(&self.lost_below) {
            return bad("lost_below", "must lie between 0 and decline_below");
        }
        if self.decline_intervals.is_nan() || self.decline_intervals <= 0.0 {
            return bad("decline_intervals", "must be above 0");
        }
        if self.lost_intervals.is_nan() || self.lost_intervals < self.decline_intervals {
            return bad("lost_intervals", "must be at least decline_intervals");
        }
        for (field, weeks) in [
            ("patience_weeks", self.patience_weeks),
            ("single_decline_weeks", self.single_decline_weeks),
            ("stability_weeks", self.stability_weeks),
        ] {
            if weeks.is_nan() || weeks < 0.0 {
                return bad(field, "must be 0 or more");
            }
        }
        if self.single_lost_weeks.is_nan() || self.single_lost_weeks < self.single_decline_weeks {
            return bad("single_lost_weeks", "must be at least single_decline_weeks");
        }
        if self.stability_orders < self.formation_orders {
            return bad("stability_orders", "must be at least formation_orders");
        }
        Ok(())
    }

    pub fn stage(&self, standing: &Standing) -> Stage {
        self.decide(standing).stage
    }

    /// The stage with the condition that decided, for "why is he here?".
    pub fn decide(&self, standing: &Standing) -> Decision {
        let made = |stage, condition, figure, threshold| Decision { stage, condition, figure, threshold };
        let orders = f64::from(standing.orders);
        if standing.orders == 0 {
            return made(Stage::Prospect, Condition::NoPurchase, 0.0, 1.0);
        }
        let fading = [
            (Stage::Lost, self.lost_below, self.lost_intervals, self.single_lost_weeks),
            (Stage::Decline, self.decline_below, self.decline_intervals, self.single_decline_weeks),
        ];
        for (stage, alive, intervals, single) in fading {
            if let Some((condition, figure, threshold)) = self.faded(standing, alive, intervals, single) {
                return made(stage, condition, figure, threshold);
            }
        }
        let (formation, stability) = (f64::from(self.formation_orders), f64::from(self.stability_orders));
        if orders < formation {
            made(Stage::Exploration, Condition::FewOrders, orders, formation)
        } else if orders < stability {
            made(Stage::Formation, Condition::FewOrders, orders, stability)
        } else if standing.tenure_weeks < self.stability_weeks {
            made(Stage::Formation, Condition::ShortTenure, standing.tenure_weeks, self.stability_weeks)
        } else {
            made(Stage::Stability, Condition::LastingRelation, orders, stability)
        }
    }

    /// Conditions 2–5 with the thresholds of one stage.
    fn faded(
        &self,
        standing: &Standing,
        alive_below: f64,
        intervals_above: f64,
        single_above: f64,
    ) -> Option<(Condition, f64, f64)> {
        let idle = standing.idle_weeks;
        if standing.orders == 1 {
            let long_ago = idle > single_above;
            return long_ago.then_some((Condition::SinglePurchaseLongAgo, idle, single_above));
        }
        if let Some(alive) = standing.p_alive.filter(|alive| *alive < alive_below) {
            return Some((Condition::ProbablyInactive, alive, alive_below));
        }
        let missed = standing.interval_weeks.filter(|weeks| *weeks > 0.0).map(|weeks| idle / weeks)?;
        let silent = idle > self.patience_weeks && missed > intervals_above;
        silent.then_some((Condition::SilentForIntervals, missed, intervals_above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standing(orders: u32, tenure: f64, idle: f64, p_alive: Option<f64>) -> Standing {
        let interval_weeks = (orders > 1).then(|| (tenure - idle) / f64::from(orders - 1));
        Standing { orders, tenure_weeks: tenure, idle_weeks: idle, interval_weeks, p_alive }
    }

    fn decided(standing: Standing) -> (Stage, Condition) {
        let decision = StageRule::default().decide(&standing);
        (decision.stage, decision.condition)
    }

    #[test]
    fn every_row_of_the_rule_decides_its_case() {
        use Condition::*;
        let cases = [
            (Standing::prospect(), (Stage::Prospect, NoPurchase)),
            (standing(5, 60.0, 20.0, Some(0.1)), (Stage::Lost, ProbablyInactive)),
            (standing(5, 60.0, 52.0, None), (Stage::Lost, SilentForIntervals)),
            (standing(1, 53.0, 53.0, Some(1.0)), (Stage::Lost, SinglePurchaseLongAgo)),
            (standing(5, 60.0, 20.0, Some(0.4)), (Stage::Decline, ProbablyInactive)),
            (standing(9, 52.0, 20.0, Some(0.9)), (Stage::Decline, SilentForIntervals)),
            (standing(1, 30.0, 30.0, Some(1.0)), (Stage::Decline, SinglePurchaseLongAgo)),
            (standing(1, 3.0, 3.0, Some(1.0)), (Stage::Exploration, FewOrders)),
            (standing(3, 50.0, 5.0, Some(0.9)), (Stage::Formation, FewOrders)),
            (standing(6, 10.0, 1.0, Some(0.9)), (Stage::Formation, ShortTenure)),
            (standing(6, 40.0, 3.0, Some(0.9)), (Stage::Stability, LastingRelation)),
        ];
        for (standing, expected) in cases {
            assert_eq!(decided(standing), expected, "{standing:?}");
        }
    }

    #[test]
    fn three_days_running_are_not_lost_a_week_later() {
        let hasty = standing(3, 1.3, 1.0, None);
        assert_eq!(decided(hasty).0, Stage::Formation);
    }

    #[test]
    fn the_default_rule_makes_sense_and_nonsense_is_named() {
        assert_eq!(StageRule::default().check(), Ok(()));
        let field = |rule: StageRule| rule.check().map_err(|bad| bad.field);
        let rule = StageRule::default();
        assert_eq!(field(StageRule { lost_below: 0.7, ..rule }), Err("lost_below"));
        assert_eq!(field(StageRule { decline_below: f64::NAN, ..rule }), Err("decline_below"));
        assert_eq!(field(StageRule { lost_intervals: 1.0, ..rule }), Err("lost_intervals"));
        assert_eq!(field(StageRule { patience_weeks: -1.0, ..rule }), Err("patience_weeks"));
        assert_eq!(field(StageRule { stability_orders: 1, ..rule }), Err("stability_orders"));
    }

    #[test]
    fn names_are_those_of_the_interface() {
        let names = serde_json::to_string(&[Stage::Prospect, Stage::Exploration, Stage::Lost]);
        assert_eq!(names.expect("json"), r#"["prospect","exploration","lost"]"#);
        let partial: StageRule = serde_json::from_str(r#"{"stability_orders": 6}"#).expect("rule");
        assert_eq!(partial, StageRule { stability_orders: 6, ..StageRule::default() });
    }

    proptest! {
        #[test]
        fn silence_never_improves_the_stage(orders in 1..20_u32, span in 0.2..80.0_f64, idle in 0.0..80.0_f64, more in 0.0..80.0_f64) {
            let span = if orders == 1 { 0.0 } else { span };
            let faded = |idle| {
                match StageRule::default().stage(&standing(orders, span + idle, idle, None)) {
                    Stage::Lost => 2,
                    Stage::Decline => 1,
                    _ => 0,
                }
            };
            prop_assert!(faded(idle) <= faded(idle + more));
        }
    }
}
