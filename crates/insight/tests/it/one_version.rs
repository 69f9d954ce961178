//! A question is several statements, and a refresh may end between any two of them: all are of the version it began with.

use crate::{
    company::{Company, on_one},
    warehouse::SMALL,
};
use engine::Actor;
use meta::{Decimal, Id};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use warehouse::semantic::{self, AnswerTable, Cell, Compare, Cut, Level, Period, Question};

const VERSIONS: usize = 12;

/// Of two facts and two years: the largest customers, their months and the rest are asked one after another.
fn question() -> Question {
    Question {
        measures: ["net_sales", "sales", "returned"].map(str::to_owned).into(),
        cuts: vec![Cut::new("account", None), Cut::new("day", Some(Level::Month))],
        period: Some(Period::Between {
            from: "2026-01-01".parse().unwrap(),
            to: "2026-12-31".parse().unwrap(),
        }),
        compare: Some(Compare::LastYear),
        top: Some(2),
        ..Question::default()
    }
}

/// Makes every figure of the question larger.
async fn trade(company: &Company, accounts: &[Id], step: usize) {
    let account = accounts[step % accounts.len()];
    for year in [2025, 2026] {
        company.order(Some(account), &format!("{year}-05-05"), "100", Some("70")).await;
        company.give_back(account, &format!("{year}-06-06"), "10", Some("7")).await;
    }
}

fn figures<'c>(cells: impl IntoIterator<Item = &'c Cell>) -> Vec<(Option<Decimal>, Option<Decimal>)> {
    cells.into_iter().map(|cell| (cell.value, cell.compared)).collect()
}

fn sum(answer: &AnswerTable) -> Vec<(Option<Decimal>, Option<Decimal>)> {
    let of = |at: usize, one: fn(&Cell) -> Option<Decimal>| {
        Some(answer.rows.iter().filter_map(|row| one(&row.cells[at])).sum::<Decimal>())
    };
    (0..answer.total.len())
        .map(|at| (of(at, |cell: &Cell| cell.value), of(at, |cell: &Cell| cell.compared)))
        .collect()
}

#[test]
fn an_answer_is_of_one_version_whatever_is_published_meanwhile() {
    on_one(async |company| {
        let mut accounts = vec![];
        for name in ["A", "B", "C", "D"] {
            accounts.push(company.customer(name).await);
        }
        for step in 0..accounts.len() {
            trade(&company, &accounts, step).await;
        }
        warehouse::refresh(&company.engine, SMALL, None).await.unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let (engine, until) = (company.engine.clone(), ended.clone());
        // One question after the other: whatever is published, it is in the middle of one.
        let reader = tokio::spawn(async move {
            let mut answers = vec![];
            while !until.load(Ordering::Relaxed) {
                answers.push(semantic::ask(&engine, &Actor::system(), &question()).await.unwrap());
                // Of several questions, too.
                let (cut, whole) = (question(), Question { cuts: vec![], top: None, ..question() });
                let system = Actor::system();
                let together = semantic::ask_together(&engine, &system, [&cut, &whole]);
                let [cut, whole] = together.await.unwrap();
                assert_eq!(cut.refreshed_at, whole.refreshed_at);
                assert_eq!(sum(&cut), figures(&whole.total));
            }
            answers
        });
        let whole = Question { cuts: vec![], top: None, ..question() };
        let mut totals = BTreeMap::new();
        for step in 0..VERSIONS {
            // Each version has its own time, by which its answers tell it.
            company.clock.set(company.clock.now() + chrono::Duration::seconds(1));
            trade(&company, &accounts, step).await;
            warehouse::refresh(&company.engine, SMALL, None).await.unwrap();
            // Nobody else refreshes, so that this one is of one version anyhow.
            let answer = semantic::ask(&company.engine, &Actor::system(), &whole).await.unwrap();
            assert_eq!(answer.refreshed_at, company.clock.now());
            totals.insert(answer.refreshed_at, figures(&answer.total));
        }
        ended.store(true, Ordering::Relaxed);
        let mut seen = BTreeSet::new();
        for answer in reader.await.unwrap() {
            assert_eq!(sum(&answer), figures(&answer.total), "{answer:?}");
            // The first version was asked by nobody else.
            let Some(total) = totals.get(&answer.refreshed_at) else { continue };
            assert_eq!(figures(&answer.total), *total, "{answer:?}");
            seen.insert(answer.refreshed_at);
        }
        assert!(seen.len() > 2, "the test saw too few versions: {seen:?}");
        let different: BTreeSet<_> = totals.values().collect();
        assert!(different.len() > 2, "the versions are all the same: {totals:?}");
    });
}
