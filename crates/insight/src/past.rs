//! What became of customers: the value quadrants of a year ago and the life-cycle stages of the last two years, recomputed
//! from the histories. A job computes them after the first refit of a day or of other settings; pages read what it kept.

pub mod life;
pub mod lists;
pub mod matrix;
pub mod profits;
pub mod quadrant;
mod spread;

use crate::{
    facts::region_of,
    settings::{Settings, ValueBy, date_of, day_number},
    sold::{Order, Sold},
    statistics::{self, UpTo},
    store,
};
use engine::{
    Actor, BoxFuture, Engine, Error, JobContext, JobState, Result, TryStreamExt, Tx, name,
    schema::{ColumnKind, Table},
    sea_query::{OnConflict, Query as Sql},
};
use life::{Kept, Life};
use lists::Lists;
use matrix::{Matrix, Place};
use meta::{DateTime, Id, NaiveDate, Utc, scaled};
use profits::Profits;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};
use value::{estimate::Unfit, history::Purchase, model::Part};

pub const JOB: &str = "value.past";
const LEASE: &str = "value.past";
const TABLE: &str = "value_past";
/// What an earlier version kept lacks something that pages show by now, and is computed anew.
const FORM: &str = "7";

pub fn table() -> Table {
    Table::new(TABLE, ["id"])
        .required("id", ColumnKind::Int)
        .required("settings", ColumnKind::Text)
        .required("result", ColumnKind::Text)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Past {
    pub as_of: NaiveDate,
    pub made_at: DateTime<Utc>,
    /// Customers with a purchase.
    pub customers: u64,
    pub matrix: Part<Matrix>,
    pub life: Part<Life>,
}

/// One account with a purchase: purchase days in order of time, and what he is grouped by.
pub struct Customer {
    pub id: Id,
    pub purchases: Vec<Purchase>,
    /// What was given back, in order of time.
    pub returns: Vec<Purchase>,
    pub kept: Kept,
    /// The quadrant his figures stand in today.
    pub now: Option<Place>,
    /// Nothing where value is measured by sales.
    pub profits: Profits,
    pub relation: Arc<str>,
    pub importance: Arc<str>,
    /// Province, or country without one.
    pub region: Arc<str>,
}

impl AsRef<[Purchase]> for Customer {
    fn as_ref(&self) -> &[Purchase] {
        &self.purchases
    }
}

/// The job.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        compute(&context.engine).await?;
        Ok(())
    })
}

/// Reads everybody's history, computes and keeps; once at a time.
pub async fn compute(engine: &Engine) -> Result<()> {
    engine.alone(LEASE, |engine| Box::pin(async move { compute_alone(&engine).await })).await
}

async fn compute_alone(engine: &Engine) -> Result<()> {
    let settings = Settings::load(engine).await?;
    let Some(stored) = store::newest_model(engine).await? else { return Ok(()) };
    let (as_of, today) = (settings.as_of_day(engine.clock()), settings.day_of(engine.clock().now()));
    let by = stored.fitted.classes.by;
    let mut customers = read(engine, &settings, as_of, by).await?;
    let last = customers.iter().filter_map(|c| c.purchases.last()).map(|p| p.day).max();
    let day = day_number(as_of);
    // Days without anybody's purchase are no sign of anything.
    let day = last.map_or(day, |last| Ord::min(last, day));
    if by == ValueBy::Profit {
        profits::add(engine, &settings, &mut customers, day).await?;
    }
    let computing = tokio::task::spawn_blocking(move || {
        // Today's forecasts are of the as-of day, whenever the last purchase was.
        spread::add(&mut customers, day_number(as_of), &settings, &stored.fitted.model);
        let matrix = Matrix::of(&customers, day, &settings, (&stored.fitted.model, by));
        let (matrix, lists) = match matrix {
            Ok((matrix, lists)) => (Ok(matrix), lists),
            Err(unfit) => (Err(unfit), Lists::default()),
        };
        let life = Life::of(&customers, day, &settings, &stored.fitted.model);
        // The fit may be older than the settings: then both are computed anew.
        let mark = mark(today, &stored.fitted.settings);
        (customers.len() as u64, matrix, lists, life, date_of(day), mark)
    });
    let (customers, matrix, lists, life, as_of, mark) =
        computing.await.map_err(|error| Error::Internal(format!("interrupted: {error}")))?;
    let made_at = engine.clock().now();
    let past = Past { as_of, made_at, customers, matrix: matrix.into(), life: life.into() };
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                lists::keep(tx, &lists).await?;
                keep(tx, mark, &past).await
            })
        })
        .await
}

