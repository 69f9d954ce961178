//! What activities get when it is left out.

use crate::{actor, create, on_both, refused};
use meta::Value;

#[test]
fn an_activity_with_a_contact_is_on_the_customers_timeline() {
    on_both(async |test| {
        let account = create(&test.engine, "account", [("name", "A".into())]).await.unwrap();
        let contact = create(&test.engine, "contact", [("name", "B".into()), ("account", account.into())])
            .await
            .unwrap();
        let call = create(
            &test.engine,
            "activity",
            [("subject", "Hello".into()), ("kind", "call".into()), ("contact", contact.into())],
        );
        let call = call.await.unwrap();
        let timeline =
            test.engine.timeline(&actor(), "account", account, None, 10, |_| vec![]).await.unwrap();
        assert_eq!(timeline.iter().map(|item| item.record.id).collect::<Vec<_>>(), [call]);
        assert_eq!(timeline[0].at, test.clock.now());
    });
}

#[test]
fn what_happened_is_done_and_what_is_due_is_open() {
    on_both(async |test| {
        let due = Value::Instant(test.clock.now());
        let cases = [
            (
                create(&test.engine, "activity", [("subject", "a".into()), ("kind", "call".into())]).await,
                true,
            ),
            (
                create(&test.engine, "activity", [("subject", "b".into()), ("kind", "task".into())]).await,
                false,
            ),
            (
                create(
                    &test.engine,
                    "activity",
                    [("subject", "c".into()), ("kind", "call".into()), ("due_at", due)],
                )
                .await,
                false,
            ),
            (
                create(
                    &test.engine,
                    "activity",
                    [("subject", "d".into()), ("kind", "task".into()), ("done", true.into())],
                )
                .await,
                true,
            ),
        ];
        for (made, done) in cases {
            let record = test.engine.get(&actor(), "activity", made.unwrap()).await.unwrap();
            assert_eq!(record.get("done").as_bool(), Some(done), "{}", record.text("subject"));
        }
        let negative =
            create(&test.engine, "activity", [("subject", "e".into()), ("duration_minutes", Value::Int(-1))])
                .await;
        assert_eq!(refused(negative), ["duration_minutes"]);
    });
}
