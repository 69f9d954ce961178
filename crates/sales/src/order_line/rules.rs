//! What must hold for every order line, and what follows from it for the order.

use crate::money::{
    defaults::{begin_from_product, fill_from_product},
    document::ORDER,
    lines,
};
use engine::{BoxFuture, Result, Tx};
use meta::{Change, Draft, Id, Values, label};

pub fn check(draft: &mut Draft<'_>) {
    if draft.change == Change::Update && draft.changes("order") {
        draft.reject(
            "order",
            label(
                "a line stays on its order: delete it and add one there",
                "订单行不能移到另一订单，请删除后重新添加",
            ),
        );
    }
    lines::check(draft);
}

/// What the product knows.
pub fn defaults<'t>(tx: &'t mut Tx, lines: &'t mut [Values]) -> BoxFuture<'t, Result<()>> {
    Box::pin(begin_from_product(tx, &ORDER, lines))
}

/// Fills what the product knows where a change took it away, or gave the line another product; the orders' own rule, which runs next,
/// brings their totals up to date.
pub fn totals<'t>(tx: &'t mut Tx, lines: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        fill_from_product(tx, &ORDER, lines).await?;
        let orders = ORDER.heads_of(tx, lines).await?;
        tx.touch("order", orders);
        Ok(())
    })
}
