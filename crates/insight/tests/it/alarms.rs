//! Cycles and alarms: who is told what, once, and what became of it.
//! Long because every rule is followed from its cause to its end.

use crate::{
    company::{Company, on_databases, on_one, values},
    seven_p_behind::{decoded, plain},
};
use engine::{Actor, Query};
use insight::{
    after_fit, alarm, cycle, kept,
    mining::{earlier, refresh},
    refit,
};
use meta::{Decimal, Id, Lang, NaiveDate, Record, Value};
use web::{Format, Zone};

/// The form with one rule switched on.
pub const CORE_CUSTOMER_ALONE: [(&str, &str); 7] = [
    ("core_customer", "on"),
    ("late_chance", "95"),
    ("p_buy_fall", "30"),
    ("worth_fall", "40"),
    ("tasks_at_once", "10"),
    ("group_fall", "20"),
    ("region_fall", "20"),
];

/// The clock of tests stands at 2026-11-21.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub async fn all(company: &Company, entity: &str, filter: &str) -> Vec<Record> {
    let query = Query::new(entity).filter(filter).limit(1_000);
    company.engine.list(&Actor::system(), &query).await.unwrap().records
}

async fn user(company: &Company, name: &str) -> Id {
    company.app.user(name, &format!("{name}@example.com"), engine::Role::User).await
}

/// What the lists of `entity` open that a page leads to, in their order.
pub async fn opened(
    company: &Company,
    client: &testkit::Client,
    page: &str,
    entity: &str,
) -> Vec<Vec<Record>> {
    let html = plain(&client.get(page).await.expect(200).body);
    // An explanation has sources of its own.
    let beside =
        html.split("</details>").map(|part| part.split("<details class=\"menu explain").next().unwrap());
    let html: String = beside.collect();
    let mut found = vec![];
    for link in html.split(&format!("href=\"/{entity}?filter=")).skip(1) {
        let link = link.split('"').next().unwrap();
        client.get(&format!("/{entity}?filter={link}")).await.expect(200);
        found.push(all(company, entity, &decoded(link.split('&').next().unwrap())).await);
    }
    found
}

/// A customer who bought every `gap` days, `count` times, the last time on `last`.
async fn buyer(
    company: &Company,
    name: &str,
    owner: Option<Id>,
    (gap, count, last): (i64, i64, &str),
    amount: &str,
) -> Id {
    let account = company.create("account", values([("name", name.into()), ("owner", owner.into())])).await;
    for purchase in (0..count).rev() {
        let at = day(last) - chrono::Duration::days(gap * purchase);
        company.order(Some(account), &at.to_string(), amount, Some("1")).await;
    }
    account
}

pub async fn look(company: &Company) {
    company.settle().await;
    refit::refit(&company.engine, None).await.unwrap();
    after_fit::compute(&company.engine, None).await.unwrap();
}

