//! Everybody's purchases, as far as they are frequent enough for a cycle: [`super::read`] for all at once. Told apart by the numbers
//! the warehouse gives to records, which are compared faster than ids. Lines are put in order here: most pairs of customer and
//! product are bought once or twice, and a database would keep a group for each of them only to throw it away.

use super::read::Bought;
use crate::{
    facts::{At, ask, at_key, counting, ids_by_key, key_ranges},
    settings::Settings,
    statistics::COUNTING_ORDERS,
};
use engine::{Engine, Result, aside};
use meta::{Id, NaiveDate};
use value::rhythm::GAPS_MINIMUM;
use warehouse::{
    Answer,
    arrow::{
        array::{Array, AsArray},
        datatypes::{Date32Type, Int32Type, Int64Type},
    },
};

/// A purchase: customer, product (`None`: of anything), day, quantity in ten-thousandths.
type Purchase = (i32, Option<i32>, i32, i64);

/// Of live customers and products (`None`: whatever he buys), in no order. Purchases of one of them are days, each once.
pub(super) async fn each(
    engine: &Engine,
    settings: &Settings,
    as_of: NaiveDate,
    mut take: impl FnMut(Id, Option<Id>, Bought),
) -> Result<()> {
    let (accounts, products) = (ids_by_key(engine, "account").await?, ids_by_key(engine, "product").await?);
    for range in key_ranges(accounts.len()) {
        for sql in [of_anything(settings, &range, as_of), of_products(&range, as_of)] {
            let answer = ask(engine, &sql).await?;
            aside(|| {
                let mut purchases = purchases(answer);
                purchases.sort_unstable();
                for pair in purchases.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
                    // Of what is no longer sold nobody is reminded.
                    let (account, product) =
                        (at_key(&accounts, pair[0].0), pair[0].1.map(|key| at_key(&products, key)));
                    if let (Some(account), Some(bought)) = (account, often(pair))
                        && product.is_none_or(|product| product.is_some())
                    {
                        take(account, product.flatten(), bought);
                    }
                }
            });
        }
    }
    Ok(())
}

/// `None` of a pair without as many days as a cycle needs.
fn often(pair: &[Purchase]) -> Option<Bought> {
    if pair.len() <= GAPS_MINIMUM as usize {
        return None;
    }
    let mut bought = Bought::default();
    pair.iter().for_each(|(_, _, day, quantity)| bought.add(*day, *quantity));
    (bought.days.len() > GAPS_MINIMUM as usize).then_some(bought)
}

fn purchases(answer: Answer) -> Vec<Purchase> {
    let mut purchases = Vec::with_capacity(answer.rows());
    for batch in answer.batches {
        let keys = |at: usize| batch.column(at).as_primitive::<Int32Type>();
        let (account, product) = (keys(0), keys(1));
        let day = batch.column(2).as_primitive::<Date32Type>();
        let quantity = batch.column(3).as_primitive::<Int64Type>();
        purchases.extend((0..batch.num_rows()).map(|row| {
            let product = product.is_valid(row).then(|| product.value(row));
            (account.value(row), product, day.value(row), quantity.value(row))
        }));
    }
    purchases
}

fn of_anything(settings: &Settings, range: &str, as_of: NaiveDate) -> String {
    let at = At::Instant("d.ordered_at");
    format!(
        "SELECT d.account_key, CAST(NULL AS INT), {}, CAST(0 AS BIGINT) FROM \"order\" d \
         WHERE {range} AND d.net_base > 0 AND {} AND {}",
        at.day(settings),
        counting("d.status", &COUNTING_ORDERS),
        at.within(settings, NaiveDate::default(), as_of)
    )
}

/// Samples are given, not bought.
fn of_products(range: &str, as_of: NaiveDate) -> String {
    format!(
        "SELECT d.account_key, d.product_key, d.day, TRY_CAST(d.quantity * {} AS BIGINT) FROM sales d \
         WHERE {range} AND d.product_key IS NOT NULL AND d.quantity > 0 AND d.day <= '{as_of}' AND NOT EXISTS \
         (SELECT 1 FROM \"order\" o WHERE o.key = d.order_key AND (o.net_base IS NULL OR o.net_base <= 0))",
        value::money::SCALE
    )
}
