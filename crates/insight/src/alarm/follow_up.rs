//! What became of alarms: whether the customer bought within 13 weeks and for how much, whether a fall ended, whether somebody
//! has done the task.

use super::{ENTITY, group, raise::Raised, rule::RULES};
use crate::{
    kept,
    settings::{Settings, date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{
    Actor, Engine, Query, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Func, Query as Sql},
};
use meta::{DateTime, Id, NaiveDate, Record, Utc, Value, Values, unscaled};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub const REPORT: &str = "alarms";
/// How long a customer may take to buy again.
pub const HORIZON_DAYS: i32 = 13 * 7;
const PAGE: usize = 200;

/// What became of the alarms of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcomes {
    pub raised: u64,
    pub open: u64,
    pub bought: u64,
    pub not_bought: u64,
    pub recovered: u64,
    /// Ten-thousandths.
    pub sales_after: i64,
}

pub type Report = BTreeMap<String, Outcomes>;

/// What falls by now: rule and what it is about, with its name of today.
type Still<'f> = HashMap<(&'static str, &'f str), &'f str>;

/// `found` is what the rules find now.
pub async fn follow_up(engine: &Engine, settings: &Settings, found: &[Raised]) -> Result<()> {
    let as_of = settings.as_of_day(engine.clock());
    let still: Still<'_> = found
        .iter()
        .filter(|one| one.account.is_none())
        .map(|one| ((one.rule.name(), group::about(&one.name)), one.name.as_str()))
        .collect();
    let recent = date_of(day_number(as_of) - HORIZON_DAYS - 7);
    for filter in [
        "state in ['open', 'handled']".to_owned(),
        format!("state == 'closed' && outcome == 'bought' && raised_on > '{recent}'"),
    ] {
        let mut query = Query::new(ENTITY).filter(filter).sort("id").limit(PAGE);
        loop {
            let page = engine.list(&Actor::system(), &query).await?;
            update(engine, &page.records, &still, as_of, settings).await?;
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => break,
            }
        }
    }
    Ok(())
}

async fn update(
    engine: &Engine,
    alarms: &[Record],
    still: &Still<'_>,
    as_of: NaiveDate,
    settings: &Settings,
) -> Result<()> {
    let bought = purchases(engine, alarms).await?;
    let tasks: Vec<Id> = alarms.iter().filter_map(|alarm| alarm.reference("task")).collect();
    let tasks = engine.get_many(&Actor::system(), "activity", &tasks).await?;
    let done: HashMap<Id, bool> =
        tasks.iter().map(|task| (task.id, task.get("done").as_bool().unwrap_or(false))).collect();
    let mut updates: Vec<(Id, Values)> = vec![];
    let mut finished: Vec<Id> = vec![];
    for alarm in alarms {
        let mut values = match alarm.reference("account") {
            Some(account) => of_customer(alarm, bought.get(&account), as_of, settings),
            None => of_fall(alarm, still, as_of),
        };
        let task = alarm.reference("task").filter(|task| done.contains_key(task));
        let is_done = task.is_some_and(|task| done[&task]);
        if alarm.text("state") == "open" && is_done && !values.contains_key("state") {
            values.insert("state".to_owned(), "handled".into());
        }
        values.retain(|field, value| alarm.get(field) != value);
        if values.get("state").and_then(Value::as_text) == Some("closed") && !is_done {
            finished.extend(task);
        }
        if !values.is_empty() {
            updates.push((alarm.id, values));
        }
    }
    if updates.is_empty() {
        return Ok(());
    }
    engine.write(&Actor::system(), move |tx| Box::pin(write(tx, updates, finished))).await
}

async fn write(tx: &mut Tx, updates: Vec<(Id, Values)>, finished: Vec<Id>) -> Result<()> {
    tx.update_many(ENTITY, updates).await?;
    // There is nothing left to do about it.
    let done = |task: Id| (task, Values::from([("done".to_owned(), true.into())]));
    let tasks: Vec<(Id, Values)> = finished.into_iter().map(done).collect();
    if !tasks.is_empty() {
        tx.update_many("activity", tasks).await?;
    }
    Ok(())
}

/// What counts as bought, by customer: moment and amount.
type Purchases = HashMap<Id, Vec<(DateTime<Utc>, i64)>>;

