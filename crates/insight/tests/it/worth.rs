//! What customers are worth, asked by any cut: sums of the figures on record, of the customers whoever asks may see.

use crate::{
    company::{Company, on_databases, values},
    models::two_years,
    questions::rep,
    warehouse::{SMALL, refresh},
};
use engine::{Actor, Query};
use insight::refit;
use meta::{Decimal, Id, Lang, Record, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use warehouse::semantic::{self, AnswerTable, Cell, Cut, Level, Period, Question, Sure, Within};

const SUMMED: [&str; 8] = [
    "sales_52w",
    "clv_52w",
    "profit_52w",
    "lifetime_profit",
    "expected_purchases_52w",
    "expected_buyers_13w",
    "expected_lost_52w",
    "customer_records",
];

fn question(measures: &[&str]) -> Question {
    Question { measures: measures.iter().map(|name| (*name).to_owned()).collect(), ..Question::default() }
}

async fn told(company: &Company, actor: &Actor, question: &Question) -> AnswerTable {
    semantic::ask(&company.engine, actor, question).await.unwrap()
}

/// The field a measure sums.
fn field(measure: &str) -> &str {
    match measure {
        "expected_buyers_13w" => "p_buy_13w",
        "expected_lost_52w" => "p_churn_52w",
        same => same,
    }
}

fn sum(records: &[Record], measure: &str) -> Decimal {
    if measure == "customer_records" {
        return records.len().into();
    }
    records.iter().filter_map(|record| record.get(field(measure)).as_decimal()).sum()
}

fn float(number: Decimal) -> f64 {
    f64::try_from(number).unwrap()
}

/// How many will do it lies within this of the sum of their chances, with 95 %.
fn half(records: &[Record], field: &str) -> f64 {
    let chances = records.iter().filter_map(|record| record.get(field).as_decimal()).map(float);
    1.959_963_984_5 * chances.map(|p| p * (1.0 - p)).sum::<f64>().sqrt()
}

/// The same of what they bring, each by himself; of profit, the share of the value that it is.
fn half_of_worth(records: &[Record], measure: &str) -> f64 {
    let number = |record: &Record, name: &str| record.get(name).as_decimal().map(float);
    let deviation = |record: &Record| match measure {
        "expected_purchases_52w" => number(record, "purchases_52w_deviation"),
        "clv_52w" => number(record, "clv_52w_deviation"),
        _ => {
            let value = number(record, "clv_52w").filter(|value| *value > 0.0)?;
            Some(number(record, "clv_52w_deviation")? * number(record, measure)? / value)
        }
    };
    1.959_963_984_5 * records.iter().filter_map(deviation).map(|one| one * one).sum::<f64>().sqrt()
}

fn is_near(cell: &Cell, low: f64, high: f64) {
    let found = cell.interval.unwrap();
    let [found_low, found_high] = [found.low, found.high].map(float);
    assert!((found_low - low).abs() < 1e-4 && (found_high - high).abs() < 1e-4, "{found:?}: {low} to {high}");
}

#[test]
fn what_customers_are_worth_is_the_sum_of_their_figures() {
    on_databases(async |company| {
        company.cost_rates().await;
        two_years(&company).await;
        // Costs are not what makes a loss maker: one has to have bought.
        let nobody_yet = company.customer("Nobody yet").await;
        let costly: Vec<Id> = company.everybody().await.iter().take(3).map(|record| record.id).collect();
        for account in costly.into_iter().chain([nobody_yet]) {
            company.contact(account, "2026-06-03", "visit", 9_000).await;
        }
        refit::refit(&company.engine, None).await.unwrap();
        let (ann, hers) = rep(&company, "ann", "own").await;
        for record in company.everybody().await.iter().step_by(3) {
            company.update("account", record.id, values([("owner", ann.into())])).await;
        }
        refresh(&company, SMALL).await;
        let everybody = company.everybody().await;
        let own: Vec<Record> =
            everybody.iter().filter(|record| record.get("owner") == &Value::Id(ann)).cloned().collect();
        assert_eq!((everybody.len(), own.len()), (61, 21));
        for (actor, records) in [(Actor::system(), &everybody), (hers.clone(), &own)] {
            let answer = told(&company, &actor, &question(&SUMMED)).await;
            for (column, cell) in answer.measures.iter().zip(&answer.total) {
                assert_eq!(cell.value, Some(sum(records, &column.name)), "{}", column.name);
                let certain = ["sales_52w", "customer_records"].contains(&&*column.name);
                assert_eq!(column.sure == Sure::Exact, certain, "{}", column.name);
                assert_eq!(cell.interval.is_some(), column.sure.has_interval(), "{}", column.name);
            }
            for (at, measure) in [(1, "clv_52w"), (2, "profit_52w"), (4, "expected_purchases_52w")] {
                let (cell, half) = (&answer.total[at], half_of_worth(records, measure));
                let expected = float(cell.value.unwrap());
                assert!(half > 0.01 * expected, "{measure}: {half} of {expected}");
                let low = if measure == "profit_52w" { f64::NEG_INFINITY } else { 0.0 };
                let found = cell.interval.unwrap();
                let [found_low, found_high] = [found.low, found.high].map(float);
                let near = |found: f64, wanted: f64| (found - wanted).abs() < 1e-4 * expected.abs();
                assert!(near(found_low, (expected - half).max(low)), "{measure}: {found:?}");
                assert!(near(found_high, expected + half), "{measure}: {found:?}");
            }
            // The total is as sure whatever it is cut by; what one customer brings is too uneven.
            let each = Question { cuts: vec![Cut::new("account", None)], ..question(&SUMMED) };
            let each = told(&company, &actor, &each).await;
            assert_eq!(each.total[1].interval, answer.total[1].interval);
            assert!(each.rows.iter().all(|row| row.cells[1].interval.is_none()), "{:?}", each.rows[0]);
            for (at, name) in [(5, "p_buy_13w"), (6, "p_churn_52w")] {
                let (cell, half) = (&answer.total[at], half(records, name));
                let expected = float(cell.value.unwrap());
                assert!(half > 0.1, "{name}: {half}");
                is_near(cell, (expected - half).max(0.0), expected + half);
            }
            // No more of them can do it than there are.
            let one = Question { cuts: vec![Cut::new("account", None)], ..question(&["expected_lost_52w"]) };
            let each = told(&company, &actor, &one).await.rows;
            let highest = each.iter().filter_map(|row| row.cells[0].interval).map(|sure| sure.high).max();
            assert!(highest.is_some_and(|highest| highest <= Decimal::ONE), "{highest:?}");
            let means = told(&company, &actor, &question(&["clv_52w_mean", "expected_churn_rate"])).await;
            let known = |name: &str| -> Decimal {
                records.iter().filter(|record| !record.get(name).is_null()).count().into()
            };
            let scored = known("p_churn_52w");
            for (cell, expected) in means
                .total
                .iter()
                .zip([sum(records, "clv_52w") / known("clv_52w"), sum(records, "expected_lost_52w") / scored])
            {
                assert!((cell.value.unwrap() - expected).abs() < Decimal::new(1, 4), "{cell:?}: {expected}");
            }
            let (rate, half) = (float(means.total[1].value.unwrap()), half(records, "p_churn_52w"));
            is_near(&means.total[1], rate - half / float(scored), rate + half / float(scored));

            // Each stage by itself, and who never bought in his own.
            let counts = ["customer_records", "customers_ever", "loss_makers"];
            let by_stage = Question { cuts: vec![Cut::new("account.stage", None)], ..question(&counts) };
            let mut expected: BTreeMap<String, [usize; 3]> = BTreeMap::new();
            for record in records {
                let stage = expected.entry(record.text("stage").to_owned()).or_default();
                let negative = record.get("net_profit").as_decimal().is_some_and(|net| net < Decimal::ZERO);
                let bought = !record.get("first_order_on").is_null();
                for (counted, adds) in stage.iter_mut().zip([true, bought, bought && negative]) {
                    *counted += usize::from(adds);
                }
            }
            let found: BTreeMap<String, [usize; 3]> = told(&company, &actor, &by_stage)
                .await
                .rows
                .iter()
                .map(|row| {
                    let count = |at: usize| row.cells[at].value.map_or(0, |value| float(value) as usize);
                    (row.members[0].value.as_str().unwrap_or_default().to_owned(), [0, 1, 2].map(count))
                })
                .collect();
            assert_eq!(found, expected);
            let losers: usize = found.values().map(|[.., losers]| losers).sum();
            assert!(found.len() >= 2 && (losers > 0 || records.len() < everybody.len()), "{found:?}");
        }
    });
}

/// Names may be kept from whoever may see what customers are worth, and how sure that is.
#[test]
fn what_customers_are_worth_does_not_hang_on_what_else_is_hidden() {
    on_databases(async |company| {
        two_years(&company).await;
        refit::refit(&company.engine, None).await.unwrap();
        refresh(&company, SMALL).await;
        let (bob, _) = rep(&company, "bob", "all").await;
        let role = Query::new("role").filter("name == 'bob'");
        let role = company.engine.list(&Actor::system(), &role).await.unwrap().records[0].id;
        for (field, level) in [("name", "masked"), ("clv_52w_deviation", "hidden")] {
            let right = values([
                ("role", role.into()),
                ("entity", "account".into()),
                ("field", field.into()),
                ("level", level.into()),
            ]);
            company.create("field_right", right).await;
        }
        let his = company.engine.actor(bob, Lang::En).await.unwrap();
        for cut in ["account.stage", "account.owner"] {
            let asked = Question { cuts: vec![Cut::new(cut, None)], ..question(&["clv_52w"]) };
            let [all, seen] =
                [told(&company, &Actor::system(), &asked).await, told(&company, &his, &asked).await];
            let value = |table: &AnswerTable| -> Vec<_> {
                table.rows.iter().map(|row| (row.members.clone(), row.cells[0].value)).collect()
            };
            assert_eq!(value(&all), value(&seen), "{cut}");
            assert!(all.total[0].interval.is_some() && seen.total[0].interval.is_none(), "{cut}");
        }
        let asked = Question { cuts: vec![Cut::new("account", None)], ..question(&["clv_52w"]) };
        let rows = told(&company, &his, &asked).await.rows;
        assert_eq!(rows.len(), 60);
        assert!(rows.iter().all(|row| !row.members[0].label.en.contains("Customer")), "{:?}", rows[0]);
        let filtered =
            Question { filter: "account.stage == 'lost'".into(), ..question(&["customer_records"]) };
        let lost = company.everybody().await.iter().filter(|record| record.text("stage") == "lost").count();
        assert_eq!(told(&company, &his, &filtered).await.total[0].value, Some(lost.into()));
    });
}

#[test]
fn what_customers_are_worth_leads_to_the_customers() {
    on_databases(async |company| {
        two_years(&company).await;
        company.customer("Nobody yet").await;
        let (ann, _) = rep(&company, "ann", "own").await;
        let team = company.create("team", values([("name", "East".into())])).await;
        company.update("user", ann, values([("team", team.into())])).await;
        for record in company.everybody().await.iter().skip(1).step_by(4) {
            company.update("account", record.id, values([("owner", ann.into())])).await;
        }
        refit::refit(&company.engine, None).await.unwrap();
        refresh(&company, SMALL).await;
        let everybody = company.everybody().await;
        let system = Actor::system();
        let often = |record: &&Record| record.get("orders").as_int().unwrap_or(0) >= 8;
        let stage = everybody.iter().find(often).unwrap().text("stage").to_owned();
        let within = |dimension: &str, level, value: &str| Within {
            dimension: dimension.to_owned(),
            level,
            value: value.into(),
        };
        let spring =
            Period::Between { from: "2024-11-05".parse().unwrap(), to: "2024-11-20".parse().unwrap() };
        let of_stage = |record: &&Record| record.text("stage") == stage;
        let day = |record: &Record| {
            record.get("first_order_on").as_date().map_or_else(String::new, |day| day.to_string())
        };
        let in_spring =
            |record: &&Record| ("2024-11-05".to_owned()..="2024-11-20".to_owned()).contains(&day(record));
        let count = |wanted: &dyn Fn(&&Record) -> bool| everybody.iter().filter(wanted).count();
        let asked = question(&["customer_records", "clv_52w"]);
        for (question, expected) in [
            (asked.clone(), 61),
            (
                Question {
                    within: vec![Within { value: Json::Null, ..within("day", Some(Level::Month), "") }],
                    ..asked.clone()
                },
                1,
            ),
            (
                Question {
                    within: vec![within("account.owner.team", None, &team.to_string())],
                    ..asked.clone()
                },
                count(&|record| record.get("owner") == &Value::Id(ann)),
            ),
            (Question { period: Some(spring), ..asked.clone() }, count(&in_spring)),
            (
                Question { within: vec![within("day", Some(Level::Month), "2024-12-01")], ..asked.clone() },
                count(&|record| day(record).starts_with("2024-12")),
            ),
            (
                Question {
                    within: vec![within("account.stage", None, &stage)],
                    filter: "orders >= 8".into(),
                    ..asked.clone()
                },
                count(&|record| of_stage(record) && often(record)),
            ),
        ] {
            assert!(expected > 0, "{question:?}");
            let answer = told(&company, &system, &question).await;
            assert_eq!(answer.total[0].value, Some(expected.into()), "{question:?}");
            let through = semantic::through(&company.engine, &system, &question).await.unwrap();
            let [one] = through.as_slice() else { panic!("{through:?}") };
            assert_eq!((one.fact.as_str(), one.entity.as_str()), ("account_figures", "account"));
            let filter = one.filter.as_deref().unwrap_or_else(|| panic!("{question:?}"));
            let listed =
                company.engine.list(&system, &Query::new("account").filter(filter).limit(100)).await.unwrap();
            let rows = semantic::rows(
                &company.engine,
                &system,
                &question,
                "account_figures",
                warehouse::Limits::PAGE,
            );
            assert_eq!((listed.records.len(), rows.await.unwrap().total), (expected, expected), "{filter}");
        }
        // What the list cannot say is shown row by row.
        let one = everybody[0].id.to_string();
        for (narrowed, expected) in [
            (Question { within: vec![within("account", None, &one)], ..asked.clone() }, 1),
            (
                Question { filter: format!("account.stage == '{stage}'"), ..asked.clone() },
                count(&|record| of_stage(record)),
            ),
        ] {
            let through = semantic::through(&company.engine, &system, &narrowed).await.unwrap();
            assert_eq!(through[0].filter, None, "{through:?}");
            let limits = warehouse::Limits::PAGE;
            let rows = semantic::rows(&company.engine, &system, &narrowed, "account_figures", limits);
            assert_eq!(rows.await.unwrap().total, expected);
        }
    });
}
