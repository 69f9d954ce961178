//! Records that turn out to be one: nothing points to the ones that are gone, the figures are those of all of them, old links
//! lead on, and it can be undone.

mod company;

use crate::{
    pages::create,
    privacy::{is_sound, modules, system},
};
use company::{account, company, order, places};
use engine::{Engine, Error, Merging, Query, Role};
use meta::{Id, Lang, Value, Values};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{TestApp, on_both};

/// Columns that may tell of a record that was merged: its own row, and what is history.
const HISTORY: [&str; 7] =
    ["change_log", "merged", "audit_act", "audit_seen", "audit_seal", "job", "idempotency"];

fn merging(entity: &str, winner: Id, losers: &[Id]) -> Merging {
    Merging {
        entity: entity.to_owned(),
        winner,
        losers: losers.to_vec(),
        version: None,
        values: Values::new(),
    }
}

async fn merge(engine: &Engine, merging: Merging) -> engine::Result<engine::Merged> {
    engine.write(&system(), move |tx| Box::pin(async move { tx.merge(merging).await })).await
}

async fn unmerge(engine: &Engine, entity: &'static str, merge: Id) -> engine::Result<(Id, usize)> {
    engine.write(&system(), move |tx| Box::pin(async move { tx.unmerge(entity, merge).await })).await
}

#[test]
fn nothing_points_to_what_was_merged_and_everything_comes_back() {
    on_both(modules, async |test: TestApp| {
        let engine = &test.engine;
        let mut chance = ChaCha8Rng::seed_from_u64(4);
        let all = company(engine, &mut chance).await;
        let user = test.user("Ann Share", "ann@example.com", engine::Role::User).await;
        for entity in ["account", "contact", "product"] {
            for (index, id) in all[entity].iter().copied().enumerate() {
                engine
                    .write(&system(), move |tx| {
                        Box::pin(async move {
                            let number = [(format!("{entity}-{index}"), id)];
                            tx.set_external_ids(entity, "erp", &number).await?;
                            tx.share(entity, id, engine::SharedWith::User(user), false, None).await
                        })
                    })
                    .await
                    .unwrap();
            }
        }
        for round in 0..6 {
            let entity = ["account", "contact", "product"][round % 3];
            let live: Vec<Id> = live(engine, entity).await.into_iter().collect();
            let mut chosen: Vec<Id> = vec![];
            while chosen.len() < 3 {
                let id = *live.choose(&mut chance).unwrap();
                if !chosen.contains(&id) {
                    chosen.push(id);
                }
            }
            let before = pictures(engine).await;
            let merged = match merge(engine, merging(entity, chosen[0], &chosen[1..])).await {
                Ok(merged) => merged,
                // Customers that belong to each other in a circle afterwards.
                Err(Error::Invalid(problems)) if problems[0].field == "parent_account" => continue,
                Err(error) => panic!("{entity}: {error:?}"),
            };
            for loser in &chosen[1..] {
                let left: Vec<String> = places(engine, *loser)
                    .await
                    .into_iter()
                    .filter(|place| {
                        let table = place.split('.').next().unwrap();
                        !HISTORY.contains(&table)
                            && *place != format!("{entity}.id")
                            && *place != format!("{entity}_figures.id")
                    })
                    .collect();
                assert_eq!(left, Vec::<String>::new(), "round {round}: {entity} {loser} is still named");
                assert_eq!(engine.merged_into(entity, *loser).await.unwrap(), Some(chosen[0]));
            }
            is_sound(engine).await;
            if chance.random_bool(0.5) {
                let (winner, stayed) = unmerge(engine, entity, merged.merge).await.unwrap();
                assert_eq!((winner, stayed), (chosen[0], 0));
                assert_eq!(pictures(engine).await, before, "round {round}: undone, everything is as before");
                is_sound(engine).await;
            }
        }
    });
}

async fn live(engine: &Engine, entity: &str) -> BTreeSet<Id> {
    let page = engine.list(&system(), &Query::new(entity).limit(1_000)).await.unwrap();
    page.records.iter().map(|record| record.id).collect()
}

