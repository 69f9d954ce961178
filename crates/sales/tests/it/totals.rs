//! Totals follow the lines, whoever writes them and how.

use crate::company::{Company, amount, d, on_both, refused, values};
use meta::{Id, Value};

async fn line(company: &Company, order: Id, quantity: &str, price: &str, more: [(&str, Value); 1]) -> Id {
    let [extra] = more;
    company
        .create(
            "order_line",
            [("order", order.into()), ("quantity", amount(quantity)), ("unit_price", amount(price)), extra],
        )
        .await
}

#[test]
fn an_order_follows_its_lines() {
    on_both(|company| async move {
        let order = company.create("order", [("discount", amount("5"))]).await;
        let first = line(&company, order, "3", "100", [("unit_cost", amount("60"))]).await;
        let second = line(&company, order, "2", "12.505", [("unit_cost", amount("10"))]).await;
        let fields = ["subtotal", "total", "cost", "margin", "total_base", "margin_base"];
        let [subtotal, total, cost, margin, total_base, margin_base] =
            company.amounts("order", order, fields).await;
        assert_eq!((subtotal, total, cost, margin), (d("325.01"), d("320.01"), d("200"), d("120.01")));
        assert_eq!((total_base, margin_base), (total, margin));

        company.update("order_line", first, [("quantity", amount("1"))]).await.unwrap();
        assert_eq!(company.amounts("order", order, ["total"]).await, [d("120.01")]);
        company.delete("order_line", second).await;
        assert_eq!(company.amounts("order", order, ["total", "cost"]).await, [d("95"), d("60")]);
        company.update("order", order, [("discount", Value::Null)]).await.unwrap();
        assert_eq!(company.amounts("order", order, ["total"]).await, [d("100")]);
    });
}

#[test]
fn one_line_of_unknown_cost_makes_the_margin_unknown() {
    on_both(|company| async move {
        let order = company.create("order", []).await;
        line(&company, order, "1", "10", [("unit_cost", amount("4"))]).await;
        let unknown = line(&company, order, "1", "10", [("tax", amount("1.3"))]).await;
        assert_eq!(
            company.amounts("order", order, ["total", "cost", "margin_base"]).await,
            [d("21.3"), None, None]
        );
        company.update("order_line", unknown, [("unit_cost", amount("5"))]).await.unwrap();
        assert_eq!(company.amounts("order", order, ["cost", "margin_base"]).await, [d("9"), d("11")]);
    });
}

#[test]
fn a_foreign_order_is_worth_what_the_rate_of_its_day_says() {
    on_both(|company| async move {
        company.rate("USD", "2026-01-01", "7.2").await;
        company.rate("usd", "2026-06-01", "7.1").await;
        let at = |text: &str| Value::Instant(text.parse().unwrap());
        let order = company
            .create("order", [("currency", "usd".into()), ("ordered_at", at("2026-05-31T15:00:00Z"))])
            .await;
        line(&company, order, "10", "1.5", [("unit_cost", amount("1"))]).await;
        let fields = ["total", "exchange_rate", "total_base", "net_base", "margin_base"];
        assert_eq!(
            company.amounts("order", order, fields).await,
            [d("15"), d("7.2"), d("108"), d("108"), d("36")]
        );
        company.update("order", order, [("ordered_at", at("2026-05-31T16:00:00Z"))]).await.unwrap();
        assert_eq!(company.amounts("order", order, ["total_base"]).await, [d("106.5")]);
        assert_eq!(company.get("order", order).await.text("currency"), "USD");

        let early = company.update("order", order, [("ordered_at", at("2025-12-31T00:00:00Z"))]).await;
        assert_eq!(refused(early), ["currency"]);
        assert_eq!(company.amounts("order", order, ["total_base"]).await, [d("106.5")]);
    });
}

#[test]
fn a_corrected_rate_corrects_the_orders_it_was_valid_for() {
    on_both(|company| async move {
        let rate = company.rate("USD", "2026-01-01", "7.2").await;
        company.rate("USD", "2026-06-01", "7.1").await;
        let at = |text: &str| Value::Instant(text.parse().unwrap());
        let mut orders = vec![];
        for (currency, ordered_at) in [
            ("USD", "2026-03-01T03:00:00Z"),
            ("USD", "2026-07-01T03:00:00Z"),
            ("CNY", "2026-03-01T03:00:00Z"),
        ] {
            let order = company
                .create("order", [("currency", currency.into()), ("ordered_at", at(ordered_at))])
                .await;
            line(&company, order, "1", "100", [("unit_cost", amount("60"))]).await;
            orders.push(order);
        }
        company.engine.run_due_jobs().await.unwrap();
        let versions = company.versions(&orders).await;
        company.update("exchange_rate", rate, [("rate", amount("7"))]).await.unwrap();
        company.engine.run_due_jobs().await.unwrap();
        let totals = [
            company.amounts("order", orders[0], ["total_base", "margin_base"]).await,
            company.amounts("order", orders[1], ["total_base", "margin_base"]).await,
            company.amounts("order", orders[2], ["total_base", "margin_base"]).await,
        ];
        assert_eq!(totals, [[d("700"), d("280")], [d("710"), d("284")], [d("100"), d("40")]]);
        let late: meta::NaiveDate = "2026-04-01".parse().unwrap();
        let moved = company.update("exchange_rate", rate, [("valid_on", late.into())]).await;
        assert_eq!(refused(moved), ["currency"], "an order of March needs it");
        // Only the corrected order has a new entry in its history.
        assert_eq!(company.versions(&orders).await, [versions[0] + 1, versions[1], versions[2]]);
    });
}

#[test]
fn thousands_of_lines_in_one_transaction_get_their_totals() {
    on_both(|company| async move {
        let orders: Vec<Id> = (0..1_500).map(|_| company.engine.clock().new_id()).collect();
        let heads = orders.iter().map(|id| values([("id", (*id).into())])).collect();
        let lines = orders
            .iter()
            .enumerate()
            .flat_map(|(index, id)| {
                (0..4).map(move |line| {
                    let price = Value::Decimal((index as i64 + line).into());
                    values([
                        ("order", (*id).into()),
                        ("quantity", amount("2")),
                        ("unit_price", price),
                        ("unit_cost", amount("1")),
                    ])
                })
            })
            .collect();
        company
            .engine
            .write(&company.actor, move |tx| {
                Box::pin(async move {
                    tx.create_many("order", heads).await?;
                    tx.create_many("order_line", lines).await.map(drop)
                })
            })
            .await
            .unwrap();
        for (index, id) in orders.iter().enumerate().step_by(499) {
            // 2 × (i + i+1 + i+2 + i+3) = 8 i + 12
            let expected = meta::Decimal::from(8 * index as i64 + 12);
            let found = company.amounts("order", *id, ["total_base", "margin"]).await;
            assert_eq!(found, [Some(expected), Some(expected - meta::Decimal::from(8))], "order {index}");
        }
    });
}

#[test]
fn totals_are_not_accepted_from_outside() {
    on_both(|company| async move {
        assert_eq!(refused(company.try_create("order", [("total", amount("1"))]).await), ["total"]);
        let order = company.create("order", []).await;
        let given = company
            .try_create(
                "order_line",
                [("order", order.into()), ("amount", amount("1")), ("unit_price", amount("1"))],
            )
            .await;
        assert_eq!(refused(given), ["amount"]);
    });
}
