//! The regular cycles in the database: a run writes its own rows, readers change over when it is complete.

use crate::{runs::Runs, settings::date_of};
use engine::schema::{ColumnKind, Table};
use engine::{
    Engine, Result, Row, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement},
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
            .index(["run", "state", "next_on", "account", "product"])
            .index(["run", "product", "state", "next_on", "account"]),
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
    pub state: String,
    pub gaps: i64,
    pub typical_days: f64,
    pub last_on: NaiveDate,
    pub next_on: NaiveDate,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    pub quantity: i64,
}

/// Which of a run's cycles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Which {
    /// Of a product, and due.
    Due,
    Regular,
    /// Of a product (`None`: of whatever is bought), not over, and expected before `until`, from `from` on if that is given.
    Expected {
        product: Option<Id>,
        from: Option<NaiveDate>,
        until: NaiveDate,
    },
}

impl Which {
    /// In the order they are listed.
    fn states(self) -> &'static [&'static str] {
        match self {
            Which::Due => &["due"],
            Which::Regular => &["due", "coming", "over"],
            Which::Expected { .. } => &["due", "coming"],
        }
    }
}

/// After which cycle a page of a list begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct After {
    state: String,
    next_on: NaiveDate,
    account: Id,
    product: Id,
}

impl After {
    pub fn of(last: &Stored) -> After {
        let product = last.product.unwrap_or_default();
        After { state: last.state.clone(), next_on: last.next_on, account: last.account, product }
    }

    /// As it stands in an address.
    pub fn written(&self) -> String {
        format!("{}_{}_{}_{}", self.state, self.next_on, self.account, self.product)
    }

    /// `None` of what is no place in a list.
    pub fn read(text: &str) -> Option<After> {
        let mut parts = text.split('_');
        let mut next = || parts.next();
        let (state, next_on) = (next()?.to_owned(), next()?.parse().ok()?);
        Some(After { state, next_on, account: next()?.parse().ok()?, product: next()?.parse().ok()? })
    }
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

/// Some cycles of a run: first those that are due, the earliest expected first.
pub(super) async fn list(
    engine: &Engine,
    run: i64,
    which: Which,
    after: Option<&After>,
    limit: u64,
) -> Result<Vec<Stored>> {
    let states = which.states();
    let begun = after.and_then(|after| states.iter().position(|state| *state == after.state));
    let mut found: Vec<Stored> = vec![];
    for (at, state) in states.iter().enumerate().skip(begun.unwrap_or(0)) {
        let left = limit.saturating_sub(found.len() as u64);
        if left == 0 {
            break;
        }
        let after = after.filter(|_| begun == Some(at));
        let rows = engine.fetch(&of_state(run, which, state, after, left)).await?;
        found.extend(rows.iter().map(read).collect::<Result<Vec<_>>>()?);
    }
    Ok(found)
}

/// A walk along one of the indexes.
fn of_state(run: i64, which: Which, state: &str, after: Option<&After>, limit: u64) -> SelectStatement {
    let col = |column: &str| Expr::col(name(column));
    let mut select = Sql::select();
    select
        .columns(COLUMNS.map(name))
        .from(name(TABLE))
        .and_where(col("run").eq(run))
        .and_where(col("state").eq(state));
    match which {
        Which::Due => {
            select.and_where(col("product").ne(Id::nil()));
        }
        Which::Regular => {}
        Which::Expected { product, from, until } => {
            select
                .and_where(col("product").eq(product.unwrap_or_default()))
                .and_where(col("next_on").lt(until));
            if let Some(from) = from {
                select.and_where(col("next_on").gte(from));
            }
        }
    }
    let order = ["next_on", "account", "product"];
    if let Some(After { next_on, account, product, .. }) = after {
        let last = Expr::tuple([Expr::val(*next_on), Expr::val(*account), Expr::val(*product)]);
        select.and_where(Expr::tuple(order.map(col)).gt(last));
    }
    order.iter().for_each(|column| {
        select.order_by(name(column), Order::Asc);
    });
    select.limit(limit).to_owned()
}

fn read(row: &Row) -> Result<Stored> {
    let product = row.id(2)?;
    Ok(Stored {
        account: row.id(1)?,
        product: (!product.is_nil()).then_some(product),
        state: row.text(3)?,
        gaps: row.int(4)?,
        typical_days: row.real(5)?,
        last_on: row.date(7)?,
        next_on: row.date(8)?,
        from_on: row.date(9)?,
        to_on: row.date(10)?,
        quantity: row.int(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purchase_is_due_from_the_first_day_to_the_last_that_are_likely() {
        let next = Next { day: 20, from_day: 17, to_day: 24 };
        let cycle = Cycle { gaps: 5, typical_days: 7.0, sd: 0.1, last_day: 13, next, quantity: 1 };
        let states = [16, 17, 20, 24, 25].map(|today| cycle.state(today));
        assert_eq!(states, ["coming", "due", "due", "due", "over"]);
    }

    #[test]
    fn a_place_in_a_list_survives_its_address() {
        let (account, product) = (Id::from_u128(7), Id::nil());
        let place = After { state: "due".to_owned(), next_on: NaiveDate::default(), account, product };
        assert_eq!(After::read(&place.written()), Some(place));
        for wrong in ["", "due", "due_1970-01-01", "due_tomorrow_x_y"] {
            assert_eq!(After::read(wrong), None, "{wrong}");
        }
    }
}
