//! What everybody bought, as the warehouse has it: columns of millions of rows, whose customers are told by their keys.

use crate::{
    facts::{At, ask, at_key, counting, ids_by_key},
    settings::Settings,
    statistics::COUNTING_ORDERS,
};
use engine::{Engine, Result, aside};
use meta::Id;
use warehouse::{
    Answer,
    arrow::{
        array::{Array, AsArray},
        datatypes::{Date32Type, Int32Type, Int64Type},
    },
};

/// Orders or their lines, of whatever day: the columns begin with customer and day.
pub struct Sold {
    accounts: Vec<Option<Id>>,
    rows: Answer,
}

/// An order that counts.
pub struct Order {
    /// Of its customer among those asked about.
    pub place: u32,
    pub day: i32,
    /// Ten-thousandths of the company currency.
    pub amount: i64,
    pub margin: Option<i64>,
}

impl Sold {
    /// Orders that count, of a warehouse that was brought up to date.
    pub async fn orders(engine: &Engine, settings: &Settings) -> Result<Sold> {
        let sql = format!(
            "SELECT d.account_key, {} AS day, TRY_CAST(d.net_base * 10000 AS BIGINT) AS net, \
             TRY_CAST(d.margin_base * 10000 AS BIGINT) AS margin FROM \"order\" d \
             WHERE d.account_key IS NOT NULL AND d.ordered_at IS NOT NULL AND {}",
            At::Instant("d.ordered_at").day(settings),
            counting("d.status", &COUNTING_ORDERS)
        );
        Sold::ask(engine, &sql).await
    }

    /// The same as of now; `None` where the warehouse cannot be asked, for figures of orders do not wait for it.
    pub async fn newest_orders(engine: &Engine, settings: &Settings) -> Option<Sold> {
        let asked = async {
            warehouse::bring_up_to_date(engine).await?;
            Sold::orders(engine, settings).await
        };
        asked.await.inspect_err(|error| tracing::warn!("orders are read one by one: {error}")).ok()
    }

    /// Lines of orders that count, of a warehouse that was brought up to date.
    pub async fn lines(engine: &Engine) -> Result<Sold> {
        let lines = "SELECT account_key, day FROM sales WHERE account_key IS NOT NULL AND day IS NOT NULL";
        Sold::ask(engine, lines).await
    }

    async fn ask(engine: &Engine, sql: &str) -> Result<Sold> {
        Ok(Sold { accounts: ids_by_key(engine, "account").await?, rows: ask(engine, sql).await? })
    }

    /// Of each key the place of its customer; `place` tells that of an id, unless he is deleted or not asked about.
    fn places(&self, place: impl Fn(Id) -> Option<usize>) -> Vec<Option<usize>> {
        self.accounts.iter().map(|id| id.and_then(&place)).collect()
    }

    /// In order of the customers' places and of days, those of one day in no order.
    pub fn by_customer(self, place: impl Fn(Id) -> Option<usize>) -> Vec<Order> {
        let places = self.places(place);
        let mut orders = Vec::with_capacity(self.rows.rows());
        for batch in self.rows.batches {
            let accounts = batch.column(0).as_primitive::<Int32Type>();
            let days = batch.column(1).as_primitive::<Date32Type>();
            let [net, margin] = [2, 3].map(|at| batch.column(at).as_primitive::<Int64Type>());
            for row in 0..batch.num_rows() {
                let Some(at) = at_key(&places, accounts.value(row)) else { continue };
                orders.push(Order {
                    place: at as u32,
                    day: days.value(row),
                    amount: if net.is_valid(row) { net.value(row) } else { 0 },
                    margin: margin.is_valid(row).then(|| margin.value(row)),
                });
            }
        }
        orders.sort_unstable_by_key(|order| (order.place, order.day));
        orders
    }

    /// The customer and the day of each row, in no order; `customers` are in order of their ids.
    pub fn each<K>(&self, customers: &mut [(Id, K)], mut take: impl FnMut(&mut K, i32)) {
        aside(|| {
            let places = self.places(|id| customers.binary_search_by(|(known, _)| known.cmp(&id)).ok());
            for batch in &self.rows.batches {
                let accounts = batch.column(0).as_primitive::<Int32Type>().values();
                let days = batch.column(1).as_primitive::<Date32Type>().values();
                for (account, day) in accounts.iter().zip(days) {
                    if let Some(at) = at_key(&places, *account) {
                        take(&mut customers[at].1, *day);
                    }
                }
            }
        });
    }
}