async fn read(engine: &Engine, settings: &Settings, as_of: NaiveDate, by: ValueBy) -> Result<Vec<Customer>> {
    let [current, potential] = by.figures();
    let fields = ["relation", "country", "province", "importance", "value_quadrant", current, potential];
    let select = engine.select_live("account", &fields)?;
    let account = engine.entity("account")?;
    let mut customers: Vec<Customer> = vec![];
    let mut texts = Texts::default();
    let mut rows = engine.stream(&select);
    while let Some(mut row) = rows.try_next().await? {
        let text = |at: usize| Ok::<_, Error>(row.opt_text(at)?.unwrap_or_default());
        let (country, province) = (text(2)?, text(3)?);
        let region = texts.shared(region_of(&province, &country));
        let (id, relation, importance) = (row.id(0)?, texts.shared(&text(1)?), texts.shared(&text(4)?));
        let quadrant = row.opt_text(5)?;
        let mut amount = |at: usize| {
            let value = account.get(fields[at - 1]).map(|field| row.value(field, at)).transpose()?;
            Ok::<_, Error>(value.and_then(|value| scaled(value.as_decimal()?, 4)).unwrap_or(0))
        };
        let now = Place::named(quadrant.as_deref(), amount(6)?, amount(7)?);
        let (purchases, returns, kept) = (vec![], vec![], Kept::default());
        let profits = Profits::default();
        customers.push(Customer { id, purchases, returns, kept, now, profits, relation, importance, region });
    }
    drop(rows);
    let up_to = UpTo { day: as_of, settings };
    let add = |entries: &mut Vec<Purchase>, one: Purchase| match entries.last_mut() {
        Some(last) if last.day == one.day => last.amount = last.amount.saturating_add(one.amount),
        _ => entries.push(one),
    };
    let last = day_number(as_of);
    let buy = |customer: &mut Customer, order: &Order| {
        if order.day > last {
            return;
        }
        // A free sample is no purchase, but costs margin.
        customer.kept.buy(order.amount, order.margin);
        if order.amount > 0 {
            add(&mut customer.purchases, Purchase { day: order.day, amount: order.amount });
        }
    };
    let orders = Sold::newest_orders(engine, settings).await;
    let everybody = (&mut *customers, |customer: &Customer| customer.id);
    statistics::each_order(engine, everybody, settings, orders, buy, None).await?;
    let mut at = 0;
    statistics::returns_by_customer(engine, &up_to, |account, back, margin| {
        if let Some(customer) = seek(&mut customers, &mut at, account) {
            customer.kept.give_back(back.amount, margin);
            if back.amount > 0 {
                add(&mut customer.returns, back);
            }
        }
    })
    .await?;
    customers.retain(|customer| !customer.purchases.is_empty());
    Ok(customers)
}

/// Texts of everybody, each held in memory once.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let text: Arc<str> = text.into();
        self.0.insert(text.clone());
        text
    }
}

/// The customer of an id, in a walk through both in order of the ids.
fn seek<'c>(customers: &'c mut [Customer], at: &mut usize, account: Id) -> Option<&'c mut Customer> {
    while customers.get(*at).is_some_and(|customer| customer.id < account) {
        *at += 1;
    }
    customers.get_mut(*at).filter(|customer| customer.id == account)
}

/// Differs where what is kept would be another; `settings` is [`Settings::mark`].
fn mark(today: NaiveDate, settings: &str) -> String {
    format!("{FORM} {today} {settings}")
}

async fn keep(tx: &mut Tx, mark: String, past: &Past) -> Result<()> {
    // The last word tells one computation from the next, which may be of the same day and settings.
    let mark = format!("{mark} {}", tx.clock().new_id());
    let mut upsert = Sql::insert();
    upsert
        .into_table(name(TABLE))
        .columns(["id", "settings", "result"].map(name))
        .values_panic([1i64.into(), mark.into(), serde_json::to_string(past)?.into()])
        .on_conflict(
            OnConflict::column(name("id")).update_columns(["settings", "result"].map(name)).to_owned(),
        );
    tx.execute(&upsert).await.map(drop)
}

/// What is kept, by its mark: parsed once and not for every page, for it may be a megabyte. `None` is of another form.
#[derive(Default)]
struct Known(Mutex<Option<(String, Option<Arc<Past>>)>>);

pub async fn newest(engine: &Engine) -> Result<Option<Arc<Past>>> {
    let known = engine.extension::<Known>();
    let last = known.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now = kept_mark(engine).await?;
    if let Some((mark, past)) = last
        && now.as_ref() == Some(&mark)
    {
        return Ok(past);
    }
    let select = Sql::select().columns(["settings", "result"].map(name)).from(name(TABLE)).to_owned();
    let rows = engine.fetch(&select).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    // What another version of the program kept in another form is computed anew.
    let mark = row.text(0)?;
    let is_of_this = mark.split(' ').next() == Some(FORM);
    let text = is_of_this.then(|| row.text(1)).transpose()?;
    let past = text.and_then(|text| serde_json::from_str(&text).ok()).map(Arc::new);
    *known.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((mark, past.clone()));
    Ok(past)
}

/// Differs from one computation to the next; read without the result.
async fn kept_mark(engine: &Engine) -> Result<Option<String>> {
    let select = Sql::select().column(name("settings")).from(name(TABLE)).to_owned();
    engine.fetch(&select).await?.first().map(|row| row.text(0)).transpose()
}

/// Queues the job if what is kept is of another day or other settings. It is asked every other second.
pub async fn queue_if_due(engine: &Engine) -> Result<()> {
    let Some(idle) = engine.idle(JOB).await? else { return Ok(()) };
    let settings = Settings::load(engine).await?;
    let today = settings.day_of(engine.clock().now());
    let kept = kept_mark(engine).await?;
    let of = kept.as_deref().and_then(|kept| kept.rsplit_once(' ')).map(|(of, _)| of);
    if of == Some(mark(today, &settings.mark()).as_str()) {
        return Ok(());
    }
    // Without a fit there is nothing to compute with.
    if store::newest_id(engine).await?.is_none() || engine.failed_lately(JOB).await? {
        return Ok(());
    }
    engine.queue_if_idle(idle).await.map(drop)
}

/// Whether the job waits or runs.
pub async fn is_under_way(engine: &Engine) -> Result<bool> {
    Ok(engine.idle(JOB).await?.is_none())
}

/// Queues the job unless it waits or runs already.
pub async fn queue(tx: &mut Tx) -> Result<()> {
    tx.enqueue_unless(&[JobState::Queued, JobState::Running], JOB, json!({})).await.map(drop)
}

/// Too little to look back on.
pub(crate) const SHORT: Unfit = Unfit::TooShort;
