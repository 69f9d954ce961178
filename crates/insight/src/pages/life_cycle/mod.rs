//! `/value/life-cycle`: how customers move between stages over a period, in a group, what drives the break-up, and what a
//! stage is worth with the best rule when to stop marketing.

use super::{explain::missing, href, words::Words};
use crate::{
    past::{
        self, Past,
        life::{Life, Moves, STAGES},
    },
    scoring::stage_name,
    settings::{Settings, date_of},
    store::{self, StoredModel},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use meta::Lang;
use minijinja::context;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use value::{
    markov::{Driver, Relationship, Share, Transitions},
    money,
};
use web::{Answer, App, Session};

const LOST: usize = 5;
/// Stages from which one can break up: neither prospects nor the lost.
const ACTIVE: std::ops::Range<usize> = 1..LOST;
const QUARTERS_PER_YEAR: f64 = 4.0;
/// A group with fewer customers at the beginning says nothing of what drives a break-up.
const FEWEST: u64 = 20;

/// What the page shows; all may be missing.
#[derive(Default, Deserialize)]
pub struct Wanted {
    from: Option<usize>,
    to: Option<usize>,
    #[serde(default)]
    group: String,
    /// Cost of marketing to a customer for a quarter, currency units.
    #[serde(default)]
    cost: String,
}

#[derive(Serialize)]
struct Named {
    value: String,
    label: String,
    selected: bool,
}

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

#[derive(Serialize)]
struct DriverLine {
    group: String,
    rate: String,
    others: String,
    ratio: String,
    range: String,
    customers: String,
    tone: &'static str,
    verdict: String,
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let settings = Settings::load(engine).await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let known = past::newest(engine).await?;
    let stored = store::newest_model(engine).await?;
    let context = match (known.as_deref(), stored) {
        (Some((_, past)), Some(stored)) => match past.life.fitted() {
            Some(life) => {
                Page { words: &words, life, past, stored: &stored, settings: &settings, wanted: &wanted }
                    .context()
            }
            None => {
                let reason = past.life.missing().map(|reason| missing(&words, reason)).unwrap_or_default();
                context! { missing => words.t("value.past.impossible", &[("reason", &reason)]) }
            }
        },
        _ => context! { missing => words.t("value.past.none_yet", &[]) },
    };
    let under_way = past::is_under_way(engine).await?;
    app.page(&session, "insight/life_cycle.html", context! { under_way, ..context })
        .map(IntoResponse::into_response)
}

struct Page<'a> {
    words: &'a Words<'a>,
    life: &'a Life,
    past: &'a Past,
    stored: &'a StoredModel,
    settings: &'a Settings,
    wanted: &'a Wanted,
}

