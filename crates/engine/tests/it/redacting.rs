//! Content taken out of sealed entries.

use crate::{
    audit::{assert_names, broken, filled},
    shop::{Shop, on_both, sql, values},
};
use serde_json::json;

#[test]
fn redacted_content_is_gone_and_the_chain_holds() {
    on_both(|shop: Shop| async move {
        let id = filled(&shop).await;
        shop.engine.seal_audit().await.unwrap();
        // One entry is sealed before it is redacted, one after.
        shop.update("customer", id, None, values([("email", "last@example.com".into())])).await.unwrap();
        let redact = |fields: Option<&'static [&'static str]>| {
            let (engine, actor) = (shop.engine.clone(), shop.actor.clone());
            async move {
                engine
                    .write(&actor, move |tx| {
                        Box::pin(async move { tx.redact("customer", &[id], fields, "erasure").await })
                    })
                    .await
                    .unwrap()
                    .entries
            }
        };
        assert_eq!(redact(Some(&["email"])).await, 2);
        assert_eq!(redact(Some(&["email"])).await, 0, "nothing is left of it");
        shop.engine.seal_audit().await.unwrap();
        let found = shop.engine.verify_audit(None).await.unwrap();
        assert_eq!((found.broken, found.redacted.get(&None)), (None, Some(&2)));
        // A second time, over one that was redacted before: none is left but the city's.
        assert_eq!(redact(None).await, 1);
        shop.engine.seal_audit().await.unwrap();
        let found = shop.engine.verify_audit(None).await.unwrap();
        assert_eq!((found.broken, found.redacted.get(&None)), (None, Some(&3)));
        let history = shop.engine.history(&shop.actor, "customer", id, 10).await.unwrap();
        assert_eq!(history.len(), 4, "that it was changed stays");
        assert!(history.iter().all(|entry| entry.changes == json!({})), "{history:?}");
        let checks = shop.engine.examine().await.unwrap();
        assert!(checks.iter().all(|check| check.wrong == 0), "{checks:#?}");
        sql(&shop, "UPDATE change_log SET changes = '{\"city\":[1,2]}' WHERE seq = 4").await;
        assert_names(&broken(&shop).await, "change log entry 4 was changed after it was redacted");
    });
}

#[test]
fn an_entry_may_be_redacted_field_by_field() {
    on_both(|shop: Shop| async move {
        let id = shop.customer("林悦", []).await;
        let both = values([("city", "青岛".into()), ("email", "a@example.com".into())]);
        shop.update("customer", id, None, both).await.unwrap();
        shop.engine.seal_audit().await.unwrap();
        for field in [&["email"] as &[&str], &["city"]] {
            let redact = shop.engine.write(&shop.actor, move |tx| {
                Box::pin(async move { tx.redact("customer", &[id], Some(field), "asked").await })
            });
            assert_eq!(redact.await.unwrap().entries, 1);
            assert_eq!(shop.engine.verify_audit(None).await.unwrap().broken, None);
        }
        shop.engine.seal_audit().await.unwrap();
        let found = shop.engine.verify_audit(None).await.unwrap();
        assert_eq!((found.broken, found.redacted.get(&None)), (None, Some(&2)));
        // Who forges what a redaction did is found, too.
        sql(&shop, "DELETE FROM audit_redaction WHERE step = 2").await;
        assert_names(&broken(&shop).await, "changed after it was redacted");
    });
}

#[test]
fn a_redaction_that_nobody_made_is_found() {
    on_both(|shop: Shop| async move {
        let id = filled(&shop).await;
        let redact = shop.engine.write(&shop.actor, move |tx| {
            Box::pin(async move { tx.redact("customer", &[id], Some(&["city"]), "asked").await })
        });
        redact.await.unwrap();
        shop.engine.seal_audit().await.unwrap();
        assert_eq!(shop.engine.verify_audit(None).await.unwrap().broken, None);
        // A step that fits no entry: of a number that was never there.
        sql(&shop, "INSERT INTO audit_redaction SELECT source, 800, step, redaction, before, after FROM audit_redaction").await;
        assert_names(&broken(&shop).await, "did was changed");
    });
}
