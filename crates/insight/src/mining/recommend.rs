//! What each customer may buy next: the method that won the back-test, for everybody, a row a recommendation.

use super::{
    kept::{self, Kept, WHOLE},
    lines::{self, Sales},
};
use crate::moves;
use engine::schema::{ColumnKind, Table};
use engine::{
    Actor, Engine, Erasing, Error, Result, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Order, Query as Sql, SimpleExpr},
};
use futures::{StreamExt, TryStreamExt, stream};
use meta::{Decimal, Id, MONEY_SCALE, NaiveDate, Value};
use mining::{
    reason::Reason,
    recommend::{
        Method, Recommendation, Recommender, Why,
        backtest::{self, Backtest},
        neighbours::MOST_PRODUCTS,
    },
};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Range, str::FromStr, sync::Arc};

pub const KIND: &str = "recommend";
/// The customers that methods were tried on: a list that only its page reads.
const TESTED: &str = "recommend_tested";
pub const TABLE: &str = "mining_recommendation";
/// Products recommended to a customer.
pub const EACH: usize = 5;
/// Neighbours kept of a product, and products whose neighbours are kept (the most bought).
const NEIGHBOURS: usize = 10;
const PRODUCTS: usize = 1_000;
/// Customers whose recommendations are made and written at once.
const BATCH: u32 = 800;

pub fn table() -> Table {
    Table::new(TABLE, ["account", "rank"])
        .required("account", ColumnKind::Id)
        .required("rank", ColumnKind::Int)
        .required("product", ColumnKind::Id)
        .optional("bought_with", ColumnKind::Id)
        .required("both", ColumnKind::Int)
        .required("of", ColumnKind::Int)
        .required("run", ColumnKind::Int)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub customers: usize,
    pub products: usize,
    /// Customers of too many products to say what goes with what: not counted where it says who bought one and another.
    #[serde(default)]
    pub left_out: u32,
    pub run: i64,
    pub backtest: std::result::Result<Backtest, Reason>,
    /// What is used: the winner, or what most buy where too few came back for a test.
    pub method: Method,
    /// The most bought products, the most bought first, each with what goes with it.
    pub goes_with: Vec<GoesWith>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GoesWith {
    pub product: Id,
    /// Without those left out.
    pub customers: u32,
    /// Product, customers of both without those left out, similarity.
    pub near: Vec<(Id, u32, f64)>,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Recommended {
    pub product: Id,
    pub bought_with: Option<Id>,
    pub both: i64,
    pub of: i64,
}

impl Found {
    /// How many bought both, without those left out; `None` where the one is not told of as going with the other.
    pub fn both(&self, product: Id, other: Id) -> Option<u32> {
        let found = self.goes_with.iter().find(|one| one.product == product)?;
        found.near.iter().find(|(near, _, _)| *near == other).map(|(_, both, _)| *both)
    }

    /// How many bought it, without those left out; `None` of a product that nothing is told of.
    pub fn customers_of(&self, product: Id) -> Option<u32> {
        self.goes_with.iter().find(|one| one.product == product).map(|one| one.customers)
    }
}

pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<Found>>>> {
    kept::load(engine, KIND, WHOLE).await
}

/// On whom the methods were tried; `None` where an earlier version did.
pub async fn tested(engine: &Engine) -> Result<Option<Arc<Kept<Vec<Id>>>>> {
    kept::load(engine, TESTED, WHOLE).await
}

/// The type of both sides of a comparison of what was spent.
const SPENT: &str = "DECIMAL(38, 4)";

/// Customers who bought all of some products.
#[derive(Clone, Copy)]
pub struct Buyers<'a> {
    pub products: &'a [Id],
    /// The last day that counts.
    pub until: NaiveDate,
    /// Also those of too many products to say what goes with what.
    pub everybody: bool,
}

impl Buyers<'_> {
    fn sql(self) -> String {
        let counts = lines::counting(self.until);
        let ids: Vec<String> = self.products.iter().map(|product| format!("id('{product}')")).collect();
        let most = match self.everybody {
            true => String::new(),
            false => format!(" HAVING count(DISTINCT d.product_key) <= {MOST_PRODUCTS}"),
        };
        format!(
            "SELECT d.account, CAST(sum(d.net) AS {SPENT}) AS spent FROM sales d JOIN (SELECT d.account_key AS buyer FROM sales d \
             JOIN product p ON p.key = d.product_key WHERE {counts} AND d.account_key IS NOT NULL \
             AND p.id IN ({}) GROUP BY d.account_key HAVING count(DISTINCT p.key) = {}) b \
             ON b.buyer = d.account_key WHERE {counts} GROUP BY d.account{most}",
            ids.join(", "),
            ids.len(),
        )
    }

    pub async fn count(self, engine: &Engine) -> Result<usize> {
        let sql = format!("SELECT count(*) FROM ({}) c", self.sql());
        let counted = moves::ask(engine, &sql).await?;
        let counted = counted.values().next().transpose()?.and_then(|row| row.first()?.as_int());
        Ok(counted.and_then(|counted| usize::try_from(counted).ok()).unwrap_or(0))
    }

    /// Who bought for most first: some of those after one of them.
    pub async fn following(self, engine: &Engine, after: Option<Buyer>, limit: usize) -> Result<Vec<Buyer>> {
        // As a bare number it would be a float, which is no exact sum.
        let beyond = after.map_or_else(String::new, |Buyer { spent, account }| {
            let spent = format!("CAST('{spent}' AS {SPENT})");
            format!(" WHERE f.spent < {spent} OR (f.spent = {spent} AND f.account > id('{account}'))")
        });
        let sql = format!(
            "SELECT f.account, f.spent FROM ({}) f{beyond} ORDER BY f.spent DESC, f.account LIMIT {limit}",
            self.sql()
        );
        let mut found = vec![];
        for row in moves::ask(engine, &sql).await?.values() {
            let row = row?;
            let buyer = row.first().and_then(Value::as_id).zip(row.get(1).and_then(Value::as_decimal));
            found.extend(buyer.map(|(account, spent)| Buyer { spent, account }));
        }
        Ok(found)
    }
}

