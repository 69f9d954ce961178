//! The pages: overview, panel, rules; in both languages, with and without data.

use crate::company::{Company, on_databases, on_one, values};
use insight::{
    after_fit, refit,
    settings::{Settings, ValueBy},
    store,
};
use meta::Decimal;
use testkit::Client;

async fn reader(company: &Company, language: &str) -> Client {
    let client = company.app.administrator().await;
    client.set_cookie("zhike_lang", language);
    client
}

/// What stands between two marks, first occurrence.
fn between<'t>(text: &'t str, open: &str, close: &str) -> &'t str {
    let rest = text.split_once(open).unwrap_or_else(|| panic!("{open} is not in {text}")).1;
    rest.split_once(close).unwrap().0
}

fn address(text: &str) -> String {
    text.replace("&amp;", "&").replace("&#39;", "'").replace("\\u0026", "&").replace("\\u0027", "'")
}

#[test]
fn without_orders_the_overview_offers_the_import() {
    on_databases(async |company| {
        for (language, text) in [("en", "No purchases yet"), ("zh-CN", "还没有购买记录")] {
            company.app.user("N", &format!("{language}@example.com"), engine::Role::Administrator).await;
            let mut client = company.app.visitor();
            client.sign_in(&format!("{language}@example.com"), testkit::PASSWORD).await;
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value").await.expect(200).body;
            assert!(page.contains(text) && page.contains("/import?kind=order"), "{page}");
        }
    });
}

#[test]
fn the_overview_says_what_it_found_and_leads_to_the_lists_behind() {
    on_databases(async |company| {
        company.regulars().await;
        company.customer("Not yet").await;
        let stored = refit::refit(&company.engine, None).await.unwrap();
        let client = reader(&company, "en").await;
        let page = client.get("/value").await.expect(200).body;
        let share = stored.overview.concentration.top20_share.unwrap();
        assert!(page.contains(&format!("The best 20% of customers bring {:.0}% of sales", share * 100.0)));
        assert!(page.contains("and 1 who have not bought yet"));
        for part in ["NBD", "Gamma-Gamma", "Standard error", "Best customers", "95 %: ", "being independent"]
        {
            assert!(page.contains(part), "{part}");
        }
        // Every list behind a figure or a mark exists.
        let mut lists = 0;
        for piece in
            page.split("\"/account?filter=").skip(1).chain(page.split("href=\"/account?filter=").skip(1))
        {
            let list = format!("/account?filter={}", address(piece.split('"').next().unwrap()));
            let answer = client.get(&list).await.expect(200);
            assert!(!answer.body.contains("class=\"field-error\""), "{list}");
            lists += 1;
        }
        assert!(lists > 20, "{lists} lists");
        client.set_cookie("zhike_lang", "zh-CN");
        let chinese = client.get("/value").await.expect(200).body;
        assert!(chinese.contains(&format!("前 20% 的客户贡献了 {:.0}% 的销售额", share * 100.0)));
    });
}

