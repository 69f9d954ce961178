//! The largest members of a question, and the rest.

use crate::{
    company::on_both,
    walk::trade,
    warehouse::{SMALL, refresh},
};
use engine::Actor;
use meta::Decimal;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use warehouse::semantic::{self, Compare, Cut, Period, Question, Sort};

#[test]
fn the_largest_stand_first_and_the_rest_is_everything_else() {
    on_both(async |company| {
        trade(&company, &mut ChaCha8Rng::seed_from_u64(3)).await;
        refresh(&company, SMALL).await;
        let question = Question {
            measures: vec!["sales".into(), "customers".into()],
            cuts: vec![Cut::new("account", None)],
            top: Some(3),
            share: true,
            sort: Some(Sort { by: "sales".into(), descending: true }),
            ..Question::default()
        };
        let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
        assert_eq!(answer.rows.len(), 4);
        let sales: Vec<Decimal> = answer.rows.iter().map(|row| row.cells[0].value.unwrap()).collect();
        assert!(sales[0] >= sales[1] && sales[1] >= sales[2] && answer.rows[3].members[0].rest);
        assert_eq!(Some(sales.iter().sum()), answer.total[0].value);
        // Customers of the rest are counted, not subtracted.
        let all = answer.total[1].value.unwrap();
        assert_eq!(
            answer.rows[3].cells[1].value,
            Some(
                all - Decimal::from(
                    answer.rows[..3].iter().filter(|row| !row.members[0].value.is_null()).count()
                )
            )
        );
        let shares: Decimal = answer.rows.iter().filter_map(|row| row.cells[0].share).sum();
        assert!((shares - Decimal::ONE).abs() < Decimal::new(1, 4), "{shares}");
        assert!(answer.rows.iter().all(|row| row.cells[1].share.is_none()), "a share of a distinct count");
    });
}

/// What adds up is added up; beside a count of different customers everything is asked on its own.
#[test]
fn the_rest_is_the_same_added_up_and_asked() {
    on_both(async |company| {
        trade(&company, &mut ChaCha8Rng::seed_from_u64(5)).await;
        refresh(&company, SMALL).await;
        let channel = Cut::new("channel", None);
        let period =
            Period::Between { from: "2025-06-01".parse().unwrap(), to: "2026-03-31".parse().unwrap() };
        for (cuts, top, compare) in [
            (vec![Cut::new("account", None)], 2, None),
            (vec![Cut::new("account", None)], 2, Some(Compare::LastYear)),
            (vec![Cut::new("account", None)], 500, None),
            (vec![Cut::new("account", None), channel.clone()], 2, Some(Compare::Previous)),
            (vec![channel], 1, Some(Compare::LastYear)),
        ] {
            let added = Question {
                measures: vec!["sales".into()],
                cuts,
                top: Some(top),
                compare,
                period: Some(period),
                ..Question::default()
            };
            let asked = Question { measures: vec!["sales".into(), "customers".into()], ..added.clone() };
            let mut answers = vec![];
            for question in [&added, &asked] {
                let answer = semantic::ask(&company.engine, &Actor::system(), question).await.unwrap();
                let sales = |cells: &[semantic::Cell]| (cells[0].value, cells[0].compared);
                let rows: Vec<_> =
                    answer.rows.iter().map(|row| (row.members.clone(), sales(&row.cells))).collect();
                // Of nobody there are no sales, and no customers.
                let known = rows.into_iter().filter(|(_, (now, then))| now.is_some() || then.is_some());
                answers.push((known.collect::<Vec<_>>(), sales(&answer.total), answer.counted));
            }
            assert!(!answers[0].0.is_empty(), "{added:?}");
            assert_eq!(answers[0], answers[1], "{added:?}");
        }
    });
}
