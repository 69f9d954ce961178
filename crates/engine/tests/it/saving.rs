//! Create, update, delete, restore; validation; the log.

use crate::shop::{Shop, money_of, on_both, values};
use engine::{
    Actor, Error, LogKind, Rights, Role, TryStreamExt, name,
    sea_query::{Order, Query as Sql},
};
use meta::{Lang, Problem, Value};

fn field_of(error: &Error) -> String {
    match error {
        Error::Invalid(problems) => problems[0].field.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_comes_back_as_it_was_saved() {
    on_both(|shop: Shop| async move {
        let id = shop
            .customer(
                "华为技术",
                [
                    ("email", "Info@Huawei.com".into()),
                    ("phone", "138 0000 8000".into()),
                    ("staff", 200_000i64.into()),
                    ("score", money_of("9.75")),
                    ("vip", true.into()),
                    ("since_on", Value::Date("1987-09-15".parse().unwrap())),
                ],
            )
            .await;
        let record = shop.engine.get(&shop.actor, "customer", id).await.unwrap();
        assert_eq!(record.text("name"), "华为技术");
        assert_eq!(record.text("email"), "info@huawei.com");
        assert_eq!(record.text("phone"), "+8613800008000");
        assert_eq!(record.text("kind"), "company");
        assert_eq!(record.get("score"), &money_of("9.75"));
        assert_eq!(record.get("vip"), &Value::Bool(true));
        assert_eq!(record.get("city"), &Value::Null);
        assert_eq!(record.version, 1);
    });
}

#[test]
fn bad_values_are_refused_by_field_and_nothing_is_kept() {
    on_both(|shop: Shop| async move {
        for (fields, wrong) in [
            (values([("city", "x".into())]), "name"),
            (values([("name", "forbidden".into())]), "name"),
            (values([("name", "a".into()), ("email", "nonsense".into())]), "email"),
            (values([("name", "a".into()), ("score", money_of("1.234"))]), "score"),
            (values([("name", "a".into()), ("kind", "alien".into())]), "kind"),
            (values([("name", "a".into()), ("colour", "red".into())]), "colour"),
            (values([("name", "a".into()), ("parent", shop.engine.clock().new_id().into())]), "parent"),
        ] {
            let error = shop.create("customer", fields).await.unwrap_err();
            assert_eq!(field_of(&error), wrong);
            assert!(!error.message(Lang::Zh).is_empty());
        }
        assert!(shop.names(engine::Query::new("customer")).await.unwrap().is_empty());
    });
}

#[test]
fn a_value_that_must_be_unique_is_named_when_taken() {
    on_both(|shop: Shop| async move {
        let first = shop.customer("a", [("email", "x@example.com".into())]).await;
        let again = values([("name", "b".into()), ("email", "x@example.com".into())]);
        let error = shop.create("customer", again.clone()).await.unwrap_err();
        assert_eq!(field_of(&error), "email");
        shop.engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.delete("customer", first, None).await }))
            .await
            .unwrap();
        shop.create("customer", again).await.unwrap();
    });
}

#[test]
fn an_update_of_an_older_version_is_a_conflict() {
    on_both(|shop: Shop| async move {
        let id = shop.customer("a", []).await;
        assert_eq!(shop.update("customer", id, Some(1), values([("city", "青岛".into())])).await.unwrap(), 2);
        let error =
            shop.update("customer", id, Some(1), values([("city", "烟台".into())])).await.unwrap_err();
        assert!(matches!(error, Error::Conflict { current: 2 }), "{error:?}");
        // Saving what is already there changes nothing.
        assert_eq!(shop.update("customer", id, Some(2), values([("city", "青岛".into())])).await.unwrap(), 2);
        let log = shop.engine.history(&shop.actor, "customer", id, 10).await.unwrap();
        assert_eq!(
            log.iter().map(|entry| entry.kind).collect::<Vec<_>>(),
            [LogKind::Update, LogKind::Create]
        );
        assert_eq!(log[0].changes, serde_json::json!({"city": [null, "青岛"]}));
    });
}

#[test]
fn computed_fields_are_not_accepted_from_users() {
    on_both(|shop: Shop| async move {
        let user = Actor::user(shop.engine.clock().new_id(), Role::User, Lang::En).with(Rights::unlimited());
        let fields = values([("name", "a".into()), ("worth", money_of("5"))]);
        let error = shop
            .engine
            .write(&user, move |tx| Box::pin(async move { tx.create("customer", fields).await }))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::Invalid(problems) if problems[0].problem == Problem::ReadOnly),
            "{error:?}"
        );
        let team = values([("name", "North".into())]);
        let error = shop
            .engine
            .write(&user, move |tx| Box::pin(async move { tx.create("team", team).await }))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Forbidden(_)));
    });
}