#[test]
fn an_important_customer_who_fell_silent_is_named() {
    on_databases(async |company| {
        company.regulars().await;
        let account = company.customer("Silent Giant").await;
        for week in 0..20 {
            let day: chrono::NaiveDate = "2025-12-01".parse().unwrap();
            let day = (day + chrono::Duration::weeks(week)).to_string();
            company.order(Some(account), &day, "5000", None).await;
        }
        let gone = company.customer("Long Gone").await;
        company.order(Some(gone), "2025-02-01", "90000", None).await;
        // The only purchase 38 weeks ago: in decline, and with the third of three large sums a key customer.
        let once = company.customer("Once Big").await;
        company.order(Some(once), "2026-02-28", "80000", None).await;
        // Every other week, so little that nobody's importance changes.
        let steady = company.customer("Steady").await;
        let first: chrono::NaiveDate = "2026-02-21".parse().unwrap();
        let day = |purchase: i64| (first + chrono::Duration::weeks(2 * purchase)).to_string();
        company.orders((0..20).map(|purchase| (steady, day(purchase), "10".to_owned(), "1")).collect()).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let client = reader(&company, "en").await;
        let page = client.get("/value").await.expect(200).body;
        let falling = between(&page, "slipping away</h2>", "</section>");
        assert!(falling.contains("Silent Giant") && !falling.contains("Long Gone"), "{falling}");
        // Both lists show the churn score.
        let page = client.get("/value/seven-p/persistency").await.expect(200).body;
        let declining = between(&page, "in decline: call them</h2>", "</section>");
        for (list, name, account) in
            [(falling, "Silent Giant", account), (falling, "Once Big", once), (declining, "Once Big", once)]
        {
            let record = company.account(account).await;
            let churn = record.get("p_churn_52w").as_decimal().unwrap();
            let shown = (churn.round_dp(3) * Decimal::ONE_HUNDRED).normalize();
            let shown = format!("data-label=\"Buys no more, 52 weeks\">{shown}%<");
            let row = between(list, name, "</tr>");
            assert!(row.contains(&shown), "{shown} in {row}");
        }
        // Why they are what they are, 658 days (94 weeks) after the only purchase, and 273 days (39 weeks) after the first of twenty.
        let reasons = [
            (
                gone,
                ["lost", "old"],
                "Stage: the only purchase was 94 weeks ago, more than 52.",
                "Loyalty: customer for 94 weeks, at least 26, but not in the stage of stability.",
            ),
            (
                steady,
                ["stability", "loyal"],
                "Stage: 20 purchase days, at least 4, and nothing speaks against it.",
                "Loyalty: customer for 39 weeks, at least 26, and in the stage of stability.",
            ),
        ];
        for (account, classes, stage, loyalty) in reasons {
            let record = company.account(account).await;
            assert_eq!(["stage", "loyalty"].map(|field| record.text(field)), classes, "{record:?}");
            let page = client.get(&format!("/account/{account}")).await.expect(200).body;
            assert!(page.contains(stage) && page.contains(loyalty), "{stage} {loyalty} {page}");
        }
    });
}

#[test]
fn an_old_history_offers_to_be_seen_from_its_last_day() {
    on_one(async |company| {
        let account = company.customer("A").await;
        company.order(Some(account), "2011-12-09", "10", None).await;
        refit::refit(&company.engine, None).await.unwrap();
        let client = reader(&company, "en").await;
        let page = client.get("/value").await.expect(200).body;
        assert!(page.contains("Hold the figures at 2011-12-09"), "{page}");
        client.post("/value/as-of", &[("as_of", "2011-12-09")]).await.expect(303);
        company.engine.run_due_jobs().await.unwrap();
        assert!(!client.get("/value").await.expect(200).body.contains("Hold the figures at"));
    });
}

#[test]
fn orders_to_come_and_customers_who_gave_back_more_than_they_bought_lead_to_their_lists() {
    on_databases(async |company| {
        let account = company.customer("Gave Back").await;
        let other = company.customer("Kept All").await;
        for (account, day) in [(account, "2026-10-01"), (other, "2026-10-02"), (other, "2026-12-24")] {
            company.order(Some(account), day, "100", None).await;
        }
        company.order(None, "2026-12-25", "100", None).await;
        company.give_back(account, "2026-10-05", "150", None).await;
        refit::refit(&company.engine, None).await.unwrap();
        let client = reader(&company, "en").await;
        let page = client.get("/value").await.expect(200).body;
        let behind = |said: &str| address(between(&page, &format!("{said} <a href=\""), "\""));
        let orders = behind("1 orders lie after 2026-11-21 and are not counted.");
        let orders = client.get(&orders).await.expect(200).body;
        assert!(orders.contains("2026-12-24") && !orders.contains("2026-12-25"), "{orders}");
        assert!(!orders.contains("2026-10-02"), "{orders}");
        let said = "1 customers gave back more than they bought, -¥50.00 together. The shares are of sales before \
                    returns.";
        let customers = client.get(&behind(said)).await.expect(200).body;
        assert!(customers.contains("Gave Back") && !customers.contains("Kept All"), "{customers}");
    });
}

