//! Everybody's probability, and what speaks for it, in a few bytes a customer: of a million customers and ten products some fifty
//! megabytes, where a row for each would be ten million rows. A run writes the ids of its customers, [`PART`] in a row, and for each
//! of its products rows with their probabilities in the same order; pages change over with what is kept of the product.
//!
//! Whoever looks for the likeliest reads two bytes a customer; whoever looks at a customer, the one row he is in of each product.

use super::{
    Found, HORIZON_DAYS, KIND,
    explained::{self, Learned},
};
use crate::{
    mining::kept,
    runs::Runs,
    settings::{date_of, day_number},
};
use engine::{
    Actor, Engine, Erasing, Error, Result, Row as Stored, Tx, name,
    schema::{ColumnKind, Table},
    sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement},
};
use meta::{Id, NaiveDate};
use mining::reason::Reason;
use std::{cmp::Reverse, collections::BTreeMap};

const TABLE: &str = "propensity";
const LEASE: &str = "mining.propensity";
const KEY: [&str; 3] = ["run", "product", "first"];
/// Never cleared as a whole: products change over one by one.
const RUNS: Runs = Runs { table: TABLE, key: &KEY, clear: 0 };
/// SQLite copies a whole row to compare its key unless it takes less than a quarter of a page: customers take 800 bytes, what is
/// told of them and why 750 at most.
const PART: usize = 50;
const ID_BYTES: usize = 16;
/// A probability is kept as so many parts of one.
pub(super) const PARTS: f64 = 50_000.0;
/// Of who did not buy anything within the window, and of who was erased.
const UNTOLD: u16 = u16::MAX;
/// Reasons are kept of those above the average, since of the others more speaks against it than for it; of no more than so many of the
/// likeliest. What speaks for and against it of whomever is computed when he is looked at ([`explained`]).
pub const REASONED: usize = 100_000;
/// Reasons of a customer: more than are told, since who reads them may not see all of them.
const REASONS: usize = 5;
/// Whether he bought it before and what goes with it that he bought; then of each reason its place in [`Found::keys`] and what it adds.
const WHY_BYTES: usize = 1 + 2 * REASONS;
/// His place in the row stands before.
const PLACE_BYTES: usize = 2;
pub(super) const BEFORE: u8 = 0x80;
pub(super) const NO_REASON: u8 = u8::MAX;
/// What a reason adds to the log-odds is kept as so many parts of one.
pub(super) const ADDS_PARTS: f64 = 32.0;

pub fn table() -> Table {
    Table::new(TABLE, KEY)
        .required("run", ColumnKind::Int)
        // Nil where the row names the customers.
        .required("product", ColumnKind::Id)
        // The first customer of the row.
        .required("first", ColumnKind::Id)
        .optional("customers", ColumnKind::Bytes)
        .optional("told", ColumnKind::Bytes)
        .optional("why", ColumnKind::Bytes)
        .index(["run", "first"])
}

/// What is told of a product of each customer, by his number.
pub struct Everybody {
    told: Vec<u16>,
    why: BTreeMap<u32, [u8; WHY_BYTES]>,
}

fn parts(probability: f64) -> u16 {
    (probability * PARTS).round() as u16
}

impl Everybody {
    pub fn new(customers: usize) -> Self {
        Everybody { told: vec![UNTOLD; customers], why: BTreeMap::new() }
    }

    pub fn tell(&mut self, customer: usize, probability: f64) {
        self.told[customer] = parts(probability);
    }

    /// Those whose reasons are kept, in order of their numbers.
    pub fn likeliest(&self, mean: f64) -> Vec<usize> {
        let mean = parts(mean);
        let above = |told: u16| told != UNTOLD && told > mean;
        let mut found: Vec<usize> = (0..self.told.len()).filter(|at| above(self.told[*at])).collect();
        if found.len() > REASONED {
            found.select_nth_unstable_by_key(REASONED, |at| (Reverse(self.told[*at]), *at));
            found.truncate(REASONED);
            found.sort_unstable();
        }
        found
    }

