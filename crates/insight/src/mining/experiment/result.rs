//! What came of an experiment: both sides' orders between its first and last day, compared.

use super::{
    ENTITY, members,
    uplift::{self, Money},
};
use crate::{
    mining::{groups, kept},
    settings::Settings,
    statistics::COUNTING_ORDERS,
};
use engine::{
    Actor, BoxFuture, Engine, JobContext, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql},
};
use meta::{Id, NaiveDate, Record, Value};
use mining::effect::{
    Effect,
    difference::{Amounts, Rate, of_amounts, of_rates},
    heterogeneity::{self, Heterogeneity, Part},
    power,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub const KIND: &str = "experiment";
pub(super) const MONEY: f64 = 10_000.0;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub treated: u64,
    pub control: u64,
    pub from: NaiveDate,
    /// The last day counted so far.
    pub until: NaiveDate,
    pub ended: bool,
    /// Share of customers who bought.
    pub bought: Effect,
    /// Sales per customer in units of the company currency, those who bought nothing counting zero.
    pub sales: Effect,
    /// Share who bought in as long a time before.
    pub before: f64,
    /// The smallest rise over `before` that so many customers would show; `None` if none would.
    pub smallest_rise: Option<f64>,
    /// Customers to see a rise of a tenth of `before`.
    pub needed_for_a_tenth: Option<u64>,
    /// Whether the effect differs between customer groups; `None` with fewer than two large enough.
    pub parts: Option<Heterogeneity>,
    /// What a contact costs and these customers' margin; `None` in what an earlier version kept.
    #[serde(default)]
    pub money: Option<Money>,
}

pub async fn load(engine: &Engine, experiment: Id) -> Result<Option<Arc<kept::Kept<Found>>>> {
    kept::load(engine, KIND, &experiment.to_string()).await
}

fn day(record: &Record, field: &str) -> NaiveDate {
    match record.get(field) {
        Value::Date(day) => *day,
        _ => NaiveDate::default(),
    }
}

/// What a customer bought for within some days, in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bought {
    pub sales: i64,
    /// Of the orders whose cost is known, and the sales it was earned on.
    pub margin: i64,
    pub costed: i64,
}

