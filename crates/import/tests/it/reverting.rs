//! Taking a whole import back.

use crate::ground::{Company, decimal, on_both};
use engine::{Actor, Role};
use import::Control;
use meta::{Id, Lang, Values};

const FIRST: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A,Pen,2,2024-01-02 10:00:00,3,K1,
2,B,Ink,1,2024-01-03 10:00:00,5,K2,France
";
const SECOND: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A,Pen,4,2024-01-02 10:00:00,3,K1,Spain
1,C,Cap,1,2024-01-02 10:00:00,7,K1,Spain
3,C,Cap,2,2024-01-04 10:00:00,7,K3,Italy
C3,C,Cap,-1,2024-01-05 10:00:00,7,K3,Italy
4,D,Bag,1,2024-01-06 10:00:00,9,K4,Italy
";

async fn revert(company: &Company, run: Id) -> import::Reverting {
    import::revert(&company.engine, &company.actor, run, &Control::none()).await.unwrap()
}

#[test]
fn what_an_import_made_goes_and_what_it_changed_goes_back() {
    on_both(async |company| {
        company.orders(FIRST).await;
        let before = company.counts().await;
        let second = company.orders(SECOND).await;
        assert_eq!(decimal(&company.one("order", "number == '1'").await, "total"), "19");
        let reverted = revert(&company, second.run).await;
        assert_eq!(reverted.kept, 0, "{reverted:?}");
        assert_eq!(company.counts().await, before);
        let order = company.one("order", "number == '1'").await;
        assert_eq!(decimal(&order, "total"), "6");
        assert!(company.one("account", "name == 'K1'").await.get("country").is_null());
        assert_eq!(company.one("import_run", "state == 'reverted'").await.id, second.run);
        // Its numbers are free again.
        let again = company.orders(SECOND).await;
        assert_eq!((again.progress.made("order"), again.progress.made("account")), (2, 2));
        assert_eq!(decimal(&company.one("order", "number == '1'").await, "total"), "19");
    });
}

#[test]
fn what_others_have_worked_on_since_stays_and_is_named() {
    on_both(async |company| {
        company.orders(FIRST).await;
        let second = company.orders(SECOND).await;
        let line = company.one("order_line", "description == 'Pen'").await.id;
        let customer = company.one("account", "name == 'K4'").await.id;
        let user = Actor::user(company.engine.clock().new_id(), Role::User, Lang::En)
            .with(engine::Rights::unlimited());
        company
            .engine
            .write(&user, move |tx| {
                Box::pin(async move {
                    let five = meta::Decimal::from(5);
                    tx.update("order_line", line, None, Values::from([("quantity".to_owned(), five.into())]))
                        .await?;
                    let city = Values::from([("city".to_owned(), "Rome".into())]);
                    tx.update("account", customer, None, city).await
                })
            })
            .await
            .unwrap();
        let reverted = revert(&company, second.run).await;
        assert_eq!(reverted.kept, 2, "{reverted:?}");
        assert!(reverted.examples.contains(&("order_line".into(), line)));
        assert!(reverted.examples.contains(&("account".into(), customer)));
        // The order of the kept customer is gone all the same, the line keeps the later quantity.
        assert_eq!(company.count("order").await, 2);
        assert_eq!(decimal(&company.one("order", "number == '1'").await, "total"), "15");
        assert_eq!(company.one("account", "name == 'K4'").await.text("city"), "Rome");
    });
}

#[test]
fn a_run_that_goes_on_cannot_be_taken_back() {
    on_both(async |company| {
        let first = company.orders(FIRST).await;
        import::set_state(&company.engine, first.run, import::State::Running, Values::new()).await.unwrap();
        let refused = import::revert(&company.engine, &company.actor, first.run, &Control::none()).await;
        assert!(refused.unwrap_err().to_string().contains("running"));
        assert_eq!(company.count("order").await, 2);
    });
}
