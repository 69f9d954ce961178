//! Everybody's figures written at once: by new tables, or by the rows that differ.

use crate::{
    deep::verdict,
    shop::{Shop, money_of, on_both, values},
};
use engine::{BoxFuture, Dialect, Query, Reading, Result, Tx};
use meta::{Id, Values};

const CUSTOMERS: i64 = 300;

fn wanted(_: &mut Tx, _: i64) -> BoxFuture<'_, Result<bool>> {
    Box::pin(async { Ok(true) })
}

/// Wanted for so many steps: both new tables are there by then.
const STEPS: i64 = 2;

fn wanted_at_first(tx: &mut Tx, _: i64) -> BoxFuture<'_, Result<bool>> {
    Box::pin(async move {
        let asked = tx.position("asked").await? + 1;
        tx.set_position("asked", asked).await?;
        Ok(asked <= STEPS)
    })
}

const FOLLOWER: &str = "follower";

async fn read_now(shop: &Shop) -> Reading {
    Reading { since: shop.engine.last_change().await.unwrap(), follower: FOLLOWER }
}

async fn customers(shop: &Shop) -> Vec<Id> {
    let all: Vec<Values> =
        (0..CUSTOMERS).map(|number| values([("name", format!("c{number:03}").into())])).collect();
    let write = shop
        .engine
        .write(&shop.actor, move |tx| Box::pin(async move { tx.create_many("customer", all).await }));
    let mut ids = write.await.unwrap();
    ids.sort_unstable();
    ids
}

fn figures(worth: i64, grade: &str, trend: i64) -> Values {
    values([("worth", money_of(&worth.to_string())), ("grade", grade.into()), ("trend", trend.into())])
}

async fn stored(shop: &Shop, sort: &str) -> Vec<(Id, Values)> {
    let page = shop.engine.list(&shop.actor, &Query::new("customer").sort(sort).limit(1_000)).await.unwrap();
    let figures = |record: &meta::Record| {
        ["worth", "grade", "trend"].map(|field| (field.to_owned(), record.get(field).clone())).into()
    };
    page.records.iter().map(|record| (record.id, figures(record))).collect()
}

/// The replacement that made each table of figures, as SQLite's names of indexes tell.
async fn made_by(shop: &Shop, index: &str) -> Option<String> {
    let sql = format!("SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE '{index}%'");
    let rows = shop.engine.fetch_text(&sql).await.unwrap();
    assert_eq!(rows.len(), 1, "{index}");
    rows[0].text(0).unwrap().strip_prefix(index)?.strip_prefix("__").map(str::to_owned)
}

#[test]
fn a_table_is_made_anew_where_many_rows_differ_and_keeps_its_place_where_few_do() {
    on_both(|shop: Shop| async move {
        let ids = customers(&shop).await;
        let first = |at: usize| figures(at as i64, "a", 100 - at as i64);
        let reading = read_now(&shop).await;
        assert!(shop.engine.replace_figures("customer", &ids, first, reading, wanted, 1).await.unwrap());
        let second = |at: usize| match at % 50 {
            7 => figures(at as i64 + 1_000, "b", at as i64),
            9 => figures(at as i64, "b", at as i64),
            _ => figures(at as i64, "a", at as i64),
        };
        for (token, wanted_figures) in [(2, &second as &(dyn Fn(usize) -> Values + Sync)), (3, &second)] {
            let reading = read_now(&shop).await;
            assert!(
                shop.engine
                    .replace_figures("customer", &ids, wanted_figures, reading, wanted, token)
                    .await
                    .unwrap()
            );
            let expected: Vec<(Id, Values)> =
                ids.iter().enumerate().map(|(at, id)| (*id, wanted_figures(at))).collect();
            let mut by_id = stored(&shop, "id").await;
            assert_eq!(by_id, expected);
            // The indexes know it, too.
            by_id.sort_by_key(|(id, figures)| (figures["worth"].as_decimal(), *id));
            assert_eq!(stored(&shop, "worth").await, by_id);
            by_id.sort_by_key(|(id, figures)| (figures["trend"].as_int(), *id));
            assert_eq!(stored(&shop, "trend").await, by_id);
        }
        if shop.engine.dialect() == Dialect::Sqlite {
            assert_eq!(made_by(&shop, "i_customer_figures__worth__id").await.as_deref(), Some("1"));
            assert_eq!(made_by(&shop, "i_customer_moving_figures__trend__id").await.as_deref(), Some("2"));
        } else {
            // Lists are planned by what the new tables hold, at once.
            let known = "SELECT DISTINCT CAST(tablename AS text) FROM pg_stats WHERE schemaname = current_schema() \
                         AND tablename IN ('customer_figures', 'customer_moving_figures') ORDER BY 1";
            let known = shop.engine.fetch_text(known).await.unwrap();
            let known: Vec<String> = known.iter().map(|row| row.text(0).unwrap()).collect();
            assert_eq!(known, ["customer_figures", "customer_moving_figures"]);
        }
        assert_eq!(shop.engine.position(&engine::figures_reader("customer")).await.unwrap(), 3);
    });
}

