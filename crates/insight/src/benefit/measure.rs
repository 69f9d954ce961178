//! Measures both periods and keeps the result.

use super::periods::Period;
use crate::{
    facts::{At, ask, counting, day_before, whole},
    kept, satisfaction,
    settings::{Settings, date_of, day_number},
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use engine::{
    Actor, Engine, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement},
};
use meta::{DateTime, Id, Utc};
use serde::{Deserialize, Serialize};
use statrs::statistics::{Data, OrderStatistics};
use std::collections::HashMap;
use value::{
    proportion::{Clusters, Estimate, share},
    satisfaction::{Nps, ratio_thousandths},
    service_cost::{Costs, DRIVERS, Driver, Group, Rates, Use},
};

pub const REPORT: &str = "benefit";
/// First buyers of a period are counted up to here.
const BUYERS_LIMIT: u64 = 10_000_000;
/// An answer that comes later is no answer to it.
const ANSWER_HOURS: i64 = 14 * 24;
/// What a customer says when he contacts us that wants an answer.
const ASKING: [&str; 4] = ["call", "email", "chat", "letter"];

/// One period's figures. Money in ten-thousandths.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub orders: u64,
    pub sales: i64,
    pub returned: i64,
    pub margin: i64,
    /// The sales whose margin is known.
    pub costed: i64,
    /// People who sold something, and what they sold.
    pub reps: u64,
    pub sales_of_reps: i64,
    /// Cost to serve and selling cost by the rates of the time; `None` without rates at that time.
    pub cost: Option<i64>,
    pub buyers: u64,
    pub first_buyers: u64,
    /// Of the customers who bought in the period of the same length before, those who bought again.
    pub retention: Option<Estimate>,
    pub contacts: u64,
    /// Its cases are customers.
    pub satisfaction: Option<Estimate>,
    pub nps: Option<Nps>,
    /// Median hours until a customer who contacted us was contacted, and how many of how many were within two weeks.
    pub answer_hours: Option<f64>,
    pub answered: u64,
    pub asked: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub base: Period,
    pub latest: Period,
    pub before: Measured,
    pub after: Measured,
}

/// Nothing as long as no base period is chosen.
pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let Some(base) = Period::load(engine).await? else { return Ok(()) };
    let as_of = settings.as_of_day(engine.clock());
    let latest = base.latest(as_of);
    let report = Report {
        base,
        latest,
        before: measure(engine, settings, &base).await?,
        after: measure(engine, settings, &latest).await?,
    };
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await
}

fn within(entity: &'static str, at: &'static str, period: &Period, settings: &Settings) -> SelectStatement {
    let own = |column: &str| (name(entity), name(column));
    Sql::select()
        .column(own(at))
        .from(name(entity))
        .and_where(Expr::col(own(at)).gte(settings.end_of(date_of(day_number(period.from) - 1))))
        .and_where(Expr::col(own(at)).lt(settings.end_of(period.to)))
        .and_where(Expr::col(own("deleted_at")).is_null())
        .to_owned()
}

async fn measure(engine: &Engine, settings: &Settings, period: &Period) -> Result<Measured> {
    let mut found = Measured::default();
    let rates = &settings.cost_rates;
    let mut costs = Costs::default();
    sales(engine, settings, period, &mut found).await?;
    returns(engine, settings, period, &mut found).await?;
    contacts(engine, settings, period, &mut found, &mut costs).await?;
    documents(engine, settings, period, &mut costs).await?;
    answers(engine, period, &mut found).await?;
    found.cost = has_rates(rates, period).then(|| costs.to_serve().saturating_add(costs.selling));
    buyers(engine, settings, period, &mut found).await?;
    let first = format!("first_order_on >= '{}' && first_order_on <= '{}'", period.from, period.to);
    let count = engine::Query::new("account").filter(first);
    found.first_buyers = engine.count(&Actor::system(), &count, BUYERS_LIMIT).await?.number;
    Ok(found)
}

