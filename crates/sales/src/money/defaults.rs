//! What a line gets when it is left out: an order line from its product, a return line from the order line it takes back or
//! else from its product. Prices and costs are converted into the document's currency at the rate of its day.

use super::{Rates, document::Document};
use engine::{
    Error, Result, Row, Tx, among, name,
    sea_query::{Cond, Expr, ExprTrait, JoinType, Query, SelectStatement},
};
use meta::{DateTime, Decimal, Id, MONEY_SCALE, Record, Utc, Value, Values, unscaled};
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
use std::collections::{BTreeSet, HashMap};

const CHUNK: usize = 1_000;

/// What a line may have from its product.
const FROM_PRODUCT: [&str; 3] = ["unit_price", "unit_cost", "description"];

struct Product {
    price: Option<i64>,
    cost: Option<i64>,
    name: Option<String>,
    currency: Option<String>,
}

impl Product {
    const COLUMNS: [&str; 4] = ["price", "cost", "name", "currency"];

    /// Of columns in that order, from `first` on.
    fn of(row: &Row, first: usize) -> Result<Product> {
        Ok(Product {
            price: row.opt_int(first)?,
            cost: row.opt_int(first + 1)?,
            name: row.opt_text(first + 2)?,
            currency: row.opt_text(first + 3)?,
        })
    }
}

/// What decides in which currency a line's amounts are.
struct Head {
    currency: String,
    at: DateTime<Utc>,
}

impl Head {
    fn of(row: &Row, first: usize) -> Result<Head> {
        Ok(Head { currency: row.text(first)?, at: row.instant(first + 1)? })
    }
}

/// Gives lines about to be made what their product knows.
pub async fn begin_from_product(tx: &mut Tx, document: &Document, lines: &mut [Values]) -> Result<()> {
    let lacks = |line: &Values, field: &str| line.get(field).is_none_or(Value::is_null);
    let of = |line: &Values| {
        let lacking = FROM_PRODUCT.iter().any(|field| lacks(line, field));
        let [product, head] = ["product", document.head].map(|field| line.get(field).and_then(Value::as_id));
        product.zip(head).filter(|_| lacking)
    };
    let (products, heads): (BTreeSet<Id>, BTreeSet<Id>) = lines.iter().filter_map(of).unzip();
    if products.is_empty() {
        return Ok(());
    }
    let products = by_id(tx, "product", &products, &Product::COLUMNS, |row| Product::of(row, 1)).await?;
    let columns = ["currency", document.at];
    let heads = by_id(tx, document.head, &heads, &columns, |row| Head::of(row, 1)).await?;
    let rates = rates_of(tx, products.values(), heads.values()).await?;
    for line in lines {
        let Some((product, head)) = of(line) else { continue };
        let (Some(product), Some(head)) = (products.get(&product), heads.get(&head)) else { continue };
        match from_product(|field| lacks(line, field), product, head, &rates) {
            Ok(values) => line.extend(values),
            // Without an exchange rate, say: the rule before the commit says so of the document, when all fields were checked.
            Err(Error::Invalid(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn by_id<T>(
    tx: &mut Tx,
    entity: &str,
    ids: &BTreeSet<Id>,
    columns: &[&str],
    of: impl Fn(&Row) -> Result<T>,
) -> Result<HashMap<Id, T>> {
    let ids: Vec<Id> = ids.iter().copied().collect();
    let mut known = HashMap::new();
    for ids in ids.chunks(CHUNK) {
        let select = Query::select()
            .column(name("id"))
            .columns(columns.iter().map(|column| name(column)))
            .from(name(entity))
            .and_where(Expr::col(name("id")).is_in(among(ids)))
            .to_owned();
        for row in tx.fetch(&select).await? {
            known.insert(row.id(0)?, of(&row)?);
        }
    }
    Ok(known)
}

async fn rates_of(
    tx: &mut Tx,
    products: impl Iterator<Item = &Product>,
    heads: impl Iterator<Item = &Head>,
) -> Result<Rates> {
    let theirs = products.filter_map(|product| product.currency.clone());
    let currencies: BTreeSet<String> = theirs.chain(heads.map(|head| head.currency.clone())).collect();
    Rates::load(tx, &currencies).await
}

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
        let mut known = vec![];
        for row in tx.fetch(&select_known(document, &lacking)).await? {
            let lacks = [row.opt_int(1)?.is_none(), row.opt_int(2)?.is_none(), row.opt_text(3)?.is_none()];
            known.push((row.id(0)?, lacks, Product::of(&row, 4)?, Head::of(&row, 8)?));
        }
        let (products, heads) = (known.iter().map(|known| &known.2), known.iter().map(|known| &known.3));
        let rates = rates_of(tx, products, heads).await?;
        for (id, lacks, product, head) in &known {
            let lacks =
                |field: &str| FROM_PRODUCT.iter().zip(lacks).any(|(name, lacks)| *name == field && *lacks);
            updates.push((*id, from_product(lacks, product, head, &rates)?));
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

/// Columns: 0 id, 1 to 3 what the line may lack; from 4 on the product, from 8 on the head.
fn select_known(document: &Document, ids: &[Id]) -> SelectStatement {
    let line = |column: &str| (name(document.line), name(column));
    let head = |column: &str| (name(document.head), name(column));
    with_product(document, ids)
        .column(line("id"))
        .columns(FROM_PRODUCT.map(line))
        .columns(Product::COLUMNS.map(|column| (name("product"), name(column))))
        .columns([head("currency"), head(document.at)])
        .join(JoinType::InnerJoin, name(document.head), Expr::col(head("id")).equals(line(document.head)))
        .to_owned()
}

fn from_product(
    lacks: impl Fn(&str) -> bool,
    product: &Product,
    head: &Head,
    rates: &Rates,
) -> Result<Values> {
    let mut values = Values::new();
    let ours = &head.currency;
    let theirs = product.currency.as_ref().unwrap_or(ours);
    for (field, given) in [("unit_price", product.price), ("unit_cost", product.cost)] {
        if let Some(amount) = given.filter(|_| lacks(field)) {
            let amount = unscaled(amount, MONEY_SCALE);
            let converted = match theirs == ours {
                true => amount,
                false => convert(amount, rates.at(theirs, head.at)?, rates.at(ours, head.at)?)?,
            };
            values.insert(field, Value::Decimal(converted));
        }
    }
    if lacks("description") {
        values.insert("description", product.name.clone().into());
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
