//! Questions to the warehouse: their answers are those a plain walk through the records gives, for everybody what he may see.
//! Long because every question is asked and walked in the same words.

use crate::{
    asked::{compare, some_question},
    company::{Company, at, decimal, on_one, values},
    covering::covering,
    walk::{Fact, all, facts, hand_out, measured, trade},
    warehouse::{SMALL, refresh},
};
use engine::{Action, Actor};
use meta::{Decimal, Id, Value};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use warehouse::{
    Limits,
    semantic::{self, Compare, Cut, Level, Period, Question, Sort, Within},
};

#[test]
fn answers_are_those_of_a_walk_through_the_records() {
    on_one(async |company| {
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        trade(&company, &mut chance).await;
        let april = vec![("company.fiscal_year", "4".to_owned())];
        company.engine.change_settings(&Actor::system(), april).await.unwrap();
        let ann = company.app.user("ann", "ann@example.com", engine::Role::User).await;
        let bob = company.app.user("bob", "bob@example.com", engine::Role::User).await;
        hand_out(&company, [ann, bob], &mut chance).await;
        refresh(&company, SMALL).await;
        let facts = facts(&company, &Actor::system()).await;
        let of_another = |fact: &Fact| fact.owner.is_some() && fact.owner != fact.account_owner;
        assert!(facts.iter().any(of_another), "everybody sells to his own customers alone");
        let (mut filled, mut cut) = (0, BTreeSet::new());
        for number in 0..80 {
            let question = some_question(&mut chance);
            filled += compare(&company, &Actor::system(), &facts, &question, number).await;
            cut.extend(question.cuts.into_iter().map(|cut| cut.dimension));
        }
        assert!(filled > 500 && cut.contains("owner") && cut.contains("account.owner"), "{filled} {cut:?}");
    });
}

#[test]
fn a_month_stands_beside_the_month_a_year_before() {
    on_one(async |company| {
        for (day, amount) in [("2025-02-10", "100"), ("2026-02-20", "130"), ("2026-03-01", "7")] {
            company.order(None, day, amount, None).await;
        }
        refresh(&company, SMALL).await;
        let question = Question {
            measures: vec!["sales".into()],
            cuts: vec![Cut::new("day", Some(Level::Month))],
            period: Some(Period::Between {
                from: "2026-01-01".parse().unwrap(),
                to: "2026-03-31".parse().unwrap(),
            }),
            compare: Some(Compare::LastYear),
            running: true,
            ..Question::default()
        };
        let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
        let found: Vec<_> = answer
            .rows
            .iter()
            .map(|row| {
                (
                    row.members[0].label.zh.as_str(),
                    row.cells[0].value,
                    row.cells[0].compared,
                    row.cells[0].running,
                )
            })
            .collect();
        let d = |number: i64| Some(Decimal::from(number));
        assert_eq!(found, [("2026年2月", d(130), d(100), d(130)), ("2026年3月", d(7), None, d(137))]);
    });
}

#[test]
fn every_measure_can_be_cut_by_every_dimension_it_has() {
    on_one(async |company| {
        trade(&company, &mut ChaCha8Rng::seed_from_u64(5)).await;
        refresh(&company, SMALL).await;
        let model = semantic::model(&company.engine);
        let levels = |dimension: &semantic::Dimension| {
            dimension.levels.iter().copied().map(Some).chain([None]).collect::<Vec<_>>()
        };
        // By dimension: the facts it was asked of, and at how many levels.
        let mut asked: BTreeMap<String, (BTreeSet<&str>, BTreeSet<String>)> = BTreeMap::new();
        let mut measures = BTreeSet::new();
        for question in covering(&model, levels) {
            let answer = semantic::ask(&company.engine, &Actor::system(), &question).await;
            answer.unwrap_or_else(|error| panic!("{question:?}: {error}"));
            let Cut { dimension, level } = &question.cuts[0];
            let (facts, levels) = asked.entry(dimension.clone()).or_default();
            facts.extend(question.measures.iter().flat_map(|measure| model.facts_of(measure)));
            levels.insert(format!("{level:?}"));
            measures.extend(question.measures);
        }
        assert_eq!(measures.len(), model.measures.len());
        let has_measures = |fact: &str, dimension: &semantic::Dimension| {
            model.measures.iter().any(|measure| {
                let common = model.common(&[measure.name.to_owned()]);
                model.facts_of(measure.name) == [fact] && common.iter().any(|one| one.name == dimension.name)
            })
        };
        for (fact, dimensions) in &model.dimensions {
            for dimension in dimensions.iter().filter(|dimension| has_measures(fact, dimension)) {
                let (facts, at) = &asked[&dimension.name];
                assert!(facts.contains(fact.as_str()), "{fact} by {}", dimension.name);
                assert_eq!(at.len(), levels(dimension).len(), "{}", dimension.name);
            }
        }
    });
}