/// Whether anything that is counted had a rate when the period began.
fn has_rates(rates: &Rates, period: &Period) -> bool {
    let day = day_number(period.from);
    DRIVERS.iter().any(|(_, driver)| rates.on(*driver, day).is_some())
}

/// When something happened within the period.
fn on(at: At, period: &Period, settings: &Settings) -> String {
    at.within(settings, day_before(period.from), period.to)
}

/// The one row of a question, money in ten-thousandths.
async fn sums<const N: usize>(engine: &Engine, sql: &str) -> Result<[i64; N]> {
    let mut found = [0; N];
    if let Some(row) = ask(engine, sql).await?.values().next() {
        found.iter_mut().zip(row?.iter().map(whole)).for_each(|(number, known)| *number = known);
    }
    Ok(found)
}

async fn sales(engine: &Engine, settings: &Settings, period: &Period, found: &mut Measured) -> Result<()> {
    let sql = format!(
        "SELECT count(CASE WHEN net_base > 0 THEN 1 END), sum(net_base), sum(margin_base), \
         sum(CASE WHEN margin_base IS NOT NULL THEN net_base END), count(DISTINCT owner), \
         sum(CASE WHEN owner IS NOT NULL THEN net_base END) FROM \"order\" WHERE {} AND {}",
        on(At::Instant("ordered_at"), period, settings),
        counting("status", &COUNTING_ORDERS)
    );
    let [orders, sales, margin, costed, reps, sales_of_reps] = sums(engine, &sql).await?;
    (found.orders, found.reps) = (orders.unsigned_abs(), reps.unsigned_abs());
    (found.sales, found.margin, found.costed, found.sales_of_reps) = (sales, margin, costed, sales_of_reps);
    Ok(())
}

/// Who bought, and who of those who had bought within as long before bought again.
async fn buyers(engine: &Engine, settings: &Settings, period: &Period, found: &mut Measured) -> Result<()> {
    let earlier =
        Period { from: date_of(day_number(period.from) - period.days()), to: day_before(period.from) };
    let [now, before] = [period, &earlier].map(|period| on(At::Instant("ordered_at"), period, settings));
    let sql = format!(
        "SELECT count(CASE WHEN bought THEN 1 END), count(CASE WHEN had_bought THEN 1 END), \
         count(CASE WHEN bought AND had_bought THEN 1 END) FROM (SELECT account_key, bool_or({now}) AS bought, bool_or({before}) AS had_bought \
         FROM \"order\" WHERE account_key IS NOT NULL AND net_base > 0 AND {} AND (({now}) OR ({before})) GROUP BY account_key)",
        counting("status", &COUNTING_ORDERS)
    );
    let [now, before, again] = sums(engine, &sql).await?.map(|customers| customers.unsigned_abs());
    found.buyers = now;
    found.retention = share(again, before);
    Ok(())
}

async fn returns(engine: &Engine, settings: &Settings, period: &Period, found: &mut Measured) -> Result<()> {
    let sql = format!(
        "SELECT sum(net_base), sum(margin_base), sum(CASE WHEN margin_base IS NOT NULL THEN net_base END) \
         FROM \"return\" WHERE {} AND {}",
        on(At::Instant("returned_at"), period, settings),
        counting("status", &COUNTING_RETURNS)
    );
    let [returned, margin, costed] = sums(engine, &sql).await?;
    found.returned = returned;
    found.margin = found.margin.saturating_sub(margin);
    found.costed = found.costed.saturating_sub(costed);
    Ok(())
}

/// What orders and returns cost, as the warehouse charges them.
async fn documents(engine: &Engine, settings: &Settings, period: &Period, costs: &mut Costs) -> Result<()> {
    let within = on(At::Day("day"), period, settings);
    let orders = format!("SELECT sum(selling_cost), sum(service_cost) FROM order_costs WHERE {within}");
    let [selling, handling] = sums(engine, &orders).await?;
    let returns = format!("SELECT sum(service_cost) FROM return_costs WHERE {within}");
    let [returned] = sums(engine, &returns).await?;
    for (group, cost) in [(Group::Selling, selling), (Group::Handling, handling), (Group::Returns, returned)]
    {
        costs.add(group, cost);
    }
    Ok(())
}