/// What every record holds, without versions and moments.
async fn pictures(engine: &Engine) -> BTreeMap<(String, Id), (Values, bool)> {
    let mut found = BTreeMap::new();
    let entities: Vec<String> = engine.registry().entities().map(|entity| entity.name.clone()).collect();
    for entity in entities {
        for deleted in [false, true] {
            let query = Query::new(&entity).limit(1_000);
            let query = if deleted { query.deleted() } else { query };
            for record in engine.list(&system(), &query).await.unwrap().records {
                found.insert((entity.clone(), record.id), (record.values, deleted));
            }
        }
    }
    let numbers = engine.external_ids_of(&found.keys().map(|(_, id)| *id).collect::<Vec<_>>()).await.unwrap();
    for (id, numbers) in numbers {
        let values = Values::from([("numbers".to_owned(), Value::Json(json!(numbers)))]);
        found.insert(("external_id".to_owned(), id), (values, false));
    }
    found
}

#[test]
fn the_one_that_stays_has_the_values_orders_and_figures_of_all() {
    on_both(modules, async |test: TestApp| {
        let (engine, api) = (&test.engine, test.api().await);
        let product = create(engine, "product", &[("name", "Apple".into())]).await;
        let winner = account(engine, "Acme", &[("city", "Ulm".into())]).await;
        let loser =
            account(engine, "ACME Ltd.", &[("city", "Berlin".into()), ("phone", "13800008000".into())]).await;
        order(engine, winner, product, 100).await;
        let moved = order(engine, loser, product, 250).await;
        insight::live::follow(engine).await.unwrap();
        let found = api.get(&format!("/api/v1/account/{winner}/duplicates")).await.expect(200).json();
        assert_eq!(found["data"][0]["record"]["id"], json!(loser));
        assert_eq!(found["data"][0]["alike"], json!(["name"]));

        let body = json!({ "records": [loser], "values": { "city": "Berlin" }, "version": 1 });
        let merged =
            api.json("POST", &format!("/api/v1/account/{winner}/merge"), &body).await.expect(200).json();
        assert_eq!(
            (&merged["record"]["city"], &merged["record"]["phone"]),
            (&json!("Berlin"), &json!("+8613800008000"))
        );
        assert_eq!(merged["moved"], json!(1));
        assert_eq!(
            api.get(&format!("/api/v1/order/{moved}")).await.expect(200).json()["account"],
            json!(winner)
        );
        let old = api.get(&format!("/api/v1/account/{loser}")).await;
        assert_eq!((old.status, old.header("location")), (307, format!("/api/v1/account/{winner}").as_str()));
        let described = api.get("/api/openapi.json").await.expect(200).json();
        let answers = &described["paths"]["/api/v1/account/{id}"]["get"]["responses"];
        assert!(answers["307"]["headers"]["Location"].is_object(), "{answers}");
        insight::live::follow(engine).await.unwrap();
        let record = engine.get(&system(), "account", winner).await.unwrap();
        assert_eq!(record.get("orders").as_int(), Some(2), "{record:?}");
        assert_eq!(record.get("net_sales").as_decimal(), Some(350.into()));
        let search = api.get("/api/v1/search?q=13800008000").await.expect(200).json();
        assert_eq!(search["data"].as_array().unwrap().len(), 1, "{search}");

        let body = json!({ "merge": merged["merge"] });
        api.json("POST", &format!("/api/v1/account/{winner}/unmerge"), &body).await.expect(200);
        insight::live::follow(engine).await.unwrap();
        let (winner, loser) = (
            engine.get(&system(), "account", winner).await.unwrap(),
            engine.get(&system(), "account", loser).await.unwrap(),
        );
        assert_eq!((winner.text("city"), winner.get("phone")), ("Ulm", &Value::Null));
        assert_eq!((winner.get("orders").as_int(), loser.get("orders").as_int()), (Some(1), Some(1)));
    });
}

