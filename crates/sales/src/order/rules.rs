//! What must hold for every order. States may be left and entered freely, so that a mistake can be undone, except that a
//! completed order is never cancelled: its goods come back as a return, which keeps the reason and the figures.

use crate::money::document::ORDER;
use engine::{BoxFuture, Result, Tx};
use meta::{Draft, Id, label};

pub fn check(draft: &mut Draft<'_>) {
    draft.check_currency("currency");
    if draft.get("discount").as_decimal().is_some_and(|discount| discount < meta::Decimal::ZERO) {
        draft.reject("discount", label("cannot be negative", "不能为负数"));
    }
    let was = draft.before.map(|record| record.text("status").to_owned()).unwrap_or_default();
    if was == "completed" && draft.get("status").as_text() == Some("cancelled") {
        draft.reject(
            "status",
            label(
                "a completed order cannot be cancelled: enter a return for the goods that come back",
                "已完成的订单不能取消，退回的货物请登记退货",
            ),
        );
    }
}

/// Totals follow the order's currency, day and discount.
pub fn totals<'t>(tx: &'t mut Tx, orders: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(ORDER.refresh(tx, orders))
}

/// Totals in the company's currency are fixed when an order is saved, so the currency is chosen before the first one; that
/// nobody chose counts as chosen, too.
pub fn keep_currency<'t>(tx: &'t mut Tx, chosen: &'t serde_json::Value) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        if chosen.as_str() == Some(tx.company_currency().await?.as_str()) {
            return Ok(());
        }
        if tx.list(&engine::Query::new("order").limit(1)).await?.records.is_empty() {
            return Ok(());
        }
        Err(engine::Error::rule(
            "company.currency",
            "there are orders already: the company's currency can no longer change",
            "已有订单，本位币不能再更改",
        ))
    })
}
