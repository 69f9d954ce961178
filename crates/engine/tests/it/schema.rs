//! Schema sync: snapshots of the DDL, upgrades, and upgrades that cannot be completed.

use crate::shop::{Shop, customer, module, on_both, reopen, values};
use engine::{Dialect, Module, schema};
use meta::{integer, text};

fn whole(dialect: Dialect) -> String {
    let steps = schema::diff(&[], &[schema::entity_table(&customer())]).unwrap();
    steps.iter().flat_map(|step| schema::ddl(step, dialect)).map(|statement| statement + ";\n").collect()
}

#[test]
fn the_ddl_of_an_entity_is_as_agreed_for_sqlite() {
    insta::assert_snapshot!(whole(Dialect::Sqlite));
}

#[test]
fn the_ddl_of_an_entity_is_as_agreed_for_postgres() {
    insta::assert_snapshot!(whole(Dialect::Postgres));
}

fn with(fields: Vec<meta::Field>) -> Vec<Module> {
    vec![module().extend("customer", fields)]
}

#[test]
fn a_new_field_becomes_a_column_and_old_records_stay() {
    on_both(|shop: Shop| async move {
        let id = shop.customer("a", []).await;
        let engine = reopen(&shop.database, &shop.folder, with(vec![text("nickname").zh("昵称").indexed()]))
            .await
            .unwrap();
        let fields = values([("nickname", "Al".into())]);
        engine
            .write(&shop.actor, move |tx| {
                Box::pin(async move { tx.update("customer", id, None, fields).await })
            })
            .await
            .unwrap();
        assert_eq!(engine.get(&shop.actor, "customer", id).await.unwrap().text("nickname"), "Al");
        // The old program still works on the new schema.
        let old = reopen(&shop.database, &shop.folder, vec![module()]).await.unwrap();
        assert_eq!(old.get(&shop.actor, "customer", id).await.unwrap().text("name"), "a");
    });
}

#[test]
fn a_figure_that_moves_to_another_table_keeps_its_values() {
    on_both(|shop: Shop| async move {
        let sale = |mood: fn(meta::Field) -> meta::Field| {
            let figure = |name: &str| integer(name).zh("数字").indexed();
            vec![module().extend("sale", vec![mood(figure("mood")), figure("calm").apart()])]
        };
        let engine = reopen(&shop.database, &shop.folder, sale(meta::Field::apart)).await.unwrap();
        let customer = shop.customer("a", []).await;
        let id = engine
            .write(&shop.actor, move |tx| {
                Box::pin(async move {
                    let id = tx.create("sale", values([("customer", customer.into())])).await?;
                    let figures = values([("mood", 7i64.into()), ("calm", 3i64.into())]);
                    tx.set_figures("sale", &[(id, figures)]).await?;
                    Ok(id)
                })
            })
            .await
            .unwrap();
        let engine = reopen(&shop.database, &shop.folder, sale(meta::Field::moving)).await.unwrap();
        let record = engine.get(&shop.actor, "sale", id).await.unwrap();
        assert_eq!((record.get("mood"), record.get("calm")), (&7i64.into(), &3i64.into()));
        let sorted = engine.list(&shop.actor, &engine::Query::new("sale").sort("-mood")).await.unwrap();
        assert_eq!(sorted.records.iter().map(|record| record.id).collect::<Vec<_>>(), [id]);
    });
}

#[test]
fn an_upgrade_that_cannot_be_completed_leaves_the_old_schema_working_and_says_so() {
    on_both(|shop: Shop| async move {
        for _ in 0..2 {
            shop.customer("twin", [("city", "青岛".into())]).await;
        }
        let twice = vec![text("extra").zh("附加"), text("city").zh("城市").unique()];
        let error = reopen(&shop.database, &shop.folder, with(twice)).await.err().unwrap().to_string();
        assert!(error.contains("Nothing was changed"), "{error}");
        let changed = vec![integer("city").zh("城市")];
        let error = reopen(&shop.database, &shop.folder, with(changed)).await.err().unwrap().to_string();
        assert!(error.contains("customer.city"), "{error}");
        let engine = reopen(&shop.database, &shop.folder, vec![module()]).await.unwrap();
        assert_eq!(engine.count(&shop.actor, &engine::Query::new("customer"), 10).await.unwrap().number, 2);
        // The half-made column is not there either: adding it now succeeds.
        reopen(&shop.database, &shop.folder, with(vec![text("extra").zh("附加")])).await.unwrap();
    });
}
