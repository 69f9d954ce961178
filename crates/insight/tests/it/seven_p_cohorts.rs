//! Customers by the quarter of their first order, and who of them bought again.

use crate::{
    company::{Company, on_databases},
    seven_p::all,
    seven_p_behind::{between, decoded},
    seven_p_places::{customers_of_places, of_places, places},
};
use chrono::Datelike;
use engine::DEFAULT_TIME_ZONE;
use insight::{after_fit, refit, statistics::COUNTING_ORDERS};
use meta::{Id, NaiveDate};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
struct Cohort {
    from_on: NaiveDate,
    customers: u64,
    bought: Vec<u64>,
    returned: Option<u64>,
}

/// Customers, how many bought in each quarter after, and how many within four of them.
type Counted = (u64, Vec<u64>, Option<u64>);

/// Of each place and first day of a quarter that is over: who bought first in it, and when again.
async fn walked_cohorts(company: &Company) -> BTreeMap<([String; 2], NaiveDate), Counted> {
    let quarter = |day: NaiveDate| day.year() * 4 + day.month0() as i32 / 3;
    let running = quarter(company.clock.now().with_timezone(&DEFAULT_TIME_ZONE).date_naive());
    let mut quarters: BTreeMap<Id, BTreeSet<i32>> = BTreeMap::new();
    for order in all(company, "order").await {
        let local = order.get("ordered_at").as_instant().unwrap().with_timezone(&DEFAULT_TIME_ZONE);
        let (counts, bought) = (COUNTING_ORDERS.contains(&order.text("status")), quarter(local.date_naive()));
        if let (true, Some(account)) = (counts && bought < running, order.reference("account")) {
            quarters.entry(account).or_default().insert(bought);
        }
    }
    let mut found: BTreeMap<([String; 2], NaiveDate), Counted> = BTreeMap::new();
    for account in all(company, "account").await {
        let Some(bought) = quarters.get(&account.id) else { continue };
        let first = *bought.first().unwrap();
        let from_on = NaiveDate::from_ymd_opt(first / 4, first as u32 % 4 * 3 + 1, 1).unwrap();
        for place in places(&account) {
            let (customers, again, returned) = found.entry((place, from_on)).or_default();
            *customers += 1;
            again.resize((running - first - 1) as usize, 0);
            bought.iter().skip(1).for_each(|later| again[(later - first - 1) as usize] += 1);
            if running - first > 4 {
                let came_back = bought.iter().skip(1).any(|later| later - first <= 4);
                *returned = Some(returned.unwrap_or(0) + u64::from(came_back));
            }
        }
    }
    found
}

#[test]
fn cohorts_of_each_relation_and_region_are_what_a_walk_over_the_records_finds() {
    on_databases(async |company| {
        for (number, account) in customers_of_places(&company).await {
            let month = 1 + number % 9;
            company.order(Some(account), &format!("2025-{month:02}-{number:02}"), "100", None).await;
            if number % 4 > 0 {
                company.order(Some(account), &format!("2026-{month:02}-{number:02}"), "150", None).await;
            }
            // Of the running quarter, which is not counted.
            company.order(Some(account), "2026-10-03", "10", None).await;
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let cohorts = of_places::<Vec<Cohort>>(&company, "cohorts").await;
        let cohorts = cohorts.into_iter().flat_map(|(place, cohorts)| {
            let some = cohorts.into_iter().filter(|cohort| cohort.customers > 0);
            some.map(move |one| ((place.clone(), one.from_on), (one.customers, one.bought, one.returned)))
        });
        let (cohorts, walked) = (cohorts.collect::<BTreeMap<_, _>>(), walked_cohorts(&company).await);
        assert_eq!(cohorts, walked);
        let again = cohorts.values().filter(|(_, bought, _)| bought.iter().sum::<u64>() > 0).count();
        assert!(again > 3 && cohorts.values().any(|(.., returned)| returned.is_some_and(|some| some > 0)));
    });
}

#[test]
fn who_first_bought_in_a_quarter_is_followed_through_the_next_ones() {
    on_databases(async |company| {
        // Of twelve new customers a quarter so many buy again two quarters later.
        for (first, later, again) in
            [("2024-08", "2025-02", 2), ("2025-08", "2026-02", 11), ("2026-05", "2026-09", 3)]
        {
            for number in 1..=12 {
                let account = company.customer(&format!("{first} {number}")).await;
                company.order(Some(account), &format!("{first}-{number:02}"), "100", None).await;
                if number <= again {
                    company.order(Some(account), &format!("{later}-{number:02}"), "100", None).await;
                }
            }
        }
        let few = company.customer("The only one").await;
        company.order(Some(few), "2025-11-03", "100", None).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/seven-p/persistency").await.expect(200).body;
        let found =
            "92% of the 12 customers who first bought in 2025 Q3 bought again in the four quarters after";
        assert!(
            page.contains(found) && page.contains("clearly more than of those of 2024 Q3 (17%"),
            "{page}"
        );
        let page = page.replace("&#x2f;", "/");
        // Rows from below, the oldest on top; of the newest only one quarter has passed.
        assert!(page.contains(r#"["2026 Q2 (12)","2025 Q3 (12)","2024 Q3 (12)"]"#), "{page}");
        assert!(
            page.contains("Of the 12 customers who first bought in 2025 Q3, 11 bought in quarter 2 after it")
        );
        assert!(
            page.contains("Of the 12 customers who first bought in 2026 Q2, 3 bought in quarter 1 after it")
        );
        assert!(!page.contains("2025 Q4 (1)"), "{page}");
        let behind = page.split_once("clearly more than").unwrap().1;
        let href = between(behind, "<a href=\"/account?", "\"").replace("&amp;", "&");
        assert!(decoded(&href).contains("first_order_on > '2025-06-30' && first_order_on <= '2025-09-30'"));
        let nobody = client.get("/value/seven-p/persistency?relation=supplier").await.expect(200).body;
        assert!(!nobody.contains("first bought in"), "{nobody}");
        client.set_cookie("zhike_lang", "zh-CN");
        let page = client.get("/value/seven-p/persistency").await.expect(200).body;
        assert!(page.contains("2025 Q3 首次购买的 12 位客户中，有 92% 在其后四个季度内再次购买"), "{page}");
    });
}
