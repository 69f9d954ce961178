//! Everybody's purchases, as far as they are frequent enough for a cycle: [`super::read`] for all at once.

use super::{compute::GAPS_MINIMUM, read::Bought};
use crate::{
    facts::{At, ask, counting, ranges, whole},
    settings::{Settings, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{Engine, Result};
use meta::{Id, NaiveDate};

/// Of live customers, in order of customer and product (`None`: whatever he buys). Purchases of one of them are days, each once.
pub(super) async fn each(
    engine: &Engine,
    settings: &Settings,
    as_of: NaiveDate,
    mut take: impl FnMut(Id, Option<Id>, Bought),
) -> Result<()> {
    for range in ranges(engine, "d.account").await? {
        for sql in [of_anything(settings, &range, as_of), of_products(&range, as_of)] {
            let mut open: Option<(Id, Option<Id>, Bought)> = None;
            for row in ask(engine, &sql).await?.values() {
                let row = row?;
                let [account, product, day, quantity] = row.as_slice() else { continue };
                let (Some(account), Some(day)) = (account.as_id(), day.as_date()) else { continue };
                let product = product.as_id();
                if let Some((one, of, bought)) =
                    open.take_if(|(one, of, _)| (*one, *of) != (account, product))
                {
                    take(one, of, bought);
                }
                let (.., bought) = open.get_or_insert_with(|| (account, product, Bought::default()));
                bought.add(day_number(day), whole(quantity));
            }
            if let Some((account, product, bought)) = open {
                take(account, product, bought);
            }
        }
    }
    Ok(())
}

/// Rows of days, where there are enough of them.
fn frequent(select: &str, from: &str, within: &str) -> String {
    format!(
        "SELECT account, product, day, quantity FROM (SELECT *, count(*) OVER (PARTITION BY account, product) AS days \
         FROM (SELECT {select} FROM {from} JOIN account c ON c.key = d.account_key WHERE {within} GROUP BY 1, 2, 3)) \
         WHERE days > {GAPS_MINIMUM} ORDER BY account, product, day"
    )
}

fn of_anything(settings: &Settings, range: &str, as_of: NaiveDate) -> String {
    let at = At::Instant("d.ordered_at");
    let select = format!("d.account AS account, '' AS product, {} AS day, 0 AS quantity", at.day(settings));
    let within = format!(
        "{range} AND d.net_base > 0 AND {} AND {}",
        counting("d.status", &COUNTING_ORDERS),
        at.within(settings, NaiveDate::default(), as_of)
    );
    frequent(&select, "\"order\" d", &within)
}

fn of_products(range: &str, as_of: NaiveDate) -> String {
    frequent(
        "d.account AS account, p.id AS product, d.day AS day, sum(d.quantity) AS quantity",
        "sales d JOIN \"order\" o ON o.id = d.\"order\" JOIN product p ON p.key = d.product_key",
        &format!("{range} AND o.net_base > 0 AND d.quantity > 0 AND d.day <= '{as_of}'"),
    )
}
