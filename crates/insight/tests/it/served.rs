//! Costs in the warehouse are those the figures of customers charge: by hand, at random, as rates change, for everybody what he
//! may see.

use crate::{
    company::{Company, decimal, on_databases, on_one, values},
    live_equals_refit::{World, some_steps},
    questions::rep,
    warehouse::{FULL, SMALL, ask, everything, refresh},
};
use engine::{Actor, Error};
use insight::{
    settings::Settings,
    statistics::{self, Statistics, UpTo},
};
use meta::{Decimal, Id, Value};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use warehouse::semantic::{self, Cut, Period, Question};

async fn told(
    company: &Company,
    actor: &Actor,
    measures: &[&str],
    cuts: Vec<Cut>,
) -> Vec<Vec<Option<String>>> {
    let question = Question {
        measures: measures.iter().map(|name| (*name).to_owned()).collect(),
        cuts,
        ..Question::default()
    };
    let answer = semantic::ask(&company.engine, actor, &question).await.unwrap();
    let cells = |cells: &[semantic::Cell]| {
        cells.iter().map(|cell| cell.value.map(|value| value.normalize().to_string())).collect()
    };
    let rows = answer.rows.iter().map(|row| cells(&row.cells));
    rows.chain([cells(&answer.total)]).collect()
}

#[test]
fn costs_are_those_computed_by_hand() {
    on_databases(async |company| {
        let account = company.served().await;
        refresh(&company, SMALL).await;
        let all = [
            "handling_cost",
            "return_cost",
            "contact_cost",
            "cost_to_serve",
            "selling_cost",
            "contribution",
            "net_profit",
            "cost_to_serve_rate",
        ];
        let system = Actor::system();
        let found = told(&company, &system, &all, vec![]).await;
        // Orders 20 + 30, lines 6; a return 60; visit 100 + 180, call 30. Payment 9, freight 50. Margin 420.
        let expected = ["56", "60", "310", "426", "59", "361", "-65", "0.304286"];
        assert_eq!(found, [expected.map(|text| Some(text.to_owned())).to_vec()]);
        let figure = company.account(account).await;
        assert_eq!(figure.get("cost_to_serve").as_decimal(), "426".parse().ok());
        // By kind of contact: the note has no rate and the task is open.
        let by_kind = told(&company, &system, &["contact_cost"], vec![Cut::new("kind", None)]).await;
        let some = |text: &str| vec![Some(text.to_owned())];
        assert_eq!(by_kind, [some("30"), some("0"), vec![None], some("280"), some("310")]);
    });
}

/// What each customer was charged, selling and to serve, by the company's statistics and by the facts.
async fn by_customer(company: &Company, accounts: &[Id]) -> [HashMap<Id, (i64, i64)>; 2] {
    let settings = Settings::load(&company.engine).await.unwrap();
    let day = settings.as_of_day(&company.clock);
    let up_to = UpTo { day, settings: &settings };
    let charged = statistics::of(&company.engine, accounts, &up_to).await.unwrap();
    let costs = |one: &Statistics| (one.costs.selling, one.costs.to_serve());
    let charged = charged.iter().map(|(id, one)| (*id, costs(one))).filter(|(_, costs)| *costs != (0, 0));
    let sql = format!(
        "SELECT account, sum(selling), sum(serving) FROM ( \
           SELECT account, selling_cost AS selling, service_cost AS serving, day FROM order_costs UNION ALL \
           SELECT account, 0, service_cost, day FROM return_costs UNION ALL \
           SELECT account, 0, service_cost, day FROM activities) c \
         WHERE day <= DATE '{day}' AND account IS NOT NULL GROUP BY account"
    );
    let number = |value: &Value| {
        let number = value.as_decimal().unwrap_or_default() * Decimal::from(10_000);
        i64::try_from(number.normalize()).unwrap()
    };
    let rows = ask(company, &sql).await;
    let facts = rows.iter().map(|row| (row[0].as_id().unwrap(), (number(&row[1]), number(&row[2]))));
    [charged.collect(), facts.filter(|(_, costs)| *costs != (0, 0)).collect()]
}

