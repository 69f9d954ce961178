//! Whether a campaign brought about anything, on both databases, and what of experiments is refused.

use crate::company::{Company, on_databases, values};
use engine::Actor;
use insight::mining::experiment;
use meta::{Decimal, Id, Value};
use std::collections::BTreeMap;

/// 400 customers; of those reached `percent` buy, of the others a tenth.
pub async fn campaign(company: &Company, percent: u64) -> Id {
    let id = company
        .create(
            experiment::ENTITY,
            values([
                ("name", "Spring letter".into()),
                ("population", "kind == 'person'".into()),
                ("control_share", Value::Decimal(Decimal::new(5, 1))),
                ("start_on", Value::Date("2026-03-01".parse().unwrap())),
                ("end_on", Value::Date("2026-03-31".parse().unwrap())),
            ]),
        )
        .await;
    let mut people = vec![];
    for number in 0..400 {
        people.push(values([("name", format!("Person {number:03}").into()), ("kind", "person".into())]));
    }
    let accounts = company
        .engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create_many("account", people).await }))
        .await
        .unwrap();
    company.customer("A company, not reached").await;
    let record = company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap();
    assert_eq!(experiment::members::draw(&company.engine, &record).await.unwrap().customers, 400);
    assert_eq!(accounts.len(), 400);
    let sides: BTreeMap<Id, bool> =
        experiment::members::of(&company.engine, id).await.unwrap().into_iter().collect();
    let mut counted = [0_u64; 2];
    for (account, control) in &sides {
        let side = &mut counted[usize::from(*control)];
        *side += 1;
        let share = if *control { 10 } else { percent };
        if *side * share / 100 > (*side - 1) * share / 100 {
            company.order(Some(*account), "2026-03-10", "40", None).await;
        }
    }
    id
}

#[test]
fn an_effect_is_claimed_only_where_it_is_shown() {
    on_databases(async |company| {
        company.hold("2026-04-12").await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        for (percent, text) in [(40, "The campaign raised it."), (12, "No effect shown")] {
            let id = campaign(&company, percent).await;
            let record = company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap();
            let before = experiment::members::of(&company.engine, id).await.unwrap();
            experiment::result::compute(&company.engine, &record).await.unwrap();
            assert_eq!(experiment::members::of(&company.engine, id).await.unwrap(), before, "drawn once");
            let page = client.get(&format!("/experiment/{id}")).await.expect(200).body;
            assert!(page.contains(text), "{percent}: {page}");
            // The next campaign reaches its own people alone.
            let system = Actor::system();
            let delete = company.engine.write(&system, move |tx| {
                Box::pin(async move {
                    for (account, _) in before {
                        tx.delete("account", account, None).await?;
                    }
                    Ok(())
                })
            });
            delete.await.unwrap();
        }
    });
}

#[test]
fn an_experiment_that_cannot_be_compared_is_refused() {
    on_databases(async |company| {
        let given = |share: Decimal, population: &str, end: &str| {
            values([
                ("name", "x".into()),
                ("population", population.into()),
                ("control_share", Value::Decimal(share)),
                ("start_on", Value::Date("2026-03-01".parse().unwrap())),
                ("end_on", Value::Date(end.parse().unwrap())),
            ])
        };
        let half = Decimal::new(5, 1);
        for (field, fields) in [
            ("control_share", given(Decimal::ONE, "", "2026-03-31")),
            ("end_on", given(half, "", "2026-02-01")),
            ("population", given(half, "shoe_size > 3", "2026-03-31")),
        ] {
            let refused = company
                .engine
                .write(&Actor::system(), move |tx| {
                    Box::pin(async move { tx.create(experiment::ENTITY, fields).await })
                })
                .await;
            match refused {
                Err(engine::Error::Invalid(problems)) => assert_eq!(problems[0].field, field),
                other => panic!("{field}: {other:?}"),
            }
        }
    });
}