async fn purchases(engine: &Engine, alarms: &[Record]) -> Result<Purchases> {
    let accounts: Vec<Id> = alarms.iter().filter_map(|alarm| alarm.reference("account")).collect();
    let Some(since) = alarms.iter().map(|alarm| alarm.created_at).min() else { return Ok(HashMap::new()) };
    let select = Sql::select()
        .columns(["account", "ordered_at", "net_base"].map(name))
        .from(name("order"))
        .and_where(Expr::col(name("account")).is_in(accounts))
        .and_where(Expr::col(name("ordered_at")).gt(since))
        .and_where(Expr::col(name("status")).is_in(COUNTING_ORDERS))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .to_owned();
    let mut found = Purchases::new();
    for row in engine.fetch(&select).await? {
        let amount = row.opt_int(2)?.unwrap_or(0);
        if amount > 0 {
            found.entry(row.id(0)?).or_default().push((row.instant(1)?, amount));
        }
    }
    Ok(found)
}

fn of_customer(
    alarm: &Record,
    bought: Option<&Vec<(DateTime<Utc>, i64)>>,
    as_of: NaiveDate,
    settings: &Settings,
) -> Values {
    let Some(raised_on) = alarm.get("raised_on").as_date() else { return Values::new() };
    let last = date_of(day_number(raised_on) + HORIZON_DAYS);
    let counted: Vec<(NaiveDate, i64)> = bought
        .into_iter()
        .flatten()
        .filter(|(at, _)| *at > alarm.created_at)
        .map(|(at, amount)| (settings.day_of(*at), *amount))
        .filter(|(day, _)| *day <= Ord::min(last, as_of))
        .collect();
    let mut values = Values::new();
    if let Some(first) = counted.iter().map(|(day, _)| *day).min() {
        let sum = counted.iter().map(|(_, amount)| *amount).fold(0_i64, i64::saturating_add);
        values.insert("sales_after".to_owned(), Value::Decimal(unscaled(sum, meta::MONEY_SCALE).normalize()));
        values.insert("orders_after".to_owned(), Value::Int(counted.len() as i64));
        values.insert("bought_on".to_owned(), Value::Date(first));
        values.insert("outcome".to_owned(), "bought".into());
        close(&mut values, first);
    } else if as_of > last {
        values.insert("outcome".to_owned(), "not_bought".into());
        close(&mut values, last);
    }
    values
}

fn of_fall(alarm: &Record, still: &Still<'_>, as_of: NaiveDate) -> Values {
    let rule = RULES.iter().map(|declared| declared.rule.name()).find(|name| *name == alarm.text("rule"));
    let name = rule.and_then(|rule| still.get(&(rule, group::about(alarm.text("name")))));
    let mut values = Values::new();
    match name {
        Some(name) => {
            values.insert("name".to_owned(), (*name).into());
        }
        None => {
            values.insert("outcome".to_owned(), "recovered".into());
            close(&mut values, as_of);
        }
    }
    values
}

fn close(values: &mut Values, day: NaiveDate) {
    values.insert("state".to_owned(), "closed".into());
    values.insert("closed_on".to_owned(), Value::Date(day));
}

/// Counts what became of all alarms and keeps it.
pub async fn summarize(engine: &Engine, as_of: NaiveDate) -> Result<()> {
    let select = Sql::select()
        .columns(["rule", "state", "outcome"].map(name))
        .expr(Func::count(Expr::col(name("id"))))
        .expr(Func::sum(Expr::col(name("sales_after"))).cast_as(name("bigint")))
        .from(name(ENTITY))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .group_by_columns(["rule", "state", "outcome"].map(name))
        .to_owned();
    let mut report = Report::new();
    for row in engine.fetch(&select).await? {
        let one = report.entry(row.text(0)?).or_default();
        let count = row.int(3)?.unsigned_abs();
        one.raised += count;
        one.sales_after = one.sales_after.saturating_add(row.opt_int(4)?.unwrap_or(0));
        match (row.text(1)?.as_str(), row.opt_text(2)?.as_deref()) {
            ("closed", Some("bought")) => one.bought += count,
            ("closed", Some("not_bought")) => one.not_bought += count,
            ("closed", _) => one.recovered += count,
            _ => one.open += count,
        }
    }
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await
}