#[test]
fn lines_follow_their_parent_and_rules_keep_its_total() {
    on_both(|shop: Shop| async move {
        let (sale, line) = shop
            .engine
            .write(&shop.actor, |tx| {
                Box::pin(async move {
                    let sale = tx.create("sale", values([])).await?;
                    let mut lines = vec![];
                    for (quantity, price) in [("2", "10.5"), ("0.5", "3")] {
                        lines.push(values([
                            ("sale", sale.into()),
                            ("item", "tea".into()),
                            ("quantity", money_of(quantity)),
                            ("price", money_of(price)),
                        ]));
                    }
                    Ok((sale, tx.create_many("sale_line", lines).await?[0]))
                })
            })
            .await
            .unwrap();
        let record = shop.engine.get(&shop.actor, "sale", sale).await.unwrap();
        assert_eq!(record.get("total"), &money_of("22.5"));
        assert_eq!(record.text("number"), "S-000001");
        assert_eq!(record.text("currency"), "CNY");
        for (entity, id) in [("sale_line", line), ("sale", sale)] {
            shop.engine
                .write(&shop.actor, move |tx| Box::pin(async move { tx.delete(entity, id, None).await }))
                .await
                .unwrap();
            shop.engine.clock().set("2026-11-21T11:00:00Z".parse().unwrap());
        }
        assert!(matches!(shop.engine.get(&shop.actor, "sale", sale).await, Err(Error::NotFound(_))));
        shop.engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.restore("sale", sale).await }))
            .await
            .unwrap();
        let lines = shop.engine.list(&shop.actor, &engine::Query::new("sale_line")).await.unwrap().records;
        assert_eq!(lines.len(), 1, "only the line deleted with its parent came back");
        let record = shop.engine.get(&shop.actor, "sale", sale).await.unwrap();
        assert_eq!(record.get("total"), &money_of("1.5"));
    });
}

#[test]
fn a_failed_transaction_leaves_nothing_and_its_neighbours_untouched() {
    on_both(|shop: Shop| async move {
        let writes = (0..40).map(|number| {
            let engine = shop.engine.clone();
            let actor = shop.actor.clone();
            async move {
                engine
                    .write(&actor, move |tx| {
                        Box::pin(async move {
                            tx.create("customer", values([("name", format!("c{number:02}").into())])).await?;
                            if number % 2 == 1 {
                                return Err(Error::rule("name", "odd", "奇数"));
                            }
                            assert_ne!(number, 20, "a panic rolls back too");
                            Ok(())
                        })
                    })
                    .await
            }
        });
        let results = futures::future::join_all(writes).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 19);
        let names = shop.names(engine::Query::new("customer").sort("name").limit(100)).await.unwrap();
        assert_eq!(names.len(), 19);
        assert!(!names.contains(&"c20".to_owned()));
    });
}

#[test]
fn bulk_writes_log_compactly_and_can_be_read_back() {
    on_both(|shop: Shop| async move {
        let records: Vec<_> = (0..2_500).map(|n| values([("name", format!("n{n}").into())])).collect();
        let ids = shop
            .engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.create_many("customer", records).await }))
            .await
            .unwrap();
        // PostgreSQL holds entries back while any transaction of the server, also another test's, is older.
        let mut changes = vec![];
        for _ in 0..600 {
            changes = shop.engine.changes(0, 100).await.unwrap();
            if !changes.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(changes.len(), 3, "a thousand ids an entry");
        let logged: Vec<_> = changes.iter().flat_map(|entry| entry.ids.clone()).collect();
        assert_eq!(logged, ids);
    });
}

#[test]
fn a_stream_gives_the_rows_of_the_moment_it_began() {
    on_both(|shop: Shop| async move {
        let records: Vec<_> = (0..300).map(|n| values([("name", format!("n{n:03}").into())])).collect();
        shop.engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.create_many("customer", records).await }))
            .await
            .unwrap();
        let select = Sql::select()
            .column(name("name"))
            .from(name("customer"))
            .order_by(name("name"), Order::Asc)
            .to_owned();
        let mut rows = shop.engine.stream(&select);
        let mut names = vec![rows.try_next().await.unwrap().unwrap().text(0).unwrap()];
        shop.customer("n299 too late", []).await;
        while let Some(row) = rows.try_next().await.unwrap() {
            names.push(row.text(0).unwrap());
        }
        assert_eq!(names, (0..300).map(|n| format!("n{n:03}")).collect::<Vec<_>>());
    });
}