    /// `related` is a place in [`Found::near`], `reasons` are places in [`Found::keys`] with what each adds, the strongest first.
    pub fn explain(
        &mut self,
        customer: usize,
        before: bool,
        related: Option<usize>,
        reasons: &[(usize, f64)],
    ) {
        let mut why = [NO_REASON; WHY_BYTES];
        why[0] = related.map_or(0, |at| at as u8 + 1) | if before { BEFORE } else { 0 };
        for (at, (key, adds)) in reasons.iter().take(REASONS).enumerate() {
            why[1 + 2 * at] = *key as u8;
            why[2 + 2 * at] = (adds * ADDS_PARTS).round().min(255.0) as u8;
        }
        self.why.insert(customer as u32, why);
    }

    fn rows<'r>(&'r self, product: Id, accounts: &'r [Id]) -> impl Iterator<Item = Row> + 'r {
        let told = self.told.chunks(PART).zip(accounts.chunks(PART)).enumerate();
        told.map(move |(part, (told, accounts))| {
            let from = (part * PART) as u32;
            let of_part = self.why.range(from..from + PART as u32);
            let why = of_part.flat_map(|(customer, why)| {
                let place = ((customer - from) as u16).to_le_bytes();
                place.into_iter().chain(*why)
            });
            Row {
                product,
                first: accounts[0],
                customers: None,
                told: Some(told.iter().flat_map(|one| one.to_le_bytes()).collect()),
                why: Some(why.collect()),
            }
        })
    }
}

struct Row {
    product: Id,
    first: Id,
    customers: Option<Vec<u8>>,
    told: Option<Vec<u8>>,
    why: Option<Vec<u8>>,
}

impl Row {
    fn bytes(&self) -> usize {
        [&self.customers, &self.told, &self.why].into_iter().flatten().map(Vec::len).sum()
    }
}

/// What was found of a product, by what it can be explained, and what is told of everybody.
pub type Told = std::result::Result<(Found, Learned, Everybody), Reason>;

/// Keeps what was found, of `accounts`, and takes away what was found of these products before, and whatever was told of a time that is over.
/// One after the other: two would take the same number for their runs.
pub async fn keep(engine: &Engine, accounts: &[Id], until: NaiveDate, found: Vec<(Id, Told)>) -> Result<()> {
    engine
        .alone(LEASE, |engine| Box::pin(async move { keep_alone(&engine, accounts, until, found).await }))
        .await
}

async fn keep_alone(
    engine: &Engine,
    accounts: &[Id],
    until: NaiveDate,
    found: Vec<(Id, Told)>,
) -> Result<()> {
    let mut rows: Vec<Row> = vec![];
    if found.iter().any(|(_, found)| found.is_ok()) {
        rows.extend(accounts.chunks(PART).map(|some| Row {
            product: Id::nil(),
            first: some[0],
            customers: Some(some.iter().flat_map(|id| id.into_bytes()).collect()),
            told: None,
            why: None,
        }));
    }
    for (product, found) in &found {
        if let Ok((.., everybody)) = found {
            rows.extend(everybody.rows(*product, accounts));
        }
    }
    let values = |row: &Row| -> Vec<Expr> {
        let Row { product, first, customers, told, why } = row;
        let [customers, told, why] = [customers, told, why].map(Clone::clone);
        vec![(*product).into(), (*first).into(), customers.into(), told.into(), why.into()]
    };
    let columns = ["product", "first", "customers", "told", "why"];
    let run = RUNS.write(engine, &columns, rows, Row::bytes, values).await?;
    let mut products = over(engine, until).await?;
    for (product, found) in found {
        products.push(product);
        let found = match found {
            Ok((found, learned, _)) => {
                // First: whoever finds the new run finds what explains it.
                explained::keep(engine, product, run, &learned).await?;
                Ok(Found { run, ..found })
            }
            Err(reason) => Err(reason),
        };
        kept::keep(engine, KIND, &product.to_string(), until, &found).await?;
    }
    for product in products {
        delete(engine, Expr::col(name("product")).eq(product).and(earlier(run))).await?;
        explained::forget_before(engine, product, run).await?;
    }
    // Customers of runs that tell nothing any more.
    let in_use = Sql::select()
        .column(name("run"))
        .from(name(TABLE))
        .and_where(Expr::col(name("product")).ne(Id::nil()))
        .to_owned();
    let unused = Expr::col(name("run")).not_in_subquery(in_use);
    delete(engine, Expr::col(name("product")).eq(Id::nil()).and(earlier(run)).and(unused)).await
}

