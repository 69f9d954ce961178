//! Sales of the last three years, cut by one thing at a time (month alone, channel, salesperson, category, source …) and by month,
//! relation and region, so that the same filters hold on every page. Computed after each fit; pages add up a few thousand rows.

use super::{retention, store};
use crate::{
    settings::{Settings, date_of, day_number},
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use chrono::Datelike;
use engine::{
    Actor, Engine, Result, Row, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql, SelectStatement},
};
use meta::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const REPORT: &str = "seven_p";
pub(super) const MONTHS: u32 = 36;

/// Money in ten-thousandths of the company currency.
pub(super) const MEASURES: [&str; 7] =
    ["orders", "sales", "margin", "costed", "returned", "accounts", "first_buyers"];

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    pub orders: i64,
    pub sales: i64,
    pub margin: i64,
    /// The sales whose margin is known.
    pub costed: i64,
    pub returned: i64,
    /// Accounts entered, and those that bought for the first time.
    pub accounts: i64,
    pub first_buyers: i64,
}

impl Measures {
    pub fn add(&mut self, other: &Measures) {
        self.orders += other.orders;
        self.sales = self.sales.saturating_add(other.sales);
        self.margin = self.margin.saturating_add(other.margin);
        self.costed = self.costed.saturating_add(other.costed);
        self.returned = self.returned.saturating_add(other.returned);
        self.accounts += other.accounts;
        self.first_buyers += other.first_buyers;
    }

    pub(super) fn stored(&self) -> [i64; 7] {
        [self.orders, self.sales, self.margin, self.costed, self.returned, self.accounts, self.first_buyers]
    }

    /// From seven columns in the order of [`MEASURES`].
    pub(super) fn read(row: &Row, from: usize) -> Result<Measures> {
        let number = |index: usize| row.opt_int(from + index).map(Option::unwrap_or_default);
        Ok(Measures {
            orders: number(0)?,
            sales: number(1)?,
            margin: number(2)?,
            costed: number(3)?,
            returned: number(4)?,
            accounts: number(5)?,
            first_buyers: number(6)?,
        })
    }
}

/// What pages need besides the rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub run: i64,
    /// Regions by sales, the largest first.
    pub regions: Vec<String>,
    pub retention: Option<retention::Retention>,
}

/// Cut, month, relation, region, value.
pub(super) type Key = (&'static str, NaiveDate, String, String, String);
pub(super) type Cells = BTreeMap<Key, Measures>;

/// Whom and where something was sold.
struct Where {
    month: NaiveDate,
    relation: String,
    region: String,
}

impl Where {
    fn add(&self, cells: &mut Cells, cut: &'static str, value: String, measures: &Measures) {
        let key = (cut, self.month, self.relation.clone(), self.region.clone(), value);
        cells.entry(key).or_default().add(measures);
    }
}

pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let as_of = settings.as_of_day(engine.clock());
    let since = first_of_month(as_of);
    let since = since.checked_sub_months(chrono::Months::new(MONTHS - 1)).unwrap_or(since);
    let mut cells = Cells::new();
    orders(engine, settings, (since, as_of), &mut cells).await?;
    lines(engine, settings, (since, as_of), &mut cells).await?;
    returns(engine, settings, (since, as_of), &mut cells).await?;
    accounts(engine, settings, (since, as_of), &mut cells).await?;
    first_buyers(engine, (since, as_of), &mut cells).await?;
    let report =
        Report { run: 0, regions: regions(&cells), retention: retention::of(engine, settings).await? };
    store::keep(engine, as_of, cells, report).await
}

pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn regions(cells: &Cells) -> Vec<String> {
    let mut sales: BTreeMap<&str, i64> = BTreeMap::new();
    for ((cut, _, _, region, _), measures) in cells {
        if *cut == "month" && !region.is_empty() {
            *sales.entry(region).or_default() += measures.sales;
        }
    }
    let mut regions: Vec<(&str, i64)> = sales.into_iter().collect();
    regions.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    regions.into_iter().map(|(region, _)| region.to_owned()).collect()
}

/// Province, or country where there is none.
fn region(province: Option<String>, country: Option<String>) -> String {
    let known =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    known(province).or(known(country)).unwrap_or_default()
}

