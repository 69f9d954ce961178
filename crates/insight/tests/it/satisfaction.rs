//! Answers of customers: on the account, in sum, and refused where they make no sense.

use crate::{
    company::{Company, on_databases, values},
    seven_p_behind::between,
};
use insight::{after_fit, kept, refit, satisfaction};
use meta::{Decimal, Id, Value};

pub async fn answer(
    company: &Company,
    account: Id,
    day: &str,
    dimension: &str,
    fields: &[(&str, i64)],
) -> Id {
    let mut all = values([
        ("account", account.into()),
        ("asked_on", Value::Date(day.parse().unwrap())),
        ("dimension", dimension.into()),
    ]);
    all.extend(fields.iter().map(|(field, answer)| ((*field).to_owned(), Value::Int(*answer))));
    company.create("survey_answer", all).await
}

fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok()
}

#[test]
fn what_a_customer_answers_is_on_his_page_within_a_moment() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        answer(&company, account, "2026-10-01", "product", &[("expected", 8), ("perceived", 8)]).await;
        answer(&company, account, "2026-10-01", "delivery", &[("expected", 8), ("perceived", 6)]).await;
        let attitudes = [("recommend", 9), ("repurchase", 7), ("price_tolerance", 4)];
        answer(&company, account, "2026-10-01", "overall", &attitudes).await;
        // Too long ago to count.
        answer(&company, account, "2025-10-01", "product", &[("expected", 10), ("perceived", 1)]).await;
        company.settle().await;
        let found = company.account(account).await;
        // (1 + 0.75) / 2 is 0.875.
        assert_eq!(found.get("satisfaction").as_decimal(), decimal("0.88"));
        assert_eq!(found.get("recommendation").as_decimal(), decimal("9"));
        assert_eq!(found.get("loyalty_behavioural"), &Value::Null);
        // Emotional 0.8, cognitive 0.4.
        assert_eq!(
            ["loyalty_emotional", "loyalty_cognitive", "loyalty_index"]
                .map(|field| found.get(field).as_int()),
            [Some(80), Some(40), Some(60)]
        );
        company.order(Some(account), "2026-11-20", "100", None).await;
        company.settle().await;
        // Nothing is fitted that says whether he will buy again, so nothing is claimed of what he does.
        let bought = company.account(account).await;
        assert_eq!(bought.get("loyalty_behavioural"), &Value::Null);
        assert_eq!(bought.get("loyalty_index"), &Value::Int(60));
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let panel = client.get(&format!("/account/{account}")).await.expect(200).body;
        assert!(panel.contains("satisfaction-panel") && panel.contains("The 2 answers behind it"), "{panel}");
        // So few answers are shown as what they are: their mean, no interval, and nothing in red.
        let few = between(&panel, "id=\"satisfaction-panel\"", "</section>");
        for part in
            ["mean of 2 answers only, too few", "3 answers only: for putting", "The 3 answers behind it"]
        {
            assert!(few.contains(part), "{part} in {few}");
        }
        assert!(!few.contains("figure-bad") && !few.contains("95 %: "), "{few}");
    });
}

#[test]
fn behavioural_and_cognitive_loyalty_are_what_was_computed_by_hand() {
    on_databases(async |company| {
        company.regulars().await;
        let account = company.customer("Five Days").await;
        // 104 weeks before today the first of five.
        for day in ["2024-11-23", "2025-05-10", "2025-10-11", "2026-05-09", "2026-11-07"] {
            company.order(Some(account), day, "100", Some("60")).await;
        }
        let told = values([
            ("account", account.into()),
            ("asked_on", Value::Date("2026-10-01".parse().unwrap())),
            ("dimension", "overall".into()),
            ("first_choice", Value::Int(9)),
            ("share_of_wallet", Value::Decimal("0.2".parse().unwrap())),
        ]);
        company.create("survey_answer", told).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        let found = company.account(account).await;
        let p_churn: f64 = found.get("p_churn_52w").as_decimal().unwrap().to_string().parse().unwrap();
        assert!(p_churn > 0.0 && p_churn < 0.5, "{p_churn}");
        // Repeat buying 4/5, tenure 104/208, share 0.2: their mean is 0.5. Figures are rounded to whole points.
        let behavioural = found.get("loyalty_behavioural").as_int().unwrap() as f64;
        assert!((behavioural - 50.0 * (1.0 - p_churn)).abs() < 0.51, "{behavioural} {p_churn}");
        assert_eq!(found.get("loyalty_cognitive"), &Value::Int(90));
        assert_eq!(found.get("loyalty_emotional"), &Value::Null);
        let index = found.get("loyalty_index").as_int().unwrap() as f64;
        assert!((index - (50.0 * (1.0 - p_churn) + 90.0) / 2.0).abs() < 0.51, "{index} {p_churn}");
    });
}