#[test]
fn what_makes_no_sense_is_refused_with_the_remedy() {
    on_one(async |company| {
        company.order(None, "2026-02-01", "1", None).await;
        refresh(&company, SMALL).await;
        let refused = async |question: Question| {
            let answer = semantic::ask(&company.engine, &Actor::system(), &question).await;
            match answer {
                Err(engine::Error::Invalid(problems)) => problems[0].field.clone(),
                other => panic!("{question:?}: {other:?}"),
            }
        };
        let of = |measure: &str| Question { measures: vec![measure.to_owned()], ..Question::default() };
        assert_eq!(refused(Question::default()).await, "measures");
        assert_eq!(refused(of("beauty")).await, "measures");
        assert_eq!(refused(Question { cuts: vec![Cut::new("beauty", None)], ..of("sales") }).await, "cuts");
        // Contacts have no channel.
        assert_eq!(
            refused(Question { cuts: vec![Cut::new("channel", None)], ..of("activities") }).await,
            "cuts"
        );
        assert_eq!(refused(Question { top: Some(5), ..of("sales") }).await, "top");
        assert_eq!(refused(Question { compare: Some(Compare::Previous), ..of("sales") }).await, "compare");
        assert_eq!(refused(Question { filter: "beauty == 1".into(), ..of("sales") }).await, "filter");
        let sort = Some(Sort { by: "orders".into(), descending: true });
        let cuts = vec![Cut::new("day", None)];
        assert_eq!(refused(Question { sort, cuts, ..of("sales") }).await, "sort");
    });
}

/// A return says nothing of channel, team and place: its order does, and of one without an order nothing is known.
#[test]
fn returns_are_cut_and_chosen_by_what_their_order_says() {
    on_one(async |company| {
        trade(&company, &mut ChaCha8Rng::seed_from_u64(19)).await;
        let team = company.create("team", values([("name", "East".into())])).await;
        let account = company.customer("Harbour").await;
        let place =
            values([("account", account.into()), ("street", "Quay 1".into()), ("city", "Qingdao".into())]);
        let place = company.create("address", place).await;
        let line = |price: &str, cost: &str| {
            let [price, cost] = [decimal(price), decimal(cost)];
            values([("description", "goods".into()), ("unit_price", price), ("unit_cost", cost)])
        };
        let head = values([
            ("account", account.into()),
            ("ordered_at", at("2026-03-01")),
            ("channel", "fair".into()),
            ("team", team.into()),
            ("shipping_address", place.into()),
        ]);
        let order = company.document("order", "order_line", head, line("100", "60")).await;
        let back = values([("order", order.into()), ("returned_at", at("2026-03-02"))]);
        company.document("return", "return_line", back, line("30", "18")).await;
        refresh(&company, SMALL).await;

        let facts = facts(&company, &Actor::system()).await;
        let with = |known: bool| facts.iter().any(|fact| !fact.sold && fact.channel.is_some() == known);
        assert!(with(true) && with(false), "{facts:?}");
        let by_channel = Question {
            measures: ["net_sales", "returned", "sales"].map(str::to_owned).into(),
            cuts: vec![Cut::new("channel", None)],
            ..Question::default()
        };
        compare(&company, &Actor::system(), &facts, &by_channel, 0).await;
        let ask = async |question: &Question| {
            let answer = semantic::ask(&company.engine, &Actor::system(), question).await;
            answer.unwrap_or_else(|error| panic!("{question:?}: {error}"))
        };
        for channel in ["online", "fair"] {
            let of_one: Vec<&Fact> =
                facts.iter().filter(|fact| fact.channel.as_deref() == Some(channel)).collect();
            let within = Within { dimension: "channel".into(), level: None, value: json!(channel) };
            let filter = format!("channel == \"{channel}\"");
            for chosen in [
                Question { within: vec![within], ..by_channel.clone() },
                Question { filter, ..by_channel.clone() },
            ] {
                let answer = ask(&Question { cuts: vec![], ..chosen }).await;
                for (cell, measure) in answer.total.iter().zip(&by_channel.measures) {
                    assert_eq!(cell.value, measured(measure, &of_one), "{measure} {channel}");
                }
            }
        }
        for (dimension, value) in [
            ("channel", json!("fair")),
            ("team", json!(team)),
            ("shipping_address.kind", json!("shipping")),
            ("shipping_address.city", json!("Qingdao")),
        ] {
            let measures = ["net_sales", "margin", "contribution", "return_rate", "orders"];
            let cuts = vec![Cut::new(dimension, None)];
            let question =
                Question { measures: measures.map(str::to_owned).into(), cuts, ..Question::default() };
            let answer = ask(&question).await;
            let row = answer.rows.iter().find(|row| row.members[0].value == value);
            let row = row.unwrap_or_else(|| panic!("{dimension}: {answer:?}"));
            let found: Vec<_> = row.cells.iter().map(|cell| cell.value.unwrap()).collect();
            let d = |number: i64| Decimal::from(number);
            assert_eq!(found, [d(70), d(28), d(28), Decimal::new(3, 1), d(1)], "{dimension}");
        }
        for filter in [format!("team == \"{team}\""), "shipping_address.city == \"Qingdao\"".to_owned()] {
            let question = Question { cuts: vec![], filter, ..by_channel.clone() };
            let total = ask(&question).await.total;
            assert_eq!(total[0].value, Some(Decimal::from(70)), "{question:?}");
        }
    });
}

