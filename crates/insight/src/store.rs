//! The fitted models in the database, and the one way figures are written.

use crate::{
    fields::CLASSES,
    live,
    overview::Overview,
    scoring::{Fitted, Scorer},
    settings::{Settings, day_number},
    statistics::{self, UpTo},
};
use engine::schema::{ColumnKind, Table};
use engine::{
    BoxFuture, Engine, Reading, Recent, Result, Row, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Order, Query as Sql, SelectStatement},
};
use meta::{Clock, DateTime, Id, NaiveDate, Utc, Value, Values};
use std::{collections::HashMap, sync::Arc};

const MODEL: &str = "value_model";
const STATE: &str = "value_state";
/// Fits kept for comparison.
const FITS_LIMIT: i64 = 100;

/// One row per fit, the newest in force; one row that says how much changed since.
pub fn tables() -> Vec<Table> {
    vec![
        Table::new(MODEL, ["id"])
            .required("id", ColumnKind::Int)
            .required("as_of", ColumnKind::Date)
            .required("fitted_at", ColumnKind::Instant)
            .required("fitted", ColumnKind::Text)
            .required("overview", ColumnKind::Text),
        Table::new(STATE, ["id"]).required("id", ColumnKind::Int).required("changed", ColumnKind::Int),
    ]
}

/// The newest fit.
#[derive(Clone, Debug)]
pub struct StoredModel {
    pub id: i64,
    pub as_of: NaiveDate,
    pub fitted_at: DateTime<Utc>,
    pub fitted: Fitted,
    pub overview: Overview,
}

impl StoredModel {
    /// Whether it was made on this day, of this day and by these settings; a clock set back between reading and keeping parts the first two.
    pub fn is_of_today(&self, settings: &Settings, clock: &Clock) -> bool {
        self.fitted.settings == settings.mark()
            && settings.day_of(self.fitted_at) == settings.day_of(clock.now())
            && self.as_of == settings.as_of_day(clock)
    }
}

fn newest() -> SelectStatement {
    Sql::select()
        .columns(["id", "as_of", "fitted_at", "fitted", "overview"].map(name))
        .from(name(MODEL))
        .order_by(name("id"), Order::Desc)
        .limit(1)
        .to_owned()
}

/// `None` for a fit that another version of the program kept in another form: the next one replaces it.
fn read(row: &Row) -> Result<Option<StoredModel>> {
    let (id, fitted, overview) = (row.int(0)?, row.text(3)?, row.text(4)?);
    let parsed =
        serde_json::from_str(&fitted).and_then(|fitted| Ok((fitted, serde_json::from_str(&overview)?)));
    let (fitted, overview) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            tracing::debug!(fit = id, "the kept models cannot be read: {error}");
            return Ok(None);
        }
    };
    Ok(Some(StoredModel { id, as_of: row.date(1)?, fitted_at: row.instant(2)?, fitted, overview }))
}

fn first(rows: &[Row]) -> Result<Option<Arc<StoredModel>>> {
    Ok(rows.first().map(read).transpose()?.flatten().map(Arc::new))
}