#[test]
fn the_panel_explains_every_figure_and_follows_a_new_order() {
    on_databases(async |company| {
        let accounts = company.regulars().await;
        let classes = refit::refit(&company.engine, None).await.unwrap().fitted.classes;
        company.settle().await;
        let client = reader(&company, "en").await;
        let page = client.get(&format!("/account/{}", accounts[6])).await.expect(200).body;
        let panel = between(&page, "id=\"value-panel\"", "</section>");
        assert_eq!(panel.matches("class=\"figure-label\"").count(), 15);
        assert_eq!(panel.matches("explain-panel").count(), 15);
        // Of the value and of both profits.
        assert!(panel.matches(" with 80 %").count() >= 3, "{panel}");
        for part in
            ["Repeat purchases x", "The 7 orders behind it", "Still a customer", "m̄", "Own mean amount"]
        {
            assert!(page.contains(part), "{part}");
        }
        // Why he is what he is: his stage, his loyalty, and from where on somebody is important.
        let record = company.account(accounts[6]).await;
        let loyalty = match record.text("loyalty") {
            "new" => ", less than ",
            "old" => ", but not in the stage of stability.",
            "loyal" => ", and in the stage of stability.",
            other => panic!("{other}"),
        };
        let why = panel.split_once("Loyalty: customer for ").map(|(_, rest)| rest.split_once('<').unwrap().0);
        assert!(why.is_some_and(|why| why.contains(loyalty)), "{loyalty} in {panel}");
        assert!(panel.contains("Stage: "), "{panel}");
        for limit in [classes.vip_from, classes.key_from] {
            let amount = Decimal::new(limit.unwrap(), meta::MONEY_SCALE);
            assert!(panel.contains(&format!("≥ ¥{amount:.2}")), "{amount} in {panel}");
        }
        // As long as no value is forecast for anybody there is no quadrant, and nothing is said of it.
        assert_eq!(classes.potential_from, None);
        assert!(!page.contains("Value and potential:"), "{panel}");
        let orders = address(between(&page, "href=\"/order?filter=", "\""));
        let list = client.get(&format!("/order?filter={orders}")).await.expect(200).body;
        assert!(list.matches("SO-").count() >= 7, "{list}");
        company.order(Some(accounts[6]), "2026-11-20", "1234.56", None).await;
        company.settle().await;
        let after = client.get(&format!("/account/{}", accounts[6])).await.expect(200).body;
        assert!(after.contains("The 8 orders behind it"), "{after}");
    });
}

#[test]
fn somebody_who_has_not_bought_has_a_panel_too() {
    on_databases(async |company| {
        let account = company.customer("Not yet").await;
        let client = reader(&company, "zh-CN").await;
        let page = client.get(&format!("/account/{account}")).await.expect(200).body;
        assert!(
            page.contains("该客户还没有购买记录") && page.contains(&format!("/order/new?account={account}"))
        );
    });
}

#[test]
fn a_class_chosen_by_hand_is_shown_as_chosen() {
    on_databases(async |company| {
        let accounts = company.regulars().await;
        refit::refit(&company.engine, None).await.unwrap();
        let chosen = [
            ("loyalty_override", "loyal".into()),
            ("importance_override", "vip".into()),
            ("value_behaviour_override", "follower".into()),
        ];
        company.update("account", accounts[0], values(chosen)).await;
        // Of one who bought once no behaviour is computed.
        let once = company.customer("Once").await;
        company.order(Some(once), "2026-11-19", "100", Some("60")).await;
        company.update("account", once, values([("value_behaviour_override", "follower".into())])).await;
        let client = reader(&company, "en").await;
        let panel = client.get(&format!("/account/{}", accounts[0])).await.expect(200).body;
        assert!(panel.contains("</i>Loyal"), "{panel}");
        assert!(panel.contains("Importance: chosen by hand."), "{panel}");
        assert!(panel.contains("chosen by hand; computed: "), "{panel}");
        for account in [accounts[0], once] {
            let panel = client.get(&format!("/account/{account}")).await.expect(200).body;
            let shown = "</i>Follower";
            assert!(panel.contains(shown) && panel.contains("Value behaviour: chosen by hand."), "{panel}");
        }
    });
}

#[test]
fn a_refit_is_begun_and_watched_in_the_browser() {
    on_databases(async |company| {
        company.regulars().await;
        let client = reader(&company, "en").await;
        let begun = client.htmx("POST", "/value/refit", &[("model", "0")]).await.expect(200);
        assert!(begun.body.contains("about to begin") && begun.body.contains("every 1s"), "{}", begun.body);
        company.engine.run_due_jobs().await.unwrap();
        let ended = client.fragment("/value/refit?model=0").await.expect(200);
        assert_eq!(ended.header("hx-refresh"), "true");
        let calm = client.fragment("/value/refit?model=1").await.expect(200);
        assert_eq!((calm.header("hx-refresh"), calm.body.contains("every 10s")), ("", true));
    });
}

