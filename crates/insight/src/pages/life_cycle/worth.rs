//! What a customer in each stage is worth, as a Markov chain of quarters, with the best rule when to stop marketing.

use super::{Named, Wanted, stage};
use crate::{
    pages::{figure::Input, href, words::Words},
    past::{
        Past,
        life::{Life, Moves, STAGES},
    },
    scoring::stage_name,
    settings::{Settings, date_of},
    store::StoredModel,
};
use meta::Lang;
use minijinja::context;
use serde::Serialize;
use value::{
    markov::{
        Policy,
        certainty::{self, Certainty, observed::Mean},
    },
    money,
};

const QUARTERS_PER_YEAR: f64 = 4.0;
/// Moves of customers who had bought, without which there is no rule.
const MOVES_LEAST: u64 = 30;

#[derive(Serialize)]
struct StageLine {
    name: String,
    colour: &'static str,
    customers: String,
    share: String,
    /// Per quarter, after cost; plain purchases where there is no rule. Like all that follows, nothing of a stage nobody was seen in.
    reward: String,
    reward_range: String,
    value: String,
    value_range: String,
    /// `None` where there is no rule.
    go_on: Option<bool>,
    /// In how many draws stopping is right.
    stop: String,
    href: Option<String>,
}

pub(super) struct Worth<'a> {
    pub words: &'a Words<'a>,
    pub life: &'a Life,
    pub past: &'a Past,
    pub stored: &'a StoredModel,
    pub settings: &'a Settings,
}

struct Economy {
    rewards: Vec<Mean>,
    policy: Policy,
    certainty: Vec<Certainty>,
}

/// Customers who had bought, and what became of them in a quarter.
fn observed(moves: &Moves) -> u64 {
    (1..STAGES.len()).map(|stage| moves.observed.left(stage)).sum()
}

/// Of a stage nobody was seen in nothing is said, as sure as it would look.
fn is_seen(moves: &Moves, stage: usize) -> bool {
    moves.observed.left(stage) > 0
}

