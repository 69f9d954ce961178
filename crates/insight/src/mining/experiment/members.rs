//! Who takes part in an experiment and on which side: drawn once, before it begins to count, and kept; with what he bought since.
//! Long because whoever is drawn is checked, kept, listed and told of in one place.

use super::{
    CONTACT_COST, DRAWN_AT, ENTITY, FIXED_COST, LIKELIEST, POPULATION, PRODUCT,
    candidates::Candidates,
    plan,
    result::{Bought, Within},
};
use crate::{facts::region, mining::groups, settings::Settings};
use engine::schema::{ColumnKind, Table};
use engine::{
    Actor, BoxFuture, Engine, Error, Query, Result, Row, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql, SelectStatement, SimpleExpr},
};
use meta::{DateTime, Id, NaiveDate, Utc, Value, Values};
use mining::effect::assignment::is_control;
use std::collections::{BTreeMap, HashMap, HashSet};
use warehouse::touches::{KEPT, READER};

pub const TABLE: &str = KEPT;
/// Customers read and written at once.
const BATCH: usize = 1_000;
const SHARES: (f64, f64) = (0.05, 0.95);

pub fn table() -> Table {
    Table::new(TABLE, ["experiment", "account"])
        .required("experiment", ColumnKind::Id)
        .required("account", ColumnKind::Id)
        .required("control", ColumnKind::Bool)
        // The experiment's first day.
        .optional("reached_on", ColumnKind::Date)
        // All as of the draw, and empty for who was drawn by an earlier version.
        .optional("drawn_on", ColumnKind::Date)
        .optional("customer_group", ColumnKind::Int)
        .optional("region", ColumnKind::Text)
        // The first order within the days, and what all of them come to, as they were last compared; empty before.
        .optional("bought_at", ColumnKind::Instant)
        .optional("sales", ColumnKind::Int)
        // Of those judged by how they respond, from 1, who responds best; empty of others.
        .optional("fifth", ColumnKind::Int)
        // Those of one group, region or fifth, a page at a time.
        .index(["experiment", "customer_group", "account"])
        .index(["experiment", "region", "account"])
        .index(["experiment", "fifth", "account"])
}

/// What must hold for every experiment, whoever writes it.
pub fn check<'t>(tx: &'t mut Tx, ids: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        for experiment in tx.get_many(ENTITY, ids).await? {
            if experiment.deleted_at.is_some() {
                date(tx, experiment.id, None).await?;
                continue;
            }
            let share = share_of(&experiment);
            if !(SHARES.0..=SHARES.1).contains(&share) {
                return Err(Error::rule(
                    "control_share",
                    "choose a share between 5 % and 95 %: with one side empty nothing can be compared",
                    "请填 5% 至 95%：任何一组没有客户都无法比较",
                ));
            }
            for cost in [CONTACT_COST, FIXED_COST] {
                if experiment.get(cost).as_decimal().is_some_and(|cost| cost.is_sign_negative()) {
                    return Err(Error::rule(
                        cost,
                        "must not be below zero: state what it costs, or leave it empty",
                        "不能为负数，请填写费用，或留空",
                    ));
                }
            }
            if let (Value::Date(start), Value::Date(end)) =
                (experiment.get("start_on"), experiment.get("end_on"))
                && end < start
            {
                return Err(Error::rule(
                    "end_on",
                    "lies before the first day: choose a later one",
                    "早于开始日期，请改为更晚的日期",
                ));
            }
            population(tx, experiment.text(POPULATION)).await?;
            likeliest(&experiment)?;
            date(tx, experiment.id, first_day(&experiment)).await?;
            if experiment.get(DRAWN_AT).is_null() {
                plan::queue(tx, experiment.id).await?;
            }
        }
        Ok(())
    })
}

fn first_day(experiment: &meta::Record) -> Option<NaiveDate> {
    experiment.get("start_on").as_date()
}

