//! Results that took long to compute, each under its name: jobs keep them, pages read them.

use engine::schema::{ColumnKind, Table};
use engine::{
    Engine, Recent, Result, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql},
};
use meta::{DateTime, NaiveDate, Utc};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

const TABLE: &str = "value_report";

pub fn tables() -> Vec<Table> {
    vec![
        Table::new(TABLE, ["name"])
            .required("name", ColumnKind::Text)
            .required("as_of", ColumnKind::Date)
            .required("made_at", ColumnKind::Instant)
            .required("body", ColumnKind::Text),
    ]
}

/// A result, the day it holds for and when it was computed.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    pub as_of: NaiveDate,
    pub made_at: DateTime<Utc>,
    pub body: T,
}

/// Takes the place of the one before.
pub async fn keep<T: Serialize>(tx: &mut Tx, report: &str, as_of: NaiveDate, body: &T) -> Result<()> {
    let columns = ["as_of", "made_at", "body"];
    let upsert = Sql::insert()
        .into_table(name(TABLE))
        .columns([name("name")].into_iter().chain(columns.map(name)))
        .values_panic([
            report.to_owned().into(),
            as_of.into(),
            tx.clock().now().into(),
            serde_json::to_string(body)?.into(),
        ])
        .on_conflict(OnConflict::column(name("name")).update_columns(columns.map(name)).to_owned())
        .to_owned();
    tx.mark_changed(TABLE);
    tx.execute(&upsert).await.map(drop)
}

struct Known<T>(Recent<String, Option<Arc<Kept<T>>>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known(Recent::default())
    }
}

/// As [`find`], for what every customer's page needs: read a moment ago.
pub async fn recent<T: DeserializeOwned + Send + Sync + 'static>(
    engine: &Engine,
    report: &str,
) -> Result<Option<Arc<Kept<T>>>> {
    let read = async { Ok(find(engine, report).await?.map(Arc::new)) };
    engine.extension::<Known<T>>().0.or_read(report.to_owned(), engine.changes_to(TABLE), read).await
}

/// `None` if there is none yet, or another version of the program kept it in another form: the next one replaces it.
pub async fn find<T: DeserializeOwned>(engine: &Engine, report: &str) -> Result<Option<Kept<T>>> {
    let select = Sql::select()
        .columns(["as_of", "made_at", "body"].map(name))
        .from(name(TABLE))
        .and_where(Expr::col(name("name")).eq(report))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    match serde_json::from_str(&row.text(2)?) {
        Ok(body) => Ok(Some(Kept { as_of: row.date(0)?, made_at: row.instant(1)?, body })),
        Err(error) => {
            tracing::warn!(report, "the kept result cannot be read and will be computed anew: {error}");
            Ok(None)
        }
    }
}
