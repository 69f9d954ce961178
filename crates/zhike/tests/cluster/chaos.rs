//! Workers that are killed, frozen or panic in the middle of a question: the answer is right, after asking anew, or there is none.

use crate::{
    company::{PATIENCE, ask, ask_workers, traded},
    fleet::{alone, fleet, runtime, urls},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    os::unix::process::ExitStatusExt,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use warehouse::{
    here,
    semantic::{Cut, Level, Question},
};

const ROUNDS: usize = 30;
const HARMS: [&str; 5] = ["-KILL", "-USR1", "-KILL", "-STOP", "-USR1"];

fn question() -> Question {
    let cut = |dimension: &str, level| Cut { dimension: dimension.to_owned(), level };
    Question {
        measures: ["net_sales", "orders", "customers", "margin_rate", "returned"].map(str::to_owned).into(),
        cuts: vec![cut("account.province", None), cut("day", Some(Level::Month))],
        share: true,
        ..Question::default()
    }
}

#[test]
fn a_lost_worker_never_makes_a_wrong_number() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (engine, files) = traded(folder.path(), 300).await;
        let mut fleet = fleet(3, &files);
        let question = question();
        let expected = here(ask(&engine, &question)).await.unwrap();
        assert!(expected.rows.len() > 40, "{}", expected.rows.len());
        let workers = ask_workers(&engine, &urls(&fleet), true);
        let mut usual = Duration::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            assert_eq!(ask(&engine, &question).await.unwrap(), expected);
            usual = usual.min(began.elapsed());
        }
        let mut chance = ChaCha8Rng::seed_from_u64(17);
        let (mut right, mut refused, mut longest) = (0, vec![], Duration::ZERO);
        for round in 0..ROUNDS {
            let harm = HARMS[round % HARMS.len()];
            let victim = chance.random_range(0..fleet.len());
            let asking = tokio::spawn({
                let (engine, question) = (engine.clone(), question.clone());
                async move { ask(&engine, &question).await }
            });
            tokio::time::sleep(usual.mul_f64(chance.random_range(0.0..0.9))).await;
            fleet[victim].signal(harm);
            let began = Instant::now();
            match asking.await.unwrap() {
                Ok(answer) => {
                    assert_eq!(answer, expected, "round {round}, {harm}");
                    right += 1;
                }
                Err(engine::Error::Unavailable(why)) => refused.push(why),
                Err(other) => panic!("round {round}, {harm}: {other}"),
            }
            longest = longest.max(began.elapsed());
            if harm == "-STOP" {
                fleet[victim].signal("-CONT");
            } else {
                let ended = fleet[victim].wait().signal();
                assert_eq!(ended, Some(if harm == "-KILL" { 9 } else { 6 }), "round {round}, {harm}");
                fleet[victim].begin_anew();
            }
            // It is asked again after a while.
            tokio::time::sleep(Duration::from_millis(350)).await;
            assert_eq!(ask(&engine, &question).await.unwrap(), expected, "after round {round}, {harm}");
        }
        let counts = workers.counts();
        println!(
            "{right} of {ROUNDS} right, refused {refused:?}, longest {longest:?}, usual {usual:?}, {counts:?}"
        );
        assert!(
            counts.anew.load(Ordering::Relaxed) >= ROUNDS as u64 / 3,
            "the harm came too late: {counts:?}"
        );
        assert!(right >= ROUNDS * 9 / 10, "{refused:?}");
        assert!(longest < usual * 4 + PATIENCE * 6, "{longest:?}");
        // All at once: an error that says so, or computed here if that is wanted.
        fleet.iter().for_each(|worker| worker.signal("-KILL"));
        let error = ask(&engine, &question).await.unwrap_err();
        assert!(matches!(&error, engine::Error::Unavailable(why) if why.contains("workers")), "{error}");
        let workers = ask_workers(&engine, &urls(&fleet), false);
        assert_eq!(ask(&engine, &question).await.unwrap(), expected);
        assert!(workers.counts().here.load(Ordering::Relaxed) > 0);
    });
}
