//! What pages say of results that are weak: of a product nobody bought, of groups that are none, of a forecast no better than repeating
//! what was.

use crate::{
    company::{Company, at, on_databases, values},
    mining::shop,
};
use engine::Actor;
use insight::mining::{forecast, groups, kept, lines, propensity, refresh};
use meta::{Decimal, Id, Value, Values};

#[test]
fn what_goes_with_a_product_is_promised_only_where_it_is_shown() {
    on_databases(async |company| {
        let paper = shop(&company).await[0];
        let product = async |name: &str| company.create("product", values([("name", name.into())])).await;
        let (unsold, rare) = (product("Unsold").await, product("Rare").await);
        // Too few to learn from, but each of them bought paper, too.
        let everybody = company.everybody().await;
        let companies = everybody.iter().filter(|one| one.text("kind") == "company");
        for account in companies.take(12) {
            let head = values([("account", account.id.into()), ("ordered_at", at("2026-03-02"))]);
            let price = Value::Decimal(Decimal::from(50));
            let line = values([("product", rare.into()), ("unit_price", price)]);
            company.document("order", "order_line", head, line).await;
        }
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let settings = insight::settings::Settings::load(&company.engine).await.unwrap();
        let sales = lines::read(&company.engine, &settings).await.unwrap().into();
        propensity::refresh(&company.engine, &sales, &[unsold, rare]).await.unwrap();
        let client = company.app.administrator().await;
        for (language, few, promise) in [
            ("en", "within a quarter: ", "What goes with it is shown below."),
            ("zh-CN", "购买（或未购买）该产品的客户太少：", "下方仍可查看与它搭配购买的产品。"),
        ] {
            client.set_cookie("zhike_lang", language);
            for (id, buyers, goes_with) in [(unsold, 0, false), (rare, 12, true)] {
                let page = client.get(&format!("/analysis/product/{id}")).await.expect(200).body;
                assert!(page.contains(&format!("{few}{buyers}")), "{page}");
                assert_eq!(page.contains(promise), goes_with, "{page}");
                assert_eq!(page.contains("data-defined=\"goes-with\""), goes_with, "{page}");
                assert_eq!(page.contains(&paper.to_string()), goes_with, "{page}");
            }
        }
    });
}

#[test]
fn groups_that_are_one_cloud_are_said_to_be_none() {
    on_databases(async |company| {
        shop(&company).await;
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        let says = async || {
            let mut said = vec![];
            for (language, text) in
                [("en", "There are no clear groups in these data"), ("zh-CN", "数据中没有明显的群体")]
            {
                client.set_cookie("zhike_lang", language);
                said.push(client.get("/analysis/groups").await.expect(200).body.contains(text));
            }
            said
        };
        assert_eq!(says().await, [false, false], "two kinds of customers");
        // Up to 0.25 there is no structure.
        for (height, is_said) in [(0.25, true), (0.26, false)] {
            let found = groups::load(&company.engine).await.unwrap().unwrap();
            let mut cloud = found.body.clone().unwrap();
            cloud.choice.silhouettes = vec![(cloud.choice.proposed, height)];
            let body = Ok::<_, String>(cloud);
            kept::keep(&company.engine, groups::KIND, kept::WHOLE, found.as_of, &body).await.unwrap();
            assert_eq!(says().await, [is_said, is_said], "{height}");
        }
    });
}

/// An order every Monday of 61 weeks, the amounts again and again.
async fn weekly(company: &Company, amounts: [i64; 5]) {
    let account = company.customer("Regular").await;
    let product = company.create("product", values([("name", "Paper".into())])).await;
    let first: chrono::NaiveDate = "2025-02-03".parse().unwrap();
    let head = |week: i64| {
        let day = first + chrono::Duration::weeks(week);
        values([("account", account.into()), ("ordered_at", at(&day.to_string()))])
    };
    let heads: Vec<Values> = (0..61).map(head).collect();
    let system = Actor::system();
    let written = company.engine.write(&system, move |tx| {
        Box::pin(async move {
            let orders: Vec<Id> = tx.create_many("order", heads).await?;
            let line = |(order, amount): (&Id, &i64)| {
                let price = Value::Decimal(Decimal::from(*amount));
                values([("order", (*order).into()), ("product", product.into()), ("unit_price", price)])
            };
            let lines = orders.iter().zip(amounts.iter().cycle()).map(line).collect();
            tx.create_many("order_line", lines).await
        })
    });
    written.await.unwrap();
    company.hold("2026-04-05").await;
    refresh::refresh(&company.engine, None).await.unwrap();
}

/// Whether the page says that its forecast is no better than repeating what was; and it says on how many points the error rests.
fn is_no_better(amounts: [i64; 5], is_said: bool) {
    on_databases(async |company| {
        weekly(&company, amounts).await;
        let kept = forecast::load(&company.engine).await.unwrap().unwrap();
        let told = kept.body.total.forecast.as_ref().unwrap();
        // Sixty whole weeks are known: from 8 on, 13 weeks each, six points seven weeks apart.
        assert_eq!((kept.body.total.history.values.len(), told.backtest.origins), (60, 6));
        let client = company.app.administrator().await;
        for (language, text, error, points) in [
            (
                "en",
                "here it is no better than that.",
                "Error in the test",
                "Points of the past it was tried from",
            ),
            ("zh-CN", "此项并不优于后者。", "检验误差", "回测起点数"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/analysis/forecast").await.expect(200).body;
            assert_eq!(page.contains(text), is_said, "{:?}: {page}", told.errors);
            // How it was tried, and that it is no better, say on how many points they rest.
            let said: Vec<&str> = page.split("class=\"finding").skip(1).collect();
            let rests = |one: &&str| {
                let explained = one.split("</details>").next().unwrap_or_default();
                explained.contains(&format!("<dt>{points}</dt><dd>6</dd>"))
            };
            assert!(said.iter().all(rests) && said.len() > usize::from(is_said), "{said:?}");
            let explained = page.split_once(&format!("<strong>{error}</strong>")).unwrap().1;
            let explained = explained.split_once("</details>").unwrap().0;
            assert!(explained.contains(&format!("<dt>{points}</dt><dd>6</dd>")), "{explained}");
        }
    });
}

#[test]
fn a_forecast_no_better_than_repeating_what_was_says_so() {
    // The same every week: repeating it is never wrong.
    is_no_better([100; 5], true);
}

#[test]
fn a_forecast_that_beats_repeating_what_was_does_not() {
    // The mean of 100 is off by 24 a week; the last week's value, which is any of the five, by 32 on the mean.
    is_no_better([60, 140, 80, 120, 100], false);
}