#[test]
fn the_mean_index_of_a_group_and_of_all_is_that_of_its_customers() {
    on_databases(async |company| {
        // Too little is bought for a model, so that an index is of answers alone: (9 + 7) / 2, 4 and 9 tenths.
        let told: [(&str, &[(&str, i64)]); 3] = [
            ("Hebei", &[("recommend", 9), ("repurchase", 7)]),
            ("Hebei", &[("first_choice", 4)]),
            ("Henan", &[("price_tolerance", 9)]),
        ];
        for (at, (province, answers)) in told.into_iter().enumerate() {
            let account = company.customer(&format!("Customer {at}")).await;
            company.update("account", account, values([("province", province.into())])).await;
            company.order(Some(account), "2026-11-02", "100", None).await;
            answer(&company, account, "2026-10-01", "overall", answers).await;
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let report: satisfaction::Report =
            kept::find(&company.engine, satisfaction::REPORT).await.unwrap().unwrap().body;
        // (80 + 40 + 90) / 3.
        assert_eq!(report.loyalty.map(|all| (all.cases, all.at)), Some((3, 70.0)));
        let (_, provinces) = report.cuts.iter().find(|(field, _)| field == "province").unwrap();
        let of = |name: &str| provinces.iter().find(|one| one.value.as_deref() == Some(name)).unwrap();
        let (hebei, henan) = (of("Hebei"), of("Henan"));
        // (80 + 40) / 2, and of one alone his own without an interval.
        assert_eq!((hebei.indexed, hebei.loyalty.map(|found| found.at)), (2, Some(60.0)));
        assert_eq!((henan.indexed, henan.loyalty_of_one), (1, Some(90.0)));
        assert!(henan.loyalty.is_none(), "{henan:?}");
    });
}

#[test]
fn the_index_of_past_quarters_stays_as_it_was_found() {
    on_databases(async |company| {
        let mut accounts = vec![];
        for at in 0..12 {
            let account = company.customer(&format!("Customer {at}")).await;
            company.order(Some(account), "2026-07-02", "100", None).await;
            answer(&company, account, "2026-08-03", "overall", &[("recommend", 8)]).await;
            accounts.push(account);
        }
        company.hold("2026-08-31").await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        for account in accounts {
            answer(&company, account, "2026-10-05", "overall", &[("recommend", 4)]).await;
        }
        company.hold("2026-11-21").await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let report: satisfaction::Report =
            kept::find(&company.engine, satisfaction::REPORT).await.unwrap().unwrap().body;
        let known = |periods: &[satisfaction::Period]| -> Vec<(String, u64, f64)> {
            let told = |period: &satisfaction::Period| {
                let found = period.loyalty?;
                Some((period.from_on.to_string(), found.cases, found.at))
            };
            periods.iter().filter_map(told).collect()
        };
        // Ten times 8, then ten times the mean of 8 and 4, of all twelve; one purchase says nothing of what they do.
        let quarters = vec![("2026-07-01".to_owned(), 12, 80.0), ("2026-10-01".to_owned(), 12, 60.0)];
        assert_eq!(known(&report.quarters), quarters);
        let months = vec![("2026-08-01".to_owned(), 12, 80.0), ("2026-11-01".to_owned(), 12, 60.0)];
        assert_eq!(known(&report.months), months);
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/satisfaction").await.expect(200).body;
        assert!(page.contains("The loyalty index is clearly lower than in 2026 Q3"), "{page}");
        assert!(page.contains("Loyalty index then") && page.contains("n = 12"), "{page}");
    });
}

#[test]
fn from_ten_answers_on_a_customers_mean_has_its_interval() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        for day in 1..=12 {
            let perceived = if day % 2 == 0 { 6 } else { 4 };
            let day = format!("2026-10-{day:02}");
            answer(&company, account, &day, "product", &[("expected", 8), ("perceived", perceived)]).await;
        }
        company.settle().await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get(&format!("/account/{account}")).await.expect(200).body;
        let panel = between(&page, "id=\"satisfaction-panel\"", "</section>");
        // Six of 0.5 and six of 0.75: s = 0.125 √(12/11), 1.96 s/√12 = 0.074.
        assert!(panel.contains("95 %: 0.55 to 0.7, 12 answers") && panel.contains("figure-bad"), "{panel}");
    });
}

