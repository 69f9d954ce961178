//! The night's comparison: it is content with good workers, and finds a machine that leaves out rows, after which none is asked.

use crate::{
    company::{SMALL, ask, ask_workers, trade, traded},
    fleet::{alone, fleet, runtime, urls},
};
use engine::{Actor, BoxFuture, Engine};
use meta::label;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use warehouse::{
    Catalog, Elsewhere, Planned, Quality, Rows, collect,
    datafusion::physical_plan::execute_stream,
    semantic::{Cut, Question},
};

/// Leaves out the last row of every answer of more than one.
struct Liar;

impl Elsewhere for Liar {
    fn rows(&self, planned: Planned) -> BoxFuture<'_, engine::Result<Option<Rows>>> {
        Box::pin(async move {
            let stream = execute_stream(planned.here, planned.state.task_ctx()).unwrap();
            let mut rows = collect(stream, planned.rows_limit).await.unwrap();
            let number: usize = rows.batches.iter().map(|batch| batch.num_rows()).sum();
            if number > 1
                && let Some(last) = rows.batches.pop()
            {
                rows.batches.push(last.slice(0, last.num_rows() - 1));
            }
            Ok(Some(rows))
        })
    }
}

/// Cannot answer the first thing it is asked, or nothing at all; everything else is computed in process.
struct Failing {
    always: bool,
    asked: AtomicBool,
}

impl Failing {
    fn new(always: bool) -> Arc<Failing> {
        Arc::new(Failing { always, asked: AtomicBool::new(false) })
    }
}

impl Elsewhere for Failing {
    fn rows(&self, _: Planned) -> BoxFuture<'_, engine::Result<Option<Rows>>> {
        let fails = !self.asked.swap(true, Ordering::Relaxed) || self.always;
        let why = || engine::Error::Limit(label("too much for them", "超出其能力"));
        Box::pin(async move { if fails { Err(why()) } else { Ok(None) } })
    }
}

fn checks(catalog: &Catalog) -> Vec<(&str, bool)> {
    let of_workers = catalog.checks.iter().filter(|check| check.name == "workers");
    of_workers.map(|check| (check.table.as_str(), check.good)).collect()
}

