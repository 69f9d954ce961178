//! Who is behind the numbers of the value matrix, of a year ago and of the day it was computed: kept with the numbers, so that a list
//! has as many customers as its number says, whatever they bought since.

use super::matrix::QUADRANTS;
use engine::{
    Engine, Error, Result, Tx, name,
    schema::{ColumnKind, Table},
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::Id;
use std::collections::BTreeMap;

const TABLE: &str = "value_past_list";
/// Customers in a row: a page of a list reads one or two rows, however long the list is.
const PART: usize = 1_000;
/// Rows in one statement, of 16 kB each.
const STEP: usize = 100;
const ID_BYTES: usize = 16;

pub fn table() -> Table {
    Table::new(TABLE, ["list", "part"])
        .required("list", ColumnKind::Text)
        .required("part", ColumnKind::Int)
        .required("ids", ColumnKind::Bytes)
}

/// Places in [`QUADRANTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// In this quadrant then.
    Stood(usize),
    /// In one then and in another now.
    Moved(usize, usize),
    /// First bought after that day.
    New,
    /// In this quadrant now, whoever was in none then.
    Stands(usize),
}

impl List {
    fn name(self) -> String {
        match self {
            List::Stood(was) => QUADRANTS[was].to_owned(),
            List::Moved(was, is) => format!("{}>{}", QUADRANTS[was], QUADRANTS[is]),
            List::New => "new".to_owned(),
            List::Stands(is) => format!(">{}", QUADRANTS[is]),
        }
    }
}

/// Who bought for most in the year before the day it is about comes first; of the new ones, who bought for most since.
#[derive(Debug, Default, PartialEq)]
pub struct Lists(BTreeMap<List, Vec<(i64, Id)>>);

impl Lists {
    pub(super) fn add(&mut self, list: List, amount: i64, id: Id) {
        self.0.entry(list).or_default().push((amount, id));
    }

    pub(super) fn sort(&mut self) {
        for customers in self.0.values_mut() {
            customers.sort_unstable_by_key(|(amount, id)| (std::cmp::Reverse(*amount), *id));
        }
    }

    #[cfg(test)]
    pub(super) fn of(&self, list: List) -> Vec<Id> {
        self.0.get(&list).into_iter().flatten().map(|(_, id)| *id).collect()
    }
}

/// Puts these in the place of those kept before.
pub(super) async fn keep(tx: &mut Tx, lists: &Lists) -> Result<()> {
    tx.execute(&Sql::delete().from_table(name(TABLE)).to_owned()).await?;
    let mut rows = vec![];
    for (list, customers) in &lists.0 {
        for (part, of) in (0_i64..).zip(customers.chunks(PART)) {
            rows.push((list.name(), part, of));
        }
    }
    for step in rows.chunks(STEP) {
        let mut insert = Sql::insert();
        insert.into_table(name(TABLE)).columns(["list", "part", "ids"].map(name));
        for (list, part, of) in step {
            let ids: Vec<u8> = of.iter().flat_map(|(_, id)| id.into_bytes()).collect();
            insert.values_panic([list.clone().into(), (*part).into(), ids.into()]);
        }
        tx.execute(&insert).await?;
    }
    Ok(())
}

/// Customers of a list from the place `start`, at most `limit`.
pub async fn read(engine: &Engine, list: List, start: usize, limit: usize) -> Result<Vec<Id>> {
    let part = |place: usize| i64::try_from(place / PART).unwrap_or(i64::MAX);
    let select = Sql::select()
        .column(name("ids"))
        .from(name(TABLE))
        .and_where(Expr::col(name("list")).eq(list.name()))
        .and_where(Expr::col(name("part")).gte(part(start)))
        .and_where(Expr::col(name("part")).lte(part(start.saturating_add(limit))))
        .order_by(name("part"), Order::Asc)
        .to_owned();
    let mut ids = vec![];
    for row in engine.fetch(&select).await? {
        let bytes = row.bytes(0)?;
        let (whole, rest) = bytes.as_chunks::<ID_BYTES>();
        if !rest.is_empty() {
            return Err(Error::Internal(format!("{TABLE}: a row is cut off")));
        }
        ids.extend(whole.iter().map(|id| Id::from_bytes(*id)));
    }
    Ok(ids.into_iter().skip(start % PART).take(limit).collect())
}
