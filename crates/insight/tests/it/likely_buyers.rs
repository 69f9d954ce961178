//! A campaign tried on who is likely to buy a product: the likeliest of those who meet the condition and may be addressed take part.

use crate::{
    company::{Company, on_databases, values},
    experiments::{date, record},
    propensity::{EVERYBODY, likeliest, recorders},
};
use engine::{
    Actor, Error, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use insight::mining::{
    experiment::{self, candidates, members, plan, result},
    kept,
};
use meta::{Decimal, Id, Value, Values};
use std::collections::BTreeSet;

const MANY: usize = 120;

fn fields(own: &[(&str, Value)]) -> Values {
    let mut fields = values([
        ("name", "Recorders".into()),
        ("medium", "letter".into()),
        ("control_share", Value::Decimal(Decimal::new(5, 1))),
        ("start_on", date("2026-05-01")),
        ("end_on", date("2026-05-31")),
    ]);
    fields.extend(own.iter().map(|(field, value)| ((*field).to_owned(), value.clone())));
    fields
}

/// The field that is refused.
async fn refused(company: &Company, own: &[(&str, Value)]) -> String {
    let fields = fields(own);
    let written = company
        .engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { tx.create(experiment::ENTITY, fields).await })
        })
        .await;
    match written {
        Err(Error::Invalid(problems)) => problems[0].field.clone(),
        other => panic!("{own:?}: {other:?}"),
    }
}

#[test]
fn the_likeliest_who_meet_the_condition_and_may_be_addressed_take_part() {
    on_databases(async |company| {
        let made = recorders(&company).await;
        let (likely, _) = likeliest(&company, made.recorder, EVERYBODY, None).await;
        let mut women = vec![];
        for one in &likely {
            if company.account(one.account).await.text("sex") == "female" {
                women.push(one.account);
            }
        }
        // The likeliest of them wants no letters.
        let no = values([
            ("account", women[0].into()),
            ("channel", "post".into()),
            ("purpose", "marketing".into()),
            ("state", "refused".into()),
        ]);
        company.create("consent", no).await;
        let own = [
            ("population", "sex == 'female' || name == 'Nobody'".into()),
            ("product", made.recorder.into()),
            ("likeliest", Value::Int(MANY as i64)),
        ];
        let id = company.create(experiment::ENTITY, fields(&own)).await;
        let experiment = record(&company, id).await;
        let expected: BTreeSet<Id> = women[1..=MANY].iter().copied().collect();

        plan::compute(&company.engine, &experiment).await.unwrap();
        let kept = plan::load(&company.engine, id).await.unwrap().unwrap();
        assert_eq!(kept.body.customers, MANY as u64);
        let client = company.app.administrator().await;
        for (language, said) in
            [("en", "likely buyers of Recorder take part"), ("zh-CN", "在 Recorder 的可能购买者中")]
        {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/experiment/{id}")).await.expect(200).body;
            assert!(page.contains(said) && page.contains("120"), "{page}");
        }
        let planned = candidates::everybody(&company.engine, &experiment).await.unwrap();
        assert_eq!(planned, expected.iter().copied().collect::<Vec<_>>());

        let found = result::compute(&company.engine, &experiment).await.unwrap();
        assert_eq!(found.left_out, 1);
        let sides = members::of(&company.engine, id).await.unwrap();
        assert_eq!(sides.iter().map(|(account, _)| *account).collect::<BTreeSet<_>>(), expected);
        assert!(sides.iter().any(|(_, control)| *control) && sides.iter().any(|(_, control)| !control));

        // More than there are: all of them.
        let all = [own[0].clone(), own[1].clone(), ("likeliest", Value::Int(100_000))];
        let all = company.create(experiment::ENTITY, fields(&all)).await;
        let all = record(&company, all).await;
        let all = candidates::everybody(&company.engine, &all).await.unwrap();
        assert_eq!(all.len(), women.len() - 1);

        // What the draw took stays as it was, and is compared again when nothing is foreseen any more.
        let other = values([("likeliest", Value::Int(10))]);
        let changed = company
            .engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.update(experiment::ENTITY, id, None, other).await })
            })
            .await;
        assert!(matches!(changed, Err(Error::Invalid(problems)) if problems[0].field == "likeliest"));
        let of_product = made.recorder.to_string();
        company
            .engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    let delete = Sql::delete()
                        .from_table(name(kept::TABLE))
                        .and_where(Expr::col(name("subject")).eq(of_product))
                        .to_owned();
                    tx.execute(&delete).await.map(drop)
                })
            })
            .await
            .unwrap();
        assert!(candidates::foreseen(&company.engine, &experiment).await.is_err());
        client.post(&format!("/analysis/experiment/{id}"), &[]).await.expect(303);
        assert_eq!(result::compute(&company.engine, &experiment).await.unwrap().left_out, 1);
    });
}

