//! The value matrix of a year ago: every number leads to the very customers it counts, as a walk through their orders finds them.

use crate::{
    alarms::all,
    company::{Company, on_both},
    models::two_years,
    questions::rep,
};
use insight::{
    past::{self, matrix::QUADRANTS},
    refit,
    settings::date_of,
    store,
};
use meta::{Id, NaiveDate, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Addresses of lists on a page with the text of their links, without those of charts.
fn links(page: &str) -> Vec<(String, String)> {
    let links = page.split("<a href=\"/value/matrix/customers?").skip(1);
    let link = |link: &str| {
        let (href, rest) = link.split_once('"').unwrap();
        let text = rest.split_once('>').unwrap().1.split('<').next().unwrap();
        (href.replace("&amp;", "&").replace("&#x2f;", "/"), text.to_owned())
    };
    links.map(link).collect()
}

/// Whoever is on the pages of a list, and the number it says it has.
async fn listed(client: &testkit::Client, list: &str) -> (Vec<Id>, usize) {
    let (mut ids, mut total) = (vec![], 0);
    for page in 0.. {
        let body = client.get(&format!("/value/matrix/customers?{list}&page={page}")).await.expect(200).body;
        let shown = body.split(" of ").find_map(|part| part.split_once("</span>")?.0.parse().ok());
        total = shown.unwrap_or_else(|| panic!("{list}: {body}"));
        for row in body.split("class=\"row-title\" href=\"/account/").skip(1) {
            ids.push(row.split('"').next().unwrap().parse().unwrap());
        }
        if !body.contains("rel=\"next\"") {
            break;
        }
    }
    (ids, total)
}

/// Sum of what somebody bought after one day up to another, units, by his orders.
async fn bought(company: &Company, account: Id, after: NaiveDate, until: NaiveDate) -> f64 {
    let orders = company.those_of("order", "account", account).await;
    let day = |order: &Record| order.get("ordered_at").as_instant().unwrap().date_naive();
    let within = orders.iter().filter(|order| day(order) > after && day(order) <= until);
    within.map(|order| order.get("net_base").as_decimal().unwrap().to_string().parse::<f64>().unwrap()).sum()
}

#[test]
fn every_number_of_then_leads_to_its_customers() {
    on_both(async |company| {
        two_years(&company).await;
        for number in 0..7 {
            let account = company.customer(&format!("New {number}")).await;
            company.order(Some(account), &format!("2026-0{}-10", 2 + number), "70", Some("30")).await;
        }
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let matrix = kept.1.matrix.fitted().unwrap().clone();
        let (then, now) = (date_of(matrix.then_day), date_of(matrix.now_day));
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/matrix").await.expect(200).body;
        // Data of charts are written so.
        let charts = page.replace("\\u0026", "&");

        // The numbers of the table, and those who came since.
        let mut stood: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
        let year = chrono::Duration::days(364);
        for (list, text) in links(&page) {
            let (ids, total) = listed(&client, &list).await;
            assert_eq!(ids.len(), total, "{list}");
            let set: BTreeSet<Id> = ids.iter().copied().collect();
            assert_eq!(set.len(), ids.len(), "{list}: nobody twice");
            let Some(at) = QUADRANTS.iter().position(|name| list == format!("was={name}")) else {
                continue;
            };
            if text.parse().is_ok_and(|number: usize| number == total) {
                // What they brought in the year before and since is what the page says.
                let (mut before, mut after) = (0.0, 0.0);
                for id in &ids {
                    before += bought(&company, *id, then - year, then).await;
                    after += bought(&company, *id, then, now).await;
                }
                let units = |amount: i64| amount as f64 / value::money::SCALE as f64;
                assert!((before - units(matrix.then[at].before)).abs() < 0.01, "{list}: {before}");
                assert!((after - units(matrix.then[at].after.unwrap())).abs() < 0.01, "{list}: {after}");
                stood.insert(list, set);
            }
        }
        // Those of the quadrants today.
        let mut today = 0;
        for (at, name) in QUADRANTS.iter().enumerate() {
            let (ids, total) = listed(&client, &format!("was=&is={name}")).await;
            assert_eq!((ids.len(), total as u64), (total, matrix.now[at].customers), "{name}");
            for id in ids {
                assert_eq!(company.account(id).await.text("value_quadrant"), *name);
                today += 1;
            }
        }
        assert_eq!(today, 67);
        let then_on = |name: &str| stood.get(&format!("was={name}")).cloned().unwrap_or_default();
        assert_eq!(stood.values().map(BTreeSet::len).sum::<usize>(), 60);
        let (new, total) = listed(&client, "was=").await;
        assert_eq!((new.len(), total, matrix.new_customers), (7, 7, 7));
        assert!(new.iter().all(|id| !stood.values().any(|set| set.contains(id))));

        // The cells of the chart: each those of its row who moved so, and not whoever is in its column today.
        let mut moved = 0;
        for (was, row) in matrix.moves.iter().enumerate() {
            let mut left = BTreeSet::new();
            for (is, count) in row.iter().enumerate() {
                let list = format!("was={}&is={}", QUADRANTS[was], QUADRANTS[is]);
                assert_eq!(
                    charts.contains(&format!("/value/matrix/customers?{list}\"")),
                    *count > 0,
                    "{list}"
                );
                let (ids, total) = listed(&client, &list).await;
                assert_eq!((ids.len(), total as u64), (total, *count), "{list}");
                for id in ids {
                    let record = company.account(id).await;
                    assert_eq!(
                        record.text("value_quadrant"),
                        QUADRANTS[is],
                        "{list}: {}",
                        record.text("name")
                    );
                    assert!(left.insert(id));
                }
                moved += usize::from(was != is) * total;
            }
            assert_eq!(left, then_on(QUADRANTS[was]));
        }
        assert!(moved > 0, "nobody moved: {:?}", matrix.moves);

        // Who bought for most comes first.
        let (small, _) = listed(&client, "was=small").await;
        let mut amounts = vec![];
        for id in &small {
            amounts.push(bought(&company, *id, then - year, then).await);
        }
        assert!(small.len() > 1 && amounts.is_sorted_by(|one, next| one >= next), "{amounts:?}");
        for (language, title) in [("en", "Small on "), ("zh-CN", "的一般客户")] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/matrix/customers?was=small").await.expect(200).body;
            assert!(page.contains(title), "{title}: {page}");
        }
        client.set_cookie("zhike_lang", "en");
        for wrong in ["was=nowhere", "was=core&is=nowhere", "was=&is=nowhere"] {
            client.get(&format!("/value/matrix/customers?{wrong}")).await.expect(404);
        }

        // The number is of then: who was deleted since is missing, and the list says so.
        company.delete("account", small[0]).await.unwrap();
        let page = client.get("/value/matrix/customers?was=small").await.expect(200).body;
        assert!(
            page.contains(&format!(" of {}</span>", small.len()))
                && page.contains("1 customers of this page"),
            "{page}"
        );
        assert!(!page.contains(&format!("/account/{}\"", small[0])), "{page}");
        past::compute(&company.engine).await.unwrap();
        let (rest, total) = listed(&client, "was=small").await;
        assert!(rest.len() == total && !rest.contains(&small[0]));

        // Sums over everybody are not for who sees a part.
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.get("/value/matrix/customers?was=core").await.expect(403);
    });
}

