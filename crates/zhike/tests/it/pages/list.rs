//! Lists: filter, sort, paging, columns, views, bulk changes with undo, export.

use super::{account, between, create, modules, toast, unescaped};
use meta::Value;
use testkit::{Modules, on_both};

/// Titles of the rows, in their order.
fn titles(page: &str) -> Vec<String> {
    let cells = page.split("class=\"row-title\"").skip(1);
    cells.map(|cell| between(cell, ">", "</a>").to_owned()).collect()
}

fn filter(text: &str) -> String {
    format!("/account?sort=name&filter={}", web::encode(text))
}

#[test]
fn a_list_is_filtered_searched_and_sorted_by_its_address() {
    on_both(modules, async |test| {
        for (name, city) in [("Acme", "London"), ("华为技术", "深圳"), ("Beta", "Leeds")] {
            create(&test.engine, "account", &[("name", name.into()), ("city", city.into())]).await;
        }
        let client = test.ordinary().await;
        let shown = async |path: &str| titles(&client.get(path).await.expect(200).body);
        assert_eq!(shown("/account?sort=name").await, ["Acme", "Beta", "华为技术"]);
        assert_eq!(shown("/account?sort=-name").await, ["华为技术", "Beta", "Acme"]);
        assert_eq!(shown("/account?q=hw").await, ["华为技术"]);
        assert_eq!(shown(&filter("city.contains('Le') || city == '深圳'")).await, ["Beta", "华为技术"]);
        let page = client.get("/account?columns=city,name").await.expect(200).body;
        let head = between(&page, "<thead>", "</thead>");
        assert!(head.find("City") < head.find("Name") && !head.contains("Owner"), "{head}");
        assert!(client.get("/account?q=nobody").await.expect(200).body.contains("Nothing matches"));
    });
}

#[test]
fn a_filter_that_cannot_be_read_is_explained_beside_its_text() {
    on_both(modules, async |test| {
        account(&test.engine, "Acme").await;
        let client = test.ordinary().await;
        let page = client.get(&filter("colour == 'red'")).await.expect(200).body;
        assert!(between(&page, "class=\"field-error\" role=\"alert\">", "</div>").contains("colour"));
        assert!(between(&page, "data-filter-text>", "</textarea>").contains("colour == "));
        assert!(titles(&page).is_empty());
        let page = client.get("/account?sort=street").await.expect(200).body;
        assert!(page.contains("cannot be sorted by"), "only indexed fields sort");
    });
}

#[test]
fn a_filter_that_names_a_record_shows_its_title() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "Holding").await;
        let values = [("name", "Daughter".into()), ("parent_account", Value::Id(id))];
        create(&test.engine, "account", &values).await;
        let client = test.ordinary().await;
        let page = client.get(&filter(&format!("parent_account == \"{id}\""))).await.expect(200).body;
        assert_eq!(titles(&page), ["Daughter"]);
        let labels: serde_json::Value =
            serde_json::from_str(between(&page, "data-filter-labels>", "</script>")).unwrap();
        assert_eq!(labels[id.to_string()], "Holding");
    });
}

#[test]
fn what_can_be_filtered_is_asked_for_once_and_kept() {
    on_both(modules, async |test| {
        account(&test.engine, "Acme").await;
        let client = test.ordinary().await;
        let page = client.get("/account").await.expect(200).body;
        let href = unescaped(between(&page, "data-fields=\"", "\""));
        let answer = client.get(&href).await.expect(200);
        assert!(answer.header("cache-control").contains("immutable"));
        let fields = answer.json()["fields"].as_array().unwrap().clone();
        let field = |name: &str| fields.iter().find(|field| field["name"] == name).unwrap().clone();
        assert_eq!(field("kind")["choices"][0]["value"], "company");
        assert_eq!(field("owner")["lookup"], "/lookup/user");
        assert_eq!((&field("city")["bulk"], &field("net_sales")["bulk"]), (&true.into(), &false.into()));
        client.set_cookie("zhike_lang", "zh-CN");
        let stale = client.get(&href).await.expect(200);
        assert!(!stale.header("cache-control").contains("immutable"), "other words have another address");
        assert_ne!(between(&client.get("/account").await.body, "data-fields=\"", "\""), href);
    });
}

/// What a list page may weigh before it is compressed.
const PAGE_LIMIT_BYTES: usize = 60_000;

