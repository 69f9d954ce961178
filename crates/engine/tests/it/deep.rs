//! The deep check says nothing of a database in order, and names every kind of damage.

use crate::shop::{Shop, customer, on_both, reopen, sql, values};
use engine::{Database, Module, Verdict};
use meta::{Draft, Entity, Id, decimal};

/// Some of everything: lines, numbers, changes, deletions, what came back.
async fn filled(shop: &Shop) -> (Id, Id, Id) {
    let parent = shop.customer("华为技术", [("city", "深圳".into())]).await;
    let child =
        shop.customer("Acme Industries", [("email", "a@acme.com".into()), ("parent", parent.into())]).await;
    shop.update("customer", child, None, values([("city", "青岛".into())])).await.unwrap();
    let sale = shop
        .engine
        .write(&shop.actor, move |tx| {
            Box::pin(async move {
                let sale = tx.create("sale", values([("customer", child.into())])).await?;
                for item in ["bolt", "nut"] {
                    let line = [
                        ("sale", sale.into()),
                        ("item", item.into()),
                        ("quantity", 2i64.into()),
                        ("price", 5i64.into()),
                    ];
                    tx.create("sale_line", values(line)).await?;
                }
                let other = tx.create("sale", values([("customer", child.into())])).await?;
                tx.delete("sale", other, None).await?;
                tx.delete("sale", sale, None).await?;
                tx.restore("sale", sale).await?;
                tx.set_external_ids("customer", "erp", &[("4711".to_owned(), child)]).await?;
                Ok(sale)
            })
        })
        .await
        .unwrap();
    (parent, child, sale)
}

fn literal(shop: &Shop, id: Id) -> String {
    match shop.database {
        Database::Sqlite => format!("x'{}'", id.simple()),
        Database::Postgres(_) => format!("'{id}'"),
    }
}

pub async fn verdict(shop: &Shop, check: &str) -> Verdict {
    let found = shop.engine.examine().await.unwrap();
    found.into_iter().find(|verdict| verdict.check == check).unwrap_or_else(|| panic!("no check {check}"))
}

#[test]
fn a_database_in_order_raises_no_alarm() {
    on_both(|shop: Shop| async move {
        filled(&shop).await;
        let found = shop.engine.examine().await.unwrap();
        assert!(found.iter().all(|verdict| verdict.wrong == 0), "{found:#?}");
        let checked = |check: &str| found.iter().find(|verdict| verdict.check == check).unwrap().checked;
        assert_eq!((checked("search"), checked("lines"), checked("numbers")), (3, 2, 1));
        assert_eq!(checked("history"), 6);
    });
}

#[test]
fn every_kind_of_damage_is_found_and_named() {
    on_both(|shop: Shop| async move {
        let (parent, child, sale) = filled(&shop).await;
        let nobody = shop.engine.clock().new_id();
        let id = |id: Id| literal(&shop, id);
        let twin = shop.customer("twin", []).await;
        let damages = [
            (
                "references",
                child,
                format!("UPDATE customer SET parent = {} WHERE id = {}", id(nobody), id(child)),
            ),
            (
                "required",
                child,
                format!("UPDATE sale_line SET item = NULL WHERE sale = {} AND item = 'nut'", id(sale)),
            ),
            ("history", child, format!("UPDATE customer SET city = '上海' WHERE id = {}", id(child))),
            ("search", parent, format!("UPDATE customer SET name = '荣耀' WHERE id = {}", id(parent))),
            ("search", child, format!("DELETE FROM customer_search WHERE record_id = {}", id(child))),
            ("figure rows", child, format!("DELETE FROM customer_figures WHERE id = {}", id(child))),
            ("figure rows", child, format!("DELETE FROM customer_moving_figures WHERE id = {}", id(child))),
            ("numbers", nobody, format!("UPDATE external_id SET record_id = {}", id(nobody))),
            (
                "change log",
                nobody,
                format!("UPDATE change_log SET record_id = {} WHERE record_id = {}", id(nobody), id(twin)),
            ),
            ("lines", sale, format!("UPDATE sale SET deleted_at = created_at WHERE id = {}", id(sale))),
            (
                "unique",
                child,
                format!(
                    "DROP INDEX u_customer__email; UPDATE customer SET email = 'a@acme.com' WHERE id = {}",
                    id(twin)
                ),
            ),
        ];
        for (check, named, damage) in damages {
            let before = verdict(&shop, check).await;
            sql(&shop, &damage).await;
            let after = verdict(&shop, check).await;
            assert!(after.wrong > before.wrong, "{damage}: {after:?}");
            let named =
                if check == "required" || check == "unique" { String::new() } else { named.to_string() };
            assert!(after.examples.iter().any(|example| example.contains(&named)), "{damage}: {after:?}");
        }
    });
}

#[test]
fn a_computed_field_that_its_rule_would_not_make_is_found() {
    on_both(|shop: Shop| async move {
        let doubled = |draft: &mut Draft<'_>| {
            let once = draft.get("once").as_decimal().unwrap_or_default();
            draft.set("twice", (once + once).normalize());
        };
        let pair = Entity::new("pair")
            .labels("Pair", "Pairs", "一对")
            .field(decimal("once", 2).zh("一倍"))
            .field(decimal("twice", 2).zh("两倍").computed())
            .title("once")
            .list(["once"]);
        let module = Module::new("pairs").entity(customer()).entity(pair).before_save("pair", doubled);
        let engine = reopen(&shop.database, &shop.folder, vec![module]).await.unwrap();
        let fields = values([("once", 3i64.into())]);
        engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.create("pair", fields).await }))
            .await
            .unwrap();
        let rules = async || {
            let found = engine.examine().await.unwrap();
            found.into_iter().find(|verdict| verdict.check == "rules").unwrap()
        };
        assert_eq!(rules().await.wrong, 0);
        sql(&shop, "UPDATE pair SET twice = 700").await;
        assert!(rules().await.examples[0].contains("its rule makes \"6\""), "{:?}", rules().await);
    });
}

#[test]
fn writes_made_meanwhile_are_no_damage() {
    on_both(|shop: Shop| async move {
        filled(&shop).await;
        let writing = async {
            for number in 0..40 {
                shop.customer(&format!("late {number}"), []).await;
            }
        };
        let looking = async {
            for _ in 0..5 {
                let found = shop.engine.examine().await.unwrap();
                assert!(found.iter().all(|verdict| verdict.wrong == 0), "{found:#?}");
            }
        };
        futures::join!(writing, looking);
    });
}