#[test]
fn a_long_list_is_read_by_its_page() {
    on_both(async |company| {
        // More than fit on a page, all alike: nobody is left out and nobody shown twice, whatever their order.
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for number in 0..120 {
            let account = company.customer(&format!("Customer {number}")).await;
            for (begin, times) in [("2025-01-06", 1 + number % 5), ("2026-01-06", number % 4)] {
                for time in 0..times {
                    let on = day(begin) + chrono::Duration::days(i64::from(time * 60 + number % 30));
                    company.order(Some(account), &on.to_string(), "50", None).await;
                }
            }
        }
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let matrix = kept.1.matrix.fitted().unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let mut everybody = BTreeSet::new();
        for (name, quadrant) in QUADRANTS.iter().zip(&matrix.then) {
            let (ids, total) = listed(&client, &format!("was={name}")).await;
            assert_eq!((ids.len() as u64, total as u64), (quadrant.customers, quadrant.customers));
            everybody.extend(ids);
        }
        assert_eq!(everybody.len(), 120);
        assert!(matrix.then.iter().any(|quadrant| quadrant.customers > 50), "{:?}", matrix.then);
        let beyond = client.get("/value/matrix/customers?was=small&page=9999").await.expect(200).body;
        assert!(beyond.contains("Nobody."), "{beyond}");
    });
}

#[test]
fn today_says_what_every_other_page_says_of_quadrants_although_goods_came_back() {
    on_both(async |company| {
        two_years(&company).await;
        refit::refit(&company.engine, None).await.unwrap();
        // Returns move some of those who bought most below the best fifth.
        let best = all(&company, "account", "value_quadrant == 'core' || sales_52w > 0").await;
        for account in best.iter().step_by(3) {
            company.give_back(account.id, "2026-11-10", "400", None).await;
        }
        assert!(best.len() > 9);
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let matrix = kept.1.matrix.fitted().unwrap();
        let overview = store::newest_model(&company.engine).await.unwrap().unwrap().overview.clone();
        for (name, quadrant) in QUADRANTS.iter().zip(&matrix.now) {
            let known = overview.quadrants.get(*name).map_or(0, |group| group.customers);
            assert_eq!(quadrant.customers, known, "{name}");
        }
        assert_eq!(matrix.now.iter().map(|q| q.before).sum::<i64>(), overview.recent_sales);
    });
}
