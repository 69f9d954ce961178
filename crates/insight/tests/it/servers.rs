//! Two servers of a company on one database and one folder of the warehouse: each piece of background work is done by one of them, and
//! what both are asked for at once is as if it had been asked for twice.

use crate::{
    company::{Company, on_both, second},
    experiments::letter,
    mining::shop,
    warehouse::{FULL, SMALL, everything, refresh as refreshed},
};
use engine::{
    Actor, Engine, JobState, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use insight::{
    live,
    mining::{baskets, experiment, groups, propensity, recommend, refresh as mine},
    past, refit, store,
};
use meta::Id;
use std::{collections::BTreeSet, fs, sync::Arc, time::Duration};
use warehouse::Manifest;

/// How the jobs of a kind ended, each with its attempts.
async fn jobs(engine: &Engine, kind: &str) -> Vec<(JobState, i64)> {
    let select = Sql::select()
        .column(name("id"))
        .from(name("job"))
        .and_where(Expr::col(name("kind")).eq(kind))
        .to_owned();
    let mut found = vec![];
    for row in engine.fetch(&select).await.unwrap() {
        let job = engine.job(row.id(0).unwrap()).await.unwrap();
        found.push((job.state, job.attempts));
    }
    found
}

/// Runs what is due on both at once, until nothing is.
async fn run_on_both(one: &Company, other: &Company) {
    loop {
        let (here, there) = tokio::join!(one.engine.run_due_jobs(), other.engine.run_due_jobs());
        if here.unwrap() + there.unwrap() == 0 {
            return;
        }
    }
}

/// Different numbers of runs in a table of which one holds.
async fn runs(engine: &Engine, table: &str) -> BTreeSet<i64> {
    let select = Sql::select().distinct().column(name("run")).from(name(table)).to_owned();
    engine.fetch(&select).await.unwrap().iter().map(|row| row.int(0).unwrap()).collect()
}

/// As a server that died left it: until half a minute from now.
async fn leave_lease(engine: &Engine, work: &'static str) {
    let now = engine.clock().now();
    let left = Sql::insert()
        .into_table(name("lease"))
        .columns(["name", "holder", "until"].map(name))
        .values_panic([work.into(), engine.clock().new_id().into(), (now + Duration::from_secs(30)).into()])
        .to_owned();
    let system = Actor::system();
    engine.write(&system, move |tx| Box::pin(async move { tx.execute(&left).await })).await.unwrap();
}

fn newest_manifest(company: &Company) -> Manifest {
    let folder = company.engine.data_dir().join("warehouse/manifest");
    let paths = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    serde_json::from_slice(&fs::read(paths.max().unwrap()).unwrap()).unwrap()
}

/// What is kept of mining.
async fn mined(company: &Company) -> (String, String, Vec<Id>) {
    let groups = groups::load(&company.engine).await.unwrap().unwrap();
    let rules = baskets::load(&company.engine).await.unwrap().unwrap();
    let customer = company.everybody().await.remove(0).id;
    let recommended = recommend::of(&company.engine, customer).await.unwrap();
    (
        serde_json::to_string(&groups.body).unwrap(),
        serde_json::to_string(&rules.body).unwrap(),
        recommended.iter().map(|one| one.product).collect(),
    )
}

#[test]
fn two_servers_refit_once() {
    on_both(async |company| {
        let other = second(&company).await;
        company.regulars().await;
        refit::refit(&company.engine, None).await.unwrap();
        company.settle().await;
        // Both read what is in force before the day changes.
        for server in [&company, &other] {
            live::queue_if_due(&server.engine).await.unwrap();
        }
        run_on_both(&company, &other).await;
        let before = store::newest_id(&company.engine).await.unwrap().unwrap();
        let known = jobs(&company.engine, refit::JOB).await.len();
        company.clock.set("2026-11-22T16:00:10Z".parse().unwrap());
        let (here, there) =
            tokio::join!(live::queue_if_due(&company.engine), live::queue_if_due(&other.engine));
        here.unwrap();
        there.unwrap();
        run_on_both(&company, &other).await;
        // Whoever looks next sees what the other has fitted.
        live::queue_if_due(&other.engine).await.unwrap();
        live::queue_if_due(&company.engine).await.unwrap();
        let refits = jobs(&company.engine, refit::JOB).await;
        assert_eq!(refits.len(), known + 1, "{refits:?}");
        assert!(refits.iter().all(|job| *job == (JobState::Done, 1)), "{refits:?}");
        assert_eq!(store::newest_id(&company.engine).await.unwrap(), Some(before + 1));

        // Asked for at once, by commands, they are done one after the other.
        let alone = company.everybody().await;
        let (here, there) =
            tokio::join!(refit::refit(&company.engine, None), refit::refit(&other.engine, None));
        here.unwrap();
        there.unwrap();
        assert_eq!(store::newest_id(&company.engine).await.unwrap(), Some(before + 3));
        for (account, before) in other.everybody().await.iter().zip(&alone) {
            for figure in ["orders", "net_sales", "clv_52w", "importance", "value_quadrant"] {
                assert_eq!((account.id, account.get(figure)), (before.id, before.get(figure)), "{figure}");
            }
        }
    });
}

#[test]
fn two_servers_mine_once_and_mix_nothing() {
    on_both(async |company| {
        let products = shop(&company).await;
        company.hold("2026-04-12").await;
        let other = second(&company).await;
        refit::refit(&company.engine, None).await.unwrap();
        let (here, there) =
            tokio::join!(mine::queue_if_due(&company.engine), mine::queue_if_due(&other.engine));
        here.unwrap();
        there.unwrap();
        run_on_both(&company, &other).await;
        for server in [&company, &other] {
            mine::queue_if_due(&server.engine).await.unwrap();
        }
        assert_eq!(jobs(&company.engine, mine::JOB).await, [(JobState::Done, 1)]);
        let alone = mined(&company).await;

        let (here, there) =
            tokio::join!(mine::refresh(&company.engine, None), mine::refresh(&other.engine, None));
        assert_eq!(here.unwrap(), there.unwrap());
        assert_eq!(mined(&company).await, alone);
        assert!(runs(&company.engine, "propensity").await.len() < 2);

        // The same of one product and one experiment, asked for on both at once.
        let (here, there) = tokio::join!(
            propensity::queue(&company.engine, products[4]),
            propensity::queue(&other.engine, products[4])
        );
        here.unwrap();
        there.unwrap();
        run_on_both(&company, &other).await;
        assert_eq!(jobs(&company.engine, propensity::JOB).await, [(JobState::Done, 1)]);
        let drawn = letter(&company, ["2026-03-01", "2026-04-01"]).await.id;
        let (here, there) = tokio::join!(
            experiment::result::queue(&company.engine, drawn),
            experiment::result::queue(&other.engine, drawn)
        );
        here.unwrap();
        there.unwrap();
        run_on_both(&company, &other).await;
        assert_eq!(jobs(&company.engine, experiment::JOB).await, [(JobState::Done, 1)]);
    });
}

#[test]
fn two_servers_refresh_the_warehouse_in_turn() {
    on_both(async |company| {
        company.regulars().await;
        let other = second(&company).await;
        refreshed(&company, SMALL).await;
        let customer = company.customer("Newcomer").await;
        company.order(Some(customer), "2026-11-01", "100", Some("40")).await;
        company.settle().await;
        let (here, there) = tokio::join!(refreshed(&company, SMALL), refreshed(&other, SMALL));
        assert_ne!(here.manifest, there.manifest);
        // Nobody wrote what he could not publish: that would be kept longer than what was replaced just now.
        let newest = newest_manifest(&company);
        assert_eq!(newest.number, Ord::max(here.manifest, there.manifest));
        let now = company.clock.now();
        assert!(newest.retired.iter().all(|(_, since)| *since <= now), "{:?}", newest.retired);
        let followed = everything(&company).await;
        assert!(followed == everything(&other).await);
        refreshed(&other, FULL).await;
        assert!(followed == everything(&company).await, "not the rows of a full refresh");
    });
}

#[test]
fn a_lease_left_by_a_dead_server_is_waited_for_and_taken_over() {
    on_both(async |company| {
        company.regulars().await;
        for work in ["warehouse", "value.refit", "value.live", "mining"] {
            leave_lease(&company.engine, work).await;
        }
        let engine = &company.engine;
        let soon = Duration::from_millis(300);
        let waits = [
            tokio::time::timeout(soon, refreshed(&company, SMALL)).await.is_err(),
            tokio::time::timeout(soon, refit::refit(engine, None)).await.is_err(),
            tokio::time::timeout(soon, mine::refresh(engine, None)).await.is_err(),
        ];
        assert_eq!(waits, [true; 3]);
        company.clock.set(company.clock.now() + chrono::Duration::seconds(31));
        company.settle().await;
        refreshed(&company, SMALL).await;
        refit::refit(engine, None).await.unwrap();
        mine::refresh(engine, None).await.unwrap();
        let left = Sql::select().column(name("name")).from(name("lease")).to_owned();
        // The last one by who still looks at the quality of what was refreshed.
        let given_back = async {
            while !engine.fetch(&left).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), given_back).await.expect("they are given back");
    });
}

#[test]
fn what_is_kept_is_parsed_once_until_another_is_computed_here_or_elsewhere() {
    on_both(async |company| {
        let other = second(&company).await;
        company.regulars().await;
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        let newest = async || past::newest(&company.engine).await.unwrap().unwrap();
        let first = newest().await;
        // Whoever parsed it again would find nothing.
        let spoil = async || {
            let spoiled = Sql::update().table(name("value_past")).value(name("result"), "spoiled").to_owned();
            let system = Actor::system();
            let write =
                company.engine.write(&system, move |tx| Box::pin(async move { tx.execute(&spoiled).await }));
            write.await.unwrap();
        };
        spoil().await;
        assert!(Arc::ptr_eq(&first, &newest().await));
        // Of the same moment and settings, and yet another.
        for server in [&other, &company] {
            let before = newest().await;
            past::compute(&server.engine).await.unwrap();
            let after = newest().await;
            assert!(!Arc::ptr_eq(&before, &after) && *before == *after);
            spoil().await;
            assert!(Arc::ptr_eq(&after, &newest().await));
        }
        past::queue_if_due(&company.engine).await.unwrap();
        assert!(!past::is_under_way(&company.engine).await.unwrap(), "it is of today");
    });
}
