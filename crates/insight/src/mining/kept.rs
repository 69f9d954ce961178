//! Results as they were computed, by kind and subject, replaced by the next run.

use engine::schema::{ColumnKind, Table};
use engine::{
    Actor, Engine, Recent, Result, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql},
};
use meta::{DateTime, NaiveDate, Utc};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

pub const TABLE: &str = "mining_result";
/// The subject of what is about the whole company.
pub const WHOLE: &str = "";

pub fn table() -> Table {
    Table::new(TABLE, ["kind", "subject"])
        .required("kind", ColumnKind::Text)
        .required("subject", ColumnKind::Text)
        .required("as_of", ColumnKind::Date)
        .required("computed_at", ColumnKind::Instant)
        .required("body", ColumnKind::Text)
}

#[derive(Clone, Debug)]
pub struct Kept<T> {
    pub as_of: NaiveDate,
    pub computed_at: DateTime<Utc>,
    pub body: T,
}

/// Read once and not on every page.
struct Known<T>(Recent<(String, String), Option<Arc<Kept<T>>>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known(Recent::default())
    }
}

/// `None` if nothing is kept, or only what another version of the program kept in another form.
pub async fn load<T: DeserializeOwned + Send + Sync + 'static>(
    engine: &Engine,
    kind: &str,
    subject: &str,
) -> Result<Option<Arc<Kept<T>>>> {
    let key = (kind.to_owned(), subject.to_owned());
    let read = async { Ok(read(engine, kind, subject).await?.map(Arc::new)) };
    engine.extension::<Known<T>>().0.or_read(key, engine.changes_to(TABLE), read).await
}

/// The same with what another process kept a moment ago.
pub async fn read<T: DeserializeOwned>(
    engine: &Engine,
    kind: &str,
    subject: &str,
) -> Result<Option<Kept<T>>> {
    let select = Sql::select()
        .columns(["as_of", "computed_at", "body"].map(name))
        .from(name(TABLE))
        .and_where(Expr::col(name("kind")).eq(kind))
        .and_where(Expr::col(name("subject")).eq(subject))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    match serde_json::from_str(&row.text(2)?) {
        Ok(body) => Ok(Some(Kept { as_of: row.date(0)?, computed_at: row.instant(1)?, body })),
        Err(error) => {
            tracing::warn!(kind, subject, "a kept result cannot be read and will be computed anew: {error}");
            Ok(None)
        }
    }
}

/// Of which something of the kind is kept. Read once, for SQLite copies each row with its whole body to see that it is of the kind.
#[derive(Default)]
struct Subjects(Recent<String, Arc<[String]>>);

pub async fn subjects(engine: &Engine, kind: &str) -> Result<Arc<[String]>> {
    let read = async {
        let select = Sql::select()
            .column(name("subject"))
            .from(name(TABLE))
            .and_where(Expr::col(name("kind")).eq(kind))
            .to_owned();
        engine.fetch(&select).await?.iter().map(|row| row.text(0)).collect()
    };
    engine.extension::<Subjects>().0.or_read(kind.to_owned(), engine.changes_to(TABLE), read).await
}

pub async fn keep<T: Serialize>(
    engine: &Engine,
    kind: &str,
    subject: &str,
    as_of: NaiveDate,
    body: &T,
) -> Result<()> {
    let (kind, subject, body) = (kind.to_owned(), subject.to_owned(), serde_json::to_string(body)?);
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { keep_in(tx, kind, subject, as_of, body).await })
        })
        .await
}

/// With whatever else the transaction writes; `body` as JSON.
pub async fn keep_in(
    tx: &mut Tx,
    kind: String,
    subject: String,
    as_of: NaiveDate,
    body: String,
) -> Result<()> {
    let upsert = Sql::insert()
        .into_table(name(TABLE))
        .columns(["kind", "subject", "as_of", "computed_at", "body"].map(name))
        .values_panic([kind.into(), subject.into(), as_of.into(), tx.clock().now().into(), body.into()])
        .on_conflict(
            OnConflict::columns(["kind", "subject"].map(name))
                .update_columns(["as_of", "computed_at", "body"].map(name))
                .to_owned(),
        )
        .to_owned();
    tx.execute(&upsert).await?;
    tx.mark_changed(TABLE);
    Ok(())
}

/// Deletes what earlier versions kept of a kind in another form, which nobody reads any more.
pub async fn forget_former<T: DeserializeOwned>(tx: &mut Tx, kind: &str) -> Result<()> {
    let of_kind = Expr::col(name("kind")).eq(kind);
    let kept = Sql::select()
        .columns(["subject", "body"].map(name))
        .from(name(TABLE))
        .and_where(of_kind.clone())
        .to_owned();
    for row in tx.fetch(&kept).await? {
        if serde_json::from_str::<T>(&row.text(1)?).is_ok() {
            continue;
        }
        let delete = Sql::delete()
            .from_table(name(TABLE))
            .and_where(of_kind.clone())
            .and_where(Expr::col(name("subject")).eq(row.text(0)?))
            .to_owned();
        tx.execute(&delete).await?;
        tx.mark_changed(TABLE);
    }
    Ok(())
}
