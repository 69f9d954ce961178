//! Rules of retention: what is due is counted, and goes at night.

use super::{is_sound, modules, system};
use crate::pages::create;
use engine::{Ending, Engine, Query, Rule, Since};
use meta::{DateTime, Id, Utc, Value};
use std::time::Duration;
use testkit::{TestApp, on_both};

const MONTH: u64 = 31 * 86_400;

fn later(test: &TestApp, months: u64) {
    test.clock.set(test.clock.now() + Duration::from_secs(months * MONTH));
}

async fn name(engine: &Engine, id: Id) -> String {
    engine.get_many(&system(), "account", &[id]).await.unwrap()[0].text("name").to_owned()
}

/// The night comes: the job is queued by whoever looks, and runs.
async fn night(engine: &Engine) {
    engine.queue_retention().await.unwrap();
    engine.run_due_jobs().await.unwrap();
}

fn rule(entity: &str, since: &str, ending: Ending) -> Rule {
    Rule { entity: entity.into(), months: 12, since: Since::from(since.to_owned()), ending }
}

#[test]
fn who_has_bought_nothing_for_long_is_erased_and_who_has_stays() {
    on_both(modules, async |test| {
        let engine = &test.engine;
        let person = ("kind", Value::from("person"));
        let gone = create(engine, "account", &[("name", "Gone".into()), person.clone()]).await;
        let buyer = create(engine, "account", &[("name", "Buyer".into()), person.clone()]).await;
        let company = create(engine, "account", &[("name", "Acme".into())]).await;
        let old =
            create(engine, "activity", &[("subject", "old call".into()), ("account", company.into())]).await;
        engine
            .write(&system(), move |tx| Box::pin(async move { tx.delete("account", company, None).await }))
            .await
            .unwrap();
        later(&test, 13);
        let at: DateTime<Utc> = test.clock.now() - Duration::from_secs(MONTH);
        create(engine, "order", &[("account", buyer.into()), ("ordered_at", at.into())]).await;
        let young = create(engine, "account", &[("name", "Young".into()), person]).await;

        let rules = [rule("account", "order", Ending::Erase), rule("activity", "created", Ending::Delete)];
        engine.set_retention_rules(&system(), &rules).await.unwrap();
        let due = engine.retention_due(&system(), &rules).await.unwrap();
        assert_eq!(due.iter().map(|due| due.count).collect::<Vec<_>>(), [1, 1]);
        night(engine).await;
        assert!(name(engine, gone).await.starts_with("Erased"));
        assert_eq!(
            (name(engine, buyer).await, name(engine, young).await, name(engine, company).await),
            ("Buyer".into(), "Young".into(), "Acme".into())
        );
        let activity = &engine.get_many(&system(), "activity", &[old]).await.unwrap()[0];
        assert!(activity.deleted_at.is_some() && activity.text("subject").starts_with("Erased"));
        let requests = engine.list(&system(), &Query::new("privacy_request")).await.unwrap().records;
        assert_eq!(requests.iter().map(|request| request.text("kind")).collect::<Vec<_>>(), ["retention"; 2]);

        // Nothing is due twice, and the same night comes once.
        let due = engine.retention_due(&system(), &rules).await.unwrap();
        assert!(due.iter().all(|due| due.count == 0), "{due:?}");
        assert!(!engine.queue_retention().await.unwrap());
        test.clock.set(test.clock.now() + Duration::from_secs(1));
        // Somebody wrote to the erased record again: it counts anew.
        engine
            .write(&system(), move |tx| {
                Box::pin(async move {
                    tx.update("account", gone, None, [("habits".to_owned(), "tea".into())].into()).await
                })
            })
            .await
            .unwrap();
        assert_eq!(engine.retention_due(&system(), &rules).await.unwrap()[0].count, 1);
        is_sound(engine).await;
    });
}

#[test]
fn rules_are_set_on_the_page_and_refused_with_the_reason() {
    on_both(modules, async |test| {
        let client = test.administrator().await;
        let good = [("entity", "contact"), ("months", "24"), ("since", "activity"), ("ending", "delete")];
        client.post("/privacy", &good).await.expect(303);
        let page = client.get("/privacy").await.expect(200).body;
        assert!(
            page.contains("24 months since the last activity") && page.contains("Erase and delete"),
            "{page}"
        );
        for (field, value) in [("months", "soon"), ("since", "return"), ("entity", "product")] {
            let wrong: Vec<(&str, &str)> = good
                .iter()
                .map(|(name, known)| (*name, if *name == field { value } else { *known }))
                .collect();
            client.post("/privacy", &wrong).await.expect(422);
        }
        assert_eq!(test.engine.retention_rules().await.unwrap().len(), 1);
        client.post("/privacy/remove", &[("index", "0")]).await.expect(303);
        assert!(test.engine.retention_rules().await.unwrap().is_empty());
        test.ordinary().await.post("/privacy", &good).await.expect(403);
    });
}