const ORDER: fn(&str) -> (engine::sea_query::Alias, engine::sea_query::Alias) =
    |column| (name("order"), name(column));
const ACCOUNT: fn(&str) -> (engine::sea_query::Alias, engine::sea_query::Alias) =
    |column| (name("account"), name(column));

/// Orders or returns with their customer's relation and place, in the first five columns: moment, state, relation, province,
/// country.
fn documents(entity: &'static str, at: &str, since: NaiveDate, settings: &Settings) -> SelectStatement {
    let own = |column: &str| (name(entity), name(column));
    let before = date_of(day_number(since) - 1);
    Sql::select()
        .columns([own(at), own("status")])
        .columns([ACCOUNT("relation"), ACCOUNT("province"), ACCOUNT("country")])
        .from(name(entity))
        .join(JoinType::LeftJoin, name("account"), Expr::col(ACCOUNT("id")).equals(own("account")))
        .and_where(Expr::col(own(at)).gte(settings.end_of(before)))
        .and_where(Expr::col(own("deleted_at")).is_null())
        .to_owned()
}

fn place(row: &Row, settings: &Settings, states: &[&str], as_of: NaiveDate) -> Result<Option<Where>> {
    let day = settings.day_of(row.instant(0)?);
    if day > as_of || !states.contains(&row.opt_text(1)?.unwrap_or_default().as_str()) {
        return Ok(None);
    }
    Ok(Some(Where {
        month: first_of_month(day),
        relation: row.opt_text(2)?.unwrap_or_default(),
        region: region(row.opt_text(3)?, row.opt_text(4)?),
    }))
}

async fn orders(
    engine: &Engine,
    settings: &Settings,
    (since, as_of): (NaiveDate, NaiveDate),
    cells: &mut Cells,
) -> Result<()> {
    let mut select = documents("order", "ordered_at", since, settings);
    select.columns(["channel", "owner", "net_base", "margin_base"].map(ORDER)).column(ACCOUNT("source"));
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let Some(place) = place(&row, settings, &COUNTING_ORDERS, as_of)? else { continue };
        let sales = row.opt_int(7)?.unwrap_or(0);
        let margin = row.opt_int(8)?;
        let measures = Measures {
            orders: i64::from(sales > 0),
            sales,
            margin: margin.unwrap_or(0),
            costed: margin.map_or(0, |_| sales),
            ..Measures::default()
        };
        let owner = row.opt_id(6)?.map(|owner| owner.to_string()).unwrap_or_default();
        place.add(cells, "month", String::new(), &measures);
        place.add(cells, "channel", row.opt_text(5)?.unwrap_or_default(), &measures);
        place.add(cells, "owner", owner, &measures);
        place.add(cells, "source", row.opt_text(9)?.unwrap_or_default(), &measures);
    }
    Ok(())
}

/// Products and categories: their amounts are the lines', in the order's currency times its rate, before its discount.
async fn lines(
    engine: &Engine,
    settings: &Settings,
    (since, as_of): (NaiveDate, NaiveDate),
    cells: &mut Cells,
) -> Result<()> {
    let line = |column: &str| (name("order_line"), name(column));
    let product = |column: &str| (name("product"), name(column));
    let mut select = documents("order", "ordered_at", since, settings);
    select
        .columns([line("product"), product("category"), line("amount"), line("cost")])
        .column(ORDER("exchange_rate"))
        .join(JoinType::InnerJoin, name("order_line"), Expr::col(line("order")).equals(ORDER("id")))
        .join(JoinType::LeftJoin, name("product"), Expr::col(product("id")).equals(line("product")))
        .and_where(Expr::col(line("deleted_at")).is_null());
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let Some(place) = place(&row, settings, &COUNTING_ORDERS, as_of)? else { continue };
        // Rates have eight decimals.
        let rate = row.opt_int(9)?.map_or(1.0, |rate| rate as f64 / 1e8);
        let base = |amount: i64| (amount as f64 * rate).round() as i64;
        let (sales, cost) = (base(row.opt_int(7)?.unwrap_or(0)), row.opt_int(8)?.map(base));
        let measures = Measures {
            orders: 1,
            sales,
            margin: cost.map_or(0, |cost| sales - cost),
            costed: cost.map_or(0, |_| sales),
            ..Measures::default()
        };
        let shown = |id: Option<meta::Id>| id.map(|id| id.to_string()).unwrap_or_default();
        place.add(cells, "category", shown(row.opt_id(6)?), &measures);
        // A catalogue may be large: products are cut by month alone.
        let anywhere = Where { relation: String::new(), region: String::new(), ..place };
        anywhere.add(cells, "product", shown(row.opt_id(5)?), &measures);
    }
    Ok(())
}

