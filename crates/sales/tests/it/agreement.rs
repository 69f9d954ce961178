//! The deep check says nothing of totals in order, and names every document whose lines make others.

use crate::company::{Company, amount, on_both};
use engine::{
    SqlStatement, Verdict, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::{Id, Value};

/// What the check `totals` finds.
async fn found(company: &Company) -> Verdict {
    let all = company.engine.examine().await.unwrap();
    all.into_iter().find(|verdict| verdict.check == "totals").expect("a check of totals")
}

/// Changes a table behind the back of everybody who keeps it in order.
async fn damage(company: &Company, statement: impl SqlStatement + Send + 'static) {
    let write =
        company.engine.write(&company.actor, move |tx| Box::pin(async move { tx.execute(&statement).await }));
    assert_eq!(write.await.unwrap(), 1);
}

/// A document of two lines, 2 × 100 and 1 × 50: 250 in all.
async fn document(company: &Company, head: &'static str, line: &'static str) -> (Id, [Id; 2]) {
    let id = company.create(head, []).await;
    let made = async |quantity: &str, price: &str| {
        let fields: [(&str, Value); 3] =
            [(head, id.into()), ("quantity", amount(quantity)), ("unit_price", amount(price))];
        company.create(line, fields).await
    };
    let lines = [made("2", "100").await, made("1", "50").await];
    (id, lines)
}

#[test]
fn totals_that_the_lines_do_not_make_are_named() {
    on_both(|company| async move {
        let (whole, _) = document(&company, "order", "order_line").await;
        let (wrong, _) = document(&company, "order", "order_line").await;
        let (short, [first, second]) = document(&company, "order", "order_line").await;
        let (long, _) = document(&company, "order", "order_line").await;
        let (back, [returned, _]) = document(&company, "return", "return_line").await;
        let clean = found(&company).await;
        assert_eq!((clean.checked, clean.wrong, clean.under_way), (5, 0, None), "{:?}", clean.examples);
        let told = |entity: &str, id: Id, total: u32| {
            format!("{entity} {id}: its lines make total \"{total}\", net \"{total}\" in company currency")
        };

        let total = Sql::update()
            .table(name("order"))
            .value(name("total"), 9_990_000i64)
            .and_where(Expr::col(name("id")).eq(wrong))
            .to_owned();
        damage(&company, total).await;
        assert_eq!(found(&company).await.examples, [told("order", wrong, 250)]);

        // A line lost: 250 − 2 × 100.
        let line = Sql::delete()
            .from_table(name("order_line"))
            .and_where(Expr::col(name("id")).eq(first))
            .to_owned();
        damage(&company, line).await;
        let examples = found(&company).await.examples;
        assert_eq!(examples.len(), 2);
        assert!(examples.contains(&told("order", short, 50)), "{examples:?}");

        // The other goes to a third order: nothing is left of the one, the other has a line too many.
        let moved = Sql::update()
            .table(name("order_line"))
            .value(name("order"), long)
            .and_where(Expr::col(name("id")).eq(second))
            .to_owned();
        damage(&company, moved).await;
        let examples = found(&company).await.examples;
        assert_eq!(examples.len(), 3);
        assert!(examples.contains(&told("order", short, 0)), "{examples:?}");
        assert!(examples.contains(&told("order", long, 300)), "{examples:?}");

        // An amount of 2 × 100 that became 120.
        let cheaper = Sql::update()
            .table(name("return_line"))
            .value(name("amount"), 1_200_000i64)
            .and_where(Expr::col(name("id")).eq(returned))
            .to_owned();
        damage(&company, cheaper).await;
        let found = found(&company).await;
        assert_eq!((found.checked, found.wrong), (5, 4), "{:?}", found.examples);
        assert!(found.examples.contains(&told("return", back, 170)), "{:?}", found.examples);
        let of_whole = |example: &String| example.contains(&whole.to_string());
        assert!(!found.examples.iter().any(of_whole), "{:?}", found.examples);
    });
}

#[test]
fn a_document_whose_totals_cannot_be_computed_is_named_and_the_others_are_looked_at() {
    on_both(|company| async move {
        let (whole, _) = document(&company, "order", "order_line").await;
        let (foreign, _) = document(&company, "order", "order_line").await;
        // No exchange rate is known of it.
        let currency = Sql::update()
            .table(name("order"))
            .value(name("currency"), "USD")
            .and_where(Expr::col(name("id")).eq(foreign))
            .to_owned();
        damage(&company, currency).await;
        let found = found(&company).await;
        assert_eq!((found.checked, found.wrong), (2, 1), "{:?}", found.examples);
        assert!(found.examples[0].starts_with(&format!("order {foreign}: ")), "{:?}", found.examples);
        assert!(!found.examples[0].contains(&whole.to_string()));
    });
}