#[test]
fn a_falling_core_customer_is_told_to_his_owner_once() {
    on_databases(async |company| {
        company.regulars().await;
        let rep = user(&company, "rep").await;
        let giant = buyer(&company, "Silent Giant", Some(rep), (10, 20, "2026-09-20"), "9000").await;
        buyer(&company, "Loyal Giant", Some(rep), (10, 20, "2026-11-18"), "9000").await;
        look(&company).await;
        let alarms = all(&company, "alarm", "rule == 'core_customer'").await;
        assert_eq!(alarms.iter().map(|one| one.text("name")).collect::<Vec<_>>(), ["Silent Giant"]);
        let tasks = all(&company, "activity", "kind == 'task'").await;
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        let task = &tasks[0];
        assert_eq!((task.reference("owner"), task.reference("account")), (Some(rep), Some(giant)));
        assert!(task.text("subject").contains("Silent Giant"));
        // 62 days since the last of purchases ten days apart.
        let body = task.text("body");
        assert!(
            body.contains("usually buys every 10 days, with 95% probability within")
                && body.contains("silent for 62 (6.2 times as long)"),
            "{}",
            task.text("body")
        );
        look(&company).await;
        assert_eq!(all(&company, "activity", "kind == 'task'").await.len(), 1, "not repeated while open");
        // The owner has done the task; the customer is still watched, and not told again.
        company.update("activity", task.id, values([("done", true.into())])).await;
        look(&company).await;
        let handled = all(&company, "alarm", "rule == 'core_customer'").await;
        assert_eq!((handled.len(), handled[0].text("state")), (1, "handled"));
        // He buys: the alarm ends, with what he bought.
        company.clock.set("2026-11-25T10:00:00Z".parse().unwrap());
        company.order(Some(giant), "2026-11-24", "5000", Some("1")).await;
        look(&company).await;
        let ended = company.engine.get(&Actor::system(), "alarm", handled[0].id).await.unwrap();
        assert_eq!((ended.text("state"), ended.text("outcome")), ("closed", "bought"));
        assert_eq!(ended.get("sales_after").as_decimal(), "5000".parse().ok());
        assert_eq!(ended.get("bought_on").as_date(), Some(day("2026-11-24")));
        // The page says on how many alarms the share rests, and on how many orders the sales.
        assert_eq!(ended.get("orders_after"), &Value::Int(1));
        let client = company.app.administrator().await;
        for (language, [known, orders]) in
            [("en", ["Outcome known", "Orders after"]), ("zh-CN", ["已有结果", "其后订单数"])]
        {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/alarms").await.expect(200).body;
            for label in [known, orders] {
                let cell = format!("data-label=\"{label}\">1</td>");
                assert_eq!(page.matches(&cell).count(), 1, "{cell} in {page}");
            }
        }
    });
}