/// A user whose role has this level for everything to do with customers.
pub async fn rep(company: &Company, name: &str, level: &'static str) -> (Id, Actor) {
    let email = format!("{name}@example.com");
    let user = company.app.user(name, &email, engine::Role::User).await;
    let role = company.create("role", values([("name", name.into())])).await;
    for entity in ["account", "order", "order_line", "return", "return_line", "activity"] {
        let mut right = values([("role", role.into()), ("entity", entity.into())]);
        right.extend(Action::ALL.map(|action| (action.name().to_owned(), Value::from(level))));
        company.create("role_right", right).await;
    }
    for (field, withheld) in [("phone", "masked"), ("industry", "hidden")] {
        let right = values([
            ("role", role.into()),
            ("entity", "account".into()),
            ("field", field.into()),
            ("level", withheld.into()),
        ]);
        company.create("field_right", right).await;
    }
    company.create("user_role", values([("user", user.into()), ("role", role.into())])).await;
    let actor = company.engine.actor(user, meta::Lang::En).await.unwrap();
    (user, actor)
}

#[test]
fn everybody_sees_the_sums_of_what_he_may_see() {
    on_one(async |company| {
        let (ann, _) = rep(&company, "ann", "own").await;
        let (bob, _) = rep(&company, "bob", "team").await;
        let (carl, _) = rep(&company, "carl", "all").await;
        let team = company.create("team", values([("name", "East".into())])).await;
        for user in [ann, bob] {
            company.update("user", user, values([("team", team.into())])).await;
        }
        let mut chance = ChaCha8Rng::seed_from_u64(11);
        for number in 0..9 {
            let owner: Value = [Some(ann), Some(bob), Some(carl), None][number % 4].into();
            let account = company
                .create(
                    "account",
                    values([
                        ("name", format!("C{number}").into()),
                        ("owner", owner),
                        ("phone", "13800138000".into()),
                        ("industry", "steel".into()),
                    ]),
                )
                .await;
            for _ in 0..3 {
                let own: Value = [Some(ann), Some(bob), None].choose(&mut chance).copied().flatten().into();
                let head =
                    values([("account", account.into()), ("ordered_at", at("2026-05-05")), ("owner", own)]);
                let line = values([
                    ("description", "goods".into()),
                    ("unit_price", decimal(&chance.random_range(1..900).to_string())),
                ]);
                company.document("order", "order_line", head, line).await;
            }
        }
        refresh(&company, SMALL).await;
        let mut seen = BTreeSet::new();
        for user in [ann, bob, carl] {
            let actor = company.engine.actor(user, meta::Lang::En).await.unwrap();
            let orders = all(&company, &actor, "order").await;
            let expected: Decimal =
                orders.iter().filter_map(|order| order.get("net_base").as_decimal()).sum();
            let question =
                Question { measures: vec!["sales".into(), "orders".into()], ..Question::default() };
            let total = semantic::ask(&company.engine, &actor, &question).await.unwrap().total;
            assert_eq!((total[0].value, total[1].value), (Some(expected), Some(Decimal::from(orders.len()))));
            seen.insert(expected);
            let sql = async |sql: &str| {
                let answer = warehouse::query(&company.engine, &actor, sql, Limits::PAGE).await;
                answer.map(|answer| answer.values().map(Result::unwrap).collect::<Vec<_>>())
            };
            let accounts = all(&company, &actor, "account").await;
            assert_eq!(
                sql("SELECT count(*) FROM account").await.unwrap(),
                [[Value::Int(accounts.len() as i64)]]
            );
            assert_eq!(
                sql("SELECT count(*) FROM order_line").await.unwrap(),
                [[Value::Int(orders.len() as i64)]]
            );
            assert_eq!(
                sql("SELECT DISTINCT phone FROM account").await.unwrap(),
                [[Value::from("+86138****8000")]]
            );
            assert!(sql("SELECT industry FROM account").await.is_err(), "a hidden field has a name");
            assert!(sql("SELECT * FROM role").await.is_err() && sql("SELECT * FROM consent").await.is_err());
            // Wherever a statement names a table, and when it asks which there are.
            let nested = "WITH told AS (SELECT id FROM Account) SELECT count(*) FROM told \
                          WHERE id IN (SELECT id FROM account UNION SELECT head.id FROM account head)";
            assert_eq!(sql(nested).await.unwrap(), [[Value::Int(accounts.len() as i64)]]);
            let listed = sql("SELECT table_name FROM information_schema.tables").await.unwrap();
            let lists = |table: &str| listed.contains(&vec![Value::from(table)]);
            assert!(["account", "order_line", "date"].into_iter().all(lists), "{listed:?}");
            assert!(!["role", "consent"].into_iter().any(lists), "{listed:?}");
        }
        assert_eq!(seen.len(), 3, "all see the same: {seen:?}");
    });
}

