//! The history of classes: whatever happens, it holds the classes there were after each computation, the files that followed are
//! those of a full refresh, and what was sold is cut by the class of its day.

use crate::{
    company::{Company, on_databases, values},
    live_equals_refit::{World, some_steps},
    questions::rep,
    walk::facts,
    warehouse::{FULL, SMALL, ask, everything, refresh},
};
use chrono::NaiveDate;
use engine::{Actor, Merging};
use insight::{class_history, refit, settings::Settings};
use meta::{Decimal, Id, Value, Values};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use warehouse::{
    history::CLASSES,
    semantic::{self, Cut, Question, Within},
};

type Classes = Vec<Value>;

/// What was kept of one customer, as a walk through his record tells it.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    from: NaiveDate,
    to: Option<NaiveDate>,
    classes: Classes,
}

type History = BTreeMap<Id, Vec<Kept>>;

async fn keep(company: &Company) -> u64 {
    let settings = Settings::load(&company.engine).await.unwrap();
    class_history::keep(&company.engine, &settings).await.unwrap()
}

/// Keeps, and writes down what must have been kept.
async fn keep_and_note(company: &Company, history: &mut History) {
    keep(company).await;
    let today = company.clock.today();
    for record in company.everybody().await {
        let classes: Classes = CLASSES.iter().map(|class| record.get(class).clone()).collect();
        let known = history.entry(record.id).or_default();
        match known.last_mut().filter(|last| last.to.is_none()) {
            Some(last) if last.classes == classes => continue,
            Some(last) if last.from == today => {
                last.classes = classes;
                continue;
            }
            Some(last) => last.to = Some(today),
            None => {}
        }
        if classes.iter().any(|class| !class.is_null()) {
            known.push(Kept { from: today, to: None, classes });
        }
    }
}

async fn stored(company: &Company) -> History {
    let classes = CLASSES.join(", ");
    let sql = format!(
        "SELECT account, valid_from, valid_to, {classes} FROM customer_history ORDER BY account, valid_from"
    );
    let mut found = History::new();
    for row in ask(company, &sql).await {
        found.entry(row[0].as_id().unwrap()).or_default().push(Kept {
            from: row[1].as_date().unwrap(),
            to: row[2].as_date(),
            classes: row[3..].to_vec(),
        });
    }
    found
}

fn pass(company: &Company, days: i64) {
    company.clock.set(company.clock.now() + chrono::Duration::days(days));
}

#[test]
fn the_history_is_what_was_and_sales_are_cut_by_it() {
    on_databases(async |company| {
        let mut world = World { accounts: company.regulars().await, ..World::default() };
        let mut chance = ChaCha8Rng::seed_from_u64(31);
        let mut history = History::new();
        refit::refit(&company.engine, None).await.unwrap();
        company.settle().await;
        pass(&company, -200);
        for round in 0..6 {
            pass(&company, chance.random_range(0..50));
            some_steps(&company, &mut world, &mut chance, 11).await;
            company.settle().await;
            if round % 2 == 1 {
                refit::refit(&company.engine, None).await.unwrap();
            }
            keep_and_note(&company, &mut history).await;
            assert_eq!(keep(&company).await, 0, "round {round}: kept twice");
            refresh(&company, SMALL).await;
            assert_eq!(stored(&company).await, history, "round {round}");
            // Of two rounds followed in turn, the second with a refit.
            if round % 2 == 0 {
                continue;
            }
            let followed = everything(&company).await;
            refresh(&company, FULL).await;
            for ((table, followed), (_, full)) in followed.iter().zip(everything(&company).await) {
                assert_eq!(*followed, full, "round {round}, table {table}");
            }
        }
        let changes: usize = history.values().map(|kept| kept.len().saturating_sub(1)).sum();
        assert!(changes > 10, "{changes}");
        let mut differing = 0;
        for (place, class) in CLASSES.iter().enumerate() {
            let then = |account: Option<Id>, day: NaiveDate| {
                let kept = account.and_then(|account| history.get(&account)).into_iter().flatten();
                let mut held = kept.filter(|one| one.from <= day && one.to.is_none_or(|to| day < to));
                held.next().map(|one| one.classes[place].clone()).unwrap_or_default()
            };
            let mut expected: BTreeMap<String, Decimal> = BTreeMap::new();
            for fact in facts(&company, &engine::Actor::system()).await.iter().filter(|fact| fact.sold) {
                let class = then(fact.account, fact.day).as_text().unwrap_or_default().to_owned();
                *expected.entry(class).or_default() += fact.net;
            }
            let by = async |dimension: String| {
                let question = Question {
                    measures: vec!["sales".into()],
                    cuts: vec![Cut::new(&dimension, None)],
                    ..Question::default()
                };
                let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
                let rows = answer.rows.iter().map(|row| {
                    let member = row.members[0].value.as_str().unwrap_or_default().to_owned();
                    (member, row.cells[0].value.unwrap_or_default())
                });
                rows.collect::<BTreeMap<String, Decimal>>()
            };
            assert_eq!(by(format!("account.{class}_then")).await, expected, "{class}");
            differing += usize::from(by(format!("account.{class}")).await != expected);
        }
        assert!(differing > 2, "then is as now: {differing}");
    });
}