impl Worth<'_> {
    pub fn context(&self, wanted: &Wanted) -> minijinja::Value {
        let words = self.words;
        let group = if self.life.groups.contains_key(&wanted.group) { wanted.group.as_str() } else { "" };
        let nobody = Moves::default();
        let moves = self.life.groups.get(group).unwrap_or(&nobody);
        let cost = wanted.cost.trim().parse::<f64>().ok().filter(|cost| cost.is_finite() && *cost >= 0.0);
        let bad_cost =
            (!wanted.cost.trim().is_empty() && cost.is_none()).then(|| words.t("value.life.bad_cost", &[]));
        let cost = cost.unwrap_or(0.0);
        let economy = self.economy(moves, cost);
        let on = self.life.days.last().map(|day| words.date(date_of(*day))).unwrap_or_default();
        context! {
            missing => (),
            worth_groups => self.groups(group),
            cost => if cost > 0.0 { cost.to_string() } else { String::new() },
            bad_cost,
            worth_on => on,
            stages => self.stages(moves, group, &economy),
            rule => self.rule(moves, &economy),
            worth_inputs => self.inputs(moves, group, cost),
            worth_source => group.is_empty().then(|| super::matrix::source(words, "")),
            as_of => words.date(self.past.as_of),
            made_at => words.format.instant(self.past.made_at),
            customers => words.count(self.past.customers),
        }
    }

    fn group_name(&self, group: &str) -> String {
        let words = self.words;
        match group.split_once(':') {
            Some((field @ ("relation" | "importance"), value)) => {
                format!("{}: {}", words.label(field), words.choice(field, value).0)
            }
            Some(("region", region)) => format!("{}: {region}", words.t("value.life.region", &[])),
            Some(_) => words.t("value.life.first_large", &[]),
            None => words.t("value.life.everybody", &[]),
        }
    }

    fn inputs(&self, moves: &Moves, group: &str, cost: f64) -> Vec<Input> {
        let words = self.words;
        let input = |key: &str, value: String| Input { label: words.t(key, &[]), value };
        let is_known = moves.kept.margin_rate().is_some();
        let margin = if is_known { "value.life.margin" } else { "value.life.margin_of_all" };
        vec![
            input("value.life.group", self.group_name(group)),
            input("value.life.quarters", words.count(observed(moves))),
            input(margin, words.percent(self.kept_share(moves))),
            input("value.input.discount", words.percent(self.settings.annual_discount)),
            input("value.life.cost", words.units(cost)),
        ]
    }

    fn groups(&self, selected: &str) -> Vec<Named> {
        let named = |group: &String| Named {
            value: group.clone(),
            label: self.group_name(group),
            selected: group == selected,
        };
        self.life.groups.keys().map(named).collect()
    }

    /// What the company keeps of the group's purchases after returns and the cost of goods: where none of its costs is known, at the
    /// margin of all sales, and where none is known at all, without costs.
    fn kept_share(&self, moves: &Moves) -> f64 {
        let overview = &self.stored.overview;
        let of_all = overview.margin.filter(|_| overview.costed_sales > 0);
        let of_all = of_all.map(|margin| money::to_units(margin) / money::to_units(overview.costed_sales));
        moves.kept.margin_rate().or(of_all).unwrap_or(1.0) * moves.kept.not_returned()
    }

    /// Stages as a Markov chain of quarters; `None` where it has no value, or rests on too little. Prospects cost nothing.
    fn economy(&self, moves: &Moves, cost: f64) -> Option<Economy> {
        if observed(moves) < MOVES_LEAST {
            return None;
        }
        let kept = self.kept_share(moves);
        let reward = |stage: usize, bought: f64| bought * kept - if stage == 0 { 0.0 } else { cost };
        let discount = (self.settings.annual_discount.ln_1p() / QUARTERS_PER_YEAR).exp_m1();
        let (policy, certainty) = certainty::best(&moves.observed, reward, discount).ok()?;
        let rewarded = |stage: usize| {
            let Mean { mean, error } = moves.observed.purchases(stage);
            Mean { mean: reward(stage, mean), error: error * kept.abs() }
        };
        let rewards = (0..STAGES.len()).map(rewarded).collect();
        Some(Economy { rewards, policy, certainty })
    }

    fn stages(&self, moves: &Moves, group: &str, economy: &Option<Economy>) -> Vec<StageLine> {
        let words = self.words;
        let counts = moves.counts.last().copied().unwrap_or_default();
        let all: u64 = counts.iter().skip(1).sum();
        let range = |[low, high]: [f64; 2]| {
            words.t("value.life.range", &[("low", &words.units(low)), ("high", &words.units(high))])
        };
        // Prospects are known only once they have bought: nothing can be said of the others.
        (1..STAGES.len())
            .map(|at| {
                let (name, colour) = stage(words, at);
                let filter = format!("orders > 0 && stage == '{}'", stage_name(STAGES[at]));
                let economy = economy.as_ref().filter(|_| is_seen(moves, at));
                let reward =
                    economy.map_or_else(|| moves.observed.purchases(at), |economy| economy.rewards[at]);
                let reward = is_seen(moves, at).then_some(reward);
                let (value, certain) =
                    economy.map(|economy| (economy.policy.values[at], economy.certainty[at])).unzip();
                StageLine {
                    name,
                    colour,
                    customers: words.count(counts[at]),
                    share: words.percent(counts[at] as f64 / all.max(1) as f64),
                    reward: reward.map_or("–".to_owned(), |reward| words.units(reward.mean)),
                    reward_range: reward.map(|reward| range(reward.interval())).unwrap_or_default(),
                    value: value.map_or("–".to_owned(), |value| words.units(value)),
                    value_range: certain.map(|certain| range(certain.value)).unwrap_or_default(),
                    go_on: economy.map(|economy| economy.policy.go_on[at]),
                    stop: certain
                        .map(|certain| {
                            let share = words.whole_percent(certain.stop);
                            words.t("value.life.stop_is_right", &[("share", &share)])
                        })
                        .unwrap_or_default(),
                    href: group.is_empty().then(|| href::sorted("account", &filter, "-net_sales")),
                }
            })
            .collect()
    }

    fn rule(&self, moves: &Moves, economy: &Option<Economy>) -> String {
        let Some(economy) = economy else {
            let words = self.words;
            if observed(moves) >= MOVES_LEAST {
                return words.t("value.life.no_worth", &[]);
            }
            let (found, least) = (words.count(observed(moves)), words.count(MOVES_LEAST));
            return words.t("value.life.too_few", &[("found", &found), ("least", &least)]);
        };
        let stopped: Vec<String> = (1..STAGES.len())
            .filter(|at| !economy.policy.go_on[*at] && is_seen(moves, *at))
            .map(|at| stage(self.words, at).0)
            .collect();
        if stopped.is_empty() {
            return self.words.t("value.life.rule_all", &[]);
        }
        let comma = if self.words.lang == Lang::Zh { "、" } else { ", " };
        self.words.t("value.life.rule_stop", &[("stages", &stopped.join(comma))])
    }
}
