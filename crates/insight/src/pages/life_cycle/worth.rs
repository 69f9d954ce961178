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
use value::{markov::Relationship, money};

const QUARTERS_PER_YEAR: f64 = 4.0;

#[derive(Serialize)]
struct StageLine {
    name: String,
    colour: &'static str,
    customers: String,
    share: String,
    /// Per quarter, after cost.
    reward: String,
    value: String,
    go_on: bool,
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
    rewards: Vec<f64>,
    values: Vec<f64>,
    go_on: Vec<bool>,
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
            rule => self.rule(&economy),
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
        vec![
            input("value.life.group", self.group_name(group)),
            input("value.life.quarters", words.count(moves.quarterly.total())),
            input("value.life.margin", words.percent(self.kept_share())),
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

    /// What the company keeps of a purchase after returns and the cost of goods; the latter only where it is known.
    fn kept_share(&self) -> f64 {
        let overview = &self.stored.overview;
        let ratio = |part: i64, whole: i64| match whole {
            1.. => money::to_units(part) / money::to_units(whole),
            _ => 1.0,
        };
        let margin = overview.margin.map_or(1.0, |margin| ratio(margin, overview.costed_sales));
        margin * ratio(overview.net_sales, overview.gross_sales)
    }

    /// Stages as a Markov chain of quarters; `None` where it has no value. Prospects cost nothing.
    fn economy(&self, moves: &Moves, cost: f64) -> Option<Economy> {
        let rewards: Vec<f64> = (0..STAGES.len())
            .map(|stage| {
                let seen = moves.quarterly.left(stage) as f64;
                let money = if seen > 0.0 { money::to_units(moves.money[stage]) / seen } else { 0.0 };
                let cost = if stage == 0 { 0.0 } else { cost };
                money * self.kept_share() - cost
            })
            .collect();
        let discount = (self.settings.annual_discount.ln_1p() / QUARTERS_PER_YEAR).exp_m1();
        let chain = Relationship { transitions: moves.quarterly.matrix(), rewards, discount };
        let best = chain.best().ok()?;
        Some(Economy { rewards: chain.rewards.clone(), values: best.values, go_on: best.go_on })
    }

    fn stages(&self, moves: &Moves, group: &str, economy: &Option<Economy>) -> Vec<StageLine> {
        let words = self.words;
        let counts = moves.counts.last().copied().unwrap_or_default();
        let all: u64 = counts.iter().skip(1).sum();
        let units = |of: fn(&Economy) -> &Vec<f64>, at: usize| {
            economy.as_ref().map_or("–".to_owned(), |economy| words.units(of(economy)[at]))
        };
        // Prospects are known only once they have bought: nothing can be said of the others.
        (1..STAGES.len())
            .map(|at| {
                let (name, colour) = stage(words, at);
                let filter = format!("orders > 0 && stage == '{}'", stage_name(STAGES[at]));
                StageLine {
                    name,
                    colour,
                    customers: words.count(counts[at]),
                    share: words.percent(counts[at] as f64 / all.max(1) as f64),
                    reward: units(|economy| &economy.rewards, at),
                    value: units(|economy| &economy.values, at),
                    go_on: economy.as_ref().is_none_or(|economy| economy.go_on[at]),
                    href: group.is_empty().then(|| href::sorted("account", &filter, "-net_sales")),
                }
            })
            .collect()
    }

    fn rule(&self, economy: &Option<Economy>) -> String {
        let Some(economy) = economy else { return String::new() };
        let stopped: Vec<String> =
            (1..STAGES.len()).filter(|at| !economy.go_on[*at]).map(|at| stage(self.words, at).0).collect();
        if stopped.is_empty() {
            return self.words.t("value.life.rule_all", &[]);
        }
        let comma = if self.words.lang == Lang::Zh { "、" } else { ", " };
        self.words.t("value.life.rule_stop", &[("stages", &stopped.join(comma))])
    }
}