/// Takes a field of customers from everybody in the person's role.
pub async fn hide(company: &Company, user: Id, field: &str) {
    let roles = company.those_of("user_role", "user", user).await;
    let right = [
        ("role", roles[0].get("role").clone()),
        ("entity", "account".into()),
        ("field", field.into()),
        ("level", "hidden".into()),
    ];
    company.create("field_right", values(right)).await;
}

#[test]
fn everybody_cuts_by_place_and_size_as_far_as_he_may_see_them() {
    on_one(async |company| {
        let mut chance = ChaCha8Rng::seed_from_u64(13);
        trade(&company, &mut chance).await;
        let april = vec![("company.fiscal_year", "4".to_owned())];
        company.engine.change_settings(&Actor::system(), april).await.unwrap();
        let (ann, _) = rep(&company, "ann", "own").await;
        let (bob, _) = rep(&company, "bob", "all").await;
        hand_out(&company, [ann, bob], &mut chance).await;
        refresh(&company, SMALL).await;
        let (mut same, mut sums) = (0, BTreeSet::new());
        for user in [ann, bob] {
            let actor = company.engine.actor(user, meta::Lang::En).await.unwrap();
            let facts = facts(&company, &actor).await;
            for number in 0..25 {
                let mut question = some_question(&mut chance);
                // Customers he may not see are members without a name.
                question.cuts.retain(|cut| cut.dimension != "account");
                question.top = question.top.filter(|_| !question.cuts.is_empty());
                same += compare(&company, &actor, &facts, &question, number).await;
            }
            sums.insert(facts.iter().map(|fact| fact.net).sum::<Decimal>());
        }
        assert!(same > 150 && sums.len() == 2, "{same} {sums:?}");

        let by = |dimension: &str| Question {
            measures: vec!["orders".into()],
            cuts: vec![Cut::new(dimension, None)],
            ..Question::default()
        };
        for field in ["postcode", "size_employees"] {
            let name = format!("account.{field}");
            let knows = async |user| {
                let actor = company.engine.actor(user, meta::Lang::En).await.unwrap();
                let model = semantic::askable(&company.engine, &actor).unwrap();
                let step = Within { dimension: name.clone(), level: None, value: json!(null) };
                let within = Question { cuts: vec![], within: vec![step], ..by(&name) };
                let answers = [
                    semantic::ask(&company.engine, &actor, &by(&name)).await.is_ok(),
                    semantic::ask(&company.engine, &actor, &within).await.is_ok(),
                    model.dimension("sales", &name).is_some(),
                ];
                assert!(answers.iter().all(|known| *known == answers[0]), "{name}: {answers:?}");
                answers[0]
            };
            assert!(knows(bob).await, "{name}");
            hide(&company, bob, field).await;
            assert!(!knows(bob).await && knows(ann).await, "{name}");
        }
    });
}

