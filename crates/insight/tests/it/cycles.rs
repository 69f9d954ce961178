//! Every number on the page of purchase cycles opens the cycles it counts, on both databases.

use crate::{
    company::{Company, at, on_databases, values},
    experiments::{create_many, people},
    paged,
    questions::rep,
    warehouse::{SMALL, refresh},
};
use insight::{cycle, kept, settings::Settings};
use meta::{Decimal, Id, NaiveDate, Value};
use std::collections::BTreeSet;

/// Each bought the product six times every 28 days, the last time on this day.
async fn buy(company: &Company, product: Id, buyers: &[Id], last: &str) {
    let last: NaiveDate = last.parse().unwrap();
    let days = (0..6).map(|purchase| at(&(last - chrono::Duration::days(28 * purchase)).to_string()));
    let days: Vec<Value> = days.collect();
    let head = |buyer: &Id, day: &Value| values([("account", (*buyer).into()), ("ordered_at", day.clone())]);
    let heads = buyers.iter().flat_map(|buyer| days.iter().map(move |day| head(buyer, day))).collect();
    let line = |order: &Id| {
        values([
            ("order", (*order).into()),
            ("product", product.into()),
            ("quantity", Value::Decimal(Decimal::from(2))),
            ("unit_price", Value::Decimal(Decimal::from(10))),
        ])
    };
    let orders = create_many(company, "order", heads).await;
    create_many(company, "order_line", orders.iter().map(line).collect()).await;
}

fn sorted(ids: &[Id]) -> Vec<Id> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

#[test]
fn every_number_opens_the_cycles_it_counts() {
    on_databases(async |company| {
        let apples =
            company.create("product", values([("name", "Apples".into()), ("code", "A1".into())])).await;
        let buyers = people(&company, 100).await;
        let (due, rest) = buyers.split_at(60);
        let (coming, over) = rest.split_at(30);
        buy(&company, apples, due, "2026-11-14").await;
        buy(&company, apples, coming, "2026-12-05").await;
        buy(&company, apples, over, "2026-10-10").await;
        company.hold("2026-12-12").await;
        refresh(&company, SMALL).await;
        let settings = Settings::load(&company.engine).await.unwrap();
        let prompts = cycle::compute(&company.engine, &settings, None).await.unwrap();
        let report: cycle::Report = kept::find(&company.engine, cycle::REPORT).await.unwrap().unwrap().body;
        // Each with apples, and with whatever he buys; only the former is due.
        assert_eq!((report.regular, report.due, prompts.len()), (200, 60, 60));
        // All of 200 cycles, but of 100 customers: Wilson's interval of 100 cases reaches down to 1 / (1 + 1.96² / 100).
        let share = report.share.unwrap();
        assert_eq!((report.customers, share.cases, share.at), (100, 100, 1.0));
        assert!((share.low - 1.0 / (1.0 + 1.959_964_f64.powi(2) / 100.0)).abs() < 1e-6, "{share:?}");
        let weeks: Vec<_> = report.weeks.iter().map(|week| (week.purchases, week.range)).collect();
        // Expected on 2027-01-02, with 80 % probability from 2026-12-29 to 2027-01-06.
        let some = |purchases: u64, least: u64, most: u64| (purchases, Some([least, most]));
        assert_eq!(weeks[..4], [some(60, 60, 60), some(0, 0, 0), some(0, 0, 30), some(30, 0, 30)]);
        assert_eq!(report.demand[0].purchases, 90);

        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/cycles").await.expect(200).body.replace("&#x2f;", "/");
        assert!(page.contains("0 – 30") && page.contains("The earliest are shown"), "{page}");
        let (due, coming, over) = (sorted(due), sorted(coming), sorted(over));
        // Those due now first, and within each kind by the day and the customer; each stands twice, with apples and with anything.
        let twice = |ids: &[Id]| ids.iter().flat_map(|id| [*id, *id]).collect::<Vec<_>>();
        let all = [due.clone(), coming.clone()].concat();
        let regular = [twice(&due), twice(&coming), twice(&over)].concat();
        for (list, expected) in [
            ("of=due".to_owned(), &due),
            ("of=regular".to_owned(), &regular),
            ("of=weeks".to_owned(), &all),
            ("week=0".to_owned(), &due),
            ("week=2".to_owned(), &vec![]),
            ("week=3".to_owned(), &coming),
            (format!("product={apples}"), &all),
        ] {
            let address = format!("/value/cycles/list?{list}");
            assert!(page.contains(&format!("href=\"{address}\"")), "{address}: {page}");
            let (found, pages) = paged::customers(&client, &address).await;
            assert_eq!((&found, pages), (expected, expected.len().div_ceil(50).max(1)), "{address}");
            let first = client.get(&address).await.expect(200).body;
            assert!(first.contains(&format!("{} in all", expected.len())), "{address}: {first}");
        }
        // A bar of the chart opens the same as its row of the table.
        assert!(page.contains("\"href\":\"/value/cycles/list?week=3\",\"value\":30"), "{page}");
        assert_eq!(due.iter().chain(&coming).chain(&over).collect::<BTreeSet<_>>().len(), 100);

        client.set_cookie("zhike_lang", "zh-CN");
        let list = client.get(&format!("/value/cycles/list?product={apples}")).await.expect(200).body;
        assert!(list.contains("预计订购 Apples 的规律客户") && list.contains("共 90 个"), "{list}");
        // What is no number of the page leads back to it; what is no place in a list is its beginning.
        let nobodys = Id::from_u128(1);
        for none in ["", "?week=99", &format!("?product={nobodys}"), "?of=beauty"] {
            client.get(&format!("/value/cycles/list{none}")).await.expect(303);
        }
        let (found, _) = paged::customers(&client, "/value/cycles/list?of=due&after=nowhere").await;
        assert_eq!(found, due);
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.get("/value/cycles/list?of=due").await.expect(403);
    });
}