/// Who was drawn already is reached on the experiment's first day, whenever that is; on none while the experiment is deleted.
async fn date(tx: &mut Tx, experiment: Id, first: Option<NaiveDate>) -> Result<()> {
    let col = |column: &str| Expr::col(name(column));
    let other = match first {
        Some(first) => col("reached_on").is_null().or(col("reached_on").ne(first)),
        None => col("reached_on").is_not_null(),
    };
    let update = Sql::update()
        .table(name(TABLE))
        .value(name("reached_on"), first)
        .and_where(col("experiment").eq(experiment))
        .and_where(other)
        .to_owned();
    if tx.execute(&update).await? > 0 {
        tx.count_change(READER).await?;
    }
    Ok(())
}

/// From here on what the draw fixes stays (see [`super::keep_as_drawn`]); returns it as it is fixed.
async fn fix(tx: &mut Tx, experiment: Id) -> Result<meta::Record> {
    if tx.get(ENTITY, experiment).await?.get(DRAWN_AT).is_null() {
        let now = Values::from([(DRAWN_AT.to_owned(), Value::Instant(tx.clock().now()))]);
        tx.update(ENTITY, experiment, None, now).await?;
    }
    tx.get(ENTITY, experiment).await
}

/// Whether a condition can be read, by reading one customer with it.
async fn population(tx: &mut Tx, condition: &str) -> Result<()> {
    let probe = Query::new("account").filter(condition).limit(1).fields(&["name"]);
    tx.list(&probe).await.map(drop).map_err(|error| match error {
        Error::Invalid(problems) => {
            let told = |lang| {
                problems.iter().map(|found| found.problem.message(lang)).collect::<Vec<_>>().join("; ")
            };
            Error::rule(POPULATION, told(meta::Lang::En), told(meta::Lang::Zh))
        }
        other => other,
    })
}

/// A number of likely buyers belongs to a product, and the other way round.
fn likeliest(experiment: &meta::Record) -> Result<()> {
    match (experiment.reference(PRODUCT), experiment.get(LIKELIEST).as_int()) {
        (None, None) | (Some(_), Some(1..)) => Ok(()),
        (None, Some(_)) => Err(Error::rule(
            PRODUCT,
            "choose the product whose likely buyers take part, or leave their number empty",
            "请选择产品，以确定取哪个产品的可能购买者；否则请将客户数留空",
        )),
        (Some(_), _) => Err(Error::rule(
            LIKELIEST,
            "say how many of the likely buyers take part: 1 or more",
            "请填写取多少位可能购买者，至少 1 位",
        )),
    }
}

/// Of who was merged into another only the one who stayed takes part: the orders of both are his.
fn not_merged() -> SimpleExpr {
    let merged = Sql::select()
        .column(name("record_id"))
        .from(name("merged"))
        .and_where(Expr::col(name("entity")).eq("account"))
        .to_owned();
    Expr::col(name("account")).not_in_subquery(merged)
}

pub fn share_of(experiment: &meta::Record) -> f64 {
    let share = experiment.get("control_share").as_decimal();
    share.and_then(|share| share.to_string().parse().ok()).unwrap_or(0.0)
}

/// What a draw came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub customers: u64,
    /// Who meets the condition and may not be addressed; `None` if they were drawn before.
    pub left_out: Option<u64>,
}