impl Page<'_> {
    fn context(&self) -> minijinja::Value {
        let (words, days) = (self.words, &self.life.days);
        let last = days.len() - 1;
        let to = self.wanted.to.filter(|to| (1..=last).contains(to)).unwrap_or(last);
        let from = self.wanted.from.filter(|from| *from < to).unwrap_or(to.saturating_sub(4));
        let group =
            if self.life.groups.contains_key(&self.wanted.group) { self.wanted.group.as_str() } else { "" };
        let empty = (Moves::default(), Transitions::new(STAGES.len()));
        let moves = self.life.groups.get(group).unwrap_or(&empty.0);
        let transitions = self.life.moves(group, from, to).unwrap_or(&empty.1);
        let date = |day: &i32| words.date(date_of(*day));
        let choices = |selected: usize, range: std::ops::Range<usize>| -> Vec<Named> {
            let named =
                |at: usize| Named { value: at.to_string(), label: date(&days[at]), selected: at == selected };
            range.map(named).collect()
        };
        let cost =
            self.wanted.cost.trim().parse::<f64>().ok().filter(|cost| cost.is_finite() && *cost >= 0.0);
        let bad_cost = (!self.wanted.cost.trim().is_empty() && cost.is_none())
            .then(|| words.t("value.life.bad_cost", &[]));
        let cost = cost.unwrap_or(0.0);
        let economy = self.economy(moves, cost);
        context! {
            missing => (),
            froms => choices(from, 0..last),
            tos => choices(to, 1..last + 1),
            groups => self.groups(group),
            cost => if cost > 0.0 { cost.to_string() } else { String::new() },
            bad_cost,
            from_on => date(&days[from]),
            to_on => date(&days[to]),
            moved => words.count(transitions.total()),
            heat => self.heat(transitions),
            rows => self.rows(transitions),
            drivers => self.drivers(from, to),
            stages => self.stages(moves, to, group, &economy),
            rule => self.rule(&economy),
            margin => words.percent(self.margin_share()),
            discount => words.percent(self.settings.annual_discount),
            quarters => words.count(moves.quarterly.total()),
            as_of => words.date(self.past.as_of),
            made_at => words.format.instant(self.past.made_at),
            customers => words.count(self.past.customers),
        }
    }

    fn stage(&self, at: usize) -> (String, &'static str) {
        self.words.choice("stage", stage_name(STAGES[at]))
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

    fn groups(&self, selected: &str) -> Vec<Named> {
        let named = |group: &String| Named {
            value: group.clone(),
            label: self.group_name(group),
            selected: group == selected,
        };
        self.life.groups.keys().map(named).collect()
    }

    fn heat(&self, transitions: &Transitions) -> Json {
        let words = self.words;
        let n = STAGES.len();
        let names: Vec<String> = (0..n).map(|at| self.stage(at).0).collect();
        let mut cells = vec![];
        for from in 0..n {
            for to in 0..n {
                let text = transitions.share(from, to).map(|share| self.share(&share)).unwrap_or_default();
                // Rows are drawn from below.
                cells.push(
                    json!({ "x": to, "y": n - 1 - from, "value": transitions.count(from, to), "text": text }),
                );
            }
        }
        let (active, lost) = broken_up(transitions);
        let share = Share::of(lost, active).map_or("–".to_owned(), |share| words.percent(share.share));
        json!({
            "title": words.t("value.life.title", &[("share", &share)]),
            "data": {
                "columns": names, "rows": names.iter().rev().collect::<Vec<_>>(), "cells": cells,
                "x_label": words.t("value.life.to", &[]), "y_label": words.t("value.life.from", &[]),
            },
        })
    }

    /// `12 of 40: 30% (18–45%)`.
    fn share(&self, share: &Share) -> String {
        let words = self.words;
        words.t(
            "value.life.share",
            &[
                ("count", &words.count(share.count)),
                ("of", &words.count(share.of)),
                ("share", &words.percent(share.share)),
                ("low", &words.percent(share.low)),
                ("high", &words.percent(share.high)),
            ],
        )
    }

    /// The matrix with its intervals, as a table.
    fn rows(&self, transitions: &Transitions) -> Vec<Json> {
        let n = STAGES.len();
        let row = |from: usize| {
            let cells: Vec<Json> = (0..n)
                .map(|to| match transitions.share(from, to) {
                    Some(share) if share.count > 0 => json!({
                        "stage": self.stage(to).0,
                        "share": self.words.percent(share.share),
                        "range": format!("{}–{}", self.words.percent(share.low), self.words.percent(share.high)),
                    }),
                    _ => json!({ "stage": self.stage(to).0, "share": "–", "range": "" }),
                })
                .collect();
            json!({ "stage": self.stage(from).0, "left": self.words.count(transitions.left(from)), "cells": cells })
        };
        (0..n).map(row).collect()
    }

    /// Groups against everybody else, the clearest difference first.
    fn drivers(&self, from: usize, to: usize) -> Vec<DriverLine> {
        let words = self.words;
        let Some(all) = self.life.moves("", from, to).map(broken_up) else { return vec![] };
        let mut drivers: Vec<(&String, Driver)> = self
            .life
            .groups
            .keys()
            .filter(|group| !group.is_empty())
            .filter_map(|group| {
                let (active, lost) = broken_up(self.life.moves(group, from, to)?);
                let others = (all.1.saturating_sub(lost), all.0.saturating_sub(active));
                let enough = active >= FEWEST && others.1 >= FEWEST;
                Some((group, Driver::of((lost, active), others).filter(|_| enough)?))
            })
            .collect();
        drivers.sort_by(|one, other| {
            other
                .1
                .is_clear()
                .cmp(&one.1.is_clear())
                .then(other.1.ratio.ln().abs().total_cmp(&one.1.ratio.ln().abs()))
        });
        let line = |(group, driver): (&String, Driver)| {
            let (key, tone) = match (driver.is_clear(), driver.ratio > 1.0) {
                (true, true) => ("value.life.raises", "red"),
                (true, false) => ("value.life.lowers", "green"),
                (false, _) => ("value.life.unclear", "grey"),
            };
            DriverLine {
                group: self.group_name(group),
                rate: words.percent(driver.group.share),
                others: words.percent(driver.others.share),
                ratio: format!("× {}", words.fixed(driver.ratio, 2)),
                range: format!("{}–{}", words.fixed(driver.low, 2), words.fixed(driver.high, 2)),
                customers: words.count(driver.group.of),
                tone,
                verdict: words.t(key, &[]),
            }
        };
        drivers.into_iter().map(line).collect()
    }

    /// The company's margin rate; all of the money where no cost is known.
    fn margin_share(&self) -> f64 {
        let overview = &self.stored.overview;
        match overview.margin {
            Some(margin) if overview.costed_sales > 0 => {
                money::to_units(margin) / money::to_units(overview.costed_sales)
            }
            _ => 1.0,
        }
    }

    /// Stages as a Markov chain of quarters; `None` where it has no value. Prospects cost nothing.
    fn economy(&self, moves: &Moves, cost: f64) -> Option<Economy> {
        let rewards: Vec<f64> = (0..STAGES.len())
            .map(|stage| {
                let seen = moves.quarterly.left(stage) as f64;
                let money = if seen > 0.0 { money::to_units(moves.money[stage]) / seen } else { 0.0 };
                let cost = if stage == 0 { 0.0 } else { cost };
                money * self.margin_share() - cost
            })
            .collect();
        let discount = (self.settings.annual_discount.ln_1p() / QUARTERS_PER_YEAR).exp_m1();
        let chain = Relationship { transitions: moves.quarterly.matrix(), rewards, discount };
        let best = chain.best().ok()?;
        Some(Economy { rewards: chain.rewards.clone(), values: best.values, go_on: best.go_on })
    }

    fn stages(&self, moves: &Moves, to: usize, group: &str, economy: &Option<Economy>) -> Vec<StageLine> {
        let words = self.words;
        let counts = moves.counts.get(to).copied().unwrap_or_default();
        let all: u64 = counts.iter().skip(1).sum();
        let now = to + 1 == self.life.days.len() && group.is_empty();
        let units = |of: fn(&Economy) -> &Vec<f64>, at: usize| {
            economy.as_ref().map_or("–".to_owned(), |economy| words.units(of(economy)[at]))
        };
        // Prospects are known only once they have bought: nothing can be said of the others.
        (1..STAGES.len())
            .map(|at| {
                let (name, colour) = self.stage(at);
                let filter = format!("orders > 0 && stage == '{}'", stage_name(STAGES[at]));
                StageLine {
                    name,
                    colour,
                    customers: words.count(counts[at]),
                    share: words.percent(counts[at] as f64 / all.max(1) as f64),
                    reward: units(|economy| &economy.rewards, at),
                    value: units(|economy| &economy.values, at),
                    go_on: economy.as_ref().is_none_or(|economy| economy.go_on[at]),
                    href: now.then(|| href::sorted("account", &filter, "-net_sales")),
                }
            })
            .collect()
    }

    fn rule(&self, economy: &Option<Economy>) -> String {
        let Some(economy) = economy else { return String::new() };
        let stopped: Vec<String> =
            (1..STAGES.len()).filter(|at| !economy.go_on[*at]).map(|at| self.stage(at).0).collect();
        if stopped.is_empty() {
            return self.words.t("value.life.rule_all", &[]);
        }
        let comma = if self.words.lang == Lang::Zh { "、" } else { ", " };
        self.words.t("value.life.rule_stop", &[("stages", &stopped.join(comma))])
    }
}

struct Economy {
    rewards: Vec<f64>,
    values: Vec<f64>,
    go_on: Vec<bool>,
}

/// Customers in an active stage at the beginning, and how many of them were lost at the end.
fn broken_up(transitions: &Transitions) -> (u64, u64) {
    ACTIVE.fold((0, 0), |(active, lost), stage| {
        (active + transitions.left(stage), lost + transitions.count(stage, LOST))
    })
}