/// The newest fits that this version can read, the one in force first.
pub async fn newest_models(tx: &mut Tx, limit: u64) -> Result<Vec<StoredModel>> {
    let rows = tx.fetch(newest().limit(limit)).await?;
    Ok(rows.iter().map(read).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The model in force, read once and not on every page.
#[derive(Default)]
struct Known(Recent<(), Option<Arc<StoredModel>>>);

pub async fn newest_model(engine: &Engine) -> Result<Option<Arc<StoredModel>>> {
    let read = async {
        let rows = engine.fetch(&newest()).await?;
        let model = first(&rows)?;
        if model.is_none() && !rows.is_empty() {
            tracing::warn!("the kept models are of another version of the program: they will be fitted anew");
        }
        Ok(model)
    };
    engine.extension::<Known>().0.or_read((), engine.changes_to(MODEL), read).await
}

/// The same with what another process fitted a moment ago.
pub async fn model_in_force(engine: &Engine) -> Result<Option<Arc<StoredModel>>> {
    let known = newest_model(engine).await?;
    match known.as_ref().map(|known| known.id) == newest_id(engine).await? {
        true => Ok(known),
        false => first(&engine.fetch(&newest()).await?),
    }
}

/// The same as a transaction sees it.
async fn newest_model_in(tx: &mut Tx) -> Result<Option<Arc<StoredModel>>> {
    let id = newest_id_in(tx).await?;
    let engine = tx.engine().clone();
    let known = engine.extension::<Known>().0.get(&(), engine.changes_to(MODEL)).flatten();
    match known.filter(|known| Some(known.id) == id) {
        Some(known) => Ok(Some(known)),
        None => first(&tx.fetch(&newest()).await?),
    }
}

fn largest_id() -> SelectStatement {
    Sql::select().expr(Expr::col(name("id")).max()).from(name(MODEL)).to_owned()
}

/// Which fit is in force; cheap.
pub async fn newest_id(engine: &Engine) -> Result<Option<i64>> {
    Ok(engine.fetch(&largest_id()).await?.first().map(|row| row.opt_int(0)).transpose()?.flatten())
}

async fn newest_id_in(tx: &mut Tx) -> Result<Option<i64>> {
    Ok(tx.fetch(&largest_id()).await?.first().map(|row| row.opt_int(0)).transpose()?.flatten())
}

/// Customers scored again since the newest fit, each time counted.
pub async fn changed_since_fit(engine: &Engine) -> Result<i64> {
    changed(&engine.fetch(&changed_count()).await?)
}

fn changed_count() -> SelectStatement {
    Sql::select().column(name("changed")).from(name(STATE)).to_owned()
}

fn changed(rows: &[Row]) -> Result<i64> {
    Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
}

/// Whoever writes figures or a model holds this row until the commit, so that on PostgreSQL two of them never write
/// from different readings; what is read after it is the newest.
pub(crate) async fn lock(tx: &mut Tx) -> Result<()> {
    count_changed(tx, 0).await
}

/// So many customers are scored otherwise than the newest fit saw them.
pub(crate) async fn count_changed(tx: &mut Tx, customers: usize) -> Result<()> {
    let changed = customers as i64;
    let mut upsert = Sql::insert();
    upsert
        .into_table(name(STATE))
        .columns([name("id"), name("changed")])
        .values_panic([1i64.into(), changed.into()])
        .on_conflict(
            OnConflict::column(name("id"))
                .value(name("changed"), Expr::col((name(STATE), name("changed"))).add(changed))
                .to_owned(),
        );
    tx.execute(&upsert).await.map(drop)
}

/// Makes a fit the one in force. Who changed after it read is scored again when everybody's figures are written ([`write_all`]), and counts then.
pub async fn keep(tx: &mut Tx, as_of: NaiveDate, fitted: &Fitted, overview: &Overview) -> Result<i64> {
    lock(tx).await?;
    let last = tx.fetch(&newest()).await?.first().map(|row| row.int(0)).transpose()?.unwrap_or(0);
    let id = last + 1;
    let insert = Sql::insert()
        .into_table(name(MODEL))
        .columns(["id", "as_of", "fitted_at", "fitted", "overview"].map(name))
        .values_panic([
            id.into(),
            as_of.into(),
            tx.clock().now().into(),
            serde_json::to_string(fitted)?.into(),
            serde_json::to_string(overview)?.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    tx.mark_changed(MODEL);
    tx.execute(&Sql::update().table(name(STATE)).value(name("changed"), 0).to_owned()).await?;
    let old = Expr::col(name("id")).lte(id - FITS_LIMIT);
    tx.execute(&Sql::delete().from_table(name(MODEL)).and_where(old).to_owned()).await?;
    Ok(id)
}

/// Scores `accounts` from what the transaction sees with the newest model and writes their figures.
pub async fn rescore(tx: &mut Tx, accounts: &[Id]) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    lock(tx).await?;
    let settings = Settings::load_in(tx).await?;
    let day = settings.as_of_day(tx.clock());
    let model = newest_model_in(tx).await?;
    if let Some(model) = model.as_ref().filter(|model| model.as_of != day) {
        // These figures are of another day than everybody's: a fit is due even if the clock goes back to that day.
        count_changed(tx, usize::try_from(model.fitted.model.customers).unwrap_or_default()).await?;
    }
    let fitted = model.map_or_else(|| Fitted::nothing(day_number(day)), |model| model.fitted.clone());
    let statistics = statistics::of_in(tx, accounts, &UpTo { day, settings: &settings }).await?;
    let scorer = Scorer::new(fitted, settings, day);
    let mut chosen = chosen_by_hand(tx, accounts).await?;
    let mut score = scorer.many();
    let figures: Vec<(Id, Values)> = accounts
        .iter()
        .map(|account| {
            let mut values = scorer.values(&score(&statistics.get(account).copied().unwrap_or_default()));
            values.extend(chosen.remove(account).unwrap_or_default());
            (*account, values)
        })
        .collect();
    tx.set_figures("account", &figures).await
}

/// Writes everybody's `figures`, one for each of `accounts`, as fit `fit` sees them, unless a newer fit is in force by then: that one writes everybody's
/// too. `since` is the entry of the change log before
/// which everything was read. In the same transactions the reader of the log goes back to it: what it had written of later entries is overwritten.
pub async fn write_all(
    engine: &Engine,
    fit: i64,
    since: i64,
    accounts: &[Id],
    figures: impl FnMut(usize) -> Values + Send,
) -> Result<()> {
    let reading = Reading { since, follower: live::READER };
    engine.replace_figures("account", accounts, figures, reading, in_force, fit).await.map(drop)
}

fn in_force(tx: &mut Tx, fit: i64) -> BoxFuture<'_, Result<bool>> {
    Box::pin(async move {
        lock(tx).await?;
        Ok(newest_id_in(tx).await? == Some(fit))
    })
}

/// The accounts with the classes a person chose for them, as [`chosen_in`] reads them.
pub fn choices() -> SelectStatement {
    let mut select = Sql::select();
    select
        .column(name("id"))
        .columns(CLASSES.map(|class| name(&format!("{class}_override"))))
        .from(name("account"));
    select
}

pub fn chosen_in(row: &Row) -> Result<Values> {
    let mut values = Values::new();
    for (index, class) in CLASSES.iter().enumerate() {
        if let Some(by_hand) = row.opt_text(index + 1)? {
            values.insert((*class).to_owned(), Value::Text(by_hand));
        }
    }
    Ok(values)
}

/// Classes a person chose win over computed ones.
pub(crate) async fn chosen_by_hand(tx: &mut Tx, accounts: &[Id]) -> Result<HashMap<Id, Values>> {
    let mut select = choices();
    select.and_where(Expr::col(name("id")).is_in(accounts.iter().copied()));
    tx.fetch(&select).await?.iter().map(|row| Ok((row.id(0)?, chosen_in(row)?))).collect()
}