#[test]
fn a_page_of_fifty_customers_or_orders_with_every_default_column_weighs_little() {
    // With the navigation of the whole program.
    let whole = || Modules { engine: crate::modules::engine_modules(), web: crate::modules::web_modules() };
    on_both(whole, async |test| {
        let owner = test.user("欧阳明月", "moon@example.com", engine::Role::User).await;
        let values = |n: usize| {
            let pairs: [(&str, Value); 6] = [
                ("name", format!("深圳市远景智能制造设备有限公司 {n:04}").as_str().into()),
                ("relation", "business".into()),
                ("city", "呼和浩特市".into()),
                ("owner", Value::Id(owner)),
                ("importance", "vip".into()),
                ("currency", "CNY".into()),
            ];
            meta::Values::from(pairs.map(|(name, value)| (name.to_owned(), value)))
        };
        let records: Vec<meta::Values> = (0..50).map(values).collect();
        let system = engine::Actor::system();
        let write = test.engine.write(&system, move |tx| {
            Box::pin(async move {
                let ids = tx.create_many("account", records).await?;
                let amount = meta::Decimal::new(12_345_678_901, 4);
                let figures = meta::Values::from([
                    ("stage".to_owned(), "stability".into()),
                    ("net_sales".to_owned(), amount.into()),
                    ("clv_52w".to_owned(), amount.into()),
                    ("last_order_on".to_owned(), tx.clock().now().date_naive().into()),
                ]);
                let orders = ids.iter().map(|id| {
                    let (account, owner) = (Value::Id(*id), Value::Id(owner));
                    meta::Values::from([("account".to_owned(), account), ("owner".to_owned(), owner)])
                });
                let orders = orders.collect();
                tx.create_many("order", orders).await?;
                let figures: Vec<_> = ids.into_iter().map(|id| (id, figures.clone())).collect();
                tx.set_figures("account", &figures).await
            })
        });
        write.await.unwrap();
        let client = test.administrator().await;
        for lang in ["en", "zh-CN"] {
            client.set_cookie("zhike_lang", lang);
            let page = client.get("/account").await.expect(200).body;
            assert_eq!(titles(&page).len(), 50);
            let shown = page.matches("1,234,567.89").count();
            assert_eq!(shown, 100, "both amounts of each customer: {page}");
            let orders = client.get("/order").await.expect(200).body;
            assert_eq!(titles(&orders).len(), 50);
            for (list, page) in [("customers", page), ("orders", orders)] {
                eprintln!("{lang}: {list}, {} bytes", page.len());
                assert!(page.len() <= PAGE_LIMIT_BYTES, "{lang}: {list}, {} bytes", page.len());
            }
        }
    });
}

#[test]
fn an_empty_list_says_what_belongs_there_and_offers_the_step() {
    on_both(modules, async |test| {
        let client = test.ordinary().await;
        let page = unescaped(&client.get("/product").await.expect(200).body);
        assert!(
            page.contains("Goods and services you sell.") && page.contains("href=\"/product/new\""),
            "{page}"
        );
    });
}

#[test]
fn long_lists_come_in_pages_without_gaps() {
    on_both(modules, async |test| {
        let records: Vec<meta::Values> = (0..120)
            .map(|n| meta::Values::from([("name".to_owned(), format!("Account {n:03}").as_str().into())]))
            .collect();
        test.engine
            .write(&engine::Actor::system(), move |tx| {
                Box::pin(async move { tx.create_many("account", records).await })
            })
            .await
            .unwrap();
        let client = test.ordinary().await;
        let mut page = client.get("/account?sort=name").await.expect(200).body;
        assert!(page.contains("id=\"count\">120<"), "the count is of all");
        let mut seen = titles(&page);
        while let Some((_, rest)) = page.split_once("class=\"more-row\" hx-get=\"") {
            let next = unescaped(rest.split('"').next().unwrap());
            page = client.fragment(&next).await.expect(200).body;
            assert!(!page.contains("<html"), "only rows come");
            seen.extend(titles(&page));
        }
        let expected: Vec<String> = (0..120).map(|n| format!("Account {n:03}")).collect();
        assert_eq!(seen, expected);
    });
}

#[test]
fn references_show_titles_and_names_are_escaped() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "<script>alert(1)</script>").await;
        let order = [("account", Value::Id(id)), ("number", "SO-1".into())];
        create(&test.engine, "order", &order).await;
        let client = test.ordinary().await;
        let page = client.get("/order").await.expect(200).body;
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"));
        assert!(unescaped(&page).contains(&format!("/account/{id}")), "the cell leads to the customer");
    });
}