async fn returns(
    engine: &Engine,
    settings: &Settings,
    (since, as_of): (NaiveDate, NaiveDate),
    cells: &mut Cells,
) -> Result<()> {
    let own = |column: &str| (name("return"), name(column));
    let mut select = documents("return", "returned_at", since, settings);
    select.columns([own("reason"), own("net_base")]);
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let Some(place) = place(&row, settings, &COUNTING_RETURNS, as_of)? else { continue };
        let measures = Measures { orders: 0, returned: row.opt_int(6)?.unwrap_or(0), ..Measures::default() };
        place.add(cells, "month", String::new(), &measures);
        let counted = Measures { orders: 1, ..measures };
        place.add(cells, "reason", row.opt_text(5)?.unwrap_or_default(), &counted);
    }
    drop(rows);
    let line = |column: &str| (name("return_line"), name(column));
    let mut select = documents("return", "returned_at", since, settings);
    select
        .columns([line("product"), line("amount")])
        .column(own("exchange_rate"))
        .join(JoinType::InnerJoin, name("return_line"), Expr::col(line("return")).equals(own("id")))
        .and_where(Expr::col(line("deleted_at")).is_null());
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let Some(place) = place(&row, settings, &COUNTING_RETURNS, as_of)? else { continue };
        let rate = row.opt_int(7)?.map_or(1.0, |rate| rate as f64 / 1e8);
        let returned = (row.opt_int(6)?.unwrap_or(0) as f64 * rate).round() as i64;
        let anywhere = Where { relation: String::new(), region: String::new(), ..place };
        let product = row.opt_id(5)?.map(|id| id.to_string()).unwrap_or_default();
        anywhere.add(cells, "product", product, &Measures { returned, ..Measures::default() });
    }
    Ok(())
}

/// When accounts came, by source.
async fn accounts(
    engine: &Engine,
    settings: &Settings,
    (since, as_of): (NaiveDate, NaiveDate),
    cells: &mut Cells,
) -> Result<()> {
    let select = Sql::select()
        .columns(["created_at", "relation", "province", "country", "source"].map(name))
        .from(name("account"))
        .and_where(Expr::col(name("created_at")).gte(settings.end_of(date_of(day_number(since) - 1))))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .to_owned();
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let day = settings.day_of(row.instant(0)?);
        if day > as_of {
            continue;
        }
        let place = Where {
            month: first_of_month(day),
            relation: row.opt_text(1)?.unwrap_or_default(),
            region: region(row.opt_text(2)?, row.opt_text(3)?),
        };
        let measures = Measures { accounts: 1, ..Measures::default() };
        place.add(cells, "month", String::new(), &measures);
        place.add(cells, "source", row.opt_text(4)?.unwrap_or_default(), &measures);
    }
    Ok(())
}

async fn first_buyers(
    engine: &Engine,
    (since, as_of): (NaiveDate, NaiveDate),
    cells: &mut Cells,
) -> Result<()> {
    let mut query = engine::Query::new("account")
        .filter(format!("first_order_on >= '{since}'"))
        .sort("id")
        .limit(1_000)
        .fields(&["relation", "province", "country", "source", "first_order_on"]);
    loop {
        let page = engine.list(&Actor::system(), &query).await?;
        for record in &page.records {
            let Some(day) = record.get("first_order_on").as_date().filter(|day| *day <= as_of) else {
                continue;
            };
            let text = |field: &str| Some(record.text(field).to_owned());
            let place = Where {
                month: first_of_month(day),
                relation: record.text("relation").to_owned(),
                region: region(text("province"), text("country")),
            };
            let measures = Measures { first_buyers: 1, ..Measures::default() };
            place.add(cells, "month", String::new(), &measures);
            place.add(cells, "source", record.text("source").to_owned(), &measures);
        }
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return Ok(()),
        }
    }
}
