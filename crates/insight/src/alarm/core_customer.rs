//! A best customer, or one of the core quadrant, turns: late by his own rhythm, less likely to buy, or worth less than four weeks ago. What was then is
//! computed from his orders up to that day with the models of today, so that no history of figures is needed. Late is who is silent for longer
//! than his rhythm ([`value::rhythm`]) lets expect with the chosen probability: of those who go on buying as they did, one in twenty
//! would once be called late between two purchases. What the rule is worth is replayed on the last 13 weeks.

use super::rule::AlarmSettings;
use super::{follow_up::HORIZON_DAYS, raise::Raised, rule::Rule, signal::Signal};
use crate::{
    facts::ask,
    scoring::{Fitted, Scored, Scorer},
    settings::{Settings, date_of, day_number},
    sold::Sold,
    statistics::{self, Statistics, UpTo},
};
use engine::{Engine, Result, aside};
use meta::{Id, NaiveDate};
use serde::{Deserialize, Serialize};
use value::{backtest, life_cycle::Stage};

/// The replay as it is kept.
pub const REPORT: &str = "alarm_replay";
/// Against how long ago.
const COMPARE_DAYS: i32 = 28;
/// Who has been silent for longer has long been lost, and is no longer turning.
const SILENT_DAYS: i32 = 52 * 7;
/// Who was lost four weeks ago and has been silent for longer than a quarter has been told of, or was lost before there were alarms.
const LOST_DAYS: i32 = 13 * 7;
/// Orders without which there is no rhythm of his own.
pub const ORDERS_MINIMUM: u32 = 4;

/// How the rule would have done: told of those it would have found 13 weeks ago, held against who has bought since. Models and
/// everybody's spread of gaps are today's, and so is who is one of the best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Looked at, and of these without a purchase since.
    pub customers: u64,
    pub silent: u64,
    /// Told of, and of these without a purchase since.
    pub told: u64,
    pub told_silent: u64,
}

impl Replay {
    fn add(&mut self, told: bool, silent: bool) {
        self.customers += 1;
        self.silent += u64::from(silent);
        self.told += u64::from(told);
        self.told_silent += u64::from(told && silent);
    }
}

/// Those whose sales of a year are largest come first; and the rule replayed.
pub async fn find(
    engine: &Engine,
    settings: &Settings,
    alarms: &AlarmSettings,
    fitted: &Fitted,
) -> Result<(Vec<Raised>, Replay)> {
    let as_of = settings.as_of_day(engine.clock());
    let today = day_number(as_of);
    let cut = today - HORIZON_DAYS;
    let (candidates, mut known) = candidates(engine, date_of(cut - SILENT_DAYS)).await?;
    let days = [today, today - COMPARE_DAYS, cut, cut - COMPARE_DAYS].map(date_of);
    let up_to = days.map(|day| UpTo { day, settings });
    let up_to: Vec<&UpTo<'_>> = up_to.iter().collect();
    let orders = Some(Sold::orders(engine, settings).await?);
    let of_days = <[Statistics; 4]>::as_mut_slice;
    statistics::bought(engine, &mut known, of_days, &up_to, orders, |_, _| {}, None).await?;
    Ok(aside(|| {
        let scorers = days.map(|day| Scorer::new(fitted.clone(), settings.clone(), day));
        let [mut score_now, mut score_then, mut score_cut, mut score_before] =
            scorers.each_ref().map(Scorer::many);
        let looking = Looking {
            alarms,
            // Last year's rule says who buys in this quarter: that it says no after the season is no turn.
            seasonal: fitted.model.rules.churn.is_some_and(|score| score.rule() == backtest::Rule::LastYear),
            margin_share: settings.question().outlook.margin_share,
        };
        let (mut found, mut replay) = (vec![], Replay::default());
        for (candidate, (id, [now, then, at_cut, before_cut])) in candidates.into_iter().zip(known) {
            let last_day = now.summary.map(|summary| summary.last_day);
            if is_looked_at(&at_cut, cut) {
                let earlier = before_cut.summary.is_some().then(|| score_before(&before_cut));
                let signals = looking.signals(&score_cut(&at_cut), earlier.as_ref(), cut);
                replay.add(!signals.is_empty(), last_day.is_none_or(|last| last <= cut));
            }
            if !is_looked_at(&now, today) {
                continue;
            }
            let earlier = then.summary.is_some().then(|| score_then(&then));
            let signals = looking.signals(&score_now(&now), earlier.as_ref(), today);
            if !signals.is_empty() {
                let raised = Raised {
                    rule: Rule::CoreCustomer,
                    name: candidate.name,
                    account: Some(id),
                    customers: None,
                    owner: candidate.owner,
                    // A customer who bought after the last alarm may turn again.
                    since: last_day.map(date_of),
                    signals,
                    weeks: vec![],
                };
                found.push((now.recent.sales, raised));
            }
        }
        found.sort_by(|(one, a), (other, b)| other.cmp(one).then(a.account.cmp(&b.account)));
        (found.into_iter().map(|(_, raised)| raised).collect(), replay)
    }))
}