#[test]
fn one_field_of_many_records_is_set_and_the_old_values_come_back() {
    on_both(modules, async |test| {
        let one = create(&test.engine, "account", &[("name", "A".into()), ("city", "Leeds".into())]).await;
        let two = account(&test.engine, "B").await;
        let (first, second) = (one.to_string(), two.to_string());
        let client = test.ordinary().await;
        let input = client.fragment("/account/bulk/field/city").await.expect(200).body;
        assert!(input.contains("name=\"city\""));
        client.fragment("/account/bulk/field/importance").await.expect(422);
        let form = [("ids", first.as_str()), ("ids", second.as_str()), ("field", "city"), ("city", "York")];
        let answer = client.htmx("POST", "/account/bulk/update", &form).await.expect(204);
        let city = async |id| {
            let record = test.engine.get(&engine::Actor::system(), "account", id).await.unwrap();
            record.text("city").to_owned()
        };
        assert_eq!((city(one).await.as_str(), city(two).await.as_str()), ("York", "York"));
        // What somebody has changed since stays as it is.
        client.htmx("PATCH", &format!("/account/{two}/field/city"), &[("city", "Bath")]).await.expect(200);
        let undo = toast(&answer)["toast"]["undo_href"].as_str().unwrap().to_owned();
        let answer = client.htmx("POST", &undo, &[]).await.expect(204);
        assert!(toast(&answer)["toast"]["text"].as_str().unwrap().contains("1 of 2"));
        assert_eq!((city(one).await.as_str(), city(two).await.as_str()), ("Leeds", "Bath"));
    });
}

#[test]
fn many_records_are_deleted_and_brought_back_by_their_deleter_only() {
    on_both(modules, async |test| {
        let one = account(&test.engine, "A").await.to_string();
        let two = account(&test.engine, "B").await.to_string();
        let client = test.ordinary().await;
        let form = [("ids", one.as_str()), ("ids", two.as_str())];
        let answer = client.htmx("POST", "/account/bulk/delete", &form).await.expect(204);
        assert!(titles(&client.get("/account").await.body).is_empty());
        let undo = toast(&answer)["toast"]["undo_href"].as_str().unwrap().to_owned();
        test.administrator().await.htmx("POST", &undo, &[]).await.expect(404);
        client.htmx("POST", &undo, &[]).await.expect(204);
        assert_eq!(titles(&client.get("/account?sort=name").await.body), ["A", "B"]);
        client.htmx("POST", "/account/bulk/delete", &[]).await.expect(400);
    });
}

#[test]
fn a_view_is_saved_shown_renamed_shared_and_deleted() {
    on_both(modules, async |test| {
        create(&test.engine, "account", &[("name", "A".into()), ("city", "Leeds".into())]).await;
        account(&test.engine, "B").await;
        let client = test.ordinary().await;
        let query = format!("filter={}&sort=-name&columns=name,city", web::encode("city == 'Leeds'"));
        let form = [("entity", "account"), ("label", "In <Leeds>"), ("query", query.as_str())];
        let saved = client.post("/views", &form).await.expect(303);
        let address = saved.header("location").to_owned();
        let page = client.get(&address).await.expect(200).body;
        assert_eq!(titles(&page), ["A"]);
        assert!(page.contains("In &lt;Leeds&gt;"));
        let id = address.split("view=").nth(1).unwrap().to_owned();
        assert_eq!(
            titles(&client.get(&format!("/account?view={id}")).await.body),
            ["A"],
            "a view alone is enough"
        );
        let other = test.administrator().await;
        assert!(!other.get("/account").await.body.contains("In &lt;Leeds&gt;"), "it is his alone");
        client.post(&format!("/views/{id}"), &[("label", "Leeds"), ("shared", "true")]).await.expect(303);
        assert!(other.get("/account").await.body.contains(&format!("view={id}")), "now it is shared");
        client.post(&format!("/views/{id}/delete"), &[]).await.expect(303);
        assert!(!client.get("/account").await.body.contains(&format!("view={id}")));
        client.post(&format!("/views/{id}/restore"), &[]).await.expect(303);
        assert!(client.get("/account").await.body.contains(&format!("view={id}")));
    });
}

#[test]
fn nobody_changes_another_users_view() {
    on_both(modules, async |test| {
        let admin = test.administrator().await;
        let form = [("entity", "account"), ("label", "Mine"), ("query", ""), ("shared", "true")];
        let saved = admin.post("/views", &form).await.expect(303);
        let id = saved.header("location").split("view=").nth(1).unwrap().to_owned();
        let client = test.ordinary().await;
        client.post(&format!("/views/{id}"), &[("label", "Yours")]).await.expect(404);
        client.post(&format!("/views/{id}/delete"), &[]).await.expect(404);
    });
}

#[test]
fn a_list_is_exported_as_it_is_shown() {
    on_both(modules, async |test| {
        create(&test.engine, "account", &[("name", "=1+1".into()), ("city", "Le\"eds".into())]).await;
        create(&test.engine, "account", &[("name", "B".into()), ("kind", "person".into())]).await;
        let client = test.ordinary().await;
        let export = client.get("/account/export?columns=name,kind,city&sort=name").await.expect(200);
        assert!(export.header("content-type").starts_with("text/csv"));
        assert_eq!(export.body, "\u{feff}Name,Kind,City\r\n'=1+1,Company,\"Le\"\"eds\"\r\nB,Person,\r\n");
        client.get("/account/export?filter=nonsense%20==").await.expect(422);
    });
}