#[test]
fn behind_a_postcode_and_a_size_is_the_list_of_exactly_its_orders() {
    on_one(async |company| {
        trade(&company, &mut ChaCha8Rng::seed_from_u64(17)).await;
        refresh(&company, SMALL).await;
        let system = Actor::system();
        let mut bands = vec![];
        for dimension in ["account.postcode", "account.size_employees"] {
            let question = Question {
                measures: vec!["orders".into()],
                cuts: vec![Cut::new(dimension, None)],
                ..Question::default()
            };
            let answer = semantic::ask(&company.engine, &system, &question).await.unwrap();
            assert!(answer.rows.len() > 3, "{dimension}: {answer:?}");
            for row in &answer.rows {
                let value = row.members[0].value.clone();
                let within = Within { dimension: dimension.to_owned(), level: None, value };
                let of_one = Question { cuts: vec![], within: vec![within.clone()], ..question.clone() };
                let alone = semantic::ask(&company.engine, &system, &of_one).await.unwrap();
                assert_eq!(alone.total[0].value, row.cells[0].value, "{within:?}");
                let through = semantic::through(&company.engine, &system, &of_one).await.unwrap();
                let filter = through[0].filter.clone().unwrap_or_else(|| panic!("no list: {within:?}"));
                let list = engine::Query::new("order").filter(filter.as_str());
                let count = company.engine.count(&system, &list, 1_000).await.unwrap().number;
                assert_eq!(Some(Decimal::from(count)), row.cells[0].value, "{filter}");
                if dimension == "account.size_employees" {
                    let label = &row.members[0].label;
                    bands.push(format!("{} {}", label.en, label.zh));
                }
            }
        }
        // In their own order, each with a name in both languages.
        let known = [
            "Less than 1 不足 1",
            "1–9 1–9",
            "10–49 10–49",
            "50–249 50–249",
            "250–999 250–999",
            "1,000 or more 1,000 及以上",
            "(none) （空）",
        ];
        let places: Vec<_> = bands.iter().map(|band| known.iter().position(|one| one == band)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{bands:?}");
    });
}

#[test]
fn the_table_of_days_counts_fiscal_years_as_the_explorer_does() {
    on_one(async |company| {
        company.order(None, "2026-02-01", "1", None).await;
        refresh(&company, SMALL).await;
        let (_, ann) = rep(&company, "ann", "own").await;
        let asked = async |actor: &Actor, sql: &str| {
            let answer = warehouse::query(&company.engine, actor, sql, Limits::PAGE).await.unwrap();
            answer.values().map(Result::unwrap).collect::<Vec<_>>()
        };
        let april = "SELECT fiscal_year, fiscal_quarter FROM \"date\" WHERE day IN (DATE '2026-03-31', DATE '2026-04-01') ORDER BY day";
        let int = |number: i64| Value::Int(number);
        assert_eq!(
            asked(&ann, april).await,
            [[int(2026), int(1)], [int(2026), int(2)]],
            "without a setting from January on"
        );
        for month in 1..=12 {
            let setting = vec![("company.fiscal_year", month.to_string())];
            company.engine.change_settings(&Actor::system(), setting).await.unwrap();
            let moved = format!("CAST(day - INTERVAL '{} months' AS DATE)", month - 1);
            let others = format!(
                "SELECT count(*) FROM \"date\" WHERE fiscal_year <> date_part('year', {moved}) OR fiscal_quarter <> date_part('quarter', {moved})"
            );
            assert_eq!(asked(&Actor::system(), &others).await, [[int(0)]], "from month {month} on");
            if month == 4 {
                assert_eq!(asked(&ann, april).await, [[int(2025), int(4)], [int(2026), int(1)]]);
            }
        }
    });
}

#[test]
fn only_reading_is_possible() {
    on_one(async |company| {
        company.order(None, "2026-02-01", "1", None).await;
        refresh(&company, SMALL).await;
        for sql in [
            "DROP TABLE sales",
            "CREATE TABLE x AS SELECT 1",
            "INSERT INTO sales SELECT * FROM sales",
            "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/etc'",
            "COPY sales TO '/tmp/x.parquet'",
            "SET datafusion.execution.batch_size = 1",
            "SELECT * FROM '/etc/passwd'",
            "SELECT",
            "SELECT 1; DROP TABLE sales",
        ] {
            let answer = warehouse::query(&company.engine, &Actor::system(), sql, Limits::PAGE).await;
            assert!(matches!(answer, Err(engine::Error::Invalid(_))), "{sql}: {answer:?}");
        }
        let limits = Limits { rows: 2, ..Limits::PAGE };
        let answer = warehouse::query(&company.engine, &Actor::system(), "SELECT day FROM \"date\"", limits)
            .await
            .unwrap();
        assert_eq!((answer.rows(), answer.more), (2, true));
        let pairs = "SELECT count(*) FROM \"date\" a JOIN \"date\" b ON a.year < b.year JOIN \"date\" c ON b.day <> c.day";
        let answer = warehouse::query(&company.engine, &Actor::system(), pairs, Limits::PAGE).await;
        assert!(matches!(answer, Err(engine::Error::Invalid(_))), "{answer:?}");
        let forever = "SELECT count(*) FROM \"date\" a JOIN \"date\" b ON a.year = b.year JOIN \"date\" c ON b.year = c.year JOIN \"date\" d ON c.year = d.year";
        let limits = Limits { time: std::time::Duration::from_secs(1), ..Limits::PAGE };
        let answer = warehouse::query(&company.engine, &Actor::system(), forever, limits).await;
        let Err(engine::Error::Limit(why)) = answer else { panic!("{answer:?}") };
        assert!(why.en.contains("1 seconds") && why.en.contains("aggregate"), "{why:?}");
        assert!(why.zh.contains("1 秒") && why.zh.contains("汇总"), "{why:?}");
        let after = warehouse::query(&company.engine, &Actor::system(), "SELECT 1", Limits::PAGE).await;
        assert_eq!(after.unwrap().rows(), 1);
    });
}

#[test]
fn what_takes_too_long_is_not_computed_on() {
    on_one(async |company| {
        company.order(None, "2026-02-01", "1", None).await;
        refresh(&company, SMALL).await;
        let joined = "SELECT count(*) FROM \"date\" a JOIN \"date\" b ON a.year = b.year JOIN \"date\" c ON b.year = c.year JOIN \"date\" d ON c.year = d.year";
        let forever = [joined.to_owned(), format!("{joined} AND d.fiscal_quarter > a.fiscal_quarter + 10")];
        // Twice as many at once as there are threads: if they went on, none would be left to answer.
        let many = 2 * std::thread::available_parallelism().unwrap().get();
        for sql in forever {
            let limits = Limits { time: std::time::Duration::from_secs(1), ..Limits::PAGE };
            let system = Actor::system();
            let asked = (0..many).map(|_| warehouse::query(&company.engine, &system, &sql, limits));
            for answer in futures::future::join_all(asked).await {
                assert!(matches!(answer, Err(engine::Error::Limit(_))), "{sql}: {answer:?}");
            }
            let after =
                warehouse::query(&company.engine, &system, "SELECT count(*) FROM \"date\"", Limits::PAGE);
            assert_eq!(after.await.unwrap_or_else(|error| panic!("after {sql}: {error:?}")).rows(), 1);
        }
    });
}
