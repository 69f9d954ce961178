//! Orders in the order they came, their lines, and totals by the sales module's own arithmetic.

use super::{
    catalogue::Product,
    cell::{Cell, money},
    chance::{Chance, Weights},
    company::Company,
    customers::{Customer, Customers},
    loader::{Head, Layout, Loader},
    rates::{HOME, Rates},
};
use anyhow::Context;
use chrono::Duration;
use engine::Registry;
use meta::{DateTime, Decimal, Id, Utc, scaled};
use sales::money::{
    lines,
    totals::{LineSums, Terms, Totals, decimals, round, totals},
};

const COLUMNS: [&str; 20] = [
    "number",
    "account",
    "contact",
    "ordered_at",
    "status",
    "channel",
    "owner",
    "team",
    "shipped_at",
    "currency",
    "discount",
    "subtotal",
    "tax",
    "total",
    "cost",
    "margin",
    "exchange_rate",
    "net_base",
    "total_base",
    "margin_base",
];
const LINE_COLUMNS: [&str; 11] = [
    "order",
    "position",
    "product",
    "description",
    "quantity",
    "unit_price",
    "discount",
    "amount",
    "tax",
    "unit_cost",
    "cost",
];
const CHANNELS: [&str; 9] =
    ["sales_rep", "sales_rep", "store", "online", "online", "online", "phone", "dealer", "fair"];
const ANONYMOUS_SHARE: f64 = 0.01;
const CANCELLED_SHARE: f64 = 0.03;
/// More orders in later years.
const GROWTH: f64 = 0.8;
const RATE_SCALE: u32 = 8;

/// What orders are made of.
pub struct Trade<'a> {
    pub customers: &'a Customers,
    pub products: &'a [Product],
    pub rates: &'a Rates,
}

struct Line<'a> {
    product: &'a Product,
    quantity: i64,
    unit_price: Decimal,
    discount: Option<Decimal>,
    amount: Decimal,
    tax: Decimal,
    unit_cost: Option<Decimal>,
    cost: Option<Decimal>,
}

/// Returns how many lines there are.
pub fn load(
    loader: &mut Loader,
    registry: &Registry,
    company: &Company,
    trade: &Trade<'_>,
) -> anyhow::Result<usize> {
    let mut chance = Chance::new(Company::seed(), 5);
    let order = loader.layout(registry.entity("order")?, &COLUMNS)?;
    let line = loader.layout(registry.entity("order_line")?, &LINE_COLUMNS)?;
    let popular = Weights::zipf(trade.products.len(), 1.05);
    let (count, mut made) = (company.size.orders, 0);
    for number in 1..=count {
        let done = (number as f64 - chance.unit()) / count as f64;
        let at = Company::moment(company.orders_from, company.until, done, GROWTH);
        let buyer = trade.customers.buyer(at, &mut chance);
        let named = !chance.happens(ANONYMOUS_SHARE);
        let status = status(number + company.size.open_orders > count, &mut chance);
        let currency = if named { buyer.currency } else { HOME };
        let rate = trade.rates.at(currency, at);
        let head = Head { id: chance.id(at), at, by: Some(buyer.owner) };
        let lines: Vec<Line<'_>> = (0..line_count(&mut chance))
            .map(|_| {
                let product = &trade.products[popular.draw(&mut chance)];
                sell(product, currency, rate, &mut chance).context("an amount too large")
            })
            .collect::<anyhow::Result<_>>()?;
        let discount = chance.happens(0.05).then_some(Decimal::new(chance.below(500) as i64, 0));
        let subtotal: Decimal = lines.iter().map(|line| line.amount).sum();
        let discount = discount.filter(|discount| *discount < subtotal);
        let terms = Terms {
            discount: discount.unwrap_or_default(),
            currency,
            company_currency: HOME,
            exchange_rate: rate,
        };
        let totals = totals(sums(&lines), terms).context("a total too large")?;
        let buyer = named.then_some(buyer);
        let contact = buyer.and_then(|buyer| trade.customers.contact_of(buyer, &mut chance));
        let facts = Facts { number, at, status, currency, discount, buyer, contact };
        add(loader, &order, head, &facts, &totals, company, &mut chance)?;
        for (position, sold) in lines.iter().enumerate() {
            let own = Head { id: chance.id(at), ..head };
            loader.add(&line, own, &cells(head.id, position, sold))?;
        }
        made += lines.len();
    }
    loader.number_from("order.number", count as i64 + 1)?;
    Ok(made)
}