#[test]
fn what_was_yesterday_is_not_changed_by_looking_back() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        company.order(Some(account), "2026-03-01", "10", None).await;
        company.settle().await;
        assert!(keep(&company).await > 0);
        refresh(&company, SMALL).await;
        let before = stored(&company).await;
        // The day figures hold for is set back a year: his classes are others, his history is not.
        let earlier = company.clock.today() - chrono::Duration::days(365);
        company
            .engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { insight::settings::set_as_of(tx, Some(earlier)).await })
            })
            .await
            .unwrap();
        refit::refit(&company.engine, None).await.unwrap();
        assert_eq!(keep(&company).await, 0);
        refresh(&company, SMALL).await;
        assert_eq!(stored(&company).await, before);
    });
}

#[test]
fn the_history_goes_with_the_customer_and_is_shown_to_whom_he_is() {
    on_databases(async |company| {
        let (ann, _) = rep(&company, "ann", "own").await;
        let (bob, _) = rep(&company, "bob", "all").await;
        let mut accounts = vec![];
        for owner in [ann, bob] {
            let fields = values([("name", "C".into()), ("owner", owner.into())]);
            let account = company.create("account", fields).await;
            company.order(Some(account), "2026-03-01", "10", None).await;
            accounts.push(account);
        }
        let role = company.those_of("user_role", "user", bob).await[0].reference("role").unwrap();
        let hidden = [
            ("role", role.into()),
            ("entity", "account".into()),
            ("field", "stage".into()),
            ("level", "hidden".into()),
        ];
        company.create("field_right", values(hidden)).await;
        company.settle().await;
        keep(&company).await;
        refresh(&company, SMALL).await;
        let seen = async |user: Id, sql: &str| {
            let actor = company.engine.actor(user, meta::Lang::En).await.unwrap();
            let answer = warehouse::query(&company.engine, &actor, sql, warehouse::Limits::PAGE).await;
            answer.map(|answer| answer.values().map(Result::unwrap).collect::<Vec<_>>())
        };
        let whose = "SELECT account FROM customer_history";
        assert_eq!(seen(ann, whose).await.unwrap(), [[Value::Id(accounts[0])]]);
        assert_eq!(seen(bob, whose).await.unwrap().len(), 2);
        assert!(seen(ann, "SELECT stage FROM customer_history").await.is_ok());
        assert!(
            seen(bob, "SELECT stage FROM customer_history").await.is_err(),
            "a hidden field has a history"
        );
        let actor = company.engine.actor(bob, meta::Lang::En).await.unwrap();
        let askable = semantic::askable(&company.engine, &actor).unwrap();
        assert!(askable.dimension("sales", "account.stage_then").is_none());
        assert!(askable.dimension("sales", "account.importance_then").is_some());
        // A list tells what is, not what was: a figure of then does not lead there.
        let question = Question {
            measures: vec!["sales".into()],
            within: vec![Within {
                dimension: "account.stage_then".into(),
                level: None,
                value: "lost".into(),
            }],
            ..Question::default()
        };
        let through = semantic::through(&company.engine, &Actor::system(), &question).await.unwrap();
        assert_eq!((through.len(), &through[0].filter), (1, &None));
        let catalog = warehouse::catalog(&company.engine, &Actor::system()).await.unwrap();
        let table = catalog.tables.iter().find(|table| table.name == "customer_history").unwrap();
        assert!(table.rows == 2 && table.definition.zh.contains("起点") && table.refreshed_at.is_some());
        for order in company.those_of("order", "account", accounts[1]).await {
            company.delete("order", order.id).await.unwrap();
        }
        company.delete("account", accounts[1]).await.unwrap();
        refresh(&company, SMALL).await;
        assert_eq!(stored(&company).await.len(), 1);
        company.restore("account", accounts[1]).await.unwrap();
        refresh(&company, SMALL).await;
        assert_eq!(stored(&company).await.len(), 2);
    });
}

