//! The value matrix of a year ago: every number leads to the very customers it counts, as a walk through their orders finds them,
//! by sales and by profit.
//! Long because its numbers are walked here, in every way they are told.

use crate::{
    alarms::all,
    company::{Company, decimal, on_databases, on_one, values},
    customer_groups::behind,
    models::two_years,
    questions::rep,
};
use engine::Actor;
use insight::{
    past::{self, matrix::QUADRANTS, quadrant::Quadrant},
    refit,
    settings::{self, ValueBy, date_of},
    store,
};
use meta::{Id, NaiveDate, Record, Value};
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
    behind(client, &format!("/value/matrix/customers?{list}")).await
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
    on_databases(async |company| {
        two_years(&company).await;
        for number in 0..7 {
            let account = company.customer(&format!("New {number}")).await;
            company.order(Some(account), &format!("2026-0{}-10", 2 + number), "70", Some("30")).await;
        }
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let matrix = kept.matrix.fitted().unwrap().clone();
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
                assert!(
                    (after - units(matrix.then[at].after.unwrap_or_default())).abs() < 0.01,
                    "{list}: {after}"
                );
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
    on_databases(async |company| {
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
        let matrix = kept.matrix.fitted().unwrap();
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
        // A page begins after whom its marker names, if he has the place it says.
        let (largest, _) =
            matrix.then.iter().enumerate().max_by_key(|(_, quadrant)| quadrant.customers).unwrap();
        let list = format!("was={}", QUADRANTS[largest]);
        let (known, _) = listed(&client, &list).await;
        let (rest, _) = listed(&client, &format!("{list}&after=1_{}", known[0])).await;
        assert_eq!(rest, known[1..]);
        for wrong in ["9999".to_owned(), format!("9999_{}", known[0]), format!("2_{}", known[0])] {
            for (language, said) in [("zh-CN", "翻页标记与列表不符"), ("en", "this page marker is not valid")]
            {
                client.set_cookie("zhike_lang", language);
                let address = format!("/value/matrix/customers?{list}&after={wrong}");
                let refused = client.get(&address).await.expect(422).body;
                assert!(refused.contains(said), "{wrong}: {refused}");
            }
        }
    });
}

#[test]
fn today_says_what_every_other_page_says_of_quadrants_although_goods_came_back() {
    on_one(async |company| {
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
        let matrix = kept.matrix.fitted().unwrap();
        let overview = store::newest_model(&company.engine).await.unwrap().unwrap().overview.clone();
        for (name, quadrant) in QUADRANTS.iter().zip(&matrix.now) {
            let known = overview.quadrants.get(*name).map_or(0, |group| group.customers);
            assert_eq!(quadrant.customers, known, "{name}");
        }
        assert_eq!(matrix.now.iter().map(|q| q.before).sum::<i64>(), overview.recent_sales);
        // The quadrants' forecasts vary by as much as the overview's, which is of all of them; values are kept in cents.
        let variance: Option<f64> = matrix.now.iter().map(|quadrant| quadrant.variance).sum();
        let all = overview.clv_variance;
        assert_eq!(variance.is_some(), all.is_some(), "{:?}", matrix.now);
        assert!(
            variance.zip(all).is_none_or(|(sum, all)| (sum / all - 1.0).abs() < 1e-3),
            "{variance:?} {all:?}"
        );
        // Each forecast says how far it may be off, or why it does not.
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/matrix").await.expect(200).body;
        let has = |quadrant: &Quadrant| quadrant.customers >= 10 && quadrant.variance.is_some();
        let all = || matrix.now.iter().chain(&matrix.then);
        assert_eq!(page.matches("<span class=\"hint\">95 %: ").count(), all().filter(|one| has(one)).count());
        let few = all().filter(|one| (1..10).contains(&one.customers)).count();
        assert_eq!(page.matches("too few customers for an interval").count(), few, "{page}");
        // So do the bars of the chart, which are of then.
        let (_, drawn) = page.split_once("\"intervals\":").unwrap();
        let mut drawn = serde_json::Deserializer::from_str(drawn).into_iter::<[Option<[f64; 2]>; 4]>();
        for (quadrant, drawn) in matrix.then.iter().zip(drawn.next().unwrap().unwrap()) {
            assert_eq!(drawn.is_some(), has(quadrant), "{quadrant:?}");
            let forecast = quadrant.forecast as f64 / value::money::SCALE as f64;
            assert!(
                drawn.is_none_or(|[low, high]| 0.0 <= low && low <= forecast && forecast < high),
                "{drawn:?}"
            );
        }
    });
}

/// Value is to be measured by profit from the next fit on.
async fn by_profit(company: &Company) {
    let system = Actor::system();
    let set = company
        .engine
        .write(&system, |tx| Box::pin(async move { settings::set_measured_by(tx, ValueBy::Profit).await }));
    set.await.unwrap();
}

/// Buys each month for two years.
async fn monthly(company: &Company, name: &str, amount: &str, cost: Option<&str>) -> Id {
    let account = company.customer(name).await;
    let begin: NaiveDate = "2024-11-05".parse().unwrap();
    for month in 0..25 {
        let on = (begin + chrono::Duration::days(30 * month)).to_string();
        company.order(Some(account), &on, amount, cost).await;
    }
    account
}

#[test]
fn value_can_be_measured_by_profit() {
    on_databases(async |company| {
        two_years(&company).await;
        let thin = monthly(&company, "Thin", "900", Some("895")).await;
        let unknown = monthly(&company, "Unknown", "900", None).await;
        for (driver, amount) in [("order_line", "3"), ("visit", "100")] {
            let day = Value::Date("2024-01-01".parse().unwrap());
            let rate = values([("driver", driver.into()), ("valid_from", day), ("amount", decimal(amount))]);
            company.create("cost_rate", rate).await;
        }
        let visited = thin;
        company.contact(visited, "2026-06-03", "visit", 30).await;
        refit::refit(&company.engine, None).await.unwrap();
        for account in [thin, unknown] {
            assert_eq!(company.account(account).await.text("value_quadrant"), "core");
        }
        by_profit(&company).await;
        let classes = refit::refit(&company.engine, None).await.unwrap().fitted.classes;
        assert_eq!((classes.by, classes.profits.buyers - classes.profits.known), (ValueBy::Profit, 1));
        // He leaves two of an order; what another leaves nobody knows.
        let [found, other] = [company.account(thin).await, company.account(unknown).await];
        assert_eq!((found.text("value_quadrant"), other.text("value_quadrant")), ("small", ""));
        assert_eq!(other.get("earned_52w"), &Value::Null);

        past::compute(&company.engine).await.unwrap();
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let matrix = kept.matrix.fitted().unwrap();
        assert_eq!((matrix.by, matrix.unknown), (ValueBy::Profit, 1));
        let [then, now] = [matrix.then_day, matrix.now_day].map(date_of);
        let year = chrono::Duration::days(364);
        // Margin less three for the line of each order and what the visit cost.
        let earned = async |account: Id, after: NaiveDate, until: NaiveDate| {
            let orders = company.those_of("order", "account", account).await;
            let is_within = |day: NaiveDate| day > after && day <= until;
            let orders = orders
                .iter()
                .filter(|order| is_within(order.get("ordered_at").as_instant().unwrap().date_naive()));
            let earned: f64 = orders
                .map(|order| {
                    order.get("margin_base").as_decimal().unwrap().to_string().parse::<f64>().unwrap() - 3.0
                })
                .sum();
            let was_visited = account == visited && is_within("2026-06-03".parse().unwrap());
            earned - if was_visited { 100.0 } else { 0.0 }
        };
        let units = |amount: i64| amount as f64 / value::money::SCALE as f64;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let panel = client.get(&format!("/account/{thin}")).await.expect(200).body;
        for part in ["Value and potential: Profit, last 52 weeks ", "; Profit, 52 weeks "] {
            assert!(panel.contains(part), "{part} in {panel}");
        }
        let (mut today, mut stood) = (0.0, 0);
        for (at, name) in QUADRANTS.iter().enumerate() {
            let (ids, _) = listed(&client, &format!("was={name}")).await;
            stood += ids.len();
            let (mut before, mut after) = (0.0, 0.0);
            for id in ids {
                before += earned(id, then - year, then).await;
                after += earned(id, then, now).await;
            }
            assert!((before - units(matrix.then[at].before)).abs() < 0.01, "{name}: {before}");
            assert!(
                (after - units(matrix.then[at].after.unwrap_or_default())).abs() < 0.01,
                "{name}: {after}"
            );
            today += units(matrix.now[at].before);
        }
        assert_eq!((stood, matrix.now.iter().map(|quadrant| quadrant.customers).sum::<u64>()), (61, 61));
        let everybody = company.everybody().await;
        let placed = everybody.iter().filter(|one| !one.text("value_quadrant").is_empty());
        let figure =
            |one: &Record| one.get("earned_52w").as_decimal().unwrap().to_string().parse::<f64>().unwrap();
        let sum: f64 = placed.map(figure).sum();
        assert!((today - sum).abs() < 0.01, "{today} instead of {sum}");
        for (language, said) in [
            (
                "en",
                [
                    "Value is measured by profit.",
                    "1 customers are in no quadrant today",
                    "1 customers are left out",
                ],
            ),
            ("zh-CN", ["价值按利润衡量。", "1 位客户目前不属于任何象限", "1 位客户未计入"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/matrix").await.expect(200).body;
            said.iter().for_each(|said| assert!(page.contains(said), "{said}: {page}"));
            let panel = client.get(&format!("/account/{thin}")).await.expect(200).body;
            let label = if language == "en" { "Profit, last 52 weeks" } else { "近一年利润" };
            assert!(panel.contains(label), "{panel}");
        }

        // A new order moves it, as the next fit does.
        company.order(Some(thin), "2026-11-10", "9000", Some("1000")).await;
        company.settle().await;
        let live = company.account(thin).await;
        assert_eq!(live.text("value_quadrant"), "core");
        refit::refit(&company.engine, None).await.unwrap();
        let fitted = company.account(thin).await;
        assert_eq!(live.get("earned_52w"), fitted.get("earned_52w"));
        assert_eq!(fitted.text("value_quadrant"), "core");
    });
}

#[test]
fn where_too_few_profits_are_known_value_is_measured_by_sales() {
    on_databases(async |company| {
        for number in 0..40 {
            let account = company.customer(&format!("Customer {number}")).await;
            let cost = (number % 4 != 0).then_some("30");
            for day in ["2026-03-02", "2026-07-06", "2026-10-05"] {
                company.order(Some(account), day, &format!("{}", 50 + number), cost).await;
            }
        }
        by_profit(&company).await;
        let classes = refit::refit(&company.engine, None).await.unwrap().fitted.classes;
        assert_eq!((classes.by, classes.profits.known, classes.profits.buyers), (ValueBy::Sales, 30, 40));
        let client = company.app.administrator().await;
        for (language, said) in [
            (
                "en",
                "of the 40 customers who bought in the last 52 weeks the profit of only 30 is known; it takes 80%",
            ),
            ("zh-CN", "近 52 周有购买的 40 位客户中只有 30 位利润已知"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/matrix").await.expect(200).body;
            assert!(page.contains(said), "{said}: {page}");
        }
    });
}