/// 13 weeks ago, on 2026-08-22: who had stopped a month before did not come back, who stopped later was not told of yet.
#[test]
fn the_rule_is_replayed_beside_as_many_customers_at_random() {
    on_one(async |company| {
        buyer(&company, "Gone Giant", None, (10, 20, "2026-07-20"), "9000").await;
        buyer(&company, "Silent Giant", None, (10, 20, "2026-09-20"), "9000").await;
        buyer(&company, "Loyal Giant", None, (10, 40, "2026-11-18"), "9000").await;
        look(&company).await;
        let client = company.app.administrator().await;
        for (language, wanted) in [
            (
                "en",
                [
                    "of 3 customers the rule",
                    "would have told of 1 on",
                    "1 of these (100%",
                    "at random 33.3%",
                    "<dt>Customers looked at</dt><dd>3</dd>",
                    "<dt>Told of by the rule</dt><dd>1</dd>",
                ],
            ),
            (
                "zh-CN",
                [
                    "3 位客户中",
                    "会提示 1 位",
                    "其中 1 位（100%",
                    "未购买的占 33.3%",
                    "<dt>检查的客户</dt><dd>3</dd>",
                    "<dt>规则会提示的客户</dt><dd>1</dd>",
                ],
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/alarms").await.expect(200).body;
            for part in wanted {
                assert!(page.contains(part), "{part} in {page}");
            }
        }
        // Switched off it is not replayed any more, and what was said of it would stay.
        client.set_cookie("zhike_lang", "en");
        client.post("/value/alarms/settings", &CORE_CUSTOMER_ALONE[1..]).await.expect(303);
        let page = client.get("/value/alarms").await.expect(200).body;
        assert!(!page.contains("replayed on the last"), "{page}");
    });
}

#[test]
fn who_does_not_come_back_within_thirteen_weeks_did_not_buy() {
    on_one(async |company| {
        company.regulars().await;
        let rep = user(&company, "rep").await;
        buyer(&company, "Silent Giant", Some(rep), (10, 20, "2026-09-20"), "9000").await;
        look(&company).await;
        company.clock.set("2027-02-21T10:00:00Z".parse().unwrap());
        look(&company).await;
        let alarms = all(&company, "alarm", "rule == 'core_customer'").await;
        assert_eq!(alarms.len(), 1, "not raised again before he has bought");
        assert_eq!((alarms[0].text("outcome"), alarms[0].text("state")), ("not_bought", "closed"));
        // There is nothing left to do.
        assert!(all(&company, "activity", "kind == 'task' && !done").await.is_empty());
    });
}

#[test]
fn a_due_purchase_is_prompted_once_and_can_be_switched_off() {
    on_databases(async |company| {
        let rep = user(&company, "rep").await;
        let product =
            company.create("product", values([("name", "Apples".into()), ("code", "A1".into())])).await;
        // So many days after 2026-06-27 each.
        let buys = async |name: &str, days: [i64; 6]| {
            let named = values([("name", name.into()), ("owner", rep.into())]);
            let account = company.create("account", named).await;
            for days in days {
                let at = crate::company::at(&(day("2026-06-27") + chrono::Duration::days(days)).to_string());
                let head = values([("account", account.into()), ("ordered_at", at)]);
                let line = values([
                    ("product", product.into()),
                    ("quantity", Value::Decimal(7.into())),
                    ("unit_price", Value::Decimal(10.into())),
                ]);
                company.document("order", "order_line", head, line).await;
            }
            account
        };
        let account = buys("Regular", [0, 28, 56, 84, 112, 140]).await;
        // The last of them was on 2026-11-14; on 2026-12-12 the next is due.
        look(&company).await;
        assert!(all(&company, "alarm", "rule == 'reorder_due'").await.is_empty(), "too early");
        company.clock.set("2026-12-12T02:00:00Z".parse().unwrap());
        look(&company).await;
        let prompts = all(&company, "alarm", "rule == 'reorder_due'").await;
        assert_eq!(prompts.len(), 1);
        let task = company
            .engine
            .get(&Actor::system(), "activity", prompts[0].reference("task").unwrap())
            .await
            .unwrap();
        assert!(
            task.text("body")
                .contains("Apples: bought every 28 days, last on 2026-11-14; expected on 2026-12-12"),
            "{}",
            task.text("body")
        );
        look(&company).await;
        assert_eq!(all(&company, "activity", "kind == 'task'").await.len(), 1);
        let report: cycle::Report = kept::find(&company.engine, cycle::REPORT).await.unwrap().unwrap().body;
        // The customer with Apples, and the customer with whatever he buys; of the latter nobody is reminded.
        assert_eq!((report.pairs, report.regular, report.due), (2, 2, 1));
        assert_eq!((report.demand[0].product, report.demand[0].quantity), (product, 70_000));
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/cycles").await.expect(200).body;
        assert!(
            page.contains("Apples") && page.contains("<dt>Share of all cycles</dt><dd>100%</dd>"),
            "{page}"
        );
        let panel = client.get(&format!("/account/{account}")).await.expect(200).body;
        assert!(panel.contains("cycle-panel") && panel.contains("28 days"), "{panel}");
        // Each row says on how many purchases it rests: what is due, what will be asked for, the customer's own.
        let rests = |label: &str| format!("data-label=\"{label}\">6</td>");
        let cycle = rests("Purchase days");
        assert!(page.contains(&cycle) && page.contains(&rests("Purchase days behind it")), "{page}");
        assert_eq!(panel.matches(&cycle).count(), 2, "Apples, and whatever he buys: {panel}");
        // Switched off, another customer's purchase is not prompted.
        client.post("/value/alarms/settings", &CORE_CUSTOMER_ALONE).await.expect(303);
        let settings = alarm::AlarmSettings::load(&company.engine).await.unwrap();
        assert_eq!(settings.off, ["reorder_due", "group_shrinking", "region_falling"]);
        // As regular as the first; and one whose gaps of 7, 63, 14, 42 and 14 days tell little of the next. Their logarithms deviate by
        // S = 3.22, over three customers of four degrees each σ₀² = 3.22 / 12: by σ² = (4 σ₀² + S) / 8 he has σ = 0.73, the regular,
        // without a deviation of their own, 0.37; up to 0.5 is regular.
        let other = buys("As regular", [0, 28, 56, 84, 112, 140]).await;
        let irregular = buys("Irregular", [0, 7, 70, 84, 126, 140]).await;
        look(&company).await;
        // Both regular customers are due; that the second is not prompted is because of the switch.
        let report: cycle::Report = kept::find(&company.engine, cycle::REPORT).await.unwrap().unwrap().body;
        assert_eq!(report.due, 2);
        assert_eq!(all(&company, "alarm", "rule == 'reorder_due'").await.len(), 1);
        let both = [CORE_CUSTOMER_ALONE.as_slice(), &[("reorder_due", "on")]].concat();
        client.post("/value/alarms/settings", &both).await.expect(303);
        look(&company).await;
        let prompted: Vec<_> = all(&company, "alarm", "rule == 'reorder_due'").await;
        let of =
            |account| prompted.iter().filter(|alarm| alarm.reference("account") == Some(account)).count();
        assert_eq!([account, other, irregular].map(of), [1, 1, 0], "{prompted:?}");
    });
}

#[test]
fn a_customer_of_nobody_is_told_to_who_is_set_and_who_was_lost_before_is_not() {
    on_databases(async |company| {
        let administrator = company.app.user("Boss", "boss@example.com", engine::Role::Administrator).await;
        let gone = user(&company, "gone").await;
        company.regulars().await;
        buyer(&company, "Silent Giant", Some(gone), (10, 20, "2026-09-20"), "9000").await;
        buyer(&company, "Lost Giant", None, (10, 20, "2026-01-10"), "9000").await;
        company.update("user", gone, values([("active", false.into())])).await;
        look(&company).await;
        let alarms = all(&company, "alarm", "rule == 'core_customer'").await;
        assert_eq!(alarms.iter().map(|one| one.text("name")).collect::<Vec<_>>(), ["Silent Giant"]);
        let tasks = all(&company, "activity", "kind == 'task'").await;
        let told: Vec<_> = tasks.iter().filter(|task| task.text("subject").contains("Giant")).collect();
        assert_eq!((told.len(), told[0].reference("owner")), (1, Some(administrator)));
    });
}

#[test]
fn a_shrinking_group_and_a_falling_region_are_told_and_end() {
    on_databases(async |company| {
        let boss = ("Boss", "boss@example.com");
        let administrator = company.app.user(boss.0, boss.1, engine::Role::Administrator).await;
        for number in 0..40 {
            let fields = values([
                ("name", format!("Shop {number}").into()),
                ("relation", "dealer".into()),
                ("province", "山东".into()),
            ]);
            let account = company.create("account", fields).await;
            company.order(Some(account), "2025-10-20", "1000", Some("1")).await;
            if number < 15 {
                company.order(Some(account), "2026-10-20", "1000", Some("1")).await;
            }
        }
        look(&company).await;
        let open = |rule: &str| format!("rule == '{rule}' && state == 'open'");
        let groups = all(&company, "alarm", &open("group_shrinking")).await;
        assert_eq!(groups.iter().map(|one| one.text("name")).collect::<Vec<_>>(), ["经销商/渠道 Dealer"]);
        assert_eq!(groups[0].reference("owner"), Some(administrator));
        let regions = all(&company, "alarm", &open("region_falling")).await;
        assert_eq!(regions.iter().map(|one| one.text("name")).collect::<Vec<_>>(), ["山东"]);
        let client = company.app.administrator().await;
        let page = client.get("/value/alarms").await.expect(200).body;
        for (alarm, condition) in [(&groups[0], "relation == 'dealer'"), (&regions[0], "province == '山东'")]
        {
            assert_eq!(alarm.text("customers"), condition);
            assert_eq!(all(&company, "account", condition).await.len(), 40);
            let list = format!("/account?filter={}", web::encode(condition));
            assert!(page.contains(&format!("href=\"{list}\"")), "{list} {page}");
            client.get(&list).await.expect(200);
        }
        let task =
            company.engine.get(&Actor::system(), "activity", regions[0].reference("task").unwrap()).await;
        let body = task.unwrap().text("body").to_owned();
        assert!(body.contains("¥15,000 sold in the last 13 weeks, ¥40,000 in the same weeks"), "{body}");
        // Who is told opens the orders, of ¥1,000 each and of a customer each: the last weeks' and those of a year before.
        for alarm in groups.iter().chain(&regions) {
            let task = format!("/activity/{}", alarm.reference("task").unwrap());
            let orders: Vec<usize> =
                opened(&company, &client, &task, "order").await.iter().map(Vec::len).collect();
            assert_eq!(orders, [15, 40], "{}", alarm.text("name"));
        }
        // The page of alarms opens them, too.
        let orders: Vec<usize> =
            opened(&company, &client, "/value/alarms", "order").await.iter().map(Vec::len).collect();
        assert_eq!(orders, [15, 40, 15, 40]);
        // Many buy again: the fall is over.
        for account in all(&company, "account", "").await.iter().take(38) {
            company.order(Some(account.id), "2026-11-10", "1000", Some("1")).await;
        }
        look(&company).await;
        assert!(all(&company, "alarm", &open("group_shrinking")).await.is_empty());
        let past = all(&company, "alarm", "rule == 'region_falling'").await;
        assert_eq!((past[0].text("state"), past[0].text("outcome")), ("closed", "recovered"));
    });
}

/// One order a week of some 1 000, as it is in a shop.
fn week(number: i64) -> i64 {
    1_000 + (number * 37) % 11 * 10
}

#[test]
fn a_region_is_held_against_what_was_forecast_before() {
    on_databases(async |company| {
        company.app.user("Boss", "boss@example.com", engine::Role::Administrator).await;
        let mut shops = vec![];
        for province in ["山东", "四川", "浙江"] {
            let fields =
                values([("name", format!("Shop of {province}").into()), ("province", province.into())]);
            shops.push(company.create("account", fields).await);
        }
        // Forty weeks, of which the last whole one ends on 2026-11-15.
        let first = day("2026-02-11");
        let on = |number: i64| (first + chrono::Duration::weeks(number)).to_string();
        for number in 0..=40 {
            for shop in &shops {
                company.order(Some(*shop), &on(number), &week(number).to_string(), Some("1")).await;
            }
        }
        company.settle().await;
        refresh::refresh(&company.engine, None).await.unwrap();
        // Held at another day, nothing is told of weeks to come.
        company.hold("2026-10-01").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        company
            .engine
            .write(&Actor::system(), |tx| Box::pin(insight::settings::set_as_of(tx, None)))
            .await
            .unwrap();
        refresh::refresh(&company.engine, None).await.unwrap();
        let told = earlier::load(&company.engine).await.unwrap().unwrap();
        let [told] = told.body.as_slice() else { panic!("{:?}", told.body) };
        assert_eq!((told.region_field.as_str(), told.regions.len()), ("province", 3));
        let of = |name: &str| told.regions.iter().find(|region| region.name == name).unwrap().sums.clone();
        let five = of("山东")[4];
        assert!((5_000.0..5_600.0).contains(&five.expected), "{five:?}");
        assert!(4_500.0 < five.low && five.low < five.expected && five.expected < five.high, "{five:?}");
        // The week in which it was told, and four more: one region sells a third, one nothing, the third as ever.
        for number in 41..=45 {
            company.order(Some(shops[0]), &on(number), "350", Some("1")).await;
            company.order(Some(shops[2]), &on(number), &week(number).to_string(), Some("1")).await;
        }
        company.clock.set("2026-12-09T10:00:00Z".parse().unwrap());
        look(&company).await;
        assert!(
            all(&company, "alarm", "rule == 'region_falling'").await.is_empty(),
            "only three weeks are over"
        );
        company.clock.set("2026-12-23T10:00:00Z".parse().unwrap());
        look(&company).await;
        let raised = all(&company, "alarm", "rule == 'region_falling' && state == 'open'").await;
        let mut names: Vec<&str> = raised.iter().map(|one| one.text("name")).collect();
        names.sort_unstable();
        assert_eq!(names, ["四川", "山东"]);
        let client = company.app.administrator().await;
        for (name, per_week) in [("山东", 350), ("四川", 0)] {
            let alarm = raised.iter().find(|one| one.text("name") == name).unwrap();
            let Value::Json(json) = alarm.get("signals") else { panic!("{alarm:?}") };
            let signals: Vec<alarm::Signal> = serde_json::from_value(json.clone()).unwrap();
            let sum = of(name)[4];
            // The running week of 2026-11-16, told with the last order before, is one of the five.
            let sold = week(40) + 4 * per_week;
            let [alarm::Signal::BelowForecast { expected, low, sold: found, weeks }] = signals.as_slice()
            else {
                panic!("{signals:?}")
            };
            assert_eq!((*found, *weeks), (sold * 10_000, 5), "{name}");
            let units = |amount: &i64| *amount as f64 / 10_000.0;
            assert!((units(expected) - sum.expected).abs() < 0.001 && (units(low) - sum.low).abs() < 0.001);
            let task =
                company.engine.get(&Actor::system(), "activity", alarm.reference("task").unwrap()).await;
            let body = task.unwrap().text("body").to_owned();
            let english = Format { lang: Lang::En, zone: Zone::default() };
            assert_eq!(body, signals[0].text(english, "CNY"));
            assert!(
                body.starts_with("Below forecast: ") && body.contains("in the last 5 whole weeks"),
                "{body}"
            );
            let task = format!("/activity/{}", alarm.reference("task").unwrap());
            let lists = opened(&company, &client, &task, "order").await;
            let [orders] = lists.as_slice() else { panic!("{lists:?}") };
            let sum: Decimal = orders.iter().filter_map(|order| order.get("net_base").as_decimal()).sum();
            assert_eq!(sum, Decimal::from(sold), "{name}");
        }
        // Both catch up: the fall is over.
        for shop in &shops[..2] {
            company.order(Some(*shop), "2026-12-17", "9000", Some("1")).await;
        }
        look(&company).await;
        let past = all(&company, "alarm", "rule == 'region_falling'").await;
        assert!(past.iter().all(|one| one.text("outcome") == "recovered"), "{past:?}");
        assert_eq!(past.len(), 2);
    });
}

#[test]
fn the_page_lists_alarms_with_their_reasons_and_settings_refuse_nonsense() {
    on_databases(async |company| {
        company.regulars().await;
        buyer(&company, "Silent Giant", None, (10, 20, "2026-09-20"), "9000").await;
        look(&company).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/alarms").await.expect(200).body;
        for part in [
            "Silent Giant",
            "silent for 62 (6.2 times as long)",
            "the customer has no owner",
            "What became of the alarms",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let given = [
            ("late_chance", "50"),
            ("p_buy_fall", "30"),
            ("worth_fall", "40"),
            ("tasks_at_once", "10"),
            ("group_fall", "20"),
            ("region_fall", "20"),
        ];
        let refused = client.post("/value/alarms/settings", &given).await.expect(422).body;
        assert!(refused.contains("must be between 80 and 99.9"), "{refused}");
        let other = company.app.ordinary().await;
        other.get("/value/alarms").await.expect(200);
        other.get("/value/alarms/settings").await.expect(403);
    });
}