#[test]
fn erased_people_lose_their_history_and_merged_records_are_not_in_it() {
    on_databases(async |company| {
        let mut accounts = vec![];
        for name in ["Erased", "Stays", "Merged away"] {
            let fields = values([("name", name.into()), ("kind", "person".into())]);
            let account = company.create("account", fields).await;
            company.order(Some(account), "2026-03-01", "10", None).await;
            accounts.push(account);
        }
        let [erased, winner, loser] = accounts[..] else { unreachable!() };
        company.settle().await;
        keep(&company).await;
        refresh(&company, SMALL).await;
        assert_eq!(stored(&company).await.len(), 3);
        let history_of_loser = stored(&company).await.remove(&loser).unwrap();

        let system = Actor::system();
        let told = company.engine.erasure(&system, "account", erased).await.unwrap();
        let classes = |erasure: &engine::Erasure| {
            let found = erasure.copies.iter().find(|found| found.what.en == "History of classes");
            found.map(|found| found.count)
        };
        assert_eq!(classes(&told), Some(1), "said before it is done");
        let done = company.engine.erase(&system, "account", erased, "asked for it").await.unwrap();
        assert_eq!(classes(&done), Some(1));
        let merging = Merging {
            entity: "account".to_owned(),
            winner,
            losers: vec![loser],
            version: None,
            values: Values::new(),
        };
        let merged =
            company.engine.write(&system, move |tx| Box::pin(async move { tx.merge(merging).await }));
        let merge = merged.await.unwrap().merge;

        // Whatever is computed later begins no history of them anew.
        for (days, day) in [(0, "2026-03-02"), (400, "2027-03-02")] {
            company.clock.set(company.clock.now() + chrono::Duration::days(days));
            for account in [erased, winner] {
                company.order(Some(account), day, "10", None).await;
            }
            company.settle().await;
            refit::refit(&company.engine, None).await.unwrap();
            keep(&company).await;
            refresh(&company, SMALL).await;
            assert_eq!(stored(&company).await.into_keys().collect::<Vec<_>>(), [winner], "{day}");
            let followed = everything(&company).await;
            refresh(&company, FULL).await;
            assert_eq!(everything(&company).await, followed);
            let question = Question {
                measures: vec!["sales".into()],
                cuts: vec![Cut::new("account", None), Cut::new("account.stage_then", None)],
                ..Question::default()
            };
            let answer = semantic::ask(&company.engine, &system, &question).await.unwrap();
            let of = |account: Id| {
                let whose = serde_json::json!(account);
                answer.rows.iter().filter(move |row| row.members[0].value == whose)
            };
            assert!(of(erased).count() > 0 && of(winner).count() > 0, "{:?}", answer.rows);
            assert!(of(erased).all(|row| row.members[1].value.is_null()), "{:?}", answer.rows);
            assert_eq!(of(loser).count(), 0, "his orders are the winner's");
        }

        company
            .engine
            .write(&system, move |tx| Box::pin(async move { tx.unmerge("account", merge).await.map(drop) }))
            .await
            .unwrap();
        refresh(&company, SMALL).await;
        let again = stored(&company).await.remove(&loser).unwrap();
        assert_eq!(again[0].classes, history_of_loser[0].classes, "parted again, he has the classes he had");
    });
}
