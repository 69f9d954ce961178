//! Jobs live in the database, run once and can be cancelled.

use crate::shop::{Shop, module, on_both, reopen};
use engine::{
    BoxFuture, Engine, Error, JobContext, JobState, Query, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;
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

async fn enqueue(engine: &Engine, payload: serde_json::Value) -> Id {
    engine
        .write(&engine::Actor::system(), |tx| Box::pin(async move { tx.enqueue("greet", payload).await }))
        .await
        .unwrap()
}

#[test]
fn a_job_runs_although_the_clock_was_set_back() {
    on_both(|shop: Shop| async move {
        let engine = reopen(&shop.database, &shop.folder, vec![module().job("greet", greet)]).await.unwrap();
        let (now, day) = (engine.clock().now(), chrono::Duration::days(1));
        let waiting = enqueue(&engine, json!({"name": "waiting"})).await;
        let abandoned = enqueue(&engine, json!({"name": "abandoned"})).await;
        let later = engine.write(&shop.actor, move |tx| {
            Box::pin(async move {
                let begun = Sql::update()
                    .table(name("job"))
                    .value(name("state"), "running")
                    .and_where(Expr::col(name("id")).eq(abandoned))
                    .to_owned();
                tx.execute(&begun).await?;
                let held = Sql::insert()
                    .into_table(name("lease"))
                    .columns(["name", "holder", "until"].map(name))
                    .values_panic([format!("job {abandoned}").into(), abandoned.into(), now.into()])
                    .to_owned();
                tx.execute(&held).await?;
                tx.enqueue_at("greet", json!({"name": "later"}), now + chrono::Duration::hours(1)).await
            })
        });
        let later = later.await.unwrap();
        engine.clock().set(now - day);
        assert_eq!(engine.run_due_jobs().await.unwrap(), 2);
        for (job, state) in
            [(waiting, JobState::Done), (abandoned, JobState::Done), (later, JobState::Queued)]
        {
            assert_eq!(engine.job(job).await.unwrap().state, state);
        }
        engine.clock().set(now + day);
        assert_eq!(engine.run_due_jobs().await.unwrap(), 1);
    });
}

#[test]
fn the_longer_a_job_fails_the_longer_it_waits() {
    on_both(|shop: Shop| async move {
        let engine = reopen(&shop.database, &shop.folder, vec![module().job("greet", greet)]).await.unwrap();
        let pass = |minutes| engine.clock().set(engine.clock().now() + chrono::Duration::minutes(minutes));
        let fail = async || {
            enqueue(&engine, json!({})).await;
            engine.run_due_jobs().await.unwrap();
        };
        let is_due = async || {
            engine.failure("greet").await.unwrap().is_some() && !engine.failed_lately("greet").await.unwrap()
        };
        assert!(!is_due().await, "nothing failed");
        for minutes in [10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440] {
            fail().await;
            pass(minutes - 1);
            assert!(!is_due().await, "{minutes}");
            pass(2);
            assert!(is_due().await, "{minutes}");
        }
        // It begins anew once it was done, however long it had failed before.
        enqueue(&engine, json!({"name": "done"})).await;
        engine.run_due_jobs().await.unwrap();
        pass(1_440);
        assert!(!is_due().await, "done");
        fail().await;
        pass(11);
        assert!(is_due().await);
        // A failure ahead of a clock that was set back tells nothing.
        pass(-1_440);
        assert!(is_due().await);
        // What is queued now is the newest nonetheless: the failure is over.
        enqueue(&engine, json!({"name": "late"})).await;
        engine.run_due_jobs().await.unwrap();
        assert_eq!(engine.failure("greet").await.unwrap(), None);
    });
}

/// The database is gone the first time, and the second while it saves.
fn unlucky(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let error = match context.job.attempts {
            1 => Error::Unavailable("gone".into()),
            2 => Error::Unsure("gone".into()),
            _ => return Ok(()),
        };
        Err(anyhow::Error::new(error).context("an import stopped"))
    })
}

#[test]
fn a_job_that_met_an_outage_is_tried_again() {
    on_both(|shop: Shop| async move {
        let engine =
            reopen(&shop.database, &shop.folder, vec![module().job("greet", unlucky)]).await.unwrap();
        let job = enqueue(&engine, json!({})).await;
        for state in [JobState::Queued, JobState::Queued, JobState::Done] {
            assert_eq!(engine.run_due_jobs().await.unwrap(), 1);
            assert_eq!(engine.job(job).await.unwrap().state, state);
            engine.clock().set(engine.clock().now() + chrono::Duration::minutes(1));
        }
    });
}
