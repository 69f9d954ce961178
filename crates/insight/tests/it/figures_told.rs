//! Figures where lists and pages tell them: what they mean, and habits.

use crate::company::on_databases;
use insight::refit;
use meta::Value;

#[test]
fn the_list_of_customers_says_what_its_figures_mean() {
    on_databases(async |company| {
        let account = company.customer("青岛海产").await;
        company.order(Some(account), "2026-09-01", "100", Some("60")).await;
        company.settle().await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let explained = async |columns: &str| {
            let page = client.get(&format!("/account?columns={columns}")).await.expect(200).body;
            let panel =
                page.split_once("data-definitions=\"list-figures\"").map(|(_, panel)| panel.to_owned());
            panel.map(|panel| panel.split("</details>").next().unwrap().to_owned())
        };
        // A day only once figures were computed for it.
        let early = explained("name,net_sales").await.unwrap();
        assert!(early.contains("<dt>Net sales</dt>") && !early.contains("As of"), "{early}");
        refit::refit(&company.engine, None).await.unwrap();
        let panel = explained("name,phone,net_sales,p_alive,importance").await.unwrap();
        for field in ["net_sales", "p_alive", "importance"] {
            let field = company.engine.entity("account").unwrap().get(field).unwrap();
            let told = format!("<dt>{}</dt><dd>", field.label.en);
            assert!(panel.contains(&told) && field.help.is_some(), "{told}: {panel}");
        }
        assert!(panel.contains("As of") && !panel.contains("<dt>Phone</dt>"), "{panel}");
        assert_eq!(panel.matches("data-certainty>").count(), 3, "{panel}");
        assert!(!panel.contains("data-certainty></span>"), "{panel}");
        assert_eq!(explained("name,phone").await, None);
        client.set_cookie("zhike_lang", "zh-CN");
        let panel = explained("name,net_sales").await.unwrap();
        assert!(panel.contains("<dt>净销售额</dt>"), "{panel}");
    });
}

#[test]
fn who_keeps_to_a_weekday_is_known_by_it() {
    on_databases(async |company| {
        let tuesdays = company.customer("Tuesdays").await;
        let any_day = company.customer("Any day").await;
        // Eight Tuesdays, of which one has two orders; and eight days of the week in turn.
        for week in 0..8_i64 {
            let tuesday =
                meta::NaiveDate::from_ymd_opt(2026, 9, 1).unwrap() + chrono::TimeDelta::days(7 * week);
            company.order(Some(tuesdays), &tuesday.to_string(), "100", None).await;
            let other = (tuesday + chrono::TimeDelta::days(week)).to_string();
            company.order(Some(any_day), &other, "100", None).await;
        }
        company.order(Some(tuesdays), "2026-09-01", "10", None).await;
        company.settle().await;
        let known = company.account(tuesdays).await;
        assert_eq!(known.text("usual_weekday"), "tuesday");
        assert_eq!(company.account(any_day).await.get("usual_weekday"), &Value::Null);
        let client = company.app.administrator().await;
        for (language, said) in [
            ("en", "Habit: buys on Tuesday, 8 of 8 purchase days (95 %: 68% to 100%)"),
            ("zh-CN", "8 个购买日中有 8 个是星期二"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/account/{tuesdays}")).await.expect(200).body;
            assert!(page.contains(said), "{page}");
        }
        refit::refit(&company.engine, None).await.unwrap();
        insight::after_fit::compute(&company.engine, None).await.unwrap();
        assert_eq!(company.account(tuesdays).await.text("usual_weekday"), "tuesday");
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/seven-p/profiling").await.expect(200).body;
        assert!(page.contains("1 customers keep to a day of the week"), "{page}");
        let filter = web::encode("usual_weekday == 'tuesday'");
        let list = client.get(&format!("/account?filter={filter}")).await.expect(200).body;
        assert!(list.contains("Tuesdays") && !list.contains("Any day"), "{list}");
    });
}
