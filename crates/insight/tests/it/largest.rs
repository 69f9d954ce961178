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
use warehouse::semantic::{self, Compare, Cut, Level, Period, Question, Sort};

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

/// What adds up is added up and different customers are counted from those of the groups; beside a count of different orders
/// everything is asked on its own.
#[test]
fn the_rest_is_the_same_from_the_groups_and_asked() {
    on_both(async |company| {
        trade(&company, &mut ChaCha8Rng::seed_from_u64(5)).await;
        refresh(&company, SMALL).await;
        let (channel, month) = (Cut::new("channel", None), Cut::new("day", Some(Level::Month)));
        let period =
            Period::Between { from: "2025-06-01".parse().unwrap(), to: "2026-03-31".parse().unwrap() };
        for (cuts, top, compare) in [
            (vec![month], None, Some(Compare::LastYear)),
            (vec![Cut::new("account", None)], Some(2), None),
            (vec![Cut::new("account", None)], Some(2), Some(Compare::LastYear)),
            (vec![Cut::new("account", None)], Some(500), None),
            (vec![Cut::new("account", None), channel.clone()], Some(2), Some(Compare::Previous)),
            (vec![channel], Some(1), Some(Compare::LastYear)),
        ] {
            let added = Question {
                measures: vec!["sales".into()],
                cuts,
                top,
                compare,
                period: Some(period),
                ..Question::default()
            };
            let with = |more: &[&str]| {
                let more = more.iter().map(|measure| (*measure).to_owned());
                Question { measures: added.measures.iter().cloned().chain(more).collect(), ..added.clone() }
            };
            let mut answers = vec![];
            for question in [added.clone(), with(&["customers"]), with(&["customers", "orders"])] {
                let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
                let cell = |cells: &[semantic::Cell], at: usize| {
                    cells.get(at).map(|cell| (cell.value, cell.compared))
                };
                let rows = answer.rows.iter().map(|row| (row.members.clone(), &row.cells));
                // Of nobody there are no sales, and no customers.
                let known = rows.filter(|(_, cells)| cells[0].value.is_some() || cells[0].compared.is_some());
                let (mut sales, mut customers) = (vec![], vec![]);
                for (members, cells) in known {
                    // Of a period without a row the rest has no customers, or 0 where it is asked.
                    let some = |count: Option<Decimal>| count.filter(|count| !count.is_zero());
                    let counted = cell(cells, 1).map(|(now, then)| (some(now), some(then)));
                    sales.push((members.clone(), cell(cells, 0)));
                    customers.push((members, counted));
                }
                customers.push((vec![], cell(&answer.total, 1)));
                answers.push((sales, cell(&answer.total, 0), answer.counted, customers));
            }
            assert!(!answers[0].0.is_empty(), "{added:?}");
            let of_sales = |at: usize| (&answers[at].0, &answers[at].1, &answers[at].2);
            assert_eq!(of_sales(0), of_sales(1), "{added:?}");
            assert_eq!(answers[1], answers[2], "{added:?}");
        }
    });
}
