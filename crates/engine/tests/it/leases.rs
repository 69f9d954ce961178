//! Several servers on one database: what must be done once is done by one of them, another takes over from one that died, and one that
//! comes back late changes nothing.

use crate::shop::{Shop, module, on_both, reopen, values};
use engine::{Actor, BoxFuture, Engine, Error, JobContext, JobState, Query};
use futures::FutureExt;
use meta::Id;
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::sync::{Semaphore, oneshot};

/// Two servers.
async fn servers(shop: &Shop) -> [Engine; 2] {
    let modules = || vec![module().job("greet", greet).job("stall", stall)];
    let one = reopen(&shop.database, &shop.folder, modules()).await.unwrap();
    let other = reopen(&shop.database, &shop.folder, modules()).await.unwrap();
    [one, other]
}

async fn create(engine: &Engine, name: &'static str) -> engine::Result<Id> {
    let system = Actor::system();
    let fields = values([("name", name.into())]);
    let created = engine.write(&system, |tx| Box::pin(async move { tx.create("customer", fields).await }));
    created.await
}

fn next(engine: Engine) -> BoxFuture<'static, engine::Result<Id>> {
    Box::pin(async move { create(&engine, "next").await })
}

async fn names(engine: &Engine) -> Vec<String> {
    let customers = engine.list(&Actor::system(), &Query::new("customer").sort("name")).await.unwrap();
    customers.records.iter().map(|customer| customer.text("name").to_owned()).collect()
}

async fn enqueue(engine: &Engine, kind: &'static str) -> Id {
    let system = Actor::system();
    let queued = engine.write(&system, move |tx| Box::pin(async move { tx.enqueue(kind, json!({})).await }));
    queued.await.unwrap()
}

/// The time of a lease passes for this server.
fn later(engine: &Engine) {
    engine.clock().set(engine.clock().now() + chrono::Duration::seconds(31));
}

fn greet(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        create(&context.engine, "greeted").await?;
        Ok(())
    })
}

static GO_ON: Semaphore = Semaphore::const_new(0);

/// Whoever begins it hangs; the next one does not.
fn stall(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        if context.job.attempts == 1 {
            GO_ON.acquire().await?.forget();
            create(&context.engine, "late").await?;
        } else {
            create(&context.engine, "in time").await?;
        }
        Ok(())
    })
}

#[test]
fn what_one_server_does_alone_the_other_waits_for() {
    on_both(|shop: Shop| async move {
        let servers = servers(&shop).await;
        let (inside, most) = (&AtomicUsize::new(0), &AtomicUsize::new(0));
        let work = move |engine: Engine| -> BoxFuture<'_, engine::Result<Id>> {
            Box::pin(async move {
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                inside.fetch_sub(1, Ordering::SeqCst);
                create(&engine, "done").await
            })
        };
        let [one, other] = &servers;
        let all = [one, other, one, other].map(|engine| engine.alone("work", work));
        for done in futures::future::join_all(all).await {
            done.unwrap();
        }
        assert_eq!((most.load(Ordering::SeqCst), names(one).await.len()), (1, 4));
        // Whoever holds a lease does not wait for himself.
        let twice = one.alone("work", |engine| Box::pin(async move { engine.alone("work", work).await }));
        twice.await.unwrap();
    });
}

/// Some are gone while it is being taken.
#[test]
fn a_lease_asked_for_by_whoever_is_gone_is_the_nexts() {
    on_both(|shop: Shop| async move {
        for looks in 0..20 {
            let mut asking = shop.engine.alone("work", next).boxed();
            for _ in 0..looks {
                if futures::poll!(&mut asking).is_ready() {
                    break;
                }
                std::thread::sleep(Duration::from_micros(100));
            }
            drop(asking);
            let taken = tokio::time::timeout(Duration::from_secs(10), shop.engine.alone("work", next)).await;
            taken.expect("it is held by somebody who is gone").unwrap();
        }
    });
}

#[test]
fn a_lease_left_by_a_dead_server_is_taken_over_and_the_late_one_writes_nothing() {
    on_both(|shop: Shop| async move {
        let [one, other] = servers(&shop).await;
        let (begun, has_begun) = oneshot::channel();
        let (go, may_go) = oneshot::channel();
        let hanging = tokio::spawn({
            let one = one.clone();
            async move {
                let work = one.alone("work", |engine| {
                    Box::pin(async move {
                        create(&engine, "first half").await?;
                        begun.send(()).unwrap();
                        may_go.await.unwrap();
                        create(&engine, "second half").await
                    })
                });
                work.await
            }
        });
        has_begun.await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(500), other.alone("work", next)).await;
        assert!(waiting.is_err(), "it is held");
        later(&other);
        other.alone("work", next).await.unwrap();
        go.send(()).unwrap();
        let late: engine::Result<Id> = hanging.await.unwrap();
        assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
        assert_eq!(names(&one).await, ["first half", "next"]);
        // What is over is over for both.
        one.alone("work", next).await.unwrap();
    });
}