#[test]
fn figures_are_written_without_a_new_version_or_a_log_entry() {
    on_both(|shop: Shop| async move {
        let (a, b) = (shop.customer("a", []).await, shop.customer("b", []).await);
        let before = shop.engine.last_change().await.unwrap();
        shop.engine
            .write(&shop.actor, move |tx| {
                Box::pin(async move {
                    let figures =
                        [(a, values([("worth", money_of("12.34"))])), (b, values([("worth", Value::Null)]))];
                    tx.set_figures("customer", &figures).await
                })
            })
            .await
            .unwrap();
        let record = shop.engine.get(&shop.actor, "customer", a).await.unwrap();
        assert_eq!((record.get("worth"), record.version), (&money_of("12.34"), 1));
        assert_eq!(shop.engine.last_change().await.unwrap(), before);
    });
}

#[test]
fn external_numbers_find_their_record_and_are_unique_per_source() {
    on_both(|shop: Shop| async move {
        let (a, b) = (shop.customer("a", []).await, shop.customer("b", []).await);
        let set = |id, number: &str| {
            let number = number.to_owned();
            let engine = shop.engine.clone();
            async move {
                engine
                    .write(&Actor::system(), move |tx| {
                        Box::pin(async move { tx.set_external_ids("customer", "erp", &[(number, id)]).await })
                    })
                    .await
            }
        };
        set(a, "17850").await.unwrap();
        assert_eq!(field_of(&set(b, "17850").await.unwrap_err()), "external_id");
        assert_eq!(shop.engine.by_external_id("customer", "erp", "17850").await.unwrap(), Some(a));
        let hits = shop.engine.search(&shop.actor, "1785", None, 10).await.unwrap();
        assert_eq!(hits[0].id, a);
    });
}

#[test]
fn a_personal_record_is_seen_by_its_owner_alone_until_it_is_shared() {
    on_both(|shop: Shop| async move {
        let user = |name: &str| {
            let fields = values([("name", name.into()), ("email", format!("{name}@example.com").into())]);
            shop.create("user", fields)
        };
        let (ann, bob) = (user("ann").await.unwrap(), user("bob").await.unwrap());
        let [ann, bob] = [ann, bob].map(|id| Actor::user(id, Role::User, Lang::En).with(Rights::unlimited()));
        let fields = values([("name", "mine".into()), ("entity", "customer".into())]);
        let view = shop
            .engine
            .write(&ann, move |tx| Box::pin(async move { tx.create("saved_view", fields).await }))
            .await
            .unwrap();
        let seen = |actor: Actor| {
            let engine = shop.engine.clone();
            async move {
                let listed =
                    engine.list(&actor, &engine::Query::new("saved_view")).await.unwrap().records.len();
                let got = engine.get(&actor, "saved_view", view).await.is_ok();
                let titled = engine.titles(&actor, &[("saved_view", view)]).await.unwrap().len();
                (listed, got, titled)
            }
        };
        assert_eq!(seen(ann.clone()).await, (1, true, 1));
        assert_eq!(seen(bob.clone()).await, (0, false, 0));
        let refused = shop.engine.write(&bob, move |tx| share(tx, view)).await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        shop.engine.write(&ann, move |tx| share(tx, view)).await.unwrap();
        assert_eq!(seen(bob).await, (1, true, 1));
    });
}

fn share(tx: &mut engine::Tx, view: meta::Id) -> engine::BoxFuture<'_, engine::Result<i64>> {
    Box::pin(async move { tx.update("saved_view", view, None, values([("shared", true.into())])).await })
}

#[test]
fn a_caller_that_goes_away_leaves_no_half_transaction_behind() {
    on_both(|shop: Shop| async move {
        for number in 0..30 {
            let name = format!("gone{number}");
            let work = shop.engine.write(&shop.actor, move |tx| {
                Box::pin(async move {
                    tx.create("customer", values([("name", name.as_str().into())])).await?;
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    tx.create("customer", values([("name", format!("{name} too").into())])).await
                })
            });
            let _ = tokio::time::timeout(std::time::Duration::from_millis(2), work).await;
        }
        // What comes after runs on the same connections and must not find itself in somebody's transaction.
        let refused = shop
            .engine
            .write(&shop.actor, |tx| {
                Box::pin(async move {
                    tx.create("customer", values([("name", "never".into())])).await?;
                    Err::<(), _>(Error::rule("name", "no", "否"))
                })
            })
            .await;
        assert!(refused.is_err());
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let names = shop.names(engine::Query::new("customer").limit(100)).await.unwrap();
        assert!(!names.contains(&"never".to_owned()));
        let firsts = names.iter().filter(|name| !name.ends_with("too")).count();
        assert_eq!(firsts * 2, names.len(), "both records of a transaction, or neither");
        assert!(firsts > 0);
    });
}