#[test]
fn a_draw_that_died_goes_on_to_the_number_that_is_wanted() {
    on_databases(async |company| {
        let made = recorders(&company).await;
        let (likely, _) = likeliest(&company, made.recorder, EVERYBODY, None).await;
        let own = |many| [("product", Value::from(made.recorder)), ("likeliest", Value::Int(many))];
        let id = company.create(experiment::ENTITY, fields(&own(MANY as i64))).await;
        // Before it died it drew some of whom another forecast has at the end.
        let early: Vec<Id> = likely.iter().rev().take(30).map(|one| one.account).collect();
        let rows = early.clone();
        company
            .engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    for account in rows {
                        let insert = Sql::insert()
                            .into_table(name(members::TABLE))
                            .columns(["experiment", "account", "control"].map(name))
                            .values_panic([id.into(), account.into(), false.into()])
                            .to_owned();
                        tx.execute(&insert).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        let drawn = members::draw(&company.engine, &record(&company, id).await).await.unwrap();
        assert_eq!(drawn.customers, MANY as u64);
        let first = likely.iter().map(|one| one.account).take(MANY - early.len());
        let expected: BTreeSet<Id> = first.chain(early).collect();
        let sides = members::of(&company.engine, id).await.unwrap();
        assert_eq!(sides.iter().map(|(account, _)| *account).collect::<BTreeSet<_>>(), expected);
    });
}

#[test]
fn what_is_wanted_of_likely_buyers_is_checked_and_nobody_is_drawn_where_none_are_known() {
    on_databases(async |company| {
        let made = recorders(&company).await;
        let (product, many) =
            (("product", Value::from(made.recorder)), |many| ("likeliest", Value::Int(many)));
        assert_eq!(refused(&company, &[many(100)]).await, "product");
        for wrong in [vec![product.clone()], vec![product.clone(), many(0)], vec![product, many(-1)]] {
            assert_eq!(refused(&company, &wrong).await, "likeliest");
        }

        // Nothing is told of a product that was just made.
        let other = company.create("product", values([("name", "Shelf".into())])).await;
        let id = company.create(experiment::ENTITY, fields(&[("product", other.into()), many(100)])).await;
        // Its product is foreseen every night, but not that of a campaign that is over.
        let over = [
            ("product", made.recorder.into()),
            many(100),
            ("start_on", date("2025-03-01")),
            ("end_on", date("2025-03-31")),
        ];
        company.create(experiment::ENTITY, fields(&over)).await;
        assert_eq!(candidates::products(&company.engine).await.unwrap(), [other]);
        let experiment = record(&company, id).await;
        assert!(result::compute(&company.engine, &experiment).await.is_err());
        assert!(record(&company, id).await.get("drawn_at").is_null(), "it can still be changed");
        plan::compute(&company.engine, &experiment).await.unwrap();
        let client = company.app.administrator().await;
        for (language, said) in
            [("en", "nobody is known to be likely to buy this product"), ("zh-CN", "尚无该产品的可能购买者")]
        {
            client.set_cookie("zhike_lang", language);
            let page = client.post(&format!("/analysis/experiment/{id}"), &[]).await.expect(422).body;
            assert!(page.contains(said), "{page}");
            let page = client.get(&format!("/experiment/{id}")).await.expect(200).body;
            assert!(page.contains(said), "{page}");
        }

        // From the list of likely buyers it is one step to a campaign on them.
        client.set_cookie("zhike_lang", "en");
        let list = format!("/analysis/product/{}/customers", made.recorder);
        for (query, many) in [("", "800"), ("?best=100", "100")] {
            let page = client.get(&format!("{list}{query}")).await.expect(200).body;
            let form = format!("/experiment/new?product={}&amp;likeliest={many}", made.recorder);
            assert!(page.contains(&form), "{form}: {page}");
            let form = client.get(&form.replace("&amp;", "&")).await.expect(200).body;
            assert!(form.contains(&format!("value=\"{many}\"")) && form.contains("Recorder"), "{form}");
        }
    });
}