#[test]
fn a_merge_that_cannot_be_says_why() {
    on_both(modules, async |test: TestApp| {
        let (engine, api) = (&test.engine, test.api().await);
        let [one, two] = [account(engine, "One", &[]).await, account(engine, "Two", &[]).await];
        let refused = async |entity: &str, id: Id, body: Json| {
            let answer = api.json("POST", &format!("/api/v1/{entity}/{id}/merge"), &body).await;
            (answer.status, answer.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned())
        };
        let stranger = engine.clock().new_id();
        for (body, status, field) in [
            (json!({}), 422, "records"),
            (json!({ "records": [] }), 422, "records"),
            (json!({ "records": [one] }), 422, "records"),
            (json!({ "records": ["x"] }), 422, "records"),
            (json!({ "records": [stranger] }), 404, ""),
            (json!({ "records": [two], "version": 7 }), 409, ""),
            (json!({ "records": [two], "values": { "colour": 1 } }), 422, "values.colour"),
            (json!({ "records": [two], "values": { "net_sales": "1" } }), 422, "net_sales"),
            (json!({ "records": [two], "values": { "name": null } }), 422, "name"),
            (json!({ "records": [two], "more": 1 }), 422, "more"),
        ] {
            assert_eq!(refused("account", one, body.clone()).await, (status, field.to_owned()), "{body}");
        }
        // The description lists the fields it takes, and no others.
        let described = api.get("/api/openapi.json").await.expect(200).json();
        let body = &described["paths"]["/api/v1/account/{id}/merge"]["post"]["requestBody"];
        let values = &body["content"]["application/json"]["schema"]["properties"]["values"];
        let listed: BTreeSet<&str> =
            values["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let entity = engine.entity("account").unwrap();
        let taken = entity.fields.values().filter(|field| !field.computed);
        assert_eq!(listed, taken.map(|field| field.name.as_str()).collect());
        assert_eq!(values["additionalProperties"], json!(false));

        let order = create(engine, "order", &[("account", one.into())]).await;
        assert_eq!(refused("order", order, json!({ "records": [order] })).await, (422, "entity".to_owned()));

        let merged = merge(engine, merging("account", one, &[two])).await.unwrap();
        let restored = api.json("POST", &format!("/api/v1/account/{two}/restore"), &json!({})).await;
        assert_eq!(restored.status, 422, "what was merged comes back by undoing that");
        engine
            .write(&system(), move |tx| Box::pin(async move { tx.delete("account", one, None).await }))
            .await
            .unwrap();
        assert!(matches!(unmerge(engine, "account", merged.merge).await, Err(Error::NotFound(_))));
    });
}

#[test]
fn what_was_changed_since_stays_when_a_merge_is_undone() {
    on_both(modules, async |test: TestApp| {
        let engine = &test.engine;
        let [one, two, three] = [
            account(engine, "One", &[]).await,
            account(engine, "Two", &[("city", "Ulm".into())]).await,
            account(engine, "Three", &[]).await,
        ];
        let contact = |name: &'static str, account: Id| async move {
            create(engine, "contact", &[("name", name.into()), ("account", account.into())]).await
        };
        let (kept, moved) = (contact("Kept", two).await, contact("Moved", two).await);
        let merged = merge(engine, merging("account", one, &[two])).await.unwrap();
        engine
            .write(&system(), move |tx| {
                Box::pin(async move {
                    tx.update("contact", moved, None, Values::from([("account".to_owned(), three.into())]))
                        .await?;
                    tx.update("account", one, None, Values::from([("city".to_owned(), "Bonn".into())])).await
                })
            })
            .await
            .unwrap();
        assert_eq!(unmerge(engine, "account", merged.merge).await.unwrap(), (one, 1));
        let of = async |id| engine.get(&system(), "contact", id).await.unwrap().reference("account");
        assert_eq!((of(kept).await, of(moved).await), (Some(two), Some(three)));
        assert_eq!(engine.get(&system(), "account", one).await.unwrap().text("city"), "Bonn");
    });
}

#[test]
fn duplicates_are_found_at_night_and_dismissed_for_good() {
    on_both(modules, async |test: TestApp| {
        let engine = &test.engine;
        for (name, phone, email) in [
            ("Qingdao Fruit Co., Ltd.", "0532 1234567", ""),
            ("QINGDAO FRUIT", "", "info@fruit.example"),
            ("Somebody", "", "Info@Fruit.example"),
            ("Lonely", "", ""),
        ] {
            account(engine, name, &[("phone", phone.into()), ("email", email.into())]).await;
        }
        // A switchboard is no sign of anything.
        for number in 0..20 {
            account(engine, &format!("Shop {number} of many"), &[("phone", "010 88888888".into())]).await;
        }
        let look = async || {
            engine.write(&system(), |tx| Box::pin(async move { tx.find_duplicates().await })).await.unwrap();
            engine.run_due_jobs().await.unwrap();
            let pairs = engine.duplicates(&system(), "account", 100).await.unwrap();
            let names = pairs.iter().map(|pair| {
                let mut names = [pair.one.text("name").to_owned(), pair.other.text("name").to_owned()];
                names.sort();
                names.join(" = ")
            });
            (names.collect::<BTreeSet<_>>(), pairs)
        };
        let (names, pairs) = look().await;
        let expected = ["QINGDAO FRUIT = Qingdao Fruit Co., Ltd.", "QINGDAO FRUIT = Somebody"];
        assert_eq!(names, expected.map(str::to_owned).into());
        let (one, other) = (pairs[0].one.id, pairs[0].other.id);
        engine
            .write(&system(), move |tx| {
                Box::pin(async move { tx.dismiss_duplicate("account", other, one).await })
            })
            .await
            .unwrap();
        assert_eq!(look().await.0.len(), 1, "a pair that was dismissed does not come again");
    });
}