/// A rate that is new, changed, gone or back.
async fn change_a_rate(company: &Company, rates: &mut Vec<Id>, chance: &mut ChaCha8Rng) {
    let day: chrono::NaiveDate = "2025-03-01".parse().unwrap();
    let day = Value::Date(day + chrono::Duration::days(chance.random_range(0..600)));
    let amount = decimal(&Decimal::new(chance.random_range(0..9_000), 2).to_string());
    match (chance.random_range(0..4), rates.choose(chance).copied()) {
        (0, Some(rate)) => company.update("cost_rate", rate, values([("amount", amount)])).await,
        (1, Some(rate)) => company.update("cost_rate", rate, values([("valid_from", day)])).await,
        (2, Some(rate)) => {
            company.delete("cost_rate", rate).await.unwrap();
            rates.retain(|known| *known != rate);
        }
        _ => {
            let driver =
                ["order", "order_line", "return", "call", "visit", "freight"].choose(chance).copied();
            let fields = [("driver", driver.into()), ("valid_from", day), ("amount", amount)];
            rates.push(company.create("cost_rate", values(fields)).await);
        }
    }
}

#[test]
fn whatever_is_written_the_facts_charge_what_the_figures_charge() {
    on_databases(async |company| {
        let mut world = World { accounts: company.regulars().await, ..World::default() };
        let mut chance = ChaCha8Rng::seed_from_u64(23);
        let mut rates = vec![];
        refresh(&company, SMALL).await;
        let unrated = ask(&company, "SELECT count(service_cost), count(*) > 0 FROM order_costs").await;
        assert_eq!(unrated, [vec![Value::Int(0), Value::Bool(true)]], "costs without rates");
        company.cost_rates().await;
        let mut charged = 0;
        for round in 0..6 {
            some_steps(&company, &mut world, &mut chance, 8).await;
            for _ in 0..chance.random_range(0..3) {
                change_a_rate(&company, &mut rates, &mut chance).await;
            }
            refresh(&company, SMALL).await;
            let [figures, facts] = by_customer(&company, &world.accounts).await;
            assert_eq!(figures, facts, "round {round}");
            charged += facts.len();
            // Of two rounds followed in turn.
            if round % 2 == 0 {
                continue;
            }
            let followed = everything(&company).await;
            refresh(&company, FULL).await;
            for ((table, followed), (_, full)) in followed.iter().zip(everything(&company).await) {
                assert_eq!(*followed, full, "round {round}, table {table}");
            }
        }
        assert!(charged > 60, "{charged}");
    });
}

#[test]
fn a_new_rate_writes_only_the_files_of_its_days_anew() {
    on_databases(async |company| {
        company.cost_rates().await;
        let account = company.customer("A").await;
        for month in 1..=9 {
            for day in 1..=9 {
                // Ids grow with the clock, as they do in a company.
                company.clock.set(company.clock.now() + chrono::Duration::seconds(1));
                company.order(Some(account), &format!("2026-0{month}-0{day}"), "100", None).await;
            }
        }
        refresh(&company, SMALL).await;
        refresh(&company, SMALL).await;
        let rate = values([
            ("driver", "order".into()),
            ("valid_from", Value::Date("2026-09-05".parse().unwrap())),
            ("amount", decimal("40")),
        ]);
        let rate = company.create("cost_rate", rate).await;
        let costs = "SELECT sum(service_cost) FROM order_costs WHERE day >= DATE '2026-09-01'";
        let more = refresh(&company, SMALL).await;
        // Five orders at 40, four at 30, nine lines at 3.
        assert_eq!(ask(&company, costs).await[0][0].as_decimal(), "347".parse().ok());
        // The orders' costs of those days, and nothing of the other 72 orders or of other tables.
        assert!(more.segments_written <= 3 && more.rows_written <= 21, "{more:?}");
        company.delete("cost_rate", rate).await.unwrap();
        let back = refresh(&company, SMALL).await;
        assert_eq!(ask(&company, costs).await[0][0].as_decimal(), "297".parse().ok());
        assert!(back.segments_written <= 3, "{back:?}");
    });
}

