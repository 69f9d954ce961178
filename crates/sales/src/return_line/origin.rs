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
    // An equality of products would tempt SQLite, which has no statistics, to walk all lines ever sold of the product.
    let same = Cond::all()
        .add(Expr::col(sold("order")).equals(head("order")))
        .add(Expr::col(sold("product")).gte(Expr::col(own("product"))))
        .add(Expr::col(sold("product")).lte(Expr::col(own("product"))))
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

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Database, Engine, Options, sea_query::SqliteQueryBuilder};
    use meta::Clock;

    #[tokio::test]
    async fn the_lines_of_the_order_are_read_and_not_all_of_the_product() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new(Database::Sqlite, folder.path().to_owned());
        let modules = vec![customers::module(), crate::module()];
        let engine = Engine::open(options, modules, Clock::system()).await.unwrap();
        let sql = select(&[engine.clock().new_id()]).to_string(SqliteQueryBuilder);
        let plan = engine.fetch_text(&format!("EXPLAIN QUERY PLAN {sql}")).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        assert!(plan.iter().any(|step| step.contains("i_order_line__order__id")), "{plan:?}");
    }
}
