//! A best customer, or one of the core quadrant, turns: late by his own rhythm, less likely to buy, or worth less than four weeks ago. What was then is
//! computed from his orders up to that day with the models of today, so that no history of figures is needed.

use super::rule::AlarmSettings;
use super::{raise::Raised, rule::Rule, signal::Signal};
use crate::{
    facts::ask,
    scoring::{Fitted, Scored, Scorer},
    settings::{Settings, date_of, day_number},
    statistics::{self, Statistics, UpTo},
};
use engine::{Engine, Result};
use meta::{Id, NaiveDate};
use value::{backtest, life_cycle::Stage};

/// Against how long ago.
const COMPARE_DAYS: i32 = 28;
/// Who has been silent for longer has long been lost, and is no longer turning.
const SILENT_DAYS: i32 = 52 * 7;
/// Who was lost four weeks ago and has been silent for longer than a quarter has been told of, or was lost before there were alarms.
const LOST_DAYS: i32 = 13 * 7;
/// Orders without which there is no rhythm of his own.
const ORDERS_MINIMUM: u32 = 4;

/// Those whose sales of a year are largest come first.
pub async fn find(
    engine: &Engine,
    settings: &Settings,
    alarms: &AlarmSettings,
    fitted: &Fitted,
) -> Result<Vec<Raised>> {
    let as_of = settings.as_of_day(engine.clock());
    let today = day_number(as_of);
    let before = date_of(today - COMPARE_DAYS);
    let since = date_of(today - SILENT_DAYS);
    let (candidates, mut known) = candidates(engine, since).await?;
    let days = [&UpTo { day: as_of, settings }, &UpTo { day: before, settings }];
    statistics::bought(engine, &mut known, <[Statistics; 2]>::as_mut_slice, &days, |_, _| {}, None).await?;
    let now = Scorer::new(fitted.clone(), settings.clone(), as_of);
    let then = Scorer::new(fitted.clone(), settings.clone(), before);
    let (mut score_now, mut score_then) = (now.many(), then.many());
    // Last year's rule says who buys in this quarter: that it says no after the season is no turn.
    let seasonal = fitted.model.rules.churn.is_some_and(|score| score.rule() == backtest::Rule::LastYear);
    let margin_share = settings.question().outlook.margin_share;
    let mut found = vec![];
    for (candidate, (id, [now_known, then_known])) in candidates.into_iter().zip(known) {
        let earlier = then_known.summary.is_some().then(|| score_then(&then_known));
        let is_lost = earlier.as_ref().is_some_and(|earlier| earlier.stage.stage == Stage::Lost);
        let last_day = now_known.summary.map_or(today, |summary| summary.last_day);
        if is_lost && today - last_day > LOST_DAYS {
            continue;
        }
        let mut signals = signals(&score_now(&now_known), earlier.as_ref(), alarms, now.day, margin_share);
        if seasonal {
            signals.retain(|signal| !matches!(signal, Signal::BuysLess { .. }));
        }
        if !signals.is_empty() {
            let raised = Raised {
                rule: Rule::CoreCustomer,
                name: candidate.name,
                account: Some(id),
                owner: candidate.owner,
                // A customer who bought after the last alarm may turn again.
                since: now_known.summary.map(|summary| date_of(summary.last_day)),
                signals,
            };
            found.push((now_known.recent_sales, raised));
        }
    }
    found.sort_by(|(one, a), (other, b)| other.cmp(one).then(a.account.cmp(&b.account)));
    Ok(found.into_iter().map(|(_, raised)| raised).collect())
}

struct Candidate {
    name: String,
    owner: Option<Id>,
}

/// The best customers who have bought since a day, in order of their ids.
async fn candidates(
    engine: &Engine,
    since: NaiveDate,
) -> Result<(Vec<Candidate>, Vec<(Id, [Statistics; 2])>)> {
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
        customers.push((id, [Statistics::default(); 2]));
    }
    Ok((candidates, customers))
}

fn signals(
    now: &Scored,
    then: Option<&Scored>,
    alarms: &AlarmSettings,
    today: i32,
    margin_share: f64,
) -> Vec<Signal> {
    let mut signals = vec![];
    let summary = now.statistics.summary;
    let late = now.figures.and_then(|figures| figures.overdue_ratio);
    if let (Some(times), Some(summary)) = (late.filter(|times| *times >= alarms.get("late_times")), summary) {
        signals.push(Signal::Late {
            usual_days: summary.mean_interval_days().unwrap_or(0.0),
            silent_days: today - summary.last_day,
            times,
        });
    }
    let Some(then) = then else { return signals };
    if let (Some(before), Some(now)) = (then.p_buy_soon, now.p_buy_soon)
        && before - now >= alarms.get("p_buy_fall")
    {
        signals.push(Signal::BuysLess { before, now, days: COMPARE_DAYS });
    }
    // Who was expected to bring less than one more order has nothing to fall from.
    let bought = &then.statistics;
    let order = bought.gross_sales as f64 / f64::from(bought.orders.max(1)) * margin_share;
    if let (Some(before), Some(now)) =
        (then.clv.filter(|before| *before > 0 && *before as f64 >= order), now.clv)
        && (before - now) as f64 >= alarms.get("worth_fall") * before as f64
    {
        signals.push(Signal::WorthLess { before, now, days: COMPARE_DAYS });
    }
    signals
}
