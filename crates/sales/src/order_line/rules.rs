//! What must hold for every order line, and what follows from it for the order.

use crate::money::{defaults::fill_from_product, document::ORDER, lines};
use engine::{BoxFuture, Result, Tx};
use meta::{Change, Draft, Id, label};

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

/// Fills what the product knows; the orders' own rule, which runs next, brings their totals up to date.
pub fn totals<'t>(tx: &'t mut Tx, lines: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        fill_from_product(tx, &ORDER, lines).await?;
        let orders = ORDER.heads_of(tx, lines).await?;
        tx.touch("order", orders);
        Ok(())
    })
}
