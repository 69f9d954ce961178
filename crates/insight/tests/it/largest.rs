//! The largest members of a question, and the rest.

use crate::{
    company::{at, decimal, on_one, values},
    walk::{Fact, facts, measured, member, text, trade},
    warehouse::{SMALL, refresh},
};
use chrono::NaiveDate;
use engine::Actor;
use meta::{Decimal, Id};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use warehouse::semantic::{self, Compare, Cut, Level, Period, Question, Sort};

#[test]
fn the_largest_stand_first_and_the_rest_is_everything_else() {
    on_one(async |company| {
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

/// What adds up is added up, and different customers and orders are counted from the groups. Beside one more cut, by what is the same for
/// all customers, the rest is asked on its own, and so is the whole without any.
#[test]
fn the_rest_is_the_same_from_the_groups_and_asked() {
    on_one(async |company| {
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
            let question = Question {
                measures: ["sales", "customers", "orders"].map(str::to_owned).into(),
                cuts,
                top,
                compare,
                period: Some(period),
                ..Question::default()
            };
            let more = [question.cuts.clone(), vec![Cut::new("account.industry", None)]].concat();
            let asked = Question { cuts: more, ..question.clone() };
            let whole = Question { cuts: vec![], top: None, ..question.clone() };
            let ask = async |question: &Question| {
                semantic::ask(&company.engine, &Actor::system(), question).await.unwrap()
            };
            // Of a period without a row there are no customers, or 0 where it is asked.
            let some = |count: Option<Decimal>| count.filter(|count| !count.is_zero());
            let told = |cells: &[semantic::Cell]| -> Vec<_> {
                cells.iter().map(|cell| (some(cell.value), some(cell.compared))).collect()
            };
            let (answer, asked, whole) = (ask(&question).await, ask(&asked).await, ask(&whole).await);
            let rows = |answer: &semantic::AnswerTable| -> Vec<_> {
                let members = |row: &semantic::Line| row.members[..question.cuts.len()].to_vec();
                answer.rows.iter().map(|row| (members(row), told(&row.cells))).collect()
            };
            assert!(!answer.rows.is_empty(), "{question:?}");
            assert_eq!(rows(&answer), rows(&asked), "{question:?}");
            assert_eq!(told(&answer.total), told(&whole.total), "{question:?}");
            assert_eq!(answer.counted, whole.counted, "{question:?}");
        }
    });
}

/// Of customers in several files the database says which are the largest, and the rest is the whole less them.
#[test]
fn the_best_customers_and_the_rest_are_those_of_a_walk() {
    on_one(async |company| {
        trade(&company, &mut ChaCha8Rng::seed_from_u64(29)).await;
        refresh(&company, SMALL).await;
        let facts = facts(&company, &Actor::system()).await;
        let (from, to) = ("2025-06-01".parse().unwrap(), "2026-03-31".parse().unwrap());
        let year_before = |day: NaiveDate| day - chrono::Months::new(12);
        let measures: [&[&str]; 5] = [
            &["sales"],
            &["sales", "orders", "average_order"],
            &["sales", "customers"],
            &["net_sales", "sales", "returned"],
            &["returned"],
        ];
        let mut asked = 0;
        let combined = measures.into_iter().enumerate().flat_map(|(at, one)| {
            [1, 3, 6, 40].into_iter().enumerate().map(move |(place, top)| (at + place, one, top))
        });
        for (number, measures, top) in combined {
            let manners = [(false, false), (true, false), (false, true), (true, true)];
            for (manner, (compare, cut_twice)) in manners.into_iter().enumerate() {
                for descending in [true, false] {
                    // A third of them: each of these beside each of the others.
                    if (number + manner + usize::from(descending)) % 3 != 0 {
                        continue;
                    }
                    let by = if measures.contains(&"sales") { "sales" } else { measures[0] };
                    let mut cuts = vec![Cut::new("account", None)];
                    cuts.extend(cut_twice.then(|| Cut::new("channel", None)));
                    let question = Question {
                        measures: measures.iter().map(|name| (*name).to_owned()).collect(),
                        cuts: cuts.clone(),
                        top: Some(top),
                        share: true,
                        sort: Some(Sort { by: by.into(), descending }),
                        period: Some(Period::Between { from, to }),
                        compare: compare.then_some(Compare::LastYear),
                        ..Question::default()
                    };
                    let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
                    let of_asked = |fact: &&Fact| match by {
                        "returned" => !fact.sold,
                        _ => fact.sold || measures.contains(&"returned"),
                    };
                    let between = |from: NaiveDate, to: NaiveDate| -> Vec<&Fact> {
                        let within = |fact: &&Fact| (from..=to).contains(&fact.day);
                        facts.iter().filter(of_asked).filter(within).collect()
                    };
                    let now = between(from, to);
                    let then = if compare { between(year_before(from), year_before(to)) } else { vec![] };

                    // The largest by the walk; no two are the same.
                    let mut ranked: Vec<(Option<Decimal>, String)> = vec![];
                    let customers: BTreeSet<String> =
                        now.iter().chain(&then).map(|fact| member(fact, &cuts[0])).collect();
                    for customer in customers {
                        let own: Vec<&Fact> =
                            now.iter().copied().filter(|fact| member(fact, &cuts[0]) == customer).collect();
                        ranked.push((measured(by, &own), customer));
                    }
                    ranked.sort_by_key(|(value, _)| {
                        (value.is_none(), value.map(|v| if descending { -v } else { v }))
                    });
                    let valued = ranked.iter().filter(|(value, _)| value.is_some()).count();
                    let best: Vec<&String> = ranked.iter().take(top).map(|(_, customer)| customer).collect();
                    if top > valued && ranked.len() > top {
                        // Which of those without a value is told by their keys alone.
                        continue;
                    }
                    let named = |fact: &Fact| -> Vec<String> {
                        let customer = member(fact, &cuts[0]);
                        let customer = if best.contains(&&customer) { customer } else { "rest".to_owned() };
                        [customer].into_iter().chain(cuts[1..].iter().map(|cut| member(fact, cut))).collect()
                    };
                    let total: Vec<Option<Decimal>> =
                        measures.iter().map(|one| measured(one, &now)).collect();
                    let mut expected: BTreeMap<Vec<String>, (Vec<&Fact>, Vec<&Fact>)> = BTreeMap::new();
                    for fact in &now {
                        expected.entry(named(fact)).or_default().0.push(fact);
                    }
                    for fact in &then {
                        expected.entry(named(fact)).or_default().1.push(fact);
                    }
                    assert_eq!(answer.rows.len(), expected.len(), "{question:?}");
                    for row in &answer.rows {
                        let mut names: Vec<String> =
                            row.members.iter().map(|member| text(&member.value)).collect();
                        if row.members[0].rest {
                            names[0] = "rest".to_owned();
                        }
                        let (now, then) = &expected[&names];
                        for (at, measure) in measures.iter().enumerate() {
                            let cell = &row.cells[at];
                            let value = measured(measure, now);
                            let place = format!("{question:?} {names:?} {measure}");
                            assert_eq!(cell.value, value, "{place}");
                            if compare {
                                assert_eq!(cell.compared, measured(measure, then), "compared: {place}");
                            }
                            let share = match *measure {
                                "orders" | "customers" | "average_order" => None,
                                _ => value.zip(total[at]).map(|(value, total)| (value / total).round_dp(6)),
                            };
                            assert_eq!(cell.share, share, "share: {place}");
                            asked += 1;
                        }
                    }
                    for (at, total) in total.iter().enumerate() {
                        let known = |value: &Option<Decimal>| value.filter(|value| !value.is_zero());
                        assert_eq!(known(&answer.total[at].value), known(total), "{question:?}");
                    }
                }
            }
        }
        assert!(asked > 250, "{asked}");
    });
}

/// An order is in the groups of all the products it has lines of, and still one order.
#[test]
fn an_order_of_two_products_is_one_order() {
    on_one(async |company| {
        let product = async |name: &str| {
            company.create("product", values([("name", name.into()), ("code", name.into())])).await
        };
        let [one, other] = [product("A").await, product("B").await];
        let line = |product: Id| {
            values([
                ("product", product.into()),
                ("description", "goods".into()),
                ("unit_price", decimal("5")),
            ])
        };
        let head = values([("ordered_at", at("2026-05-05")), ("status", "confirmed".into())]);
        let order = company.document("order", "order_line", head, line(one)).await;
        let mut second = line(other);
        second.insert("order".to_owned(), order.into());
        company.create("order_line", second).await;
        refresh(&company, SMALL).await;
        let question = Question {
            measures: vec!["orders".into()],
            cuts: vec![Cut::new("product", None)],
            ..Question::default()
        };
        for top in [None, Some(1)] {
            let question = Question { top, ..question.clone() };
            let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
            let one = Some(Decimal::ONE);
            let rows: Vec<_> = answer.rows.iter().map(|row| row.cells[0].value).collect();
            assert_eq!((rows, answer.total[0].value), (vec![one, one], one), "{question:?}");
        }
    });
}
