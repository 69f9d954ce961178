//! What each customer brought and cost in both periods, added up by the warehouse. Orders and returns of nobody known are taken together
//! day by day.

use super::{
    chance::Sums,
    measure::{Measured, PERIODS},
    periods::Period,
    retention::Cohort,
};
use crate::{
    facts::{At, ask, counting, day_before, ids_by_key},
    settings::Settings,
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use engine::{Engine, Result, aside};
use std::collections::HashMap;
use warehouse::{
    Answer,
    arrow::{
        array::AsArray,
        datatypes::{Decimal128Type, Int64Type},
    },
};

/// Customers held in memory at once: a pass over the documents of both periods for each.
const UNITS_AT_ONCE: usize = 250_000;

/// Money in ten-thousandths.
#[derive(Clone, Copy, Default)]
struct Brought {
    sales: i64,
    returned: i64,
    margin: i64,
    /// The net sales whose margin is known.
    costed: i64,
    cost: i64,
    /// Over more than nothing.
    orders: i64,
    contacts: i64,
    /// In the equally long time before the period.
    bought_before: bool,
}

/// Of all customers, what the figures are of.
#[derive(Default)]
pub struct Customers {
    pub sales: Sums,
    pub buyers: Sums,
    pub margin: Sums,
    pub cost: Sums,
    pub returns: Sums,
    pub contacts: Sums,
}

/// Adds to `found` what all of them come to; with who had bought before each period.
pub async fn read(
    engine: &Engine,
    settings: &Settings,
    periods: &[Period; PERIODS],
    found: &mut [Measured; PERIODS],
) -> Result<(Customers, [Cohort; PERIODS])> {
    let (mut customers, mut cohorts) = (Customers::default(), <[Cohort; PERIODS]>::default());
    let ids = ids_by_key(engine, "account").await?;
    for range in ranges(ids.len()) {
        let mut units: HashMap<i64, [Brought; PERIODS]> = HashMap::new();
        for (place, period) in periods.iter().enumerate() {
            let documents = ask(engine, &documents(settings, period, &range)).await?;
            let buyers = ask(engine, &buyers(settings, &period.before(), &range)).await?;
            aside(|| {
                add(&mut units, place, &documents);
                for batch in buyers.batches {
                    for unit in batch.column(0).as_primitive::<Int64Type>().values() {
                        units.entry(*unit).or_default()[place].bought_before = true;
                    }
                }
            });
        }
        aside(|| {
            for (unit, brought) in units {
                customers.add(unit, &brought);
                let known = usize::try_from(unit).ok().and_then(|key| *ids.get(key)?);
                for ((one, found), cohort) in brought.iter().zip(&mut *found).zip(&mut cohorts) {
                    found.add(one, is_customer(unit));
                    if let Some(customer) = known.filter(|_| one.bought_before) {
                        cohort.add(customer, (one.orders > 0).then_some(one.sales));
                    }
                }
            }
        });
    }
    for (found, cohort) in found.iter_mut().zip(&cohorts) {
        cohort.tell(found);
    }
    Ok((customers, cohorts))
}

/// The others are days.
fn is_customer(unit: i64) -> bool {
    unit >= 0
}

impl Customers {
    fn add(&mut self, unit: i64, brought: &[Brought; PERIODS]) {
        let of = |get: fn(&Brought) -> i64| brought.each_ref().map(get);
        let (sales, net) = (of(|one| one.sales), of(|one| one.sales.saturating_sub(one.returned)));
        self.sales.add(net, [0; PERIODS]);
        if is_customer(unit) {
            self.buyers.add(of(|one| i64::from(one.orders > 0)), [0; PERIODS]);
        }
        self.margin.add(of(|one| one.margin), of(|one| one.costed));
        self.cost.add(of(|one| one.cost), net);
        self.returns.add(of(|one| one.returned), sales);
        self.contacts.add(of(|one| one.contacts), of(|one| one.orders));
    }
}

impl Measured {
    fn add(&mut self, one: &Brought, is_customer: bool) {
        let sum = |all: &mut i64, more: i64| *all = all.saturating_add(more);
        sum(&mut self.sales, one.sales);
        sum(&mut self.returned, one.returned);
        sum(&mut self.margin, one.margin);
        sum(&mut self.costed, one.costed);
        if let Some(cost) = &mut self.cost {
            sum(cost, one.cost);
        }
        self.orders += one.orders.unsigned_abs();
        self.contacts += one.contacts.unsigned_abs();
        self.buyers += u64::from(is_customer && one.orders > 0);
    }
}

/// Conditions on units of so many customers, each met by some of them.
fn ranges(customers: usize) -> impl Iterator<Item = String> {
    let range = |from: usize| {
        let until = format!("unit < {}", from + UNITS_AT_ONCE);
        // Days are below zero.
        if from == 0 { until } else { format!("unit >= {from} AND {until}") }
    };
    (0..customers.max(1)).step_by(UNITS_AT_ONCE).map(range)
}

fn unit(day: &str) -> String {
    format!("CAST(coalesce(account_key, -1 - CAST({day} AS INT)) AS BIGINT) AS unit")
}

/// Of each unit in the order of [`Brought`].
fn documents(settings: &Settings, period: &Period, range: &str) -> String {
    let (ordered, returned, day) = (At::Instant("ordered_at"), At::Instant("returned_at"), At::Day("day"));
    let within = |at: At| at.within(settings, day_before(period.from), period.to);
    let on = within(day);
    let sources = [
        format!(
            "SELECT {}, net_base AS sales, 0 AS returned, margin_base AS margin, \
             CASE WHEN margin_base IS NOT NULL THEN net_base END AS costed, 0 AS cost, \
             CASE WHEN net_base > 0 THEN 1 END AS orders, 0 AS contacts FROM \"order\" WHERE {} AND {}",
            unit(&ordered.day(settings)),
            counting("status", &COUNTING_ORDERS),
            within(ordered)
        ),
        format!(
            "SELECT {}, 0, net_base, -margin_base, CASE WHEN margin_base IS NOT NULL THEN -net_base END, 0, 0, 0 \
             FROM \"return\" WHERE {} AND {}",
            unit(&returned.day(settings)),
            counting("status", &COUNTING_RETURNS),
            within(returned)
        ),
        format!(
            "SELECT {}, 0, 0, 0, 0, coalesce(selling_cost, 0) + coalesce(service_cost, 0), 0, 0 FROM order_costs WHERE {on}",
            unit("day")
        ),
        format!("SELECT {}, 0, 0, 0, 0, service_cost, 0, 0 FROM return_costs WHERE {on}", unit("day")),
        format!(
            "SELECT {}, 0, 0, 0, 0, service_cost, 0, CASE WHEN coalesce(kind, '') NOT IN ('note', 'task') THEN 1 END \
             FROM activities WHERE done AND account_key IS NOT NULL AND {on}",
            unit("day")
        ),
    ];
    let money = ["sales", "returned", "margin", "costed", "cost"]
        .map(|column| format!("CAST(coalesce(sum({column}), 0) AS DECIMAL(38, 4))"));
    let counts = ["orders", "contacts"].map(|column| format!("CAST(coalesce(sum({column}), 0) AS BIGINT)"));
    format!(
        "SELECT unit, {}, {} FROM ({}) brought WHERE {range} GROUP BY unit",
        money.join(", "),
        counts.join(", "),
        sources.join(" UNION ALL ")
    )
}

/// The customers who bought in a period.
fn buyers(settings: &Settings, period: &Period, range: &str) -> String {
    format!(
        "SELECT DISTINCT unit FROM (SELECT CAST(account_key AS BIGINT) AS unit FROM \"order\" \
         WHERE account_key IS NOT NULL AND net_base > 0 AND {} AND {}) bought WHERE {range}",
        counting("status", &COUNTING_ORDERS),
        At::Instant("ordered_at").within(settings, day_before(period.from), period.to)
    )
}

fn add(units: &mut HashMap<i64, [Brought; PERIODS]>, place: usize, answer: &Answer) {
    for batch in &answer.batches {
        let number = |column: usize| batch.column(column).as_primitive::<Int64Type>();
        let money = |column: usize| batch.column(column).as_primitive::<Decimal128Type>();
        let (unit, orders, contacts) = (number(0), number(6), number(7));
        let amounts: [_; 5] = std::array::from_fn(|at| money(at + 1));
        for row in 0..batch.num_rows() {
            let [sales, returned, margin, costed, cost] =
                amounts.map(|amount| amount.value(row).clamp(i64::MIN.into(), i64::MAX.into()) as i64);
            let one = &mut units.entry(unit.value(row)).or_default()[place];
            let bought_before = one.bought_before;
            let (orders, contacts) = (orders.value(row), contacts.value(row));
            *one = Brought { sales, returned, margin, costed, cost, orders, contacts, bought_before };
        }
    }
}