#[test]
fn costs_are_shown_to_whom_the_customers_figures_are() {
    on_databases(async |company| {
        company.cost_rates().await;
        let (ann, _) = rep(&company, "ann", "own").await;
        let (bob, _) = rep(&company, "bob", "all").await;
        let (carl, _) = rep(&company, "carl", "all").await;
        for owner in [ann, bob] {
            let account =
                company.create("account", values([("name", "C".into()), ("owner", owner.into())])).await;
            let fields = [
                ("subject", "About".into()),
                ("kind", "call".into()),
                ("account", account.into()),
                ("owner", owner.into()),
                ("happened_at", crate::company::at("2026-06-04")),
                ("duration_minutes", Value::Int(20)),
            ];
            company.create("activity", values(fields)).await;
        }
        let role = company.those_of("user_role", "user", carl).await[0].reference("role").unwrap();
        let hidden = [
            ("role", role.into()),
            ("entity", "account".into()),
            ("field", "cost_to_serve".into()),
            ("level", "hidden".into()),
        ];
        company.create("field_right", values(hidden)).await;
        refresh(&company, SMALL).await;
        let actor = async |user: Id| company.engine.actor(user, meta::Lang::En).await.unwrap();
        let told = async |user: Id| told(&company, &actor(user).await, &["contact_cost"], vec![]).await;
        assert_eq!(told(ann).await, [[Some("30".to_owned())]]);
        assert_eq!(told(bob).await, [[Some("60".to_owned())]]);
        let question = Question { measures: vec!["cost_to_serve".into()], ..Question::default() };
        let refused = semantic::ask(&company.engine, &actor(carl).await, &question).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let seen = semantic::askable(&company.engine, &actor(carl).await).unwrap();
        assert!(seen.measure("cost_to_serve").is_err() && seen.measure("activities").is_ok());
        let catalog = warehouse::catalog(&company.engine, &actor(carl).await).await.unwrap();
        let columns = catalog.tables.iter().flat_map(|table| &table.columns);
        assert!(columns.clone().count() > 20 && columns.clone().all(|column| column.name != "service_cost"));
    });
}

#[test]
fn a_figure_leads_to_the_records_that_cost_it() {
    on_databases(async |company| {
        company.cost_rates().await;
        let account = company.customer("A").await;
        company.order(Some(account), "2026-05-31", "1000", None).await;
        company.give_back(account, "2026-06-10", "100", None).await;
        company.contact(account, "2026-06-03", "visit", 90).await;
        // What lies outside the period.
        company.contact(account, "2026-07-03", "visit", 90).await;
        company.order(Some(account), "2026-07-03", "1000", None).await;
        company.give_back(account, "2026-07-03", "100", None).await;
        refresh(&company, SMALL).await;
        let question = Question {
            measures: vec!["cost_to_serve".into()],
            period: Some(Period::Between {
                from: "2026-05-01".parse().unwrap(),
                to: "2026-06-30".parse().unwrap(),
            }),
            ..Question::default()
        };
        let through = semantic::through(&company.engine, &Actor::system(), &question).await.unwrap();
        let places: Vec<(&str, bool)> =
            through.iter().map(|one| (one.entity.as_str(), one.filter.is_some())).collect();
        assert_eq!(places, [("activity", true), ("order", true), ("return", true)]);
        for one in through {
            let query = engine::Query::new(&one.entity).filter(one.filter.unwrap());
            assert_eq!(company.engine.list(&Actor::system(), &query).await.unwrap().records.len(), 1);
            let limits = warehouse::Limits::PAGE;
            let rows = semantic::rows(&company.engine, &Actor::system(), &question, &one.fact, limits).await;
            let rows = rows.unwrap();
            let cost = rows.columns.iter().position(|column| column.label.en == "Cost to serve").unwrap();
            assert!(matches!(rows.columns[cost].kind, semantic::RowKind::Money));
            let amount = |row: &Vec<(Value, Option<Id>)>| row[cost].0.as_decimal().unwrap();
            assert!(rows.rows.iter().map(amount).sum::<Decimal>() > Decimal::ZERO, "{}", one.fact);
        }
    });
}

#[test]
fn the_rows_of_a_single_day_are_shown_too() {
    on_one(async |company| {
        company.cost_rates().await;
        let account = company.customer("A").await;
        let facts = [
            ("sales", "sales"),
            ("cost_to_serve", "order_costs"),
            ("cost_to_serve", "return_costs"),
            ("cost_to_serve", "activities"),
        ];
        let first: chrono::NaiveDate = "2026-05-31".parse().unwrap();
        let around = |days| {
            let days = chrono::Duration::days(days);
            Some(Period::Between { from: first - days, to: first + days })
        };
        for days in 1..=2_usize {
            let day = first + chrono::Duration::days(days as i64 - 1);
            company.order(Some(account), &day.to_string(), "1000", None).await;
            company.give_back(account, &day.to_string(), "100", None).await;
            company.contact(account, &day.to_string(), "visit", 90).await;
            refresh(&company, SMALL).await;
            for (measure, fact) in facts {
                for (period, expected) in [(None, days), (around(0), 1), (around(30), days)] {
                    let question = Question { measures: vec![measure.into()], period, ..Question::default() };
                    let limits = warehouse::Limits::PAGE;
                    let rows =
                        semantic::rows(&company.engine, &Actor::system(), &question, fact, limits).await;
                    assert_eq!(rows.unwrap().rows.len(), expected, "{fact}, {days}");
                }
            }
        }
    });
}
