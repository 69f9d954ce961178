//! Readers of the change log beside writers.

use crate::shop::{Shop, on_both, values};

#[test]
fn a_reader_of_the_log_waits_for_whoever_took_an_earlier_number() {
    on_both(|shop: Shop| async move {
        // SQLite's transactions follow one another.
        if shop.engine.dialect() == engine::Dialect::Sqlite {
            return;
        }
        let write = |before: tokio::sync::oneshot::Receiver<()>,
                     began: tokio::sync::oneshot::Sender<()>,
                     after: tokio::sync::oneshot::Receiver<()>,
                     name: &'static str| {
            let (engine, actor) = (shop.engine.clone(), shop.actor.clone());
            tokio::spawn(async move {
                engine
                    .write(&actor, move |tx| {
                        Box::pin(async move {
                            before.await.unwrap();
                            let id = tx.create("customer", values([("name", name.into())])).await?;
                            began.send(()).unwrap();
                            after.await.unwrap();
                            Ok(id)
                        })
                    })
                    .await
                    .unwrap()
            })
        };
        let channel = tokio::sync::oneshot::channel::<()>;
        let ((go_early, early_waits), (early_began, early_wrote), (end_early, early_ends)) =
            (channel(), channel(), channel());
        let ((go_late, late_waits), (late_began, late_wrote), (end_late, late_ends)) =
            (channel(), channel(), channel());
        // The one that began first takes the second number and commits first.
        let early = write(early_waits, early_began, early_ends, "early");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let late = write(late_waits, late_began, late_ends, "late");
        go_late.send(()).unwrap();
        late_wrote.await.unwrap();
        go_early.send(()).unwrap();
        early_wrote.await.unwrap();
        end_early.send(()).unwrap();
        let early = early.await.unwrap();
        let held = shop.engine.changes(0, 10).await.unwrap();
        assert!(held.is_empty(), "number 1 is still to come: {held:?}");
        end_late.send(()).unwrap();
        let late = late.await.unwrap();
        let entries = shop.engine.changes(0, 10).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.ids[0]).collect::<Vec<_>>(), [late, early]);
    });
}