fn earlier(run: i64) -> Expr {
    Expr::col(name("run")).lt(run)
}

async fn delete(engine: &Engine, which: Expr) -> Result<()> {
    let delete = Sql::delete().from_table(name(TABLE)).and_where(which).to_owned();
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.execute(&delete).await.map(drop) }))
        .await
}

/// Those whose quarter is over are kept no longer: they were asked for once, and nobody asked again.
async fn over(engine: &Engine, until: NaiveDate) -> Result<Vec<Id>> {
    let over = Expr::col(name("as_of")).lt(date_of(day_number(until) - HORIZON_DAYS));
    let select = Sql::select()
        .column(name("subject"))
        .from(name(kept::TABLE))
        .and_where(Expr::col(name("kind")).eq(KIND))
        .and_where(over.clone())
        .to_owned();
    let mut products = vec![];
    for row in engine.fetch(&select).await? {
        products.extend(row.text(0)?.parse::<Id>().ok());
    }
    if !products.is_empty() {
        let delete = Sql::delete()
            .from_table(name(kept::TABLE))
            .and_where(Expr::col(name("kind")).eq(KIND).and(over))
            .to_owned();
        let system = Actor::system();
        let deleted = engine.write(&system, move |tx| {
            Box::pin(async move {
                tx.execute(&delete).await?;
                tx.mark_changed(kept::TABLE);
                Ok(())
            })
        });
        deleted.await?;
    }
    Ok(products)
}

pub(super) fn ids(bytes: &[u8]) -> impl ExactSizeIterator<Item = Id> + '_ {
    bytes.as_chunks::<ID_BYTES>().0.iter().map(|id| Id::from_bytes(*id))
}

pub(super) fn told_at(bytes: &[u8], at: usize) -> Option<u16> {
    let told = u16::from_le_bytes(*bytes.as_chunks::<2>().0.get(at)?);
    (told != UNTOLD).then_some(told)
}

/// What stands of the customer at a place of the row, and where.
pub(super) fn why_at(bytes: &[u8], at: usize) -> Option<(usize, &[u8])> {
    let mut entries = bytes.chunks_exact(PLACE_BYTES + WHY_BYTES).enumerate();
    entries.find_map(|(entry, bytes)| {
        let (place, why) = bytes.split_first_chunk::<PLACE_BYTES>()?;
        (usize::from(u16::from_le_bytes(*place)) == at).then_some((entry, why))
    })
}

pub(super) fn of(run: i64, product: Id) -> SelectStatement {
    Sql::select()
        .from(name(TABLE))
        .and_where(Expr::col(name("run")).eq(run))
        .and_where(Expr::col(name("product")).eq(product))
        .to_owned()
}

/// The row of a run that names a customer, if he is in it.
pub(super) fn naming(run: i64, account: Id) -> SelectStatement {
    let mut select = of(run, Id::nil());
    select
        .columns(["first", "customers"].map(name))
        .and_where(Expr::col(name("first")).lte(account))
        .order_by(name("first"), Order::Desc)
        .limit(1);
    select
}

