//! Everybody's purchases, as far as they are frequent enough for a cycle: [`super::read`] for all at once. Told apart by the numbers
//! the warehouse gives to records, which are compared faster than ids.

use super::{compute::GAPS_MINIMUM, read::Bought};
use crate::{
    facts::{At, ask, counting, ids_by_key},
    settings::Settings,
    statistics::COUNTING_ORDERS,
};
use engine::{Engine, Result};
use meta::{Id, NaiveDate};
use warehouse::arrow::{
    array::{Array, AsArray},
    datatypes::{Date32Type, Int32Type, Int64Type},
};

/// Customers asked for at once: a pass over all lines for each.
const CUSTOMERS_AT_ONCE: usize = 500_000;

/// Of live customers and products (`None`: whatever he buys), in no order. Purchases of one of them are days, each once.
pub(super) async fn each(
    engine: &Engine,
    settings: &Settings,
    as_of: NaiveDate,
    mut take: impl FnMut(Id, Option<Id>, Bought),
) -> Result<()> {
    let (accounts, products) = (ids_by_key(engine, "account").await?, ids_by_key(engine, "product").await?);
    for from in (0..accounts.len()).step_by(CUSTOMERS_AT_ONCE) {
        let range = format!("d.account_key >= {from} AND d.account_key < {}", from + CUSTOMERS_AT_ONCE);
        for sql in [of_anything(settings, &range, as_of), of_products(&range, as_of)] {
            let mut take = |account: i32, product: Option<i32>, bought: Bought| {
                let account = known(&accounts, account);
                // Of what is no longer sold nobody is reminded.
                match (account, product, product.and_then(|product| known(&products, product))) {
                    (Some(account), None, _) => take(account, None, bought),
                    (Some(account), _, Some(product)) => take(account, Some(product), bought),
                    _ => {}
                }
            };
            let mut open: Option<(i32, Option<i32>, Bought)> = None;
            for batch in &ask(engine, &sql).await?.batches {
                let keys = |at: usize| batch.column(at).as_primitive::<Int32Type>();
                let (account, product) = (keys(0), keys(1));
                let day = batch.column(2).as_primitive::<Date32Type>();
                let quantity = batch.column(3).as_primitive::<Int64Type>();
                for row in 0..batch.num_rows() {
                    let pair = (account.value(row), product.is_valid(row).then(|| product.value(row)));
                    if let Some((account, product, bought)) =
                        open.take_if(|(account, product, _)| (*account, *product) != pair)
                    {
                        take(account, product, bought);
                    }
                    let (.., bought) = open.get_or_insert_with(|| (pair.0, pair.1, Bought::default()));
                    bought.add(day.value(row), quantity.value(row));
                }
            }
            if let Some((account, product, bought)) = open {
                take(account, product, bought);
            }
        }
    }
    Ok(())
}

fn known(ids: &[Option<Id>], key: i32) -> Option<Id> {
    ids.get(usize::try_from(key).ok()?).copied().flatten()
}

/// Rows of days, where there are enough of them.
fn frequent(select: &str, from_where: &str) -> String {
    format!(
        "SELECT account_key, product_key, day, quantity FROM (SELECT *, count(*) OVER (PARTITION BY account_key, product_key) AS days \
         FROM (SELECT {select} FROM {from_where} GROUP BY 1, 2, 3)) \
         WHERE days > {GAPS_MINIMUM} ORDER BY account_key, product_key, day"
    )
}

fn of_anything(settings: &Settings, range: &str, as_of: NaiveDate) -> String {
    let at = At::Instant("d.ordered_at");
    frequent(
        &format!(
            "d.account_key, CAST(NULL AS INT) AS product_key, {} AS day, CAST(0 AS BIGINT) AS quantity",
            at.day(settings)
        ),
        &format!(
            "\"order\" d WHERE {range} AND d.net_base > 0 AND {} AND {}",
            counting("d.status", &COUNTING_ORDERS),
            at.within(settings, NaiveDate::default(), as_of)
        ),
    )
}

/// Most pairs of customer and product are seen too seldom: those are left out first, by counting alone.
fn of_products(range: &str, as_of: NaiveDate) -> String {
    let within = format!("{range} AND d.product_key IS NOT NULL AND d.quantity > 0 AND d.day <= '{as_of}'");
    let often = format!(
        "SELECT d.account_key, d.product_key FROM sales d WHERE {within} GROUP BY 1, 2 HAVING count(*) > {GAPS_MINIMUM}"
    );
    let free =
        "SELECT 1 FROM \"order\" o WHERE o.id = d.\"order\" AND (o.net_base IS NULL OR o.net_base <= 0)";
    frequent(
        &format!(
            "d.account_key, d.product_key, d.day, TRY_CAST(sum(d.quantity) * {} AS BIGINT) AS quantity",
            value::money::SCALE
        ),
        &format!(
            "sales d JOIN ({often}) often ON often.account_key = d.account_key AND often.product_key = d.product_key \
             WHERE {within} AND NOT EXISTS ({free})"
        ),
    )
}
