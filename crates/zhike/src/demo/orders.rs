//! Made-up orders and returns of one customer.

use super::{
    chance::Chance,
    company::{Company, Plan, Product, money, rounded},
    customers::Customer,
    segment::{Behaviour, Segment},
};
use chrono::{Datelike, Duration};
use meta::{DateTime, Id, Utc, Value};

const ORDERS_LIMIT: usize = 260;
const LINES_LIMIT: usize = 7;

pub struct Purchase {
    pub at: DateTime<Utc>,
    pub returned_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy)]
struct Line {
    id: Id,
    product: Id,
    quantity: f64,
    unit_price: f64,
    unit_cost: f64,
}

/// Purchases from the first contact until the customer drops out or today.
pub fn add(
    company: &mut Company,
    plan: &Plan,
    customer: &Customer,
    behaviour: &Behaviour,
    chance: &mut Chance,
) -> Vec<Purchase> {
    let mut purchases = vec![];
    let mut at = customer.since + Duration::hours(chance.below(20 * 24) as i64);
    while at < plan.to && purchases.len() < ORDERS_LIMIT {
        // The season thins out the purchases; the first one is never left out.
        if purchases.is_empty() || behaviour.regular || chance.happens(customer.segment.season(at.month())) {
            let at = in_working_hours(at).min(plan.to - Duration::minutes(7));
            purchases.push(add_order(company, plan, customer, behaviour, at, chance));
            if chance.happens(behaviour.dropout) {
                break;
            }
        }
        let rate = behaviour.rate.max(0.001);
        let weeks =
            if behaviour.regular { chance.between(0.8, 1.25) / rate } else { chance.exponential(rate) };
        let weeks = weeks.min(500.0);
        at += Duration::minutes((weeks * 7.0 * 1_440.0).max(90.0) as i64);
    }
    purchases
}

/// 8 to 18 o'clock in China.
fn in_working_hours(at: DateTime<Utc>) -> DateTime<Utc> {
    let minutes = at.timestamp() / 60 % 600;
    at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc() + Duration::minutes(minutes)
}

pub fn add_order(
    company: &mut Company,
    plan: &Plan,
    customer: &Customer,
    behaviour: &Behaviour,
    at: DateTime<Utc>,
    chance: &mut Chance,
) -> Purchase {
    let id = chance.id(at);
    let age_days = (plan.to - at).num_days();
    let status = status(age_days, chance);
    let shipped = matches!(status, "shipped" | "completed");
    let fields = [
        ("account", customer.id.into()),
        ("contact", customer.contacts.last().copied().into()),
        ("ordered_at", at.into()),
        ("status", status.into()),
        ("channel", channel(customer.segment, chance).into()),
        ("owner", customer.owner.into()),
        ("team", customer.team.into()),
        ("shipping_address", customer.address.into()),
        ("shipped_at", shipped.then(|| at + Duration::hours(20)).filter(|shipped| *shipped < plan.to).into()),
        ("currency", customer.currency.into()),
    ];
    company.add("order", at, id, fields);
    let lines = add_lines(company, plan, customer, behaviour, id, at, chance);
    let returned_at = if status == "completed" {
        add_return(company, plan, customer, id, at, &lines, chance)
    } else {
        None
    };
    Purchase { at, returned_at }
}

fn status(age_days: i64, chance: &mut Chance) -> &'static str {
    if chance.happens(0.02) {
        return "cancelled";
    }
    match age_days {
        0..=2 => chance.weighted(&[("draft", 1.0), ("confirmed", 4.0)]),
        3..=6 => chance.weighted(&[("confirmed", 1.0), ("shipped", 2.0)]),
        7..=14 => chance.weighted(&[("shipped", 1.0), ("completed", 2.0)]),
        _ => "completed",
    }
}

fn channel(segment: Segment, chance: &mut Chance) -> &'static str {
    match segment {
        Segment::Export => chance.weighted(&[("sales_rep", 6.0), ("fair", 2.0), ("online", 1.0)]),
        Segment::Dealer => chance.weighted(&[("dealer", 6.0), ("sales_rep", 2.0), ("phone", 1.0)]),
        Segment::Consumer => chance.weighted(&[("store", 4.0), ("online", 5.0), ("phone", 1.0)]),
        _ => chance.weighted(&[("sales_rep", 4.0), ("phone", 4.0), ("online", 2.0)]),
    }
}

fn products<'p>(
    plan: &'p Plan,
    customer: &Customer,
    behaviour: &Behaviour,
    chance: &mut Chance,
) -> Vec<&'p Product> {
    let habit = customer.segment.habit();
    let mut wanted = 1;
    while wanted < LINES_LIMIT && chance.happens(1.0 - 1.0 / habit.lines_mean) {
        wanted += 1;
    }
    let mut chosen: Vec<&Product> = vec![];
    if behaviour.regular {
        chosen.extend(plan.products.get(customer.id.as_u128() as usize % plan.products.len().max(1)));
    }
    for _ in chosen.len()..wanted.max(1) {
        let category = chance.weighted(habit.categories);
        let articles: Vec<&Product> =
            plan.products.iter().filter(|product| product.category == category).collect();
        let article = chance.pick(&articles);
        if !chosen.iter().any(|known| known.id == article.id) {
            chosen.push(article);
        }
    }
    chosen
}

