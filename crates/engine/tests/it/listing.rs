//! Sort, pages by key, counts, timeline.

use crate::shop::{Shop, money_of, on_both, values};
use chrono::TimeDelta;
use engine::{Dialect, Error, Query, Way};
use meta::{DateTime, Utc, Value, Values};

#[test]
fn pages_by_key_give_every_record_once_in_order() {
    on_both(|shop: Shop| async move {
        for number in 0..57i64 {
            let staff = if number % 4 == 0 { Value::Null } else { Value::Int(number % 5) };
            shop.customer(&format!("c{number:02}"), [("staff", staff)]).await;
        }
        for sort in ["staff", "-staff", "name", "-name", "id", "-id", "-created_at", ""] {
            let whole = shop.names(Query::new("customer").sort(sort).limit(1_000)).await.unwrap();
            assert_eq!(whole.len(), 57, "{sort}");
            let (mut pages, mut after) = (vec![], None);
            loop {
                let query = Query::new("customer").sort(sort).limit(10).after(after).fields(&["name"]);
                let page = shop.engine.list(&shop.actor, &query).await.unwrap();
                pages.extend(page.records.iter().map(|record| record.text("name").to_owned()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(pages, whole, "{sort}");
        }
        let by_staff =
            shop.engine.list(&shop.actor, &Query::new("customer").sort("staff").limit(100)).await.unwrap();
        let staff: Vec<_> = by_staff.records.iter().map(|record| record.get("staff").as_int()).collect();
        assert!(staff.is_sorted(), "empty comes first: {staff:?}");
    });
}

/// Enough records for walks in several legs, for walks given up, and for pages that are not full.
#[test]
fn a_filtered_list_gives_every_match_once_in_order_whichever_road_it_takes() {
    on_both(|shop: Shop| async move {
        const NUMBER: i64 = 12_000;
        let all: Vec<_> = (0..NUMBER)
            .map(|number| {
                let city = match number {
                    // Few enough to sort, and the last by name.
                    10_000.. => "edge",
                    _ if number % 4 == 0 => "spread",
                    _ => "other",
                };
                values([
                    ("name", format!("c{number:05}").into()),
                    ("city", city.into()),
                    ("staff", if number % 3 == 0 { Value::Null } else { Value::Int(number * 7 % 31) }),
                    ("vip", (number % 1_200 == 5).into()),
                ])
            })
            .collect();
        let mut ids = vec![];
        for some in all.chunks(6_000).map(<[_]>::to_vec) {
            let write = shop.engine.write(&shop.actor, move |tx| {
                Box::pin(async move { tx.create_many("customer", some).await })
            });
            ids.extend(write.await.unwrap());
        }
        let worth = |number: i64| number * 11 % 4_001;
        let trend = |number: i64| (number % 7 != 0).then_some(number * 13 % 97);
        let grade = |number: i64| (number % 5 < 2).then_some(if number % 5 == 0 { "a" } else { "b" });
        let figures: Vec<_> = (0..NUMBER)
            .zip(&ids)
            .map(|(number, id)| {
                let grade = grade(number).map_or(Value::Null, Value::from);
                let worth = money_of(&worth(number).to_string());
                (*id, values([("worth", worth), ("grade", grade), ("trend", trend(number).into())]))
            })
            .collect();
        let write = shop.engine.write(&shop.actor, move |tx| {
            Box::pin(async move { tx.set_figures("customer", &figures).await })
        });
        write.await.unwrap();
        let staff = |number: i64| (number % 3 != 0).then_some(number * 7 % 31);
        // Every second sort of each filter, on PostgreSQL the others: of name and trend there is one of both directions.
        let of_this = usize::from(shop.engine.dialect() == Dialect::Postgres);
        let filters: [(&str, &dyn Fn(i64) -> bool); 14] = [
            ("city == 'edge'", &|number| number >= 10_000),
            ("city == 'spread'", &|number| number < 10_000 && number % 4 == 0),
            ("city == 'spread' && vip", &|_| false),
            ("city == 'edge' && vip", &|number| number >= 10_000 && number % 1_200 == 5),
            ("vip", &|number| number % 1_200 == 5),
            ("city != 'other'", &|number| number >= 10_000 || number % 4 == 0),
            ("grade == 'a' || grade == null", &|number| grade(number) != Some("b")),
            ("grade == 'b' && city == 'spread'", &|number| {
                grade(number) == Some("b") && number < 10_000 && number % 4 == 0
            }),
            ("grade in ['a', 'b'] && city == 'other'", &|number| {
                grade(number).is_some() && number < 10_000 && number % 4 != 0
            }),
            ("grade == 'b' && trend == 3", &|number| grade(number) == Some("b") && trend(number) == Some(3)),
            ("grade == 'b' || trend == 3", &|number| grade(number) == Some("b") || trend(number) == Some(3)),
            ("trend > 90 && vip", &|number| trend(number) > Some(90) && number % 1_200 == 5),
            ("trend == null && worth < 20.0 && city == 'other'", &|number| {
                trend(number).is_none() && worth(number) < 20 && number < 10_000 && number % 4 != 0
            }),
            ("!(city in ['other', 'spread']) && vip", &|number| number >= 10_000 && number % 1_200 == 5),
        ];
        for (place, (filter, wanted)) in filters.into_iter().enumerate() {
            let sorts = ["name", "-name", "-staff", "worth", "trend", "-trend", "-created_at"];
            for sort in sorts.into_iter().skip((place + of_this) % 2).step_by(2) {
                let mut expected: Vec<i64> = (0..NUMBER).filter(|number| wanted(*number)).collect();
                match sort.trim_start_matches('-') {
                    "staff" => expected.sort_by_key(|number| (staff(*number), ids[*number as usize])),
                    "name" => {}
                    "trend" => expected.sort_by_key(|number| (trend(*number), ids[*number as usize])),
                    "worth" => expected.sort_by_key(|number| (worth(*number), ids[*number as usize])),
                    _ => expected.sort_by_key(|number| ids[*number as usize]),
                }
                if sort.starts_with('-') {
                    expected.reverse();
                }
                let (mut seen, mut after) = (vec![], None);
                loop {
                    let query = Query::new("customer").filter(filter).sort(sort).limit(200).after(after);
                    let page = shop.engine.list(&shop.actor, &query.fields(&["name"])).await.unwrap();
                    seen.extend(
                        page.records.iter().map(|record| record.text("name")[1..].parse::<i64>().unwrap()),
                    );
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{filter} by {sort}");
            }
        }
    });
}

#[test]
fn a_sort_without_index_or_a_foreign_cursor_is_refused_with_a_reason() {
    on_both(|shop: Shop| async move {
        for (query, field) in [
            (Query::new("customer").sort("phone"), "sort"),
            (Query::new("customer").sort("nonsense"), "sort"),
            (Query::new("customer").after(Some("zzz".into())), "after"),
            (Query::new("customer").limit(0), "limit"),
            (Query::new("customer").filter("city = 'x'"), "filter"),
        ] {
            match shop.engine.list(&shop.actor, &query).await {
                Err(Error::Invalid(problems)) => assert_eq!(problems[0].field, field),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn deleted_records_are_listed_by_any_sort() {
    on_both(|shop: Shop| async move {
        let mut gone = vec![];
        for number in 0..7 {
            gone.push(shop.customer(&format!("c{number}"), [("city", "Qingdao".into())]).await);
        }
        gone.sort();
        shop.customer("stays", []).await;
        let ids = gone.clone();
        shop.engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.delete_many("customer", &ids).await }))
            .await
            .unwrap();
        for sort in ["worth", "-worth", "name", "-id", "staff"] {
            let (mut seen, mut after) = (vec![], None);
            loop {
                let mut query =
                    Query::new("customer").filter("city == 'Qingdao'").sort(sort).limit(3).after(after);
                query.deleted = true;
                let page = shop.engine.list(&shop.actor, &query).await.unwrap();
                seen.extend(page.records.iter().map(|record| record.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            seen.sort();
            assert_eq!(seen, gone, "{sort}");
        }
    });
}

#[test]
fn counts_stop_at_their_cap() {
    on_both(|shop: Shop| async move {
        for number in 0..12 {
            shop.customer(&format!("c{number}"), []).await;
        }
        let few = Query::new("customer").filter("name == 'c1'");
        for expected in 1..4 {
            let count = shop.engine.count(&shop.actor, &few, 100).await.unwrap();
            assert_eq!(
                (count.number, count.capped),
                (expected, false),
                "a number may not be older than a change"
            );
            shop.customer("c1", []).await;
        }
        let count = shop.engine.count(&shop.actor, &Query::new("customer"), 10).await.unwrap();
        assert_eq!((count.number, count.capped), (10, true));
        let count = shop
            .engine
            .count(&shop.actor, &Query::new("customer").filter("name != 'c1'"), 100)
            .await
            .unwrap();
        assert_eq!((count.number, count.capped), (11, false), "three were added and four have the name");
    });
}

#[test]
fn many_counts_are_the_same_together_as_each_by_itself() {
    on_both(|shop: Shop| async move {
        let (mine, other) = (shop.customer("a", []).await, shop.customer("b", []).await);
        for customer in [mine, mine, mine, other] {
            shop.create("sale", values([("customer", customer.into()), ("total", money_of("1"))]))
                .await
                .unwrap();
        }
        let sales = |customer| Query::new("sale").belongs_to("customer", customer);
        let two_parts = Query::new("customer").filter("name == 'a' && name != 'c'");
        let queries = [sales(mine), two_parts, sales(other), sales(meta::Id::nil())];
        let counts = shop.engine.count_each(&shop.actor, &queries, 2).await.unwrap();
        let counts: Vec<_> = counts.iter().map(|count| (count.number, count.capped)).collect();
        assert_eq!(counts, [(2, true), (1, false), (1, false), (0, false)]);
        assert!(shop.engine.count_each(&shop.actor, &[], 2).await.unwrap().is_empty());
        let hidden = [Query::new("sale"), Query::new("nothing")];
        assert!(shop.engine.count_each(&shop.actor, &hidden, 2).await.is_err());
    });
}

#[test]
fn the_timeline_has_everything_of_one_customer_newest_first() {
    on_both(|shop: Shop| async move {
        let (mine, other) = (shop.customer("a", []).await, shop.customer("b", []).await);
        for (customer, day) in [(mine, 1), (mine, 3), (other, 2), (mine, 2)] {
            let at = Value::Instant(format!("2026-01-0{day}T08:00:00Z").parse().unwrap());
            shop.create(
                "sale",
                values([("customer", customer.into()), ("sold_at", at), ("total", money_of("1"))]),
            )
            .await
            .unwrap();
        }
        let items = shop.engine.timeline(&shop.actor, "customer", mine, None, 2, |_| vec![]).await.unwrap();
        let days = |items: &[engine::TimelineItem]| {
            items.iter().map(|item| item.at.format("%d").to_string()).collect::<Vec<_>>()
        };
        assert_eq!(days(&items), ["03", "02"]);
        let older = shop
            .engine
            .timeline(&shop.actor, "customer", mine, Some(items[1].at), 9, |_| vec!["number".into()])
            .await
            .unwrap();
        assert_eq!(days(&older), ["01"]);
        assert!(!older[0].record.text("number").is_empty() && !older[0].record.values.contains_key("total"));
        assert!(items[0].record.values.contains_key("total"), "all fields where none is named");
    });
}

/// What has a value is read in its order from an index that has both; where it is asked for from a day on, no further than that day.
#[test]
fn a_walk_through_one_value_ends_where_it_is_asked_to() {
    on_both(|shop: Shop| async move {
        if shop.engine.dialect() == Dialect::Sqlite {
            return;
        }
        let (mine, other) = (shop.customer("Early", []).await, shop.customer("Late", []).await);
        let first = "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
        // The one asked for has ten sales since that moment and many before it, the other many since.
        let sold = |number: i64| {
            let customer = if number < 4_000 { mine } else { other };
            values([
                ("customer", customer.into()),
                ("currency", "CNY".into()),
                ("sold_at", Value::Instant(first + TimeDelta::minutes(number))),
            ])
        };
        let sales: Vec<Values> = (0..8_000).map(sold).collect();
        shop.engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.create_many("sale", sales).await }))
            .await
            .unwrap();
        shop.engine.fetch_text("ANALYZE sale").await.unwrap();
        let since = (first + TimeDelta::minutes(3_990)).format("%Y-%m-%dT%H:%M:%SZ");
        let filter = format!("customer == '{mine}' && sold_at >= '{since}'");
        let query = Query::new("sale").filter(filter).sort("-sold_at");
        assert_eq!(shop.engine.list(&shop.actor, &query).await.unwrap().records.len(), 10);
        let statements = shop.engine.statements(&shop.actor, &query).unwrap();
        let walk = statements.iter().find(|statement| statement.way == Way::Walks).unwrap();
        let plan = format!("EXPLAIN (ANALYZE, BUFFERS) {}", walk.sql);
        let plan: Vec<String> =
            shop.engine.fetch_text(&plan).await.unwrap().iter().map(|row| row.text(0).unwrap()).collect();
        let scan = plan.iter().position(|line| line.contains("i_sale__customer__sold_at"));
        let scan = scan.unwrap_or_else(|| panic!("another index: {plan:#?}"));
        let read = plan[scan..].iter().find(|line| line.contains("Buffers: ")).unwrap();
        let pages: u32 = read.split(['=', ' ']).filter_map(|word| word.parse::<u32>().ok()).sum();
        assert!(pages < 15, "{pages} pages read: {plan:#?}");
    });
}