#[test]
fn whoever_is_in_the_middle_of_a_transaction_is_not_taken_for_dead() {
    on_both(|shop: Shop| async move {
        if shop.engine.dialect() == engine::Dialect::Sqlite {
            // The other's write would wait for the transaction.
            return;
        }
        let [one, other] = servers(&shop).await;
        let (begun, has_begun) = oneshot::channel();
        let (go, may_go) = oneshot::channel();
        let working = tokio::spawn({
            let one = one.clone();
            async move {
                let slow = |engine: Engine| async move {
                    let system = Actor::system();
                    let slow = engine.write(&system, |tx| {
                        Box::pin(async move {
                            let id = tx.create("customer", values([("name", "slow".into())])).await?;
                            begun.send(()).unwrap();
                            may_go.await.unwrap();
                            Ok(id)
                        })
                    });
                    slow.await
                };
                let work = one.alone("work", |engine| Box::pin(slow(engine)));
                work.await
            }
        });
        has_begun.await.unwrap();
        later(&other);
        let waiting = tokio::time::timeout(Duration::from_millis(500), other.alone("work", next)).await;
        assert!(waiting.is_err(), "its transaction is open");
        go.send(()).unwrap();
        let slow: engine::Result<Id> = working.await.unwrap();
        slow.unwrap();
        other.alone("work", next).await.unwrap();
        assert_eq!(names(&one).await, ["next", "slow"]);
    });
}

#[test]
fn each_job_runs_on_one_of_two_servers() {
    on_both(|shop: Shop| async move {
        let [one, other] = servers(&shop).await;
        let mut jobs = vec![];
        for _ in 0..10 {
            jobs.push(enqueue(&one, "greet").await);
        }
        loop {
            let (here, there) = tokio::join!(one.run_due_jobs(), other.run_due_jobs());
            if here.unwrap() + there.unwrap() == 0 {
                break;
            }
        }
        for job in &jobs {
            let job = one.job(*job).await.unwrap();
            assert_eq!((job.state, job.attempts), (JobState::Done, 1));
        }
        assert_eq!(names(&one).await.len(), jobs.len());
    });
}

#[test]
fn a_job_of_a_server_that_hangs_is_done_by_the_other_and_its_end_is_the_others() {
    on_both(|shop: Shop| async move {
        let [one, other] = servers(&shop).await;
        let job = enqueue(&one, "stall").await;
        let hanging = tokio::spawn({
            let one = one.clone();
            async move { one.run_due_jobs().await.unwrap() }
        });
        while one.job(job).await.unwrap().state != JobState::Running {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(other.run_due_jobs().await.unwrap(), 0, "somebody runs it");
        later(&other);
        assert_eq!(other.run_due_jobs().await.unwrap(), 1);
        GO_ON.add_permits(1);
        hanging.await.unwrap();
        let done = other.job(job).await.unwrap();
        assert_eq!((done.state, done.attempts, done.error), (JobState::Done, 2, None));
        assert_eq!(names(&one).await, ["in time"]);
    });
}

#[test]
fn of_jobs_that_two_servers_find_due_one_is_queued() {
    on_both(|shop: Shop| async move {
        let [one, other] = servers(&shop).await;
        let (here, there) = (one.idle("greet").await.unwrap(), other.idle("greet").await.unwrap());
        let (here, there) =
            tokio::join!(one.queue_if_idle(here.unwrap()), other.queue_if_idle(there.unwrap()));
        assert_ne!(here.unwrap(), there.unwrap(), "one of them was faster");
        assert!(one.idle("greet").await.unwrap().is_none(), "one waits");
        assert_eq!(one.run_due_jobs().await.unwrap(), 1);
        // One that looked before the other's began finds out although that one's has ended.
        let before = one.idle("greet").await.unwrap().unwrap();
        later(&other);
        assert!(other.queue_if_idle(other.idle("greet").await.unwrap().unwrap()).await.unwrap());
        assert_eq!(other.run_due_jobs().await.unwrap(), 1);
        assert!(!one.queue_if_idle(before).await.unwrap());

        let once = async |engine: &Engine| {
            let system = Actor::system();
            let queued = engine.write(&system, |tx| {
                Box::pin(async move { tx.enqueue_unless(&[JobState::Queued], "greet", json!({})).await })
            });
            queued.await.unwrap()
        };
        let (here, there) = tokio::join!(once(&one), once(&other));
        assert_eq!(here, there);
    });
}
