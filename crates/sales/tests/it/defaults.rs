//! What lines take from products and order lines.

use crate::company::{Company, amount, d, on_both, refused, values};
use meta::{Id, Value};

async fn kettle(company: &Company) -> Id {
    company
        .create(
            "product",
            [
                ("name", "Kettle".into()),
                ("price", amount("72")),
                ("cost", amount("36")),
                ("currency", "CNY".into()),
            ],
        )
        .await
}

#[test]
fn a_line_starts_from_its_product_in_the_orders_currency() {
    on_both(|company| async move {
        company.rate("USD", "2026-01-01", "7.2").await;
        let product = kettle(&company).await;
        let order = company.create("order", [("currency", "USD".into())]).await;
        let line = company
            .create(
                "order_line",
                [("order", order.into()), ("product", product.into()), ("quantity", amount("3"))],
            )
            .await;
        let fields = ["unit_price", "unit_cost", "amount", "cost"];
        assert_eq!(company.amounts("order_line", line, fields).await, [d("10"), d("5"), d("30"), d("15")]);
        let made = company.get("order_line", line).await;
        assert_eq!(
            (made.text("description"), made.version),
            ("Kettle", 1),
            "made with it, not changed to it"
        );
        assert_eq!(company.amounts("order", order, ["total", "margin_base"]).await, [d("30"), d("108")]);
    });
}

#[test]
fn of_a_product_that_is_not_there_nothing_is_told() {
    on_both(|company| async move {
        let product = kettle(&company).await;
        let order = company.create("order", []).await;
        company.delete("product", product).await;
        let fields = [("order", order.into()), ("product", product.into()), ("discount", amount("1000"))];
        // Not that the discount is more than its price.
        assert_eq!(refused(company.try_create("order_line", fields).await), ["product"]);
    });
}

#[test]
fn a_rate_that_is_missing_is_said_of_the_order() {
    on_both(|company| async move {
        let product = kettle(&company).await;
        let made = company.engine.write(&company.actor, move |tx| {
            Box::pin(async move {
                let order = tx.create("order", values([("currency", "KRW".into())])).await?;
                let line = |quantity| {
                    values([
                        ("order", order.into()),
                        ("product", product.into()),
                        ("quantity", amount(quantity)),
                    ])
                };
                let made = tx.create_many("order_line", vec![line("1"), line("2")]).await;
                made.expect("the lines are not to blame");
                tx.settle().await
            })
        });
        assert_eq!(refused(made.await), ["currency"]);
    });
}

#[test]
fn a_price_that_was_given_stays() {
    on_both(|company| async move {
        let product = kettle(&company).await;
        let order = company.create("order", []).await;
        let line = company
            .create(
                "order_line",
                [("order", order.into()), ("product", product.into()), ("unit_price", amount("0"))],
            )
            .await;
        assert_eq!(company.amounts("order_line", line, ["unit_price", "unit_cost"]).await, [d("0"), d("36")]);
        assert_eq!(company.amounts("order", order, ["margin"]).await, [d("-36")]);
    });
}

#[test]
fn line_without_price_is_rejected() {
    on_both(|company| async move {
        let order = company.create("order", []).await;
        assert_eq!(
            refused(company.try_create("order_line", [("order", order.into())]).await),
            ["unit_price"]
        );
        let unpriced = company.create("product", [("name", "Sample".into())]).await;
        let line =
            company.try_create("order_line", [("order", order.into()), ("product", unpriced.into())]).await;
        assert_eq!(refused(line), ["unit_price"]);
    });
}

#[test]
fn a_return_takes_customer_currency_price_and_cost_from_what_was_sold() {
    on_both(|company| async move {
        company.rate("USD", "2026-01-01", "7").await;
        let account = company.create("account", [("name", "Longkou Fruit".into())]).await;
        let product = kettle(&company).await;
        let order = company.create("order", [("account", account.into()), ("currency", "USD".into())]).await;
        let sold = company
            .create(
                "order_line",
                [
                    ("order", order.into()),
                    ("product", product.into()),
                    ("quantity", amount("4")),
                    ("unit_price", amount("10")),
                    ("discount", amount("4")),
                    ("unit_cost", amount("6")),
                    ("tax", amount("3.6")),
                ],
            )
            .await;
        let back = company.create("return", [("order", order.into()), ("reason", "quality".into())]).await;
        let line = company
            .create(
                "return_line",
                [("return", back.into()), ("order_line", sold.into()), ("quantity", amount("2"))],
            )
            .await;
        let record = company.get("return", back).await;
        assert_eq!((record.reference("account"), record.text("currency")), (Some(account), "USD"));
        assert_eq!(company.get("return_line", line).await.reference("product"), Some(product));
        // 4 × 10 − 4 = 36 for four: 9 each.
        assert_eq!(
            company.amounts("return_line", line, ["unit_price", "amount", "cost"]).await,
            [d("9"), d("18"), d("12")]
        );
        assert_eq!(
            company.amounts("return", back, ["tax", "total", "net_base", "margin_base"]).await,
            [d("1.8"), d("19.8"), d("126"), d("42")]
        );
        assert!(record.text("number").starts_with("RT-"));
    });
}

#[test]
fn a_return_line_finds_the_order_line_of_its_product() {
    on_both(|company| async move {
        let product = kettle(&company).await;
        let other = company.create("product", [("name", "Lid".into()), ("price", amount("5"))]).await;
        let order = company.create("order", []).await;
        for (position, product, price) in [(1, other, "5"), (2, product, "70"), (3, product, "60")] {
            let line = [
                ("order", order.into()),
                ("position", Value::Int(position)),
                ("product", product.into()),
                ("unit_price", amount(price)),
                ("quantity", amount("2")),
            ];
            company.create("order_line", line).await;
        }
        let back = company.create("return", [("order", order.into())]).await;
        let line =
            company.create("return_line", [("return", back.into()), ("product", product.into())]).await;
        assert_eq!(
            company.amounts("return_line", line, ["unit_price", "unit_cost"]).await,
            [d("70"), d("36")]
        );
        assert!(company.get("return_line", line).await.reference("order_line").is_some());

        let foreign =
            company.create("product", [("name", "Never sold".into()), ("price", amount("9"))]).await;
        let line =
            company.create("return_line", [("return", back.into()), ("product", foreign.into())]).await;
        assert_eq!(company.get("return_line", line).await.reference("order_line"), None);
        assert_eq!(company.amounts("return", back, ["total"]).await, [d("79")]);
    });
}
