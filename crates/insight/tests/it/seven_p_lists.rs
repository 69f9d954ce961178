//! The lists the seven P lead to: whose sales fell most, and whom to win first.

use crate::{
    company::{Company, on_databases, values},
    seven_p::all,
    seven_p_behind::{Page, between, decoded, trade},
};
use engine::DEFAULT_TIME_ZONE;
use insight::{after_fit, refit, statistics::COUNTING_ORDERS};
use meta::{Id, NaiveDate, scaled};
use std::collections::BTreeMap;

async fn fit(company: &Company) {
    company.settle().await;
    refit::refit(&company.engine, None).await.unwrap();
    after_fit::compute(&company.engine, None).await.unwrap();
}

/// The part of a page below a heading.
fn below<'p>(page: &'p str, heading: &str) -> &'p str {
    let found = page.split_once(heading).unwrap_or_else(|| panic!("no {heading}: {page}")).1;
    found.split("</section>").next().unwrap()
}

#[test]
fn whose_sales_fell_most_stands_first_with_both_sums() {
    on_databases(async |company| {
        let [lost, less, more] =
            [company.customer("Lost").await, company.customer("Less").await, company.customer("More").await];
        for (account, day, amount) in [
            (lost, "2025-11-10", "100"),
            // After the days that are compared.
            (lost, "2025-11-22", "900"),
            (less, "2025-10-10", "60"),
            (less, "2026-10-10", "10"),
            (more, "2025-10-10", "60"),
            (more, "2026-10-10", "70"),
        ] {
            company.order(Some(account), day, amount, Some("5")).await;
        }
        fit(&company).await;
        let client = company.app.administrator().await;
        for (language, heading, nothing) in [
            ("en", "Customers whose sales fell most", "Over more than a year nothing is compared"),
            ("zh-CN", "与去年同期相比销售额下降最多的客户", "超过一年的期间不作同比"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/seven-p/performance?months=3").await.expect(200).body;
            let list = below(&page, heading);
            let rows: Vec<&str> = list.split("<tr data-href").skip(1).collect();
            assert_eq!(rows.len(), 2, "{list}");
            for (row, customer, sums) in
                [(rows[0], "Lost", ["¥0<", "¥100<", "¥100<"]), (rows[1], "Less", ["¥10<", "¥60<", "¥50<"])]
            {
                assert!(row.contains(customer) && sums.iter().all(|sum| row.contains(sum)), "{row}");
            }
            let longer = client.get("/value/seven-p/performance?months=36").await.expect(200).body;
            assert!(below(&longer, heading).contains(nothing), "{longer}");
        }
    });
}

/// Those whose sales fell most, by a walk over all orders, with what they bought for within the days and a year before; `None` where
/// the page compares no days.
async fn walked(company: &Company, page: &Page, filter: &str) -> Option<Vec<(Id, [i64; 2])>> {
    let days = between(&page.html, "Days: ", "</p>");
    let days = days.split(|letter: char| !letter.is_ascii_digit() && letter != '-');
    let days: Vec<NaiveDate> = days.filter_map(|day| day.parse().ok()).collect();
    let [from, last, before, before_last] = days[..] else { return None };
    let mut sums: BTreeMap<Id, [i64; 2]> = BTreeMap::new();
    for order in all(company, "order").await {
        let Some(account) = order.reference("account") else { continue };
        if !COUNTING_ORDERS.contains(&order.text("status")) {
            continue;
        }
        let day =
            order.get("ordered_at").as_instant().unwrap().with_timezone(&DEFAULT_TIME_ZONE).date_naive();
        let sales = scaled(order.get("net_base").as_decimal().unwrap(), 4).unwrap();
        let sum = sums.entry(account).or_default();
        sum[0] += sales * i64::from((from..=last).contains(&day));
        sum[1] += sales * i64::from((before..=before_last).contains(&day));
    }
    let wanted = |name: &str| {
        let given = filter.split('&').filter_map(|pair| pair.split_once('='));
        given.filter(|(given, _)| *given == name).map(|(_, value)| decoded(value)).collect::<String>()
    };
    let (relation, region) = (wanted("relation"), wanted("region"));
    let accounts = all(company, "account").await.into_iter().filter(|account| {
        let province = Some(account.text("province")).filter(|province| !province.is_empty());
        (relation.is_empty() || account.text("relation") == relation)
            && (region.is_empty() || province.unwrap_or(account.text("country")) == region)
    });
    let fell = accounts.filter_map(|account| {
        let [now, before] = *sums.get(&account.id)?;
        (before > now).then_some((account.id, [now, before]))
    });
    let mut fell: Vec<_> = fell.collect();
    fell.sort_unstable_by_key(|(account, [now, before])| (now - before, *account));
    fell.truncate(10);
    Some(fell)
}

#[test]
fn those_whose_sales_fell_are_those_a_walk_over_the_orders_finds() {
    on_databases(async |company| {
        company.regulars().await;
        trade(&company).await;
        fit(&company).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let mut lengths = vec![];
        for filter in [
            "months=3",
            "months=6",
            "months=12",
            "months=36",
            "months=12&relation=dealer",
            "months=3&relation=dealer&region=%E5%B1%B1%E4%B8%9C",
            "months=12&region=CN",
        ] {
            let page = client.get(&format!("/value/seven-p/performance?{filter}")).await.expect(200).body;
            let page = Page::read(page);
            // Where nobody fell there is no table but the one of salespeople.
            let listed = page.tables.split_last().unwrap().1.first();
            let Some(fell) = walked(&company, &page, filter).await else {
                assert!(listed.is_none() && filter == "months=36", "{filter}");
                continue;
            };
            assert_eq!(listed.map_or(0, Vec::len), fell.len(), "{filter}");
            lengths.push(fell.len());
            for ((href, cells), (account, [now, before])) in listed.into_iter().flatten().zip(fell) {
                assert_eq!(*href, format!("/account/{account}"), "{filter}");
                for (cell, wanted) in cells[2..].iter().zip([now, before, before - now]) {
                    let shown: f64 = cell.trim_start_matches('¥').replace(',', "").parse().unwrap();
                    assert!((shown - wanted as f64 / 10_000.0).abs() <= 0.5, "{cell} for {wanted}");
                }
            }
        }
        assert!(
            lengths.contains(&10) && lengths.iter().any(|length| (1..10).contains(length)),
            "{lengths:?}"
        );
    });
}

/// Accounts of a source, of which the first so many bought.
async fn came(company: &Company, source: &str, accounts: usize, bought: usize) {
    for number in 0..accounts {
        let fields = values([("name", format!("{source} {number}").into()), ("source", source.into())]);
        let account: Id = company.create("account", fields).await;
        if number < bought {
            company.order(Some(account), "2026-11-10", "50", Some("5")).await;
        }
    }
}

#[test]
fn prospects_of_the_source_that_converts_most_come_first() {
    on_databases(async |company| {
        came(&company, "Fair", 40, 28).await;
        came(&company, "Friends", 4, 3).await;
        // The newest.
        came(&company, "Web", 40, 4).await;
        fit(&company).await;
        let client = company.app.administrator().await;
        for (language, heading, said, few, by_relation, by_source, share) in [
            (
                "en",
                "those whose source converts most first",
                "Fair converts most surely: 70% of its accounts have bought",
                "Prospects are listed the newest first: to put them in order",
                "Accounts that came in the period, by relation",
                "Accounts that came in the period, by source",
                "Fair · 70% bought",
            ),
            (
                "zh-CN",
                "来源转化率高者在前",
                "Fair 的转化最有把握：其客户中 70% 已购买",
                "潜在客户按最新在前排列：按来源转化率排序",
                "本期新增客户，按关系",
                "本期新增客户，按来源",
                "Fair · 70% 已购买",
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/seven-p/prospecting").await.expect(200).body;
            let list = below(&page, heading);
            assert_eq!(list.matches(">Fair ").count(), 10, "{list}");
            assert!(list.contains("70% (") && !list.contains(">Web "), "{list}");
            assert!(page.contains(said) && !page.contains(few), "{page}");
            assert!(page.contains(by_relation), "{page}");
            // Of dealers there are none to tell sources by.
            let dealers = client.get("/value/seven-p/prospecting?relation=dealer").await.expect(200).body;
            assert!(dealers.contains(few) && !dealers.contains(heading), "{dealers}");
            // By source they are told whatever the page is of; 28 of 40 who came by Fair have bought.
            assert!(!dealers.contains(by_relation) && page.contains(by_source), "{dealers}");
            assert!(page.contains(share), "{page}");
        }
    });
}
