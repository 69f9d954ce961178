//! What must hold for every return line, and what follows from it for the return.

use super::origin;
use crate::money::{
    defaults::{fill_from_order_line, fill_from_product},
    document::RETURN,
    lines,
};
use engine::{BoxFuture, Result, Tx};
use meta::{Change, Draft, Id, label};

pub fn check(draft: &mut Draft<'_>) {
    if draft.change == Change::Update && draft.changes("return") {
        draft.reject(
            "return",
            label(
                "a line stays on its return: delete it and add one there",
                "退货行不能移到另一退货单，请删除后重新添加",
            ),
        );
    }
    lines::check(draft);
}

/// Finds the order line taken back, fills what it or the product knows, then brings the totals of the returns up to date.
pub fn totals<'t>(tx: &'t mut Tx, lines: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        origin::find(tx, lines).await?;
        fill_from_order_line(tx, lines).await?;
        fill_from_product(tx, &RETURN, lines).await?;
        let returns = RETURN.heads_of(tx, lines).await?;
        RETURN.refresh(tx, &returns).await
    })
}