fn add_lines(
    company: &mut Company,
    plan: &Plan,
    customer: &Customer,
    behaviour: &Behaviour,
    order: Id,
    at: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<Line> {
    let value = behaviour.order_value(chance);
    let chosen = products(plan, customer, behaviour, chance);
    let shares: Vec<f64> = chosen.iter().map(|_| chance.between(0.4, 1.6)).collect();
    let total: f64 = shares.iter().sum();
    let rate = plan.rates.on(customer.currency, at);
    // Prices rise a little over the years.
    let years_ago = (plan.to - at).num_days() as f64 / 365.0;
    let level = 1.0 - 0.025 * years_ago;
    let mut lines = vec![];
    for (index, (product, share)) in chosen.iter().zip(&shares).enumerate() {
        let unit_price = (product.price * level * chance.between(0.97, 1.03) / rate * 100.0).round() / 100.0;
        let unit_cost = product.cost * level * chance.between(0.95, 1.06) / rate;
        let most = if customer.segment == Segment::Consumer { 3.0 } else { 20_000.0 };
        let quantity = (value * share / total / product.price).round().clamp(1.0, most);
        let id = chance.id(at);
        let gross = quantity * unit_price;
        let discount = if chance.happens(0.15) { (gross * chance.between(0.02, 0.1)).floor() } else { 0.0 };
        let fields = [
            ("order", order.into()),
            ("position", Value::Int(index as i64 + 1)),
            ("product", product.id.into()),
            ("description", product.name.into()),
            ("quantity", rounded(quantity, 0)),
            ("unit_price", money(unit_price)),
            ("discount", if discount > 0.0 { money(discount) } else { Value::Null }),
            ("tax", tax(customer, product, gross - discount)),
            ("unit_cost", rounded(unit_cost, 4)),
        ];
        company.add("order_line", at, id, fields);
        lines.push(Line {
            id,
            product: product.id,
            quantity,
            unit_price: (gross - discount) / quantity,
            unit_cost,
        });
    }
    lines
}

/// Exports bear no tax; food 9 %, other goods 13 %.
fn tax(customer: &Customer, product: &Product, net: f64) -> Value {
    if customer.foreign {
        return Value::Null;
    }
    let food =
        ["apples", "pears", "cherries", "vegetables", "processed", "gifts"].contains(&product.category);
    money(net * if food { 0.09 } else { 0.13 })
}

/// Fruit sent abroad came back often in one warm summer: something for the company to find.
fn return_chance(customer: &Customer, at: DateTime<Utc>, plan: &Plan) -> f64 {
    let months_ago = (plan.to - at).num_days() / 30;
    let summer = customer.foreign && (7..=8).contains(&at.month()) && months_ago < 16;
    customer.segment.habit().returns * if summer { 4.0 } else { 1.0 }
}

fn add_return(
    company: &mut Company,
    plan: &Plan,
    customer: &Customer,
    order: Id,
    ordered_at: DateTime<Utc>,
    lines: &[Line],
    chance: &mut Chance,
) -> Option<DateTime<Utc>> {
    if lines.is_empty() || !chance.happens(return_chance(customer, ordered_at, plan)) {
        return None;
    }
    let at = ordered_at + Duration::hours(24 * (4 + chance.below(20) as i64));
    if at >= plan.to {
        return None;
    }
    let fruit = matches!(customer.segment, Segment::Export | Segment::Wholesale | Segment::Hotel);
    let reason = chance.weighted(if fruit {
        &[
            ("quality", 6.0),
            ("damaged", 3.0),
            ("late", 2.0),
            ("wrong_item", 0.8),
            ("wrong_information", 1.0),
            ("price", 0.6),
        ]
    } else {
        &[
            ("quality", 3.0),
            ("changed_mind", 3.0),
            ("damaged", 1.5),
            ("wrong_information", 1.5),
            ("wrong_item", 1.2),
            ("late", 0.6),
        ]
    });
    let status =
        if (plan.to - at).num_days() > 15 { "refunded" } else { chance.pick(&["received", "requested"]) };
    let id = chance.id(at);
    let fields = [
        ("order", order.into()),
        ("account", customer.id.into()),
        ("returned_at", at.into()),
        ("reason", reason.into()),
        ("status", status.into()),
        ("owner", plan.people.care().into()),
        ("currency", customer.currency.into()),
    ];
    company.add("return", at, id, fields);
    let line = chance.pick(lines);
    let fields = [
        ("return", id.into()),
        ("position", Value::Int(1)),
        ("order_line", line.id.into()),
        ("product", line.product.into()),
        ("quantity", rounded((line.quantity * chance.between(0.2, 1.0)).ceil().max(1.0), 0)),
        ("unit_price", rounded(line.unit_price, 4)),
        ("unit_cost", rounded(line.unit_cost, 4)),
    ];
    company.add("return_line", at, chance.id(at), fields);
    Some(at)
}
