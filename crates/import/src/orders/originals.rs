//! Which order line a returned line takes back: the customer's only line of that product, at that price, in at least that
//! quantity, not later than the return. If there are several or none, the return stands by itself.

use super::{row::LineRow, state::State};
use crate::store::Store;
use engine::{
    Result, name,
    sea_query::{Expr, ExprTrait, JoinType, Query},
};
use meta::{DateTime, Decimal, Id, Utc, unscaled};
use std::collections::HashMap;

struct Bought {
    line: Id,
    order: Id,
    quantity: Decimal,
    unit_price: Decimal,
    at: DateTime<Utc>,
}

/// The order line a row takes back, and that line's order.
#[derive(Clone, Copy)]
pub struct Original {
    pub line: Id,
    pub order: Id,
}

type Key = (Id, Id);

/// By the index of the returned row among `rows`.
pub async fn find(
    store: &mut Store<'_>,
    state: &mut State,
    rows: &[&LineRow],
) -> Result<HashMap<usize, Original>> {
    let mut returned: Vec<(Key, usize)> = vec![];
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.priced.back) {
        let account = row.customer.as_ref().and_then(|customer| state.accounts.get(&customer.key));
        let account = account.map(|account| account.id).filter(|id| !id.is_nil());
        let product = row.product.as_ref().and_then(|product| state.products.get(&product.key));
        if let (Some(account), Some(product)) = (account, product) {
            returned.push(((account, product.id), index));
        }
    }
    let bought = if returned.is_empty() { HashMap::new() } else { bought(store, &returned).await? };
    let originals = returned.into_iter().filter_map(|(key, index)| {
        let line = only(bought.get(&key)?, rows.get(index)?)?;
        Some((index, Original { line: line.line, order: line.order }))
    });
    Ok(originals.collect())
}

fn only<'b>(bought: &'b [Bought], row: &LineRow) -> Option<&'b Bought> {
    let mut fitting = bought.iter().filter(|line| {
        line.unit_price == row.priced.unit_price && line.quantity >= row.priced.quantity && line.at <= row.at
    });
    fitting.next().filter(|_| fitting.next().is_none())
}

async fn bought(store: &mut Store<'_>, returned: &[(Key, usize)]) -> Result<HashMap<Key, Vec<Bought>>> {
    let mut found: HashMap<Key, Vec<Bought>> = HashMap::new();
    for returned in returned.chunks(200) {
        let column = |table: &str, column: &str| Expr::col((name(table), name(column)));
        let select = Query::select()
            .columns([(name("order"), name("account")), (name("order_line"), name("product"))])
            .columns([(name("order_line"), name("id")), (name("order"), name("id"))])
            .columns([(name("order_line"), name("quantity")), (name("order_line"), name("unit_price"))])
            .column((name("order"), name("ordered_at")))
            .from(name("order"))
            .join(
                JoinType::InnerJoin,
                name("order_line"),
                column("order_line", "order").equals((name("order"), name("id"))),
            )
            .and_where(column("order", "account").is_in(returned.iter().map(|((account, _), _)| *account)))
            .and_where(
                column("order_line", "product").is_in(returned.iter().map(|((_, product), _)| *product)),
            )
            .and_where(column("order", "deleted_at").is_null())
            .and_where(column("order_line", "deleted_at").is_null())
            .to_owned();
        for row in store.fetch(&select).await? {
            let bought = Bought {
                line: row.id(2)?,
                order: row.id(3)?,
                quantity: unscaled(row.int(4)?, 4),
                unit_price: unscaled(row.opt_int(5)?.unwrap_or(0), 4),
                at: row.instant(6)?,
            };
            found.entry((row.id(0)?, row.id(1)?)).or_default().push(bought);
        }
    }
    Ok(found)
}