/// A customer with what he bought for, in the company currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buyer {
    pub spent: Decimal,
    pub account: Id,
}

impl fmt::Display for Buyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.spent, self.account)
    }
}

impl FromStr for Buyer {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let (spent, account) = text.split_once('_')?;
            let spent: Decimal = spent.parse().ok()?;
            // Rounded, it would be another customer's place.
            let spent = (spent.scale() <= MONEY_SCALE).then_some(spent)?;
            Some(Buyer { spent, account: account.parse().ok()? })
        };
        read().ok_or_else(Error::stale_page)
    }
}

/// A method that has learned who bought what, and what is told of it.
pub struct Learned {
    found: Found,
    tested: Vec<Id>,
    recommender: Recommender,
}

fn learned(sales: &Sales, run: i64) -> Learned {
    let history = &sales.history;
    let backtest = backtest::run(history);
    let method = backtest.as_ref().map_or(Method::Popular, |backtest| backtest.best);
    let recommender = Recommender::learn(history, method);
    let id = |product: u32| sales.products[product as usize];
    let goes_with = history.by_popularity().into_iter().take(PRODUCTS).map(|product| GoesWith {
        product: id(product),
        customers: recommender.neighbours().customers(product),
        near: recommender
            .neighbours()
            .of_product(product)
            .iter()
            .take(NEIGHBOURS)
            .map(|near| (id(near.product), near.both, near.similarity))
            .collect(),
    });
    let found = Found {
        customers: sales.accounts.len(),
        products: sales.products.len(),
        left_out: recommender.neighbours().left_out(),
        run,
        method,
        goes_with: goes_with.collect(),
        backtest,
    };
    let tested = found.backtest.as_ref().map_or(vec![], |test| backtest::tested(history, test));
    let tested =
        tested.iter().filter_map(|customer| sales.accounts.get(*customer as usize).copied()).collect();
    Learned { found, tested, recommender }
}

/// The rows of customers numbered so.
fn rows(sales: &Sales, recommender: &Recommender, customers: Range<u32>, run: i64) -> Vec<[SimpleExpr; 7]> {
    let of_one = |customer: u32| {
        let owned = sales.history.owned(customer);
        let told = recommender.recommend(customer, &owned, EACH);
        (1_i64..).zip(told).map(move |(rank, one)| row_of(sales, customer, rank, &one, run))
    };
    customers.flat_map(of_one).collect()
}