#[test]
fn what_few_customers_say_is_no_claim() {
    on_databases(async |company| {
        for account in company.regulars().await.iter().take(3) {
            let fields = [("expected", 8), ("perceived", 4), ("recommend", 2)];
            answer(&company, *account, "2026-10-01", "delivery", &fields).await;
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        for (language, parts) in [
            (
                "en",
                [
                    "3 customers only: a mean, too few for an interval",
                    "0 promoters and 3 detractors among 3 answers: too few customers for a score",
                    "Of no dimension 10 customers have answered yet",
                ],
            ),
            (
                "zh-CN",
                ["仅 3 位客户：只列平均数", "3 条回答中 0 条推荐、3 条贬损", "各维度回答的客户都不足 10 位"],
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/satisfaction").await.expect(200).body;
            for part in parts {
                assert!(page.contains(part), "{part} in {page}");
            }
            assert!(page.contains("figure-value\">0.5<") && !page.contains("figure-bad"), "{page}");
        }
    });
}

#[test]
fn the_page_says_what_is_weakest_with_its_interval() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        assert!(client.get("/value/satisfaction").await.expect(200).body.contains("No answers yet"));
        let accounts = company.regulars().await;
        for (index, account) in accounts.iter().enumerate() {
            let found = 6 + (index % 3) as i64;
            answer(&company, *account, "2026-09-01", "product", &[("expected", 8), ("perceived", 8)]).await;
            answer(
                &company,
                *account,
                "2026-09-01",
                "delivery",
                &[("expected", 8), ("perceived", found - 1)],
            )
            .await;
            answer(&company, *account, "2026-09-01", "overall", &[("recommend", 5 + (index % 6) as i64)])
                .await;
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let report: satisfaction::Report =
            kept::find(&company.engine, satisfaction::REPORT).await.unwrap().unwrap().body;
        let nps = report.nps.unwrap();
        // Of 40 answers from 5 to 10 in turn: 12 promoters (9, 10), 14 detractors (5, 6).
        assert_eq!((report.answers, report.customers), (120, 40));
        assert_eq!((nps.promoters, nps.passives, nps.detractors), (12, 14, 14));
        // What one says of two dimensions is one voice: 40 customers, of whom each says (1 + (5, 6 or 7)/8) / 2.
        let c = report.satisfaction.unwrap();
        let means: Vec<f64> = (0..40).map(|at| (1.0 + [0.625, 0.75, 0.875][at % 3]) / 2.0).collect();
        let mean = means.iter().sum::<f64>() / 40.0;
        let variance = means.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 39.0;
        assert!((c.cases, (c.at - mean).abs() < 1e-9) == (40, true), "{c:?} {mean}");
        assert!((c.high - mean - 1.959_964 * (variance / 40.0).sqrt()).abs() < 1e-6, "{c:?}");
        let page = client.get("/value/satisfaction").await.expect(200).body;
        // The figure is of 52 weeks, and so are the answers that it opens.
        assert!(page.contains("filter=asked_on%20%3E"), "{page}");
        assert!(page.contains("delivery%27%20%26%26%20asked_on%20%3E"), "{page}");
        for part in
            ["Weakest: Delivery, C = 0.7", "Disappointed customers", "Net promoter score", "Loyalty index"]
        {
            assert!(page.contains(part), "{part} in {page}");
        }
        company.app.ordinary().await.get("/value/satisfaction").await.expect(200);
    });
}