#[test]
fn who_came_meanwhile_keeps_his_figures_and_who_went_has_none() {
    on_both(|shop: Shop| async move {
        let ids = customers(&shop).await;
        let reading = read_now(&shop).await;
        let (came, went) = (shop.customer("came", []).await, ids[3]);
        let figures_of_came = figures(5, "b", 6);
        let kept = figures_of_came.clone();
        shop.engine
            .write(&shop.actor, move |tx| {
                Box::pin(async move {
                    tx.set_figures("customer", &[(came, kept)]).await?;
                    tx.delete("customer", went, None).await
                })
            })
            .await
            .unwrap();
        for token in [1, 2] {
            let all = |at: usize| figures(at as i64, "a", 10 * token + at as i64);
            assert!(
                shop.engine.replace_figures("customer", &ids, all, reading, wanted, token).await.unwrap()
            );
            let mut expected: Vec<(Id, Values)> =
                ids.iter().enumerate().map(|(at, id)| (*id, all(at))).collect();
            expected.retain(|(id, _)| *id != went);
            expected.push((came, figures_of_came.clone()));
            expected.sort_unstable_by_key(|(id, _)| *id);
            assert_eq!(stored(&shop, "id").await, expected);
        }
        assert_eq!(verdict(&shop, "figure rows").await.wrong, 0);
    });
}

#[test]
fn one_that_is_overtaken_leaves_the_figures_and_no_table() {
    on_both(|shop: Shop| async move {
        let ids = customers(&shop).await;
        let all = |at: usize| figures(at as i64, "a", at as i64);
        let before = stored(&shop, "id").await;
        let reading = read_now(&shop).await;
        let done = shop.engine.replace_figures("customer", &ids, all, reading, wanted_at_first, 1).await;
        assert!(!done.unwrap());
        assert_eq!(shop.engine.position("asked").await.unwrap(), STEPS + 1);
        assert_eq!(stored(&shop, "id").await, before);
        for table in ["customer_figures", "customer_moving_figures"] {
            let next = shop.engine.fetch_text(&format!("SELECT COUNT(*) FROM {table}__1")).await;
            assert!(next.is_err(), "{table}");
        }
    });
}

/// Where the follower stands, and how often it was set back.
async fn follower(shop: &Shop) -> (i64, i64) {
    let position = async |reader: &str| shop.engine.position(reader).await.unwrap();
    (position(FOLLOWER).await, position(&engine::overwritten(FOLLOWER)).await)
}

async fn follow_to(shop: &Shop, entry: i64) {
    let moved = shop
        .engine
        .write(&shop.actor, move |tx| Box::pin(async move { tx.set_position(FOLLOWER, entry).await }));
    moved.await.unwrap();
}