/// Draws who takes part, unless they were compared already. A draw that was interrupted goes on:
/// the hash puts everybody on the same side again.
pub async fn draw(engine: &Engine, experiment: &meta::Record) -> Result<Drawn> {
    let id = experiment.id;
    let compared = super::result::load(engine, id).await?.is_some();
    let already: HashSet<Id> = match compared {
        true => HashSet::new(),
        false => of(engine, id).await?.into_iter().map(|(account, _)| account).collect(),
    };
    let experiment = engine.get(&Actor::system(), ENTITY, id).await?;
    // Before anything is fixed: where nobody is known to be likely to buy, another product may be chosen.
    let candidates = if compared { None } else { Some(Candidates::of(engine, &experiment, &already).await?) };
    let fixed = engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let experiment = fix(tx, id).await?;
                if compared {
                    // Those drawn by an earlier version have no day yet.
                    date(tx, id, first_day(&experiment)).await?;
                }
                Ok(experiment)
            })
        })
        .await?;
    let Some(mut candidates) = candidates else {
        return Ok(Drawn { customers: count(engine, id).await?, left_out: None });
    };
    let (share, first) = (share_of(&fixed), first_day(&fixed));
    // The day it is, whatever day figures are held at.
    let today = Settings::load(engine).await?.day_of(engine.clock().now());
    while let Some(accounts) = candidates.more().await? {
        let rows: Vec<[SimpleExpr; 7]> = accounts
            .into_iter()
            .map(|account| {
                let control = is_control(id.as_u128(), account.id.as_u128(), share);
                let group = account.get(groups::FIELD).as_int();
                let region = region(account.get("province"), account.get("country"));
                let region = Some(region.to_owned()).filter(|region| !region.is_empty());
                [
                    id.into(),
                    account.id.into(),
                    control.into(),
                    first.into(),
                    today.into(),
                    group.into(),
                    region.into(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            engine.write(&Actor::system(), move |tx| Box::pin(async move { write(tx, rows).await })).await?;
        }
    }
    Ok(Drawn { customers: count(engine, id).await?, left_out: Some(candidates.left_out) })
}

async fn write(tx: &mut Tx, rows: Vec<[SimpleExpr; 7]>) -> Result<()> {
    let mut insert = Sql::insert();
    insert
        .into_table(name(TABLE))
        .columns(
            ["experiment", "account", "control", "reached_on", "drawn_on", "customer_group", "region"]
                .map(name),
        )
        .on_conflict(OnConflict::columns(["experiment", "account"].map(name)).do_nothing().to_owned());
    for row in rows {
        insert.values_panic(row);
    }
    tx.execute(&insert).await?;
    tx.count_change(READER).await
}

async fn count(engine: &Engine, experiment: Id) -> Result<u64> {
    let select = Sql::select()
        .expr(Expr::col(name("account")).count())
        .from(name(TABLE))
        .and_where(Expr::col(name("experiment")).eq(experiment))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0).unsigned_abs())
}

/// Who takes part, as he was drawn, and what he bought within the days as it was last compared.
#[derive(Clone, Debug)]
pub struct Member {
    pub account: Id,
    pub control: bool,
    /// `None` if an earlier version drew him.
    pub drawn_on: Option<NaiveDate>,
    /// On that day.
    pub group: Option<i64>,
    pub region: Option<String>,
    /// `None` if he bought nothing.
    pub bought_at: Option<DateTime<Utc>>,
    /// In ten-thousandths; `None` before the first comparison.
    pub sales: Option<i64>,
    pub fifth: Option<i64>,
}

/// In order of their ids; of who was merged only the one who stayed.
fn members(experiment: Id) -> SelectStatement {
    Sql::select()
        .columns(
            ["account", "control", "drawn_on", "customer_group", "region", "bought_at", "sales", "fifth"]
                .map(name),
        )
        .from(name(TABLE))
        .and_where(Expr::col(name("experiment")).eq(experiment))
        .and_where(not_merged())
        .order_by(name("account"), engine::sea_query::Order::Asc)
        .to_owned()
}

async fn read(engine: &Engine, select: &SelectStatement) -> Result<Vec<Member>> {
    let member = |row: &Row| {
        Ok(Member {
            account: row.id(0)?,
            control: row.bool(1)?,
            drawn_on: row.opt_date(2)?,
            group: row.opt_int(3)?,
            region: row.opt_text(4)?,
            bought_at: row.opt_instant(5)?,
            sales: row.opt_int(6)?,
            fifth: row.opt_int(7)?,
        })
    };
    engine.fetch(select).await?.iter().map(member).collect()
}