#[test]
fn the_catalog_says_whether_workers_answer_as_the_server_does() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (engine, files) = traded(folder.path(), 40).await;
        let catalog = async || warehouse::catalog(&engine, &Actor::system()).await.unwrap();
        assert_eq!(checks(&catalog().await), []);
        let fleet = fleet(2, &files);
        ask_workers(&engine, &urls(&fleet), true);
        compare_again(&engine).await;
        let found = catalog().await;
        let good = checks(&found);
        assert!(good.len() >= 2 && good.iter().all(|(_, good)| *good), "{good:?}");
        // A refresh looks at its own checks and leaves these.
        trade(&engine, 10).await;
        warehouse::refresh(&engine, SMALL, None).await.unwrap();
        assert_eq!(checks(&catalog().await), good);
        // In so small a company many answers are one row, of which none is left out.
        let lies = async || {
            for night in 0..10 {
                let lies = cluster::compare(&engine, Arc::new(Liar), night).await.unwrap();
                if !lies.differing.is_empty() {
                    return lies;
                }
            }
            panic!("no lie is found")
        };
        let found = lies().await;
        assert!(found.checks.iter().any(|check| !check.good && check.found != "0"), "{:?}", found.checks);
        cluster::conclude(&engine, found).await.unwrap();
        assert!(checks(&catalog().await).iter().any(|(_, good)| !good));
        // From then on workers are not asked: what must be theirs is refused, anything else is computed here.
        let by_city = Question {
            measures: vec!["sales".to_owned()],
            cuts: vec![Cut { dimension: "account.city".to_owned(), level: None }],
            ..Question::default()
        };
        let refused = ask(&engine, &by_city).await.unwrap_err().to_string();
        assert!(refused.contains("answered otherwise"), "{refused}");
        // Nor after a night on which not all of it could be compared again.
        let part = cluster::compare(&engine, Failing::new(false), 99).await.unwrap();
        assert!(!part.differing.is_empty());
        cluster::conclude(&engine, part).await.unwrap();
        let refused = ask(&engine, &by_city).await.unwrap_err().to_string();
        assert!(refused.contains("answered otherwise"), "{refused}");
        let coordinator = ask_workers(&engine, &urls(&fleet), false);
        cluster::heed(&engine).await.unwrap();
        let own = ask(&engine, &by_city).await.unwrap();
        let counts = |of: &AtomicU64| of.load(Ordering::Relaxed);
        assert_eq!(counts(&coordinator.counts().answered), 0);
        assert!(counts(&coordinator.counts().here) > 0);
        // Until a comparison finds them the same again.
        compare_again(&engine).await;
        assert_eq!(ask(&engine, &by_city).await.unwrap(), own);
        assert!(counts(&coordinator.counts().answered) > 0);
        // What an upgrade took away is asked no more, and the others must be the same as before.
        let mut found = lies().await;
        let gone = Question { measures: vec!["gone".to_owned()], ..Question::default() };
        found.differing.insert(0, ("sales".to_owned(), gone));
        cluster::conclude(&engine, found).await.unwrap();
        let again = cluster::compare(&engine, Arc::new(Liar), 99).await.unwrap();
        assert!(!again.differing.is_empty(), "what differed is not asked again");
        assert!(again.differing.iter().all(|(_, question)| question.measures != ["gone"]));
        let answered = counts(&coordinator.counts().answered);
        ask(&engine, &by_city).await.unwrap();
        assert_eq!(counts(&coordinator.counts().answered), answered);
        compare_again(&engine).await;
        ask(&engine, &by_city).await.unwrap();
        assert!(counts(&coordinator.counts().answered) > answered);
    });
}

#[test]
fn a_question_that_fails_is_said_not_to_be_compared_and_the_others_are() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (engine, _) = traded(folder.path(), 20).await;
        let kept = async || warehouse::catalog(&engine, &Actor::system()).await.unwrap().checks;
        let of = |checks: &[Quality], name: &str| {
            checks.iter().filter(|check| check.name == name).cloned().collect::<Vec<Quality>>()
        };
        let found = cluster::compare(&engine, Failing::new(false), 0).await.unwrap();
        cluster::conclude(&engine, found).await.unwrap();
        let noted = kept().await;
        let failed = of(&noted, "workers_not_compared");
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(failed[0].found == "1" && !failed[0].good, "{failed:?}");
        assert!(failed[0].label.en.contains("(too much for them)"), "{failed:?}");
        assert!(failed[0].label.zh.contains("(超出其能力)"), "{failed:?}");
        let compared = of(&noted, "workers");
        assert!(compared.len() >= 2 && compared.iter().all(|check| check.good), "{compared:?}");
        // How many of both there were stands beside what was found.
        for check in &compared {
            let missing = u8::from(check.table == failed[0].table);
            assert!(check.label.en.ends_with(&format!("compared, {missing} not")), "{check:?}");
            assert!(check.label.zh.ends_with(&format!("未比对 {missing} 个）")), "{check:?}");
        }
        // With nothing compared the job fails, and nothing is said to be good any more.
        let found = cluster::compare(&engine, Failing::new(true), 0).await.unwrap();
        let error = cluster::conclude(&engine, found).await.unwrap_err();
        assert!(matches!(error, engine::Error::NotReady(_)), "{error}");
        let noted = kept().await;
        assert!(of(&noted, "workers").is_empty() && of(&noted, "workers_not_compared").len() >= 2);
    });
}

async fn compare_again(engine: &Engine) {
    engine
        .write(&Actor::system(), |tx| Box::pin(async move { tx.enqueue(cluster::JOB, json!({})).await }))
        .await
        .unwrap();
    engine.run_due_jobs().await.unwrap();
}
