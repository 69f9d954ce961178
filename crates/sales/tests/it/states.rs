//! States of orders, and lines that must stay where they are.

use crate::company::{amount, on_both, refused};

#[test]
fn a_completed_order_is_not_cancelled_but_anything_else_can_be_undone() {
    on_both(|company| async move {
        let order = company.create("order", []).await;
        assert_eq!(company.get("order", order).await.text("status"), "confirmed");
        for status in ["cancelled", "shipped", "completed", "shipped", "completed"] {
            company.update("order", order, [("status", status.into())]).await.unwrap();
        }
        assert_eq!(
            refused(company.update("order", order, [("status", "cancelled".into())]).await),
            ["status"]
        );
    });
}

#[test]
fn an_order_is_numbered_and_dated_by_itself() {
    on_both(|company| async move {
        let order = company.create("order", []).await;
        let record = company.get("order", order).await;
        assert_eq!(record.text("number"), "SO-000001");
        assert_eq!(record.get("ordered_at").as_instant(), Some(company.engine.clock().now()));
    });
}

#[test]
fn a_line_stays_on_its_order() {
    on_both(|company| async move {
        let order = company.create("order", []).await;
        let other = company.create("order", []).await;
        let line = company.create("order_line", [("order", order.into()), ("unit_price", amount("1"))]).await;
        assert_eq!(refused(company.update("order_line", line, [("order", other.into())]).await), ["order"]);
    });
}

#[test]
fn a_currency_that_is_none_is_refused() {
    on_both(|company| async move {
        assert_eq!(refused(company.try_create("order", [("currency", "12".into())]).await), ["currency"]);
    });
}