#[test]
fn answers_that_make_no_sense_are_refused_with_the_remedy() {
    on_databases(async |company| {
        let account = company.customer("A").await.to_string();
        let client = company.app.administrator().await;
        let refused = async |fields: &[(&str, &str)]| {
            let mut all =
                vec![("account", account.as_str()), ("asked_on", "2026-10-01"), ("dimension", "price")];
            all.extend(fields);
            client.post("/survey_answer/new", &all).await.expect(422).body
        };
        assert!(refused(&[("expected", "8")]).await.contains("perceived over expected"));
        assert!(refused(&[("expected", "0"), ("perceived", "3")]).await.contains("from 1 to 10"));
        assert!(refused(&[("recommend", "11")]).await.contains("from 0 to 10"));
        assert!(refused(&[]).await.contains("nswer at least one question"));
    });
}

#[test]
fn trend_and_groups_are_shown_with_their_uncertainty_or_as_too_few() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let accounts = company.regulars().await;
        let (few, many) = accounts.split_at(4);
        for (province, of) in [("Hebei", few), ("Henan", many)] {
            for account in of {
                company.update("account", *account, values([("province", province.into())])).await;
            }
        }
        // In summer everybody found what he expected, in autumn three quarters of it; four of them live in Hebei.
        for (day, perceived, recommend) in [("2026-05-04", 8, 10), ("2026-08-10", 6, 4)] {
            for (at, account) in accounts.iter().enumerate() {
                let found = perceived - i64::from(at % 10 == 0);
                answer(
                    &company,
                    *account,
                    day,
                    "overall",
                    &[("expected", 8), ("perceived", found), ("recommend", recommend), ("repurchase", 6)],
                )
                .await;
            }
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let report: satisfaction::Report =
            kept::find(&company.engine, satisfaction::REPORT).await.unwrap().unwrap().body;
        let quarter = |from: &str| {
            let from = from.parse().unwrap();
            report.quarters.iter().find(|period| period.from_on == from).unwrap()
        };
        let (spring, summer) = (&quarter("2026-04-01").heard, &quarter("2026-07-01").heard);
        let c =
            |found: &satisfaction::Heard| found.satisfaction.map(|c| (c.cases, (c.at * 10_000.0).round()));
        // 36 · 1 + 4 · 0.875, and 36 · 0.75 + 4 · 0.625.
        assert_eq!((spring.answers, c(spring)), (40, Some((40, 9_875.0))));
        assert_eq!((summer.answers, c(summer)), (40, Some((40, 7_375.0))));
        // What he feels is 10 · (10 + 6) / 2, then 10 · (4 + 6) / 2, the same of all: no spread.
        let loyal =
            |found: &satisfaction::Heard| found.attitude.map(|loyal| (loyal.cases, loyal.at, loyal.low));
        assert_eq!((loyal(spring), loyal(summer)), (Some((40, 80.0, 80.0)), Some((40, 50.0, 50.0))));
        assert_eq!(report.months.len(), 24);
        assert_eq!(report.months.iter().map(|month| month.heard.answers).sum::<u64>(), 80);
        // Over both times 10 · (10 + 6 + 4 + 6) / 4 of everybody, who counts once.
        assert_eq!(report.attitude.map(|loyal| (loyal.cases, loyal.at)), Some((40, 65.0)));

        let page = client.get("/value/satisfaction?group=province&by=month").await.expect(200).body;
        // Of the four in Hebei the mean alone, (3.875 + 2.875) / 8, and who would recommend us.
        let few = "0.84 <span class=\"hint\">4 customers only: a mean, too few for an interval</span>";
        let promoters = "4 promoters and 4 detractors among 8 answers: too few customers for a score";
        // Everybody promoted us, then nobody.
        let fell = "The net promoter score is clearly lower than in 2026-05";
        let points = "\"known\":[null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,100.0,null,null,-100.0";
        for part in [
            "2026-08",
            "Satisfaction is clearly lower than in 2026-05",
            "n = 40",
            "Henan",
            few,
            promoters,
            fell,
            points,
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let by_quarter = client.get("/value/satisfaction").await.expect(200).body;
        assert!(by_quarter.contains("2026 Q3") && by_quarter.contains("By month"), "{by_quarter}");
        // Every figure leads to its records.
        let links: Vec<String> = page
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|href| href.starts_with("/survey_answer?") || href.starts_with("/account?"))
            .map(|href| href.replace("&amp;", "&").replace("&#x2f;", "/"))
            .collect();
        assert!(links.len() > 24, "{links:?}");
        for link in links {
            client.get(&link).await.expect(200);
        }
    });
}