#[test]
fn the_follower_goes_back_with_the_first_figure_that_rests_on_an_older_reading() {
    on_both(|shop: Shop| async move {
        let ids = customers(&shop).await;
        let reading = read_now(&shop).await;
        let all = |at: usize| figures(at as i64, "a", at as i64);
        // The figures rest on all there is, whether the follower had come so far or not.
        for behind in [1, 0] {
            follow_to(&shop, reading.since - behind).await;
            assert!(
                shop.engine
                    .replace_figures("customer", &ids, all, reading, wanted, 2 - behind)
                    .await
                    .unwrap()
            );
            assert_eq!(follower(&shop).await.0, reading.since);
        }
        let (_, times) = follower(&shop).await;

        // New tables that never take their place overwrite nothing.
        follow_to(&shop, reading.since + 5).await;
        let other = |at: usize| figures(at as i64, "b", 1 + at as i64);
        let stopped = shop.engine.replace_figures("customer", &ids, other, reading, wanted_at_first, 3);
        assert!(!stopped.await.unwrap());
        assert_eq!(follower(&shop).await, (reading.since + 5, times));

        // Rows that are changed where they stand do, also of a replacement that never ends.
        let reset = shop
            .engine
            .write(&shop.actor, |tx| Box::pin(async move { tx.set_position("asked", STEPS - 1).await }));
        reset.await.unwrap();
        let few = |at: usize| figures(at as i64, if at == 4 { "b" } else { "a" }, at as i64);
        let stopped = shop.engine.replace_figures("customer", &ids, few, reading, wanted_at_first, 4);
        assert!(!stopped.await.unwrap());
        assert_eq!(stored(&shop, "id").await[4].1, few(4));
        assert_eq!(follower(&shop).await, (reading.since, times + 1));
    });
}

async fn write_grades(tx: &mut Tx, figures: &Values) -> Result<()> {
    let all = tx.list(&Query::new("customer").limit(1_000)).await?;
    let given: Vec<(Id, Values)> = all.records.iter().map(|record| (record.id, figures.clone())).collect();
    tx.set_figures("customer", &given).await
}

/// In one step of the replacement.
fn while_grades_are_written(tx: &mut Tx, step: i64) -> BoxFuture<'_, Result<bool>> {
    Box::pin(async move {
        let asked = tx.position("asked").await? + 1;
        tx.set_position("asked", asked).await?;
        if asked == step {
            write_grades(tx, &values([("grade", "late".into()), ("trend", 7.into())])).await?;
        }
        Ok(true)
    })
}

#[test]
fn figures_that_are_not_replaced_stay_as_they_are_written_meanwhile() {
    on_both(|shop: Shop| async move {
        let ids = customers(&shop).await;
        // A new table, its rows, its two indexes, on PostgreSQL what is known of them, its place.
        let steps = if shop.engine.dialect() == Dialect::Sqlite { 5 } else { 6 };
        for step in 1..=steps {
            let reset = shop.engine.write(&shop.actor, |tx| {
                Box::pin(async move {
                    write_grades(tx, &figures(0, "early", 1)).await?;
                    tx.set_position("asked", 0).await
                })
            });
            reset.await.unwrap();
            let worth = |at: usize| values([("worth", money_of(&at.to_string()))]);
            let reading = read_now(&shop).await;
            let done =
                shop.engine.replace_figures("customer", &ids, worth, reading, while_grades_are_written, step);
            assert!(done.await.unwrap());
            assert_eq!(shop.engine.position("asked").await.unwrap(), steps);
            let expected: Vec<(Id, Values)> =
                ids.iter().enumerate().map(|(at, id)| (*id, figures(at as i64, "late", 7))).collect();
            assert_eq!(stored(&shop, "id").await, expected, "written in step {step}");
        }
    });
}

#[test]
fn figures_are_written_by_others_while_replacements_go_on() {
    on_both(|shop: Shop| async move {
        const WRITTEN: usize = 40;
        let ids = customers(&shop).await;
        let (engine, actor, all) = (shop.engine.clone(), shop.actor.clone(), ids.clone());
        let writing = tokio::spawn(async move {
            for round in 0..WRITTEN {
                for part in all.chunks(60) {
                    let given: Vec<(Id, Values)> = part
                        .iter()
                        .map(|id| (*id, values([("grade", format!("g{round}").into())])))
                        .collect();
                    let write = engine.write(&actor, move |tx| {
                        Box::pin(async move { tx.set_figures("customer", &given).await })
                    });
                    write.await.unwrap();
                }
            }
        });
        let mut token = 0;
        while !writing.is_finished() {
            token += 1;
            let worth = |at: usize| values([("worth", money_of(&(at as i64 + token).to_string()))]);
            let reading = read_now(&shop).await;
            assert!(
                shop.engine.replace_figures("customer", &ids, worth, reading, wanted, token).await.unwrap()
            );
        }
        writing.await.unwrap();
        assert!(token > 1);
        let last = format!("g{}", WRITTEN - 1);
        for (at, (id, figures)) in stored(&shop, "id").await.iter().enumerate() {
            assert_eq!((*id, figures["grade"].as_text()), (ids[at], Some(last.as_str())));
        }
    });
}