pub async fn learn(engine: &Engine, sales: &Arc<Sales>) -> Result<Learned> {
    let run = load(engine).await?.map_or(1, |kept| kept.body.run + 1);
    let shared = sales.clone();
    super::refresh::computed(move || learned(&shared, run)).await
}

/// Tells everybody, by what he bought: the lines of `sales` are not looked at.
pub async fn keep(engine: &Engine, sales: &Arc<Sales>, learned: Learned) -> Result<()> {
    let Learned { found, tested, recommender } = learned;
    let (recommender, customers, run) = (Arc::new(recommender), sales.history.customers(), found.run);
    // Made while those before are written: of a million customers all at once would be gigabytes.
    let mut made = stream::iter((0..customers).step_by(BATCH as usize))
        .map(|from| {
            let some = from..Ord::min(from + BATCH, customers);
            let (sales, recommender) = (sales.clone(), recommender.clone());
            super::refresh::computed(move || rows(&sales, &recommender, some, run))
        })
        .buffered(2);
    while let Some(rows) = made.try_next().await? {
        engine.write(&Actor::system(), move |tx| Box::pin(async move { write(tx, rows).await })).await?;
    }
    let old = Sql::delete().from_table(name(TABLE)).and_where(Expr::col(name("run")).ne(run)).to_owned();
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.execute(&old).await.map(drop) }))
        .await?;
    kept::keep(engine, TESTED, WHOLE, sales.until, &tested).await?;
    kept::keep(engine, KIND, WHOLE, sales.until, &found).await
}

fn row_of(sales: &Sales, customer: u32, rank: i64, one: &Recommendation, run: i64) -> [SimpleExpr; 7] {
    let product = |number: u32| sales.products[number as usize];
    let (with, both, of) = match one.why {
        Why::BoughtWith { product: with, both, of } => (Some(product(with)), both, of),
        Why::Popular { customers } => (None, customers, sales.accounts.len() as u32),
    };
    [
        sales.accounts[customer as usize].into(),
        rank.into(),
        product(one.product).into(),
        with.into(),
        i64::from(both).into(),
        i64::from(of).into(),
        run.into(),
    ]
}

async fn write(tx: &mut Tx, rows: Vec<[SimpleExpr; 7]>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = Sql::insert();
    insert
        .into_table(name(TABLE))
        .columns(["account", "rank", "product", "bought_with", "both", "of", "run"].map(name))
        .on_conflict(
            OnConflict::columns(["account", "rank"].map(name))
                .update_columns(["product", "bought_with", "both", "of", "run"].map(name))
                .to_owned(),
        );
    for row in rows {
        insert.values_panic(row);
    }
    tx.execute(&insert).await?;
    Ok(())
}

/// Takes the erased from those on whom methods were tried, and leaves their places empty: the number of them was told.
pub async fn forget(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    let of_it = Expr::col(name("kind")).eq(TESTED);
    let select =
        Sql::select().column(name("body")).from(name(kept::TABLE)).and_where(of_it.clone()).to_owned();
    let rows = tx.fetch(&select).await?;
    let Some(row) = rows.first() else { return Ok(0) };
    let Ok(mut tested) = serde_json::from_str::<Vec<Id>>(&row.text(0)?) else { return Ok(0) };
    let mut erased = 0;
    for customer in tested.iter_mut().filter(|customer| erasing.ids.contains(customer)) {
        *customer = Id::nil();
        erased += 1;
    }
    if erased > 0 && !erasing.dry {
        let update = Sql::update()
            .table(name(kept::TABLE))
            .value(name("body"), serde_json::to_string(&tested)?)
            .and_where(of_it)
            .to_owned();
        tx.execute(&update).await?;
        tx.mark_changed(kept::TABLE);
    }
    Ok(erased)
}

/// The recommendations of one customer, the best first.
pub async fn of(engine: &Engine, account: Id) -> Result<Vec<Recommended>> {
    let select = Sql::select()
        .columns(["product", "bought_with", "both", "of"].map(name))
        .from(name(TABLE))
        .and_where(Expr::col(name("account")).eq(account))
        .order_by(name("rank"), Order::Asc)
        .to_owned();
    let rows = engine.fetch(&select).await?;
    rows.iter()
        .map(|row| {
            Ok(Recommended {
                product: row.id(0)?,
                bought_with: row.opt_id(1)?,
                both: row.int(2)?,
                of: row.int(3)?,
            })
        })
        .collect()
}
