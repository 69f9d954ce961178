//! Finds what a return line takes back when nobody said: the line of the return's order with the same product.

use engine::{
    Result, Tx, name,
    sea_query::{Cond, Expr, ExprTrait, JoinType, Order, Query, SelectStatement},
};
use meta::{Id, Values};
use std::collections::BTreeMap;

const CHUNK: usize = 1_000;

/// Gives lines without order line theirs; the first, if the order has several lines of the product.
pub async fn find(tx: &mut Tx, ids: &[Id]) -> Result<()> {
    let mut found: BTreeMap<Id, Id> = BTreeMap::new();
    for ids in ids.chunks(CHUNK) {
        for row in tx.fetch(&select(ids)).await? {
            found.entry(row.id(0)?).or_insert(row.id(1)?);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let updates = found
        .into_iter()
        .map(|(line, sold)| (line, Values::from([("order_line".to_owned(), sold.into())])))
        .collect();
    tx.update_many("return_line", updates).await.map(drop)
}

fn select(ids: &[Id]) -> SelectStatement {
    let own = |column: &str| (name("return_line"), name(column));
    let head = |column: &str| (name("return"), name(column));
    let sold = |column: &str| (name("order_line"), name(column));
    let same = Cond::all()
        .add(Expr::col(sold("order")).equals(head("order")))
        .add(Expr::col(sold("product")).equals(own("product")))
        .add(Expr::col(sold("deleted_at")).is_null());
    Query::select()
        .columns([own("id"), sold("id")])
        .from(name("return_line"))
        .join(JoinType::InnerJoin, name("return"), Expr::col(head("id")).equals(own("return")))
        .join(JoinType::InnerJoin, name("order_line"), same)
        .and_where(Expr::col(own("id")).is_in(ids.iter().copied()))
        .and_where(Expr::col(own("order_line")).is_null())
        .and_where(Expr::col(own("deleted_at")).is_null())
        .order_by(sold("position"), Order::Asc)
        .order_by(sold("id"), Order::Asc)
        .to_owned()
}
