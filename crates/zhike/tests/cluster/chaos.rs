//! Workers that are killed, frozen or panic in the middle of a question: the answer is right, after asking anew, or there is none.

use crate::{
    company::{PATIENCE, ask, ask_workers, traded},
    fleet::{alone, fleet, runtime, urls},
};
use engine::Engine;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    os::unix::process::ExitStatusExt,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use warehouse::{
    here,
    semantic::{AnswerTable, Cut, Level, Question, Sort},
};

/// Every harm in the middle of every question.
const ROUNDS: usize = 20;
const HARMS: [&str; 5] = ["-KILL", "-USR1", "-KILL", "-STOP", "-USR1"];

/// Different plans: two facts cut twice with shares, the largest with the rest, running sums under a filter, totals alone.
fn questions() -> [Question; 4] {
    let cut = |dimension: &str, level| Cut { dimension: dimension.to_owned(), level };
    let of = |measures: &[&str], cuts| Question {
        measures: measures.iter().map(|name| (*name).to_owned()).collect(),
        cuts,
        ..Question::default()
    };
    let cuts = vec![cut("account.province", None), cut("day", Some(Level::Month))];
    let largest = Sort { by: "net_sales".to_owned(), descending: true };
    [
        Question {
            share: true,
            ..of(&["net_sales", "orders", "customers", "margin_rate", "returned"], cuts)
        },
        Question {
            top: Some(5),
            sort: Some(largest),
            ..of(&["net_sales", "customers"], vec![cut("account", None)])
        },
        Question {
            running: true,
            filter: "account.province != null".to_owned(),
            ..of(&["sales", "margin"], vec![cut("day", Some(Level::Quarter))])
        },
        of(&["net_sales", "customers", "orders"], vec![]),
    ]
}

struct Asked {
    question: Question,
    expected: AnswerTable,
    /// How long it takes where nobody is harmed.
    usual: Duration,
}

async fn asked(engine: &Engine, question: Question) -> Asked {
    let expected = here(ask(engine, &question)).await.unwrap();
    let mut usual = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        assert_eq!(ask(engine, &question).await.unwrap(), expected);
        usual = usual.min(began.elapsed());
    }
    Asked { question, expected, usual }
}

#[test]
fn a_lost_worker_never_makes_a_wrong_number() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (engine, files) = traded(folder.path(), 300).await;
        let mut fleet = fleet(3, &files);
        let workers = ask_workers(&engine, &urls(&fleet), true);
        let mut all = vec![];
        for question in questions() {
            all.push(asked(&engine, question).await);
        }
        assert!(all[0].expected.rows.len() > 40, "{}", all[0].expected.rows.len());
        let mut chance = ChaCha8Rng::seed_from_u64(17);
        let (mut right, mut refused, mut longest, mut within) = (0, vec![], Duration::ZERO, 0);
        for round in 0..ROUNDS {
            let harm = HARMS[round % HARMS.len()];
            let Asked { question, expected, usual } = &all[round % all.len()];
            let first = chance.random_range(0..fleet.len());
            // Sometimes two of the three at once.
            let victims = match round % 5 {
                4 => vec![first, (first + 1) % fleet.len()],
                _ => vec![first],
            };
            let asking = tokio::spawn({
                let (engine, question) = (engine.clone(), question.clone());
                async move { ask(&engine, &question).await }
            });
            tokio::time::sleep(usual.mul_f64(chance.random_range(0.0..0.9))).await;
            within += usize::from(!asking.is_finished());
            victims.iter().for_each(|victim| fleet[*victim].signal(harm));
            let began = Instant::now();
            match asking.await.unwrap() {
                Ok(answer) => {
                    assert_eq!(answer, *expected, "round {round}, {harm}");
                    right += 1;
                }
                Err(engine::Error::Unavailable(why)) => refused.push(why),
                Err(other) => panic!("round {round}, {harm}: {other}"),
            }
            longest = longest.max(began.elapsed());
            for victim in victims {
                if harm == "-STOP" {
                    fleet[victim].signal("-CONT");
                } else {
                    let ended = fleet[victim].wait().signal();
                    assert_eq!(ended, Some(if harm == "-KILL" { 9 } else { 6 }), "round {round}, {harm}");
                    fleet[victim].begin_anew();
                }
            }
            // It is asked again after a while.
            tokio::time::sleep(Duration::from_millis(350)).await;
            assert_eq!(ask(&engine, question).await.unwrap(), *expected, "after round {round}, {harm}");
        }
        let counts = workers.counts();
        let Asked { question, expected, usual } = &all[0];
        println!(
            "{right} of {ROUNDS} right, {within} harmed within, refused {refused:?}, longest {longest:?}, usual {usual:?}, {counts:?}"
        );
        // Within the question, and to a worker that had not done its part yet.
        assert!(within >= ROUNDS * 5 / 6, "{within} of {ROUNDS} harmed before the answer");
        assert!(
            counts.anew.load(Ordering::Relaxed) >= ROUNDS as u64 / 3,
            "the harm came too late: {counts:?}"
        );
        assert!(right >= ROUNDS * 9 / 10, "{refused:?}");
        assert!(longest < *usual * 4 + PATIENCE * 6, "{longest:?}");
        // All at once: an error that says so, or computed here if that is wanted.
        fleet.iter().for_each(|worker| worker.signal("-KILL"));
        let error = ask(&engine, question).await.unwrap_err();
        assert!(matches!(&error, engine::Error::Unavailable(why) if why.contains("workers")), "{error}");
        let workers = ask_workers(&engine, &urls(&fleet), false);
        assert_eq!(ask(&engine, question).await.unwrap(), *expected);
        assert!(workers.counts().here.load(Ordering::Relaxed) > 0);
    });
}