/// Some of those on one side, after this one; of a group or region of the day of the draw, or of a fifth, if one is given.
pub async fn side(
    engine: &Engine,
    experiment: Id,
    control: bool,
    within: Option<&Within>,
    after: Option<Id>,
    limit: u64,
) -> Result<Vec<Member>> {
    let mut select = members(experiment);
    select.and_where(Expr::col(name("control")).eq(control)).limit(limit);
    match within {
        Some(Within::Group(group)) => select.and_where(Expr::col(name("customer_group")).eq(*group)),
        Some(Within::Region(region)) => select.and_where(Expr::col(name("region")).eq(region.as_str())),
        Some(Within::Fifth(fifth)) => select.and_where(Expr::col(name("fifth")).eq(*fifth)),
        None => &mut select,
    };
    if let Some(after) = after {
        select.and_where(Expr::col(name("account")).gt(after));
    }
    read(engine, &select).await
}

/// Everybody who takes part.
pub async fn all(engine: &Engine, experiment: Id) -> Result<Vec<Member>> {
    read(engine, &members(experiment)).await
}

/// Everybody who takes part and whether he is left alone.
pub async fn of(engine: &Engine, experiment: Id) -> Result<Vec<(Id, bool)>> {
    let members = all(engine, experiment).await?;
    Ok(members.into_iter().map(|member| (member.account, member.control)).collect())
}

/// Keeps in which fifth each of them is, where it is not what is kept; of whoever is not among these, none.
pub(super) async fn place(engine: &Engine, experiment: Id, fifths: &HashMap<Id, i64>) -> Result<()> {
    let mut moved: BTreeMap<Option<i64>, Vec<Id>> = BTreeMap::new();
    for member in all(engine, experiment).await? {
        let fifth = fifths.get(&member.account).copied();
        if fifth != member.fifth {
            moved.entry(fifth).or_default().push(member.account);
        }
    }
    for (fifth, accounts) in moved {
        for batch in accounts.chunks(BATCH) {
            let update = Sql::update()
                .table(name(TABLE))
                .value(name("fifth"), fifth)
                .and_where(Expr::col(name("experiment")).eq(experiment))
                .and_where(Expr::col(name("account")).is_in(batch.iter().copied()))
                .to_owned();
            engine
                .write(&Actor::system(), move |tx| {
                    Box::pin(async move {
                        tx.execute(&update).await?;
                        tx.count_change(READER).await
                    })
                })
                .await?;
        }
    }
    Ok(())
}

/// Keeps what each of them bought within the days, where it is not what is kept. Nobody is added: who was erased meanwhile stays away.
pub(super) async fn respond(
    engine: &Engine,
    experiment: Id,
    members: &[Member],
    bought: &HashMap<Id, Bought>,
) -> Result<()> {
    let of = |member: &Member| {
        let bought = bought.get(&member.account);
        (bought.map(|bought| bought.first_at), bought.map_or(0, |bought| bought.sales))
    };
    let col = |column: &str| Expr::col(name(column));
    if members.iter().any(|member| member.sales.is_none()) {
        let nothing = Sql::update()
            .table(name(TABLE))
            .value(name("sales"), 0_i64)
            .and_where(col("experiment").eq(experiment))
            .and_where(col("sales").is_null())
            .to_owned();
        engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    tx.execute(&nothing).await?;
                    tx.count_change(READER).await
                })
            })
            .await?;
    }
    let changed: Vec<&Member> =
        members.iter().filter(|member| (member.bought_at, member.sales.unwrap_or(0)) != of(member)).collect();
    for batch in changed.chunks(BATCH) {
        let updates: Vec<_> = batch
            .iter()
            .map(|member| {
                let (at, sales) = of(member);
                Sql::update()
                    .table(name(TABLE))
                    .value(name("bought_at"), at)
                    .value(name("sales"), sales)
                    .and_where(col("experiment").eq(experiment))
                    .and_where(col("account").eq(member.account))
                    .to_owned()
            })
            .collect();
        engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    for update in &updates {
                        tx.execute(update).await?;
                    }
                    tx.count_change(READER).await
                })
            })
            .await?;
    }
    Ok(())
}