struct Facts<'a> {
    number: usize,
    at: DateTime<Utc>,
    status: &'static str,
    currency: &'static str,
    discount: Option<Decimal>,
    buyer: Option<&'a Customer>,
    contact: Option<Id>,
}

fn add(
    loader: &mut Loader,
    layout: &Layout,
    head: Head,
    facts: &Facts<'_>,
    totals: &Totals,
    company: &Company,
    chance: &mut Chance,
) -> anyhow::Result<()> {
    let number = format!("SO-{:06}", facts.number);
    let shipped = ["shipped", "completed"].contains(&facts.status);
    let shipped_at = (facts.at + Duration::hours(4 + chance.below(100) as i64)).min(company.until);
    let cells = [
        (&number).into(),
        facts.buyer.map(|buyer| buyer.id).into(),
        facts.contact.into(),
        facts.at.into(),
        facts.status.into(),
        chance.pick(&CHANNELS).into(),
        head.by.into(),
        chance.pick(&company.teams).into(),
        shipped.then_some(shipped_at).into(),
        facts.currency.into(),
        facts.discount.map_or(Cell::Null, money),
        money(totals.subtotal),
        money(totals.tax),
        money(totals.total),
        totals.cost.map_or(Cell::Null, money),
        totals.margin.map_or(Cell::Null, money),
        scaled(totals.exchange_rate, RATE_SCALE).map_or(Cell::Null, Cell::Int),
        money(totals.net_base),
        money(totals.total_base),
        totals.margin_base.map_or(Cell::Null, money),
    ];
    loader.add(layout, head, &cells)
}

fn cells<'a>(order: Id, position: usize, line: &Line<'a>) -> [Cell<'a>; 11] {
    [
        order.into(),
        (position as i64 + 1).into(),
        line.product.id.into(),
        Cell::Text(&line.product.name),
        (line.quantity * 10_000).into(),
        money(line.unit_price),
        line.discount.map_or(Cell::Null, money),
        money(line.amount),
        money(line.tax),
        line.unit_cost.map_or(Cell::Null, money),
        line.cost.map_or(Cell::Null, money),
    ]
}

/// 1 to 7 lines, 3 on average.
fn line_count(chance: &mut Chance) -> usize {
    let u = chance.unit();
    1 + [0.20, 0.45, 0.67, 0.82, 0.92, 0.97].iter().filter(|limit| u >= **limit).count()
}

fn status(open: bool, chance: &mut Chance) -> &'static str {
    match (open, chance.unit()) {
        (true, u) if u < 0.15 => "draft",
        (true, u) if u < 0.65 => "confirmed",
        (true, _) => "shipped",
        (false, u) if u < CANCELLED_SHARE => "cancelled",
        (false, _) => "completed",
    }
}

fn sell<'a>(product: &'a Product, currency: &str, rate: Decimal, chance: &mut Chance) -> Option<Line<'a>> {
    let abroad = currency != HOME;
    let quantity = chance.pareto(1.3, 500.0) as i64;
    let haggled = Decimal::new(90 + chance.below(11) as i64, 2);
    let unit_price = round(product.price.checked_mul(haggled)?.checked_div(rate)?, currency);
    let unit_cost = match product.cost {
        Some(cost) => Some(round(cost.checked_div(rate)?, currency)),
        None => None,
    };
    let count = Decimal::from(quantity);
    let gross = lines::amount(count, unit_price, Decimal::ZERO)?;
    let off = Decimal::new(1 + chance.below(10) as i64, 2);
    let discount = chance.happens(0.1).then_some(gross.checked_mul(off)?.round_dp(decimals(currency)));
    let amount = lines::amount(count, unit_price, discount.unwrap_or_default())?;
    let tax = if abroad { Decimal::ZERO } else { round(amount.checked_mul(Decimal::new(13, 2))?, currency) };
    let cost = match unit_cost {
        Some(cost) => Some(lines::cost(count, cost)?),
        None => None,
    };
    Some(Line { product, quantity, unit_price, discount, amount, tax, unit_cost, cost })
}

fn sums(lines: &[Line<'_>]) -> LineSums {
    LineSums {
        amount: lines.iter().map(|line| line.amount).sum(),
        tax: lines.iter().map(|line| line.tax).sum(),
        cost: lines.iter().map(|line| line.cost).sum::<Option<Decimal>>(),
    }
}