#[test]
fn an_erasure_reaches_what_was_merged_into_the_person() {
    on_both(modules, async |test: TestApp| {
        let engine = &test.engine;
        let person = |name: &'static str| [("kind", Value::from("person")), ("street", name.into())];
        let one = account(engine, "Wang Fang", &person("Quince Street 1")).await;
        let two = account(engine, "Fang Wang", &person("Persimmon Road 2")).await;
        let merged = merge(engine, merging("account", one, &[two])).await.unwrap();
        engine.erase(&system(), "account", one, "letter").await.unwrap();
        let erased = engine.get_many(&system(), "account", &[two]).await.unwrap();
        assert!(!erased[0].text("name").contains("Wang") && erased[0].get("street").is_null(), "{erased:?}");
        let refused = unmerge(engine, "account", merged.merge).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    });
}

#[test]
fn only_who_may_merge_each_of_the_records_merges_them() {
    on_both(modules, async |test: TestApp| {
        let engine = &test.engine;
        let rep = test.user("Rep", "rep@example.com", Role::User).await;
        let other = test.user("Other", "other@example.com", Role::User).await;
        let role = create(engine, "role", &[("name", "rep".into())]).await;
        create(engine, "user_role", &[("user", rep.into()), ("role", role.into())]).await;
        let right = [("role", role.into()), ("entity", "account".into()), ("read", "all".into())];
        let right = create(engine, "role_right", &[&right[..], &[("update", "all".into())]].concat()).await;
        let mut of = vec![];
        let head = create(engine, "team", &[("name", "Head office".into())]).await;
        let branch = [("name", "Branch".into()), ("parent_team", head.into())];
        let branch = create(engine, "team", &branch).await;
        let mate = test.user("Mate", "mate@example.com", Role::User).await;
        for (user, team) in [(rep, head), (mate, head), (other, branch)] {
            let team = Values::from([("team".to_owned(), Value::Id(team))]);
            let system = system();
            let write = engine
                .write(&system, move |tx| Box::pin(async move { tx.update("user", user, None, team).await }));
            write.await.unwrap();
        }
        let owners = [rep, rep, other, other, mate, mate, other];
        for (name, owner) in ["One", "Two", "Three", "Four", "Five", "Six", "Seven"].into_iter().zip(owners) {
            of.push(create(engine, "account", &[("name", name.into()), ("owner", owner.into())]).await);
        }
        let tried = async |winner: usize, loser: usize| {
            let actor = engine.actor(rep, Lang::En).await.unwrap();
            let merging = merging("account", of[winner], &[of[loser]]);
            engine.write(&actor, move |tx| Box::pin(async move { tx.merge(merging).await })).await
        };
        let may = async |level: &'static str| {
            let level = Values::from([("merge".to_owned(), level.into())]);
            let system = system();
            let write = engine.write(&system, move |tx| {
                Box::pin(async move { tx.update("role_right", right, None, level).await })
            });
            write.await.unwrap();
        };
        assert!(matches!(tried(0, 1).await, Err(Error::Forbidden(_))), "no right to merge at all");
        may("own").await;
        assert!(tried(0, 2).await.is_err(), "another's record is not his to merge away");
        assert!(tried(2, 0).await.is_err(), "nor to merge into");
        assert!(tried(2, 3).await.is_err());
        assert!(tried(0, 4).await.is_err(), "nor a colleague's");
        tried(0, 1).await.unwrap();
        may("team").await;
        assert!(tried(0, 6).await.is_err(), "the branch is below his team");
        tried(0, 4).await.unwrap();
        may("team_and_below").await;
        tried(5, 6).await.unwrap();
        may("all").await;
        tried(2, 3).await.unwrap();
        tried(0, 2).await.unwrap();
    });
}