/// Draws the customers if need be, compares, learns who responds, and keeps all of it.
pub async fn compute(engine: &Engine, experiment: &Record) -> Result<Found> {
    members::draw(engine, experiment).await?;
    let settings = Settings::load(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    let (from, end) = (day(experiment, "start_on"), day(experiment, "end_on"));
    let until = Ord::min(end, as_of);
    let sides = members::of(engine, experiment.id).await?;
    let bought = sums(engine, experiment.id, &settings, (from, until)).await?;
    let length = end.signed_duration_since(from);
    let eve = from.pred_opt().unwrap_or(from);
    let before = sums(engine, experiment.id, &settings, (eve - length, eve)).await?;
    let groups = groups_of(engine, experiment.id).await?;
    let found = compare(&sides, &bought, before.len(), &groups, members::share_of(experiment));
    let money = Some(Money::of(experiment, &bought));
    let found = Found { from, until, ended: as_of > end, money, ..found };
    kept::keep(engine, KIND, &experiment.id.to_string(), as_of, &found).await?;
    uplift::compute(engine, experiment, &found, &sides, &bought).await?;
    Ok(found)
}

fn compare(
    sides: &[(Id, bool)],
    bought: &HashMap<Id, Bought>,
    buyers_before: usize,
    groups: &HashMap<Id, i64>,
    share: f64,
) -> Found {
    let mut rates = [Rate::default(); 2];
    let mut amounts: [Vec<f64>; 2] = [vec![], vec![]];
    let mut parts: BTreeMap<i64, [Rate; 2]> = BTreeMap::new();
    for (account, control) in sides {
        let side = usize::from(*control);
        let did = bought.get(account).copied();
        let count = |rate: &mut Rate| {
            rate.customers += 1;
            rate.did += u64::from(did.is_some());
        };
        count(&mut rates[side]);
        amounts[side].push(did.unwrap_or_default().sales as f64 / MONEY);
        if let Some(group) = groups.get(account) {
            count(&mut parts.entry(*group).or_default()[side]);
        }
    }
    let parts: Vec<Part> = parts
        .into_iter()
        .map(|(group, [treated, control])| Part { name: group.to_string(), treated, control })
        .collect();
    let before = buyers_before as f64 / sides.len().max(1) as f64;
    Found {
        treated: rates[0].customers,
        control: rates[1].customers,
        from: NaiveDate::default(),
        until: NaiveDate::default(),
        ended: false,
        bought: of_rates(rates[0], rates[1]),
        sales: of_amounts(Amounts::of(&amounts[0]), Amounts::of(&amounts[1])),
        before,
        smallest_rise: power::smallest_rise(before, sides.len() as u64, share),
        needed_for_a_tenth: power::customers_needed(before, before * 1.1, share),
        parts: heterogeneity::test(&parts),
        money: None,
    }
}

/// Of everybody who takes part and bought within the days.
async fn sums(
    engine: &Engine,
    experiment: Id,
    settings: &Settings,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<HashMap<Id, Bought>> {
    let order = |column: &str| Expr::col((name("order"), name(column)));
    let member = |column: &str| Expr::col((name(members::TABLE), name(column)));
    let begin = settings.end_of(from.pred_opt().unwrap_or(from));
    let mut select = Sql::select();
    select
        .exprs(["account", "net_base", "margin_base"].map(order))
        .from(name(members::TABLE))
        .join(JoinType::InnerJoin, name("order"), order("account").eq(member("account")))
        .and_where(member("experiment").eq(experiment))
        .and_where(order("deleted_at").is_null())
        .and_where(order("status").is_in(COUNTING_ORDERS))
        .and_where(order("ordered_at").gte(begin))
        .and_where(order("ordered_at").lt(settings.end_of(until)))
        .and_where(order("net_base").gt(0));
    let (mut rows, mut found) = (engine.stream(&select), HashMap::new());
    while let Some(row) = rows.try_next().await? {
        let (sum, sales): (&mut Bought, i64) =
            (found.entry(row.id(0)?).or_default(), row.opt_int(1)?.unwrap_or(0));
        sum.sales = sum.sales.saturating_add(sales);
        if let Some(margin) = row.opt_int(2)? {
            sum.margin = sum.margin.saturating_add(margin);
            sum.costed = sum.costed.saturating_add(sales);
        }
    }
    Ok(found)
}

async fn groups_of(engine: &Engine, experiment: Id) -> Result<HashMap<Id, i64>> {
    let figures = engine::schema::figures_table_name("account");
    let figure = |column: &str| Expr::col((name(&figures), name(column)));
    let member = |column: &str| Expr::col((name(members::TABLE), name(column)));
    let select = Sql::select()
        .exprs(["id", groups::FIELD].map(figure))
        .from(name(members::TABLE))
        .join(JoinType::InnerJoin, name(&figures), figure("id").eq(member("account")))
        .and_where(member("experiment").eq(experiment))
        .and_where(figure(groups::FIELD).is_not_null())
        .to_owned();
    let rows = engine.fetch(&select).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.int(1)?))).collect()
}

/// The job for one experiment.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let id: Id = serde_json::from_value(context.job.payload["experiment"].clone())?;
        let experiment = context.engine.get(&Actor::system(), ENTITY, id).await?;
        compute(&context.engine, &experiment).await?;
        Ok(())
    })
}

pub async fn queue(engine: &Engine, experiment: Id) -> Result<()> {
    let payload = json!({ "experiment": experiment });
    let actor = Actor::system();
    let queued =
        engine.write(&actor, move |tx| Box::pin(async move { tx.enqueue(super::JOB, payload).await }));
    queued.await.map(drop)
}

pub async fn in_progress(engine: &Engine, experiment: Id) -> Result<bool> {
    let payload = json!({ "experiment": experiment }).to_string();
    crate::mining::refresh::is_queued(engine, super::JOB, &payload).await
}
