//! What a line gets when it is left out: an order line from its product, a return line from the order line it takes back or
//! else from its product. Prices and costs are converted into the document's currency at the rate of its day.

use super::{Rates, document::Document};
use engine::{
    Error, Result, Row, Tx, among, name,
    sea_query::{Cond, Expr, ExprTrait, JoinType, Query, SelectStatement},
};
use meta::{Decimal, Id, MONEY_SCALE, Record, Value, Values, unscaled};
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
use std::collections::{BTreeSet, HashMap};

const CHUNK: usize = 1_000;

/// Fills the lines among `ids` that lack something their product knows.
pub async fn fill_from_product(tx: &mut Tx, document: &Document, ids: &[Id]) -> Result<()> {
    let mut updates = vec![];
    for ids in ids.chunks(CHUNK) {
        let lacking: Vec<Id> = tx
            .fetch(&select_lacking(document, ids))
            .await?
            .iter()
            .map(|row| row.id(0))
            .collect::<Result<_>>()?;
        if lacking.is_empty() {
            continue;
        }
        let lacking = tx.fetch(&select_known(document, &lacking)).await?;
        let mut currencies = BTreeSet::new();
        for row in &lacking {
            currencies.extend([row.opt_text(7)?, row.opt_text(8)?].into_iter().flatten());
        }
        let rates = Rates::load(tx, &currencies).await?;
        for row in &lacking {
            updates.push((row.id(0)?, from_product(row, &rates)?));
        }
    }
    if !updates.is_empty() {
        tx.update_many(document.line, updates).await?;
    }
    Ok(())
}

fn with_product(document: &Document, ids: &[Id]) -> SelectStatement {
    let line = |column: &str| (name(document.line), name(column));
    Query::select()
        .from(name(document.line))
        .join(
            JoinType::InnerJoin,
            name("product"),
            Expr::col((name("product"), name("id"))).equals(line("product")),
        )
        .and_where(Expr::col(line("id")).is_in(among(ids)))
        .to_owned()
}

/// Lines without something their product has. Few do, so what they need is asked for them alone.
fn select_lacking(document: &Document, ids: &[Id]) -> SelectStatement {
    let line = |column: &str| Expr::col((name(document.line), name(column)));
    let product = |column: &str| Expr::col((name("product"), name(column)));
    let lacks =
        |own: &str, source: &str| Cond::all().add(line(own).is_null()).add(product(source).is_not_null());
    with_product(document, ids)
        .column((name(document.line), name("id")))
        .and_where(line("deleted_at").is_null())
        .cond_where(
            Cond::any()
                .add(lacks("unit_price", "price"))
                .add(lacks("unit_cost", "cost"))
                .add(lacks("description", "name")),
        )
        .to_owned()
}

/// Columns: 0 id, 1 unit_price, 2 unit_cost, 3 description of the line; 4 price, 5 cost, 6 name, 7 currency of the product;
/// 8 currency, 9 day of the document.
fn select_known(document: &Document, ids: &[Id]) -> SelectStatement {
    let line = |column: &str| (name(document.line), name(column));
    let head = |column: &str| (name(document.head), name(column));
    let product = |column: &str| (name("product"), name(column));
    with_product(document, ids)
        .columns([line("id"), line("unit_price"), line("unit_cost"), line("description")])
        .columns([product("price"), product("cost"), product("name"), product("currency")])
        .columns([head("currency"), head(document.at)])
        .join(JoinType::InnerJoin, name(document.head), Expr::col(head("id")).equals(line(document.head)))
        .to_owned()
}

fn from_product(row: &Row, rates: &Rates) -> Result<Values> {
    let mut values = Values::new();
    let (theirs, ours) = (row.opt_text(7)?, row.text(8)?);
    let at = row.instant(9)?;
    for (own, given, field) in [(1, 4, "unit_price"), (2, 5, "unit_cost")] {
        if let (None, Some(amount)) = (row.opt_int(own)?, row.opt_int(given)?) {
            let amount = unscaled(amount, MONEY_SCALE);
            let theirs = theirs.as_deref().unwrap_or(&ours);
            let converted = if theirs == ours {
                amount
            } else {
                convert(amount, rates.at(theirs, at)?, rates.at(&ours, at)?)?
            };
            values.insert(field.to_owned(), Value::Decimal(converted));
        }
    }
    if row.opt_text(3)?.is_none() {
        values.insert("description".to_owned(), row.opt_text(6)?.into());
    }
    Ok(values)
}

fn convert(amount: Decimal, from: Decimal, to: Decimal) -> Result<Decimal> {
    let converted = amount.checked_mul(from).and_then(|amount| amount.checked_div(to));
    converted.map(|amount| amount.round_dp_with_strategy(MONEY_SCALE, MidpointAwayFromZero)).ok_or_else(
        || Error::rule("unit_price", "cannot be converted: check the exchange rates", "无法换算，请检查汇率"),
    )
}

/// Product, description, unit cost, what was paid per unit and its tax, from the order line a return line takes back.
pub async fn fill_from_order_line(tx: &mut Tx, ids: &[Id]) -> Result<()> {
    let lacking = ["product", "description", "unit_price", "unit_cost", "tax"];
    let mut sources: Vec<(Id, Id)> = vec![];
    for ids in ids.chunks(CHUNK) {
        let any = lacking.iter().fold(Cond::any(), |any, field| any.add(Expr::col(name(field)).is_null()));
        let select = Query::select()
            .columns([name("id"), name("order_line")])
            .from(name("return_line"))
            .and_where(Expr::col(name("id")).is_in(among(ids)))
            .and_where(Expr::col(name("order_line")).is_not_null())
            .and_where(Expr::col(name("deleted_at")).is_null())
            .cond_where(any)
            .to_owned();
        for row in tx.fetch(&select).await? {
            sources.push((row.id(0)?, row.id(1)?));
        }
    }
    if sources.is_empty() {
        return Ok(());
    }
    let (own, sold): (Vec<Id>, Vec<Id>) = sources.iter().copied().unzip();
    let own: HashMap<Id, _> =
        tx.get_many("return_line", &own).await?.into_iter().map(|line| (line.id, line)).collect();
    let sold: HashMap<Id, _> =
        tx.get_many("order_line", &sold).await?.into_iter().map(|line| (line.id, line)).collect();
    let mut updates = vec![];
    for (id, source) in sources {
        let (Some(line), Some(sold)) = (own.get(&id), sold.get(&source)) else { continue };
        let mut values = Values::new();
        for field in lacking.into_iter().filter(|field| line.get(field).is_null()) {
            let value = match field {
                "unit_price" => part_of(sold, "amount", Decimal::ONE),
                "tax" => part_of(sold, "tax", line.get("quantity").as_decimal().unwrap_or_default()),
                _ => sold.get(field).clone(),
            };
            if !value.is_null() {
                values.insert(field.to_owned(), value);
            }
        }
        if !values.is_empty() {
            updates.push((id, values));
        }
    }
    tx.update_many("return_line", updates).await.map(drop)
}

/// The share of `quantity` in what was paid or taxed; the line's discount is part of that.
fn part_of(sold: &Record, field: &str, quantity: Decimal) -> Value {
    let whole = sold.get(field).as_decimal();
    let sold_quantity = sold.get("quantity").as_decimal();
    let part = whole
        .zip(sold_quantity)
        .and_then(|(whole, sold)| whole.checked_mul(quantity)?.checked_div(sold))
        .map(|part| part.round_dp_with_strategy(MONEY_SCALE, MidpointAwayFromZero));
    part.into()
}
