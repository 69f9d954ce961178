//! What is counted where there is too little for a method: the products in most orders, kept with the run that found no baskets to
//! compare, and how many bought one product, asked when its page is opened.

use super::{
    kept::{self, Kept, WHOLE},
    lines::{Line, Sales},
};
use crate::moves;
use engine::{Engine, Error, Result};
use meta::{Id, NaiveDate, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const KIND: &str = "most_bought";
/// Products kept.
const PRODUCTS: usize = 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MostBought {
    /// Orders that count with at least one product of the catalogue.
    pub orders: u32,
    /// How many of them hold it; those in most orders first.
    pub products: Vec<(Id, u32)>,
}

impl MostBought {
    pub fn of(sales: &Sales) -> Self {
        let (mut orders, mut counts) = (0, vec![0_u32; sales.products.len()]);
        let mut held: Vec<u32> = vec![];
        // An order's lines are next to each other.
        for order in sales.lines.chunk_by(|one, other| one.order == other.order) {
            held.clear();
            held.extend(order.iter().filter_map(Line::product));
            held.sort_unstable();
            held.dedup();
            orders += u32::from(!held.is_empty());
            held.iter().for_each(|product| counts[*product as usize] += 1);
        }
        let counted = sales.products.iter().copied().zip(counts);
        let mut products: Vec<(Id, u32)> = counted.filter(|(_, orders)| *orders > 0).collect();
        products.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        products.truncate(PRODUCTS);
        MostBought { orders, products }
    }

    pub async fn keep(&self, engine: &Engine, until: NaiveDate) -> Result<()> {
        kept::keep(engine, KIND, WHOLE, until, self).await
    }

    pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<MostBought>>>> {
        kept::load(engine, KIND, WHOLE).await
    }
}

/// Who bought a product, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bought {
    pub customers: u64,
    pub orders: u64,
}

/// Of the days after one and up to another; `None` before the warehouse is there.
pub async fn bought(
    engine: &Engine,
    product: Id,
    (after, until): (NaiveDate, NaiveDate),
) -> Result<Option<Bought>> {
    let sql = format!(
        "SELECT count(DISTINCT o.buyer), count(*) FROM (SELECT d.account_key AS buyer, d.\"order\" FROM sales d \
         JOIN product p ON p.key = d.product_key WHERE d.day > '{after}' AND d.day <= '{until}' AND d.quantity > 0 \
         AND d.net > 0 AND p.id = id('{product}') GROUP BY d.account_key, d.\"order\") o"
    );
    let answer = match moves::ask(engine, &sql).await {
        Ok(answer) => answer,
        Err(Error::NotReady(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let row = answer.values().next().transpose()?.unwrap_or_default();
    let number = |at: usize| {
        row.get(at).and_then(Value::as_int).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
    };
    Ok(Some(Bought { customers: number(0), orders: number(1) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_counted_by_the_orders_that_hold_them() {
        let line = |account, product, order, day| Line::new(account, product, order, day, 1.0, 5.0);
        // Paper twice in one order and once in another, pens in three, one of them nobody's; an order of goods without a product.
        let lines = vec![
            line(Some(0), Some(0), 0, 10),
            line(Some(0), Some(0), 0, 10),
            line(Some(0), Some(1), 0, 10),
            line(Some(0), Some(1), 1, 11),
            line(Some(1), Some(0), 2, 10),
            line(Some(1), None, 3, 12),
            line(None, Some(1), 4, 12),
        ];
        let id = Id::from_u128;
        let sales = Sales { products: vec![id(1), id(2), id(3)], lines, ..Sales::default() };
        let found = MostBought::of(&sales);
        assert_eq!(found, MostBought { orders: 4, products: vec![(id(2), 3), (id(1), 2)] });
        assert_eq!(MostBought::of(&Sales::default()), MostBought { orders: 0, products: vec![] });
    }
}
