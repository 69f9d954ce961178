//! The regular cycles in the database: a run writes its own rows, readers change over when it is complete.

use crate::{runs::Runs, settings::date_of};
use engine::schema::{ColumnKind, Table};
use engine::{
    Engine, Result, Row, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::{Id, NaiveDate};
use value::rhythm::{Known, Next};

const TABLE: &str = "purchase_cycle";
const COLUMNS: [&str; 12] = [
    "run",
    "account",
    "product",
    "state",
    "gaps",
    "typical_days",
    "sd",
    "last_on",
    "next_on",
    "from_on",
    "to_on",
    "quantity",
];
pub(super) const RUNS: Runs = Runs { table: TABLE, key: &["run", "account", "product"], clear: 5_000 };

pub fn tables() -> Vec<Table> {
    vec![
        Table::new(TABLE, ["run", "account", "product"])
            .required("run", ColumnKind::Int)
            .required("account", ColumnKind::Id)
            // Nil is whatever he buys.
            .required("product", ColumnKind::Id)
            .required("state", ColumnKind::Text)
            .required("gaps", ColumnKind::Int)
            .required("typical_days", ColumnKind::Real)
            .required("sd", ColumnKind::Real)
            .required("last_on", ColumnKind::Date)
            .required("next_on", ColumnKind::Date)
            .required("from_on", ColumnKind::Date)
            .required("to_on", ColumnKind::Date)
            .required("quantity", ColumnKind::Int)
            .index(["run", "state", "next_on", "account", "product"]),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cycle {
    pub gaps: u32,
    pub typical_days: f64,
    pub sd: f64,
    pub last_day: i32,
    pub next: Next,
    /// Pieces bought at once, ten-thousandths.
    pub quantity: i64,
}

impl Cycle {
    pub fn of(known: &Known, quantity: i64) -> Cycle {
        let rhythm = &known.rhythm;
        Cycle {
            gaps: rhythm.gaps,
            typical_days: rhythm.typical_days(),
            sd: known.sd,
            last_day: rhythm.last_day,
            next: known.next(),
            quantity,
        }
    }

    /// Within the days in which the next purchase is expected.
    pub fn is_due(&self, today: i32) -> bool {
        (self.next.from_day..=self.next.to_day).contains(&today)
    }

    /// Later than his purchases ever vary: no longer a cycle to count on.
    pub fn is_over(&self, today: i32) -> bool {
        today > self.next.to_day
    }

    fn state(&self, today: i32) -> &'static str {
        if self.is_over(today) {
            "over"
        } else if self.is_due(today) {
            "due"
        } else {
            "coming"
        }
    }
}

/// A stored cycle.
pub struct Stored {
    pub account: Id,
    /// `None` is whatever he buys.
    pub product: Option<Id>,
    pub gaps: i64,
    pub typical_days: f64,
    pub last_on: NaiveDate,
    pub next_on: NaiveDate,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    pub quantity: i64,
}

pub(super) async fn write(engine: &Engine, rows: Vec<(Id, Option<Id>, Cycle)>, today: i32) -> Result<i64> {
    let values = move |(account, product, cycle): &(Id, Option<Id>, Cycle)| {
        vec![
            (*account).into(),
            product.unwrap_or_default().into(),
            cycle.state(today).into(),
            i64::from(cycle.gaps).into(),
            cycle.typical_days.into(),
            cycle.sd.into(),
            date_of(cycle.last_day).into(),
            date_of(cycle.next.day).into(),
            date_of(cycle.next.from_day).into(),
            date_of(cycle.next.to_day).into(),
            cycle.quantity.into(),
        ]
    };
    RUNS.write(engine, &COLUMNS[1..], rows, |_| 100, values).await
}

/// The first `limit` cycles of a run that are due, the earliest expected first.
pub(super) async fn due(engine: &Engine, run: i64, limit: u64) -> Result<Vec<Stored>> {
    let select = Sql::select()
        .columns(COLUMNS.map(name))
        .from(name(TABLE))
        .and_where(Expr::col(name("run")).eq(run))
        .and_where(Expr::col(name("state")).eq("due"))
        .and_where(Expr::col(name("product")).ne(Id::nil()))
        .order_by(name("next_on"), Order::Asc)
        .order_by(name("account"), Order::Asc)
        .order_by(name("product"), Order::Asc)
        .limit(limit)
        .to_owned();
    engine.fetch(&select).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Stored> {
    let product = row.id(2)?;
    Ok(Stored {
        account: row.id(1)?,
        product: (!product.is_nil()).then_some(product),
        gaps: row.int(4)?,
        typical_days: row.real(5)?,
        last_on: row.date(7)?,
        next_on: row.date(8)?,
        from_on: row.date(9)?,
        to_on: row.date(10)?,
        quantity: row.int(11)?,
    })
}