/// What a run tells of the customers of one row: each product with these columns.
pub(super) fn telling(run: i64, first: Id, columns: &[&'static str]) -> SelectStatement {
    Sql::select()
        .column(name("product"))
        .columns(columns.iter().copied().map(name))
        .from(name(TABLE))
        .and_where(Expr::col(name("run")).eq(run))
        .and_where(Expr::col(name("first")).eq(first))
        .and_where(Expr::col(name("product")).ne(Id::nil()))
        .to_owned()
}

/// The row's first customer, its customers, and his place among them.
pub(super) fn place(rows: &[Stored], account: Id) -> Result<Option<(Id, Vec<u8>, usize)>> {
    let Some(row) = rows.first() else { return Ok(None) };
    let (first, customers) = (row.id(0)?, row.bytes(1)?);
    let at = ids(&customers).position(|id| id == account);
    Ok(at.map(|at| (first, customers, at)))
}

/// Takes erased people from those of whom something is told; returns how often it was.
pub async fn forget(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    let runs = Sql::select()
        .distinct()
        .column(name("run"))
        .from(name(TABLE))
        .and_where(Expr::col(name("product")).eq(Id::nil()))
        .to_owned();
    let runs = tx.fetch(&runs).await?.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>>>()?;
    let mut count = 0;
    let all = erasing.ids.iter().flat_map(|id| runs.iter().map(move |run| (*id, *run)));
    for (id, run) in all.collect::<Vec<(Id, i64)>>() {
        let rows = tx.fetch(&naming(run, id)).await?;
        let Some((first, mut customers, at)) = place(&rows, id)? else { continue };
        for row in tx.fetch(&telling(run, first, &["told", "why"])).await? {
            let (product, mut told, mut why) = (row.id(0)?, row.bytes(1)?, row.bytes(2)?);
            count += u64::from(told_at(&told, at).is_some());
            if let Some(known) = told.as_chunks_mut::<2>().0.get_mut(at) {
                *known = UNTOLD.to_le_bytes();
            }
            if let Some(entry) = why_at(&why, at).map(|(entry, _)| entry) {
                let from = entry * (PLACE_BYTES + WHY_BYTES);
                why.drain(from..from + PLACE_BYTES + WHY_BYTES);
            }
            if !erasing.dry {
                set(tx, (run, product, first), [("told", told), ("why", why)]).await?;
            }
        }
        if let Some(named) = customers.as_chunks_mut::<ID_BYTES>().0.get_mut(at).filter(|_| !erasing.dry) {
            *named = Id::nil().into_bytes();
            set(tx, (run, Id::nil(), first), [("customers", customers)]).await?;
        }
    }
    if !erasing.dry {
        // Earlier versions named the likeliest in what they kept of a product.
        kept::forget_former::<std::result::Result<Found, Reason>>(tx, KIND).await?;
    }
    Ok(count)
}

async fn set<const N: usize>(
    tx: &mut Tx,
    (run, product, first): (i64, Id, Id),
    columns: [(&'static str, Vec<u8>); N],
) -> Result<()> {
    let mut update = Sql::update();
    update
        .table(name(TABLE))
        .and_where(Expr::col(name("run")).eq(run))
        .and_where(Expr::col(name("product")).eq(product))
        .and_where(Expr::col(name("first")).eq(first));
    for (column, bytes) in columns {
        update.value(name(column), bytes);
    }
    match tx.execute(&update).await? {
        1 => Ok(()),
        rows => Err(Error::Internal(format!("{TABLE}: {rows} rows of one key"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_everybody_is_read_as_it_was_written() {
        let accounts: Vec<Id> = (1..=125).map(Id::from_u128).collect();
        let mut everybody = Everybody::new(accounts.len());
        for at in (0..accounts.len()).filter(|at| at % 5 != 4) {
            everybody.tell(at, at as f64 / 250.0);
        }
        let likeliest = everybody.likeliest(0.4);
        assert_eq!((likeliest.len(), likeliest[0]), (19, 101));
        everybody.explain(101, true, Some(3), &[(2, 0.69), (0, 0.1)]);
        everybody.explain(123, false, None, &[(7, 99.0); 9]);
        let product = Id::from_u128(9);
        let rows: Vec<Row> = everybody.rows(product, &accounts).collect();
        assert_eq!(rows.iter().map(|row| row.first).collect::<Vec<_>>(), [1, 51, 101].map(Id::from_u128));
        assert!(rows.iter().all(|row| row.product == product && row.customers.is_none()));
        let (told, why) = (rows[2].told.as_deref().expect("told"), rows[2].why.as_deref().expect("why"));
        assert_eq!((told_at(told, 1), told_at(told, 4), told_at(told, 25)), (Some(parts(0.404)), None, None));
        let (entry, first) = why_at(why, 1).expect("the first");
        assert_eq!((entry, &first[..6]), (0, &[BEFORE | 4, 2, 22, 0, 3, NO_REASON][..]));
        let (entry, second) = why_at(why, 23).expect("the second");
        assert_eq!((entry, &second[..3], second.len()), (1, &[0, 7, 255][..], WHY_BYTES));
        assert!(why_at(why, 2).is_none() && rows[0].why.as_ref().is_some_and(Vec::is_empty));
    }
}
