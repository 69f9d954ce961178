//! A best customer turns: late by his own rhythm, less likely to buy, or worth less than four weeks ago. What was then is
//! computed from his orders up to that day with the models of today, so that no history of figures is needed.

use super::rule::AlarmSettings;
use super::{raise::Raised, rule::Rule, signal::Signal};
use crate::{
    scoring::{Fitted, Scored, Scorer},
    settings::{Settings, date_of, day_number},
    statistics::{self, UpTo},
};
use engine::{Actor, Engine, Query, Result};
use meta::{Id, NaiveDate, Record};
use value::backtest;

/// Against how long ago.
const COMPARE_DAYS: i32 = 28;
/// Who has been silent for longer has long been lost, and is no longer turning.
const SILENT_DAYS: i32 = 52 * 7;
/// Orders without which there is no rhythm of his own.
const ORDERS_MINIMUM: u32 = 4;
const PAGE: usize = 500;

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
    let filter =
        format!("importance in ['vip', 'key'] && orders >= {ORDERS_MINIMUM} && last_order_on > '{since}'");
    let mut query = Query::new("account").filter(filter).sort("-sales_52w").limit(PAGE).fields(&[
        "name",
        "owner",
        "sales_52w",
    ]);
    let mut found = vec![];
    loop {
        let page = engine.list(&Actor::system(), &query).await?;
        found.extend(turning(engine, settings, alarms, fitted, &page.records, (as_of, before)).await?);
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return Ok(found),
        }
    }
}

async fn turning(
    engine: &Engine,
    settings: &Settings,
    alarms: &AlarmSettings,
    fitted: &Fitted,
    records: &[Record],
    (as_of, before): (NaiveDate, NaiveDate),
) -> Result<Vec<Raised>> {
    let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
    let known_now = statistics::of(engine, &ids, &UpTo { day: as_of, settings }).await?;
    let known_then = statistics::of(engine, &ids, &UpTo { day: before, settings }).await?;
    let now = Scorer::new(fitted.clone(), settings.clone(), as_of);
    let then = Scorer::new(fitted.clone(), settings.clone(), before);
    let (mut score_now, mut score_then) = (now.many(), then.many());
    // Last year's rule says who buys in this quarter: that it says no after the season is no turn.
    let seasonal = fitted.model.rules.churn.is_some_and(|score| score.rule() == backtest::Rule::LastYear);
    let mut found = vec![];
    for record in records {
        let Some(statistics) = known_now.get(&record.id) else { continue };
        let scored = score_now(statistics);
        let earlier = known_then.get(&record.id).map(&mut score_then);
        let mut signals = signals(&scored, earlier.as_ref(), alarms, now.day);
        if seasonal {
            signals.retain(|signal| !matches!(signal, Signal::BuysLess { .. }));
        }
        if !signals.is_empty() {
            found.push(Raised {
                rule: Rule::CoreCustomer,
                name: record.text("name").to_owned(),
                account: Some(record.id),
                owner: record.reference("owner"),
                // A customer who bought after the last alarm may turn again.
                since: statistics.summary.map(|summary| date_of(summary.last_day)),
                signals,
            });
        }
    }
    Ok(found)
}

fn signals(now: &Scored, then: Option<&Scored>, alarms: &AlarmSettings, today: i32) -> Vec<Signal> {
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
    if let (Some(before), Some(now)) = (then.clv.filter(|before| *before > 0), now.clv)
        && (before - now) as f64 >= alarms.get("worth_fall") * before as f64
    {
        signals.push(Signal::WorthLess { before, now, days: COMPARE_DAYS });
    }
    signals
}