/// Costs of contacts, their number, and how long customers waited.
async fn contacts(
    engine: &Engine,
    settings: &Settings,
    period: &Period,
    found: &mut Measured,
    costs: &mut Costs,
) -> Result<()> {
    let mut select = within("activity", "happened_at", period, settings);
    select
        .columns(["account", "kind", "direction", "duration_minutes"].map(name))
        .and_where(Expr::col(name("account")).is_not_null())
        .and_where(Expr::col(name("done")).eq(true))
        .order_by(name("happened_at"), Order::Asc);
    let mut waiting: HashMap<Id, DateTime<Utc>> = HashMap::new();
    let mut hours: Vec<f64> = vec![];
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let (at, account) = (row.instant(0)?, row.id(1)?);
        let kind = row.opt_text(2)?.unwrap_or_default();
        found.contacts += u64::from(!matches!(kind.as_str(), "note" | "task"));
        let driver = Driver::named(&kind);
        if let Some(driver) = driver {
            let minutes = Ord::max(row.opt_int(4)?.unwrap_or(0), 0);
            let day = day_number(settings.day_of(at));
            costs.add(
                driver.group(),
                settings.cost_rates.cost(driver, day, Use { pieces: 1, minutes, sales: 0 }),
            );
        }
        match row.opt_text(3)?.as_deref() {
            Some("incoming") if ASKING.contains(&kind.as_str()) => {
                waiting.entry(account).or_insert_with(|| {
                    found.asked += 1;
                    at
                });
            }
            Some("outgoing") => {
                if let Some(asked) = waiting.remove(&account) {
                    let waited = at - asked;
                    if waited.num_hours() <= ANSWER_HOURS {
                        found.answered += 1;
                        hours.push(waited.num_minutes() as f64 / 60.0);
                    }
                }
            }
            _ => {}
        }
    }
    found.answer_hours = (!hours.is_empty()).then(|| Data::new(hours).median());
    Ok(())
}

/// Answers of each customer and their sum.
type Told = HashMap<Id, (i64, i64)>;

async fn answers(engine: &Engine, period: &Period, found: &mut Measured) -> Result<()> {
    let select = Sql::select()
        .columns(["account", "expected", "perceived", "recommend"].map(name))
        .from(name(satisfaction::ENTITY))
        .and_where(Expr::col(name("asked_on")).gte(period.from))
        .and_where(Expr::col(name("asked_on")).lte(period.to))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .to_owned();
    let (mut ratios, mut points) = (Told::new(), Told::new());
    let add = |all: &mut Told, account, more: i64| {
        let (answers, sum) = all.entry(account).or_default();
        *answers += 1;
        *sum += more;
    };
    let [mut promoters, mut passives, mut detractors] = [0, 0, 0];
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let small = |index: usize| -> Result<Option<u8>> {
            Ok(row.opt_int(index)?.and_then(|answer| u8::try_from(answer).ok()))
        };
        let account = row.id(0)?;
        if let Some(ratio) = small(2)?.zip(small(1)?).and_then(|(b, a)| ratio_thousandths(b, a)) {
            add(&mut ratios, account, ratio.into());
        }
        let (count, point) = match small(3)? {
            Some(9..) => (&mut promoters, 1),
            Some(7..=8) => (&mut passives, 0),
            Some(_) => (&mut detractors, -1),
            None => continue,
        };
        *count += 1;
        add(&mut points, account, point);
    }
    found.satisfaction = Clusters::of(ratios.into_values()).mean(1_000.0);
    found.nps = Nps::of_counts(promoters, passives, detractors)
        .map(|nps| nps.of_respondents(&Clusters::of(points.into_values())));
    Ok(())
}
