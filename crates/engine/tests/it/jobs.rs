//! Jobs live in the database, run once and can be cancelled.

use crate::shop::{Shop, module, on_both, reopen};
use engine::{BoxFuture, JobContext, JobState, Query};
use serde_json::json;

fn greet(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let name = context.job.payload["name"].as_str().unwrap_or_default().to_owned();
        anyhow::ensure!(!name.is_empty(), "name is missing");
        context.progress(json!({"done": 1})).await?;
        let fields = crate::shop::values([("name", name.into())]);
        let system = engine::Actor::system();
        let write =
            context.engine.write(&system, |tx| Box::pin(async move { tx.create("customer", fields).await }));
        write.await?;
        Ok(())
    })
}

#[test]
fn a_queued_job_runs_once_after_its_transaction_commits() {
    on_both(|shop: Shop| async move {
        let engine = reopen(&shop.database, &shop.folder, vec![module().job("greet", greet)]).await.unwrap();
        let enqueue = |payload: serde_json::Value| {
            let engine = engine.clone();
            async move {
                engine
                    .write(&engine::Actor::system(), |tx| {
                        Box::pin(async move { tx.enqueue("greet", payload).await })
                    })
                    .await
                    .unwrap()
            }
        };
        let (good, bad) = (enqueue(json!({"name": "hello"})).await, enqueue(json!({})).await);
        let cancelled = enqueue(json!({"name": "never"})).await;
        engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.cancel_job(cancelled).await }))
            .await
            .unwrap();
        engine.run_due_jobs().await.unwrap();
        assert_eq!(engine.run_due_jobs().await.unwrap(), 0);
        let done = engine.job(good).await.unwrap();
        assert_eq!((done.state, done.progress["done"].as_i64()), (JobState::Done, Some(1)));
        let failed = engine.job(bad).await.unwrap();
        assert_eq!(failed.state, JobState::Failed);
        assert!(failed.error.unwrap().contains("name is missing"));
        assert_eq!(engine.job(cancelled).await.unwrap().state, JobState::Cancelled);
        assert_eq!(engine.count(&shop.actor, &Query::new("customer"), 10).await.unwrap().number, 1);
    });
}