fn is_looked_at(known: &Statistics, day: i32) -> bool {
    known.orders >= ORDERS_MINIMUM
        && known.summary.is_some_and(|summary| summary.last_day > day - SILENT_DAYS)
}

struct Candidate {
    name: String,
    owner: Option<Id>,
}

/// The best customers who have bought since a day, in order of their ids.
async fn candidates(
    engine: &Engine,
    since: NaiveDate,
) -> Result<(Vec<Candidate>, Vec<(Id, [Statistics; 4])>)> {
    let sql = format!(
        "SELECT a.id, a.name, a.owner FROM account a JOIN account_figures f ON f.key = a.key \
         WHERE (f.importance IN ('vip', 'key') OR f.value_quadrant = 'core') AND f.orders >= {ORDERS_MINIMUM} AND f.last_order_on > '{since}' \
         ORDER BY a.id"
    );
    let (mut candidates, mut customers) = (vec![], vec![]);
    for row in ask(engine, &sql).await?.values() {
        let row = row?;
        let [id, name, owner] = row.as_slice() else { continue };
        let Some(id) = id.as_id() else { continue };
        let name = name.as_text().unwrap_or_default().to_owned();
        candidates.push(Candidate { name, owner: owner.as_id() });
        customers.push((id, [Statistics::default(); 4]));
    }
    Ok((candidates, customers))
}

struct Looking<'a> {
    alarms: &'a AlarmSettings,
    seasonal: bool,
    margin_share: f64,
}

impl Looking<'_> {
    fn signals(&self, now: &Scored, then: Option<&Scored>, today: i32) -> Vec<Signal> {
        let mut signals = vec![];
        let last_day = now.statistics.summary.map_or(today, |summary| summary.last_day);
        let is_lost = then.is_some_and(|then| then.stage.stage == Stage::Lost);
        if is_lost && today - last_day > LOST_DAYS {
            return signals;
        }
        // By his own rhythm, regular or not: whose gaps spread widely is late only after a long time.
        let chance = self.alarms.get("late_chance");
        if let Some(known) = now.rhythm.filter(|known| today > known.latest(chance)) {
            signals.push(Signal::Late {
                usual_days: known.rhythm.typical_days(),
                silent_days: today - last_day,
                times: known.overdue(today),
                within: Some((chance, known.latest(chance) - last_day)),
            });
        }
        let Some(then) = then else { return signals };
        if let (Some(before), Some(now)) = (then.p_buy_soon, now.p_buy_soon)
            && before - now >= self.alarms.get("p_buy_fall")
            && !self.seasonal
        {
            signals.push(Signal::BuysLess { before, now, days: COMPARE_DAYS });
        }
        // Who was expected to bring less than one more order has nothing to fall from.
        let bought = &then.statistics;
        let order = bought.gross_sales as f64 / f64::from(bought.orders.max(1)) * self.margin_share;
        if let (Some(before), Some(now)) =
            (then.clv.filter(|before| *before > 0 && *before as f64 >= order), now.clv)
            && (before - now) as f64 >= self.alarms.get("worth_fall") * before as f64
        {
            signals.push(Signal::WorthLess { before, now, days: COMPARE_DAYS });
        }
        signals
    }
}