#[test]
fn the_as_of_day_is_set_by_administrators_only() {
    on_databases(async |company| {
        company.regulars().await;
        let client = reader(&company, "en").await;
        client.post("/value/as-of", &[("as_of", "2026-31-01")]).await.expect(422);
        client.post("/value/as-of", &[("as_of", "2026-01-31")]).await.expect(303);
        company.engine.run_due_jobs().await.unwrap();
        let stored = store::newest_model(&company.engine).await.unwrap().unwrap();
        assert_eq!(stored.as_of.to_string(), "2026-01-31");
        assert!(client.get("/value").await.expect(200).body.contains("2026-01-31"));
        client.post("/value/as-of", &[("as_of", "")]).await.expect(303);
        assert_eq!(Settings::load(&company.engine).await.unwrap().as_of, None);
        let other = company.app.ordinary().await;
        other.post("/value/as-of", &[("as_of", "2026-01-31")]).await.expect(403);
        other.post("/value/rules", &[]).await.expect(403);
    });
}

#[test]
fn thresholds_are_changed_and_nonsense_is_named_beside_its_field() {
    on_databases(async |company| {
        let client = reader(&company, "en").await;
        let page = client.get("/value/rules").await.expect(200).body;
        let mut given: Vec<(String, String)> = page
            .split("<input class=\"form-control")
            .skip(1)
            .map(|input| {
                (between(input, "name=\"", "\"").to_owned(), between(input, "value=\"", "\"").to_owned())
            })
            .collect();
        assert_eq!(given.len(), 10);
        let send = async |given: &[(String, String)]| {
            let fields: Vec<(&str, &str)> = given.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            client.post("/value/rules", &fields).await
        };
        let set = |given: &mut Vec<(String, String)>, name: &str, to: &str| {
            given.iter_mut().find(|(known, _)| known == name).unwrap().1 = to.to_owned();
        };
        set(&mut given, "lost_below", "0.9");
        let refused = send(&given).await.expect(422).body;
        assert!(refused.contains("rule-lost_below-error") && refused.contains("value=\"0.9\""), "{refused}");
        set(&mut given, "lost_below", "a third");
        assert!(send(&given).await.expect(422).body.contains("is not a number"));
        set(&mut given, "lost_below", "0.1");
        set(&mut given, "stability_orders", "6");
        send(&given).await.expect(303);
        let settings = Settings::load(&company.engine).await.unwrap();
        let rule = settings.stage_rule;
        assert_eq!((rule.lost_below, rule.stability_orders), (0.1, 6));
        // What value is measured by stands as it was unless it is chosen.
        assert_eq!(settings.measured_by, ValueBy::Sales);
        given.push(("measured_by".to_owned(), "beauty".to_owned()));
        let refused = send(&given).await.expect(422).body;
        assert!(refused.contains("rule-measured_by-error") && refused.contains("sales, profit"), "{refused}");
        set(&mut given, "measured_by", "profit");
        send(&given).await.expect(303);
        assert_eq!(Settings::load(&company.engine).await.unwrap().measured_by, ValueBy::Profit);
        let page = client.get("/value/rules").await.expect(200).body;
        assert!(page.contains("<option value=\"profit\" selected>"), "{page}");
    });
}

#[test]
fn programs_read_the_same_figures() {
    on_databases(async |company| {
        let client = reader(&company, "en").await;
        client.get("/api/v1/value/models").await.expect(404);
        company.regulars().await;
        refit::refit(&company.engine, None).await.unwrap();
        assert!(client.get("/api/v1/value/models").await.expect(200).json()["bg_nbd"]["r"].is_number());
        assert_eq!(client.get("/api/v1/value/pareto").await.expect(200).json()["customers"], 40);
        let customers = client.get("/api/v1/value/customers?limit=3").await.expect(200).json();
        assert_eq!(customers.as_array().unwrap().len(), 3);
        assert!(company.app.visitor().get("/value").await.status >= 300, "only for those signed in");
    });
}
