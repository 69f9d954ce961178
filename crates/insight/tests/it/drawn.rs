//! What holds of an experiment once its customers are drawn, and what becomes of what an earlier version kept of one, on both databases.

use crate::{
    company::{Company, on_databases, values},
    experiments::{buy, date, letter, people, record},
};
use engine::{
    Actor, Error, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use insight::mining::{
    experiment::{self, members, result},
    kept,
};
use meta::{DateTime, Decimal, Id, Lang, Utc, Value};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn what_the_draw_fixes_is_not_changed_afterwards() {
    on_databases(async |company| {
        people(&company, 40).await;
        let id = letter(&company, ["2026-11-25", "2026-11-30"]).await.id;
        // Until then it is.
        company.update(experiment::ENTITY, id, values([("end_on", date("2026-12-05"))])).await;
        let letter = record(&company, id).await;
        assert!(letter.get("drawn_at").is_null());
        members::draw(&company.engine, &letter).await.unwrap();
        let drawn_at = record(&company, id).await.get("drawn_at").clone();
        assert!(matches!(drawn_at, Value::Instant(_)), "{drawn_at:?}");
        for (field, value) in [
            ("control_share", Value::Decimal(Decimal::new(2, 1))),
            ("start_on", date("2026-11-26")),
            ("end_on", date("2026-11-27")),
            ("end_on", date("2026-12-31")),
            ("outcome", "sales".into()),
        ] {
            let fields = values([(field, value)]);
            let refused = company
                .engine
                .write(&Actor::system(), move |tx| {
                    Box::pin(async move { tx.update(experiment::ENTITY, id, None, fields).await })
                })
                .await;
            let Err(Error::Invalid(problems)) = refused else { panic!("{field}: {refused:?}") };
            assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), [field]);
            let told = [Lang::En, Lang::Zh].map(|lang| problems[0].problem.message(lang));
            let said = told[0].contains("make another experiment") && told[1].contains("请新建一个实验");
            assert!(said, "{told:?}");
        }
        // What is not fixed is, with the rest sent along as it was.
        let cost = values([
            ("contact_cost", Value::Decimal(Decimal::ONE)),
            ("control_share", Value::Decimal(Decimal::new(50, 2))),
            ("end_on", date("2026-12-05")),
        ]);
        company.update(experiment::ENTITY, id, cost).await;
        result::compute(&company.engine, &record(&company, id).await).await.unwrap();
        assert_eq!(*record(&company, id).await.get("drawn_at"), drawn_at, "drawn once");
    });
}

/// What the members are said to have bought for.
async fn sales(company: &Company, experiment: Id) -> BTreeSet<Option<i64>> {
    let members = members::all(&company.engine, experiment).await.unwrap();
    members.iter().map(|member| member.sales).collect()
}

#[test]
fn nothing_is_said_of_what_somebody_bought_before_the_first_day() {
    on_databases(async |company| {
        people(&company, 40).await;
        let letter = letter(&company, ["2026-11-25", "2026-11-30"]).await;
        result::compute(&company.engine, &letter).await.unwrap();
        assert_eq!(sales(&company, letter.id).await, BTreeSet::from([None]));
        company.hold("2026-11-25").await;
        result::compute(&company.engine, &letter).await.unwrap();
        assert_eq!(sales(&company, letter.id).await, BTreeSet::from([Some(0)]));
    });
}

/// As before it was compared for the first time.
async fn forget_sales(company: &Company, experiment: Id) {
    let update = Sql::update()
        .table(name(members::TABLE))
        .value(name("bought_at"), None::<DateTime<Utc>>)
        .value(name("sales"), None::<i64>)
        .and_where(Expr::col(name("experiment")).eq(experiment))
        .to_owned();
    company
        .engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.execute(&update).await }))
        .await
        .unwrap();
}

#[test]
fn what_an_earlier_version_told_of_an_ended_experiment_is_told_anew() {
    on_databases(async |company| {
        let accounts = people(&company, 60).await;
        let id = letter(&company, ["2026-10-01", "2026-10-31"]).await.id;
        buy(&company, &accounts[..9], "2026-10-10").await;
        result::compute(&company.engine, &record(&company, id).await).await.unwrap();
        let bought = BTreeSet::from([Some(0), Some(400_000)]);
        assert_eq!(sales(&company, id).await, bought);
        let keep = async |kind: &str, body: &serde_json::Value| {
            let day = "2026-11-21".parse().unwrap();
            kept::keep(&company.engine, kind, &id.to_string(), day, body).await.unwrap();
        };
        let told = async || {
            let kept = result::load(&company.engine, id).await.unwrap().unwrap();
            serde_json::to_value(&kept.body).unwrap()
        };
        let whole = told().await;

        // What stands is left alone.
        forget_sales(&company, id).await;
        result::follow(&company.engine).await.unwrap();
        assert_eq!(sales(&company, id).await, BTreeSet::from([None]));

        // Without what they did before, without both sides, or of other days.
        let without = |what: &str| {
            let mut former = whole.clone();
            former.as_object_mut().unwrap().remove(what).unwrap();
            former
        };
        let mut of_other_days = whole.clone();
        of_other_days["from"] = json!("2026-09-01");
        for former in [without("plan"), without("arms"), of_other_days] {
            keep(result::KIND, &former).await;
            forget_sales(&company, id).await;
            result::follow(&company.engine).await.unwrap();
            assert_eq!((told().await, sales(&company, id).await), (whole.clone(), bought.clone()));
        }
        // With a model that looked at customers over other times than it tells of.
        keep("uplift_model", &json!({ "model": "of another form" })).await;
        forget_sales(&company, id).await;
        result::follow(&company.engine).await.unwrap();
        assert_eq!(sales(&company, id).await, bought);
    });
}

#[test]
fn with_one_side_empty_it_is_said_that_they_are_too_few() {
    on_databases(async |company| {
        let only = people(&company, 1).await;
        let id = letter(&company, ["2026-11-01", "2026-11-20"]).await.id;
        company.update(experiment::ENTITY, id, values([("outcome", "sales".into())])).await;
        buy(&company, &only, "2026-10-20").await;
        result::compute(&company.engine, &record(&company, id).await).await.unwrap();
        let client = company.app.administrator().await;
        for (language, said, wrong) in [
            ("en", "With so few customers no effect could be seen", "before does not vary"),
            ("zh-CN", "再大的效果也无法看出", "购买额没有差别"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/experiment/{id}")).await.expect(200).body;
            assert!(page.contains(said) && !page.contains(wrong), "{page}");
        }
    });
}
