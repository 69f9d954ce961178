//! What must hold for every return. A return of a known order belongs to its customer and is in its currency.

use crate::money::document::RETURN;
use engine::{
    BoxFuture, Result, Tx, name,
    sea_query::{Cond, Expr, ExprTrait, JoinType, Query, SelectStatement},
};
use meta::{Draft, Id, Values, label};

pub fn check(draft: &mut Draft<'_>) {
    draft.check_currency("currency");
    if draft.get("discount").as_decimal().is_some_and(|discount| discount < meta::Decimal::ZERO) {
        draft.reject("discount", label("cannot be negative", "不能为负数"));
    }
}

pub fn totals<'t>(tx: &'t mut Tx, returns: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        take_from_order(tx, returns).await?;
        RETURN.refresh(tx, returns).await
    })
}

async fn take_from_order(tx: &mut Tx, returns: &[Id]) -> Result<()> {
    let mut updates = vec![];
    for ids in returns.chunks(1_000) {
        for row in tx.fetch(&select_differing(ids)).await? {
            let mut values = Values::from([("currency".to_owned(), row.text(3)?.into())]);
            if row.opt_id(1)?.is_none() {
                values.insert("account".to_owned(), row.opt_id(2)?.into());
            }
            updates.push((row.id(0)?, values));
        }
    }
    if !updates.is_empty() {
        tx.update_many("return", updates).await?;
    }
    Ok(())
}

/// Columns: 0 return, 1 its customer, 2 the order's customer, 3 the order's currency.
fn select_differing(ids: &[Id]) -> SelectStatement {
    let own = |column: &str| (name("return"), name(column));
    let order = |column: &str| (name("order"), name(column));
    let lacks_account =
        Cond::all().add(Expr::col(own("account")).is_null()).add(Expr::col(order("account")).is_not_null());
    Query::select()
        .columns([own("id"), own("account"), order("account"), order("currency")])
        .from(name("return"))
        .join(JoinType::InnerJoin, name("order"), Expr::col(order("id")).equals(own("order")))
        .and_where(Expr::col(own("id")).is_in(ids.iter().copied()))
        .and_where(Expr::col(own("deleted_at")).is_null())
        .cond_where(
            Cond::any().add(lacks_account).add(Expr::col(own("currency")).not_equals(order("currency"))),
        )
        .to_owned()
}
