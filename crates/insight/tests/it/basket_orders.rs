//! Every rule of what is bought together opens the orders it counts, and all rules can be reached, on both databases.

use crate::{
    company::{Company, at, on_databases, values},
    mining::shop,
    paged::walked,
    questions::rep,
};
use engine::{Actor, Query};
use insight::mining::{baskets, kept, refresh};
use meta::{Decimal, Id, Record, Value};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

async fn all(company: &Company, entity: &str) -> Vec<Record> {
    let mut query = Query::new(entity).sort("id").limit(1_000);
    let mut records = vec![];
    loop {
        let page = company.engine.list(&Actor::system(), &query).await.unwrap();
        records.extend(page.records);
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return records,
        }
    }
}

#[test]
fn every_rule_opens_the_orders_it_counts() {
    on_databases(async |company| {
        let products = shop(&company).await;
        // What does not count is in no rule.
        let head = values([("ordered_at", at("2026-01-10")), ("status", "cancelled".into())]);
        let line = |product: &Id| {
            values([("product", (*product).into()), ("unit_price", Value::Decimal(Decimal::from(500)))])
        };
        let lines = products[..2].iter().map(line).collect();
        company.document_of("order", "order_line", head, lines).await;
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();

        let mut bought: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        for line in all(&company, "order_line").await {
            let (order, product) = (line.reference("order").unwrap(), line.reference("product").unwrap());
            bought.entry(order).or_default().insert(product);
        }
        let orders = all(&company, "order").await;
        let holding = |wanted: &[Id]| {
            let holds = |order: &&Record| {
                order.text("status") == "confirmed"
                    && wanted.iter().all(|one| bought[&order.id].contains(one))
            };
            let mut found: Vec<(String, Id)> = orders
                .iter()
                .filter(holds)
                .map(|order| (order.get("ordered_at").to_json().as_str().unwrap()[..10].to_owned(), order.id))
                .collect();
            found.sort_by_key(|one| Reverse(one.clone()));
            found.into_iter().map(|(_, order)| order.to_string()).collect::<Vec<_>>()
        };
        let kept_rules = baskets::load(&company.engine).await.unwrap().unwrap();
        let found = kept_rules.body.as_ref().unwrap();
        assert!(found.rules.len() > 2, "{:?}", found.rules);
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/analysis/baskets").await.expect(200).body.replace("&#x2f;", "/");
        let row = "class=\"row-title\" href=\"/order/";
        let mut address = String::new();
        for rule in &found.rules {
            let numbers = rule.if_bought.iter().chain([&rule.then]);
            let wanted: Vec<Id> = numbers.map(|number| found.products[*number as usize]).collect();
            let ids: Vec<String> = wanted.iter().map(Id::to_string).collect();
            address = format!("/analysis/baskets/orders?of={}", ids.join("_"));
            assert!(page.contains(&format!("<a href=\"{address}\">{}</a>", rule.both)), "{address}: {page}");
            let (listed, pages) = walked(&client, &address, row, "\"").await;
            assert_eq!(listed, holding(&wanted), "{rule:?}");
            let both = rule.both as usize;
            assert_eq!((listed.len(), pages), (both, both.div_ceil(50)), "{rule:?}");
            for (language, told) in
                [("en", format!("{both} orders held all")), ("zh-CN", format!("共有 {both} 张订单"))]
            {
                client.set_cookie("zhike_lang", language);
                let list = client.get(&address).await.expect(200).body;
                assert!(list.contains(&told), "{told}: {list}");
            }
            client.set_cookie("zhike_lang", "en");
        }
        // Sets, too, are counted on the orders they open, the most frequent first.
        assert!(!found.together.is_empty() && found.together.is_sorted_by_key(|set| Reverse(set.orders)));
        for set in &found.together {
            let wanted: Vec<Id> = set.products.iter().map(|at| found.products[*at as usize]).collect();
            assert!(wanted.len() > 1, "{set:?}");
            let ids: Vec<String> = wanted.iter().map(Id::to_string).collect();
            let address = format!("/analysis/baskets/orders?of={}", ids.join("_"));
            assert!(page.contains(&format!("<a href=\"{address}\">{}</a>", set.orders)), "{address}: {page}");
            let (listed, _) = walked(&client, &address, row, "\"").await;
            assert_eq!((listed.len(), listed), (set.orders as usize, holding(&wanted)), "{set:?}");
        }
        for none in [String::new(), "?of=x".to_owned(), format!("?of={}", products[0])] {
            client.get(&format!("/analysis/baskets/orders{none}")).await.expect(303);
        }
        client.get(&format!("{address}&after=x")).await.expect(422);
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.get(&address).await.expect(403);
        // One that is deleted meanwhile is told.
        let (listed, _) = walked(&client, &address, row, "\"").await;
        company.delete("order", listed[0].parse().unwrap()).await.unwrap();
        let list = client.get(&address).await.expect(200).body;
        assert!(list.contains("1 orders of this page have been deleted"), "{list}");

        // Of many rules there is more than one page.
        let mut many = baskets::Found { together: vec![], ..found.clone() };
        let one = many.rules[0].clone();
        many.rules = (0..250)
            .map(|number| {
                let mut rule = one.clone();
                rule.both = number + 1;
                rule
            })
            .collect();
        let day = "2026-04-12".parse().unwrap();
        let body = Ok::<_, String>(many);
        kept::keep(&company.engine, baskets::KIND, kept::WHOLE, day, &body).await.unwrap();
        let counted: Vec<String> = (1..=250).map(|number| number.to_string()).collect();
        let of = found.products[one.then as usize];
        for asked in ["/analysis/baskets".to_owned(), format!("/analysis/baskets?product={of}")] {
            let (cells, pages) =
                walked(&client, &asked, "<a href=\"/analysis/baskets/orders?of=", "</a>").await;
            let expected: Vec<&str> = counted.iter().map(String::as_str).collect();
            let shown: Vec<&str> = cells.iter().map(|cell| cell.split_once('>').unwrap().1).collect();
            assert_eq!((shown, pages), (expected, 3), "{asked}");
        }
    });
}
