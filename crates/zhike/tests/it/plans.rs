//! Every list, sort and filter that pages and API offer is asked of both databases: which way would you go? None may read a
//! whole table, and only what is limited may be sorted.

mod questions;

use crate::{pages::create, rights::modules};
use engine::{
    Action, Actor, Dialect, Level, Query, Statement, Way,
    sea_query::{PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder},
};
use insight::{mining::propensity::explained, settings::Settings};
use meta::{Id, Lang, Value, Values};
use questions::queries;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::collections::HashSet;
use testkit::{TestApp, on_both};

/// The same company with a field of its own of every kind, of customers and of orders.
async fn with_own_fields(test: &TestApp) -> TestApp {
    let kinds =
        "text long_text choice bool integer decimal money percent date instant email phone url reference";
    for entity in ["account", "order"] {
        for kind in kinds.split(' ') {
            let label = format!("Own {kind}");
            let mut field: Vec<(&str, Value)> = vec![("entity", entity.into()), ("kind", kind.into())];
            field.push(("english_label", label.as_str().into()));
            match kind {
                "choice" => field.push(("choices", "a | A | 甲\nb | B | 乙".into())),
                "reference" => field.push(("target", "account".into())),
                "long_text" => field.push(("searched", true.into())),
                "text" => field.push(("unique", true.into())),
                _ => {}
            }
            create(&test.engine, "custom_field", &field).await;
        }
    }
    let again = test.again(modules()).await;
    for entity in ["account", "order"] {
        let own = again.engine.registry().entity(entity).unwrap().fields.values();
        assert_eq!(own.filter(|field| field.name.starts_with("x_own_")).count(), 14, "{entity}");
    }
    again
}

/// The URL of a PostgreSQL company with many records, such as `script/bench data --database postgres` makes: then its plans are looked at.
const FILLED: &str = "ZHIKE_PLANS_URL";
/// A table with fewer rows may be read whole.
const SMALL: f32 = 10_000.0;

/// A connection of our own to PostgreSQL.
struct Postgres {
    connection: PgConnection,
    /// Of a filled database the tables that may be read whole.
    small: Option<HashSet<String>>,
}

/// In an almost empty database it is told never to read a table whole if it can help it: by itself it would there.
async fn postgres(test: &TestApp) -> Option<Postgres> {
    if test.engine.dialect() == Dialect::Sqlite {
        return None;
    }
    if let Ok(url) = std::env::var(FILLED) {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let select = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND reltuples < $1";
        let small = sqlx::query_scalar(select).bind(SMALL).fetch_all(&mut connection).await.unwrap();
        return Some(Postgres { connection, small: Some(small.into_iter().collect()) });
    }
    let named = test.engine.fetch_text("SELECT CAST(current_database() AS text)").await.unwrap();
    let server = std::env::var("ZHIKE_TEST_DATABASE_URL").unwrap();
    let url = format!("{}/{}", server.rsplit_once('/').unwrap().0, named[0].text(0).unwrap());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
    Some(Postgres { connection, small: None })
}

/// Whether a plan that reads a table from its beginning until a limit is reached did so among its first rows: what PostgreSQL expects of that
/// may be wrong, so that the statement is run.
async fn ends_early(connection: &mut PgConnection, sql: &str, plan: &[String]) -> bool {
    if !plan.iter().any(|line| line.contains("Limit  (")) {
        return false;
    }
    let run = AssertSqlSafe(format!("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) {sql}"));
    let lines: Vec<String> = sqlx::query_scalar(run).fetch_all(connection).await.unwrap();
    let number = |line: &str, after: &str| -> f32 {
        let rest = line.split_once(after).map_or("", |(_, rest)| rest);
        rest.split([' ', ')']).next().and_then(|number| number.parse().ok()).unwrap_or(0.0)
    };
    let read = lines.iter().map(|line| match line.contains("Seq Scan") {
        true => number(line, "(actual rows="),
        false => number(line, "Rows Removed by Filter: "),
    });
    read.sum::<f32>() < SMALL
}

/// The plan of each statement.
async fn plans(
    test: &TestApp,
    postgres: &mut Option<Postgres>,
    statements: &[Statement],
) -> Vec<Vec<String>> {
    let Some(Postgres { connection, small }) = postgres else {
        let mut plans = vec![];
        for statement in statements {
            let plan = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let rows = test.engine.fetch_text(&plan).await.unwrap();
            plans.push(rows.iter().map(|row| row.text(3).unwrap()).collect());
        }
        return plans;
    };
    // There are tens of thousands: they are asked together, each followed by an empty line. What walks is told not to sort if it
    // can help it, for in an almost empty database that costs nothing.
    let asked = statements.iter().map(|statement| {
        let sort = if statement.way == Way::Walks && small.is_none() { "off" } else { "on" };
        format!("SET enable_sort = {sort}; EXPLAIN {}; SELECT '';", statement.sql)
    });
    let rows = sqlx::raw_sql(AssertSqlSafe(asked.collect::<String>())).fetch_all(&mut *connection).await;
    let lines: Vec<String> = rows.unwrap().iter().map(|row| row.get(0)).collect();
    // In a filled database few rows may be read whole, and sorted.
    let is_small = |statement: &Statement, line: &String| {
        let Some(small) = small.as_ref() else { return false };
        let after = |word: &str| line.split_once(word).map(|(_, rest)| rest);
        let first_of = |rest: &str| rest.split([' ', '"']).find(|word| !word.is_empty()).map(str::to_owned);
        let reads = after("Seq Scan on ").and_then(first_of).is_some_and(|table| small.contains(&table));
        let rows = after(" rows=").and_then(first_of).and_then(|rows| rows.parse::<f32>().ok());
        let sorts = statement.way == Way::Walks && line.contains("Sort  (");
        reads || (sorts && rows.is_some_and(|rows| rows < SMALL))
    };
    let plans = lines.split(String::is_empty).zip(statements);
    let mut found: Vec<Vec<String>> = vec![];
    for (lines, statement) in plans {
        let mut plan: Vec<String> = lines.iter().filter(|line| !is_small(statement, line)).cloned().collect();
        let reads = plan.iter().any(|line| line.contains("Seq Scan on "));
        if small.is_some() && reads && ends_early(connection, &statement.sql, &plan).await {
            plan.retain(|line| !line.contains("Seq Scan on "));
        }
        found.push(plan);
    }
    found
}

/// Whether this line of SQLite's plan goes through a table. The full-text index and what a subquery has found are none of ours.
fn goes_through(line: &str) -> bool {
    line.starts_with("SCAN ")
        && !line.contains("VIRTUAL TABLE")
        && !line.starts_with("SCAN some")
        && !line.starts_with("SCAN way")
}

/// What is wrong with a plan.
fn trouble(dialect: Dialect, statement: &Statement, lines: &[String]) -> Option<String> {
    let sql = &statement.sql;
    // A table is its own index by id.
    let by_key = sql.contains(".\"id\" ASC LIMIT") || sql.contains(".\"id\" DESC LIMIT");
    let walked = lines.iter().position(|line| goes_through(line));
    let wrong = |(at, line): &(usize, &String)| match dialect {
        Dialect::Sqlite => {
            let scans = goes_through(line);
            // A walk ends at its limit; another table beside it would be gone through whole, by an index or not.
            let along_index = Some(*at) == walked && (line.contains("INDEX") || by_key);
            let sorts = line.contains("TEMP B-TREE FOR") && statement.way != Way::FindsAndSorts;
            let told = sql.contains(" AS \"record\"") && !line.contains("record");
            let reads_records = told && scans && !line.contains("COVERING INDEX");
            let looks_up_records = line.starts_with("SEARCH part") && !line.contains("COVERING INDEX");
            scans && !(statement.way == Way::Walks && along_index)
                || sorts
                || reads_records
                || looks_up_records
        }
        // Which of its indexes PostgreSQL takes depends on how many rows there are; here there are none. That it must sort what
        // it walks through does not.
        Dialect::Postgres => {
            line.contains("Seq Scan") || statement.way == Way::Walks && sorts_what_it_walks(lines, *at)
        }
    };
    let found = lines.iter().enumerate().find(wrong);
    // What is found is sorted: to walk the sort's index to it may be to walk all of it.
    let walks = dialect == Dialect::Postgres
        && statement.way == Way::FindsAndSorts
        && !lines.iter().any(|line| line.contains("Sort  (") || line.contains("One-Time Filter"));
    let why = found.map(|(_, line)| line.as_str()).or(walks.then_some("it is not sorted"));
    why.map(|why| format!("{why}\n  {sql}\n  {}", lines.join("\n  ")))
}

/// How deep a line of PostgreSQL's plan stands, and its step.
fn step(line: &str) -> (usize, &str) {
    let text = line.trim_start();
    (line.len() - text.len(), text.trim_start_matches("->").trim_start())
}

/// Whether this line of PostgreSQL's plan sorts what a walk reads. Below a limit of its own, a search's say, it does not; nor what a
/// walk found until the statement's only limit; nor where an index finds a part in the order wanted, but for what is equal.
fn sorts_what_it_walks(lines: &[String], at: usize) -> bool {
    let (own, text) = step(&lines[at]);
    let is_limit = |text: &str| text.starts_with("Limit  (");
    let mut scan = lines[at..].iter().skip_while(|line| !line.contains(" Scan "));
    let of_a_part = scan.nth(1).is_some_and(|line| line.contains("Index Cond"));
    if !(text.starts_with("Sort  (") || text.starts_with("Incremental Sort  (") && !of_a_part) {
        return false;
    }
    let (mut above, mut limits) = (own, 0);
    for (depth, text) in lines[..at].iter().rev().map(|line| step(line)) {
        if depth < above {
            above = depth;
            limits += usize::from(is_limit(text));
        }
    }
    let mut below = lines[at + 1..].iter().map(|line| step(line)).take_while(|(depth, _)| *depth > own);
    match limits {
        0 => !below.any(|(_, text)| is_limit(text)),
        limits => limits == 1,
    }
}

#[test]
fn a_sort_is_told_from_one_below_a_limit_and_from_one_of_equal_values() {
    let plan = |lines: &[&str]| -> Vec<String> { lines.iter().map(|line| (*line).to_owned()).collect() };
    let scan = "        ->  Index Scan using i on t  (cost=1)";
    let whole = plan(&["Limit  (cost=1)", "  ->  Sort  (cost=1)", "        Sort Key: name", scan]);
    assert!(sorts_what_it_walks(&whole, 1) && !sorts_what_it_walks(&whole, 2));
    let mut ties = plan(&["Limit  (cost=1)", "  ->  Incremental Sort  (cost=1)", scan]);
    assert!(sorts_what_it_walks(&ties, 1));
    ties.push("              Index Cond: (account = 'x')".to_owned());
    assert!(!sorts_what_it_walks(&ties, 1));
    let found = [
        "  ->  HashAggregate  (cost=1)",
        "        ->  Limit  (cost=1)",
        "              ->  Sort  (cost=1)",
        scan,
    ];
    let of_found = plan(&[&["Sort  (cost=1)"][..], &found].concat());
    assert!(!sorts_what_it_walks(&of_found, 0) && sorts_what_it_walks(&of_found, 3));
    let limited =
        ["        SubPlan 1", "          ->  Limit  (cost=1)", "                ->  Sort  (cost=1)"];
    let search = [&["Limit  (cost=1)", "  ->  Index Scan using i on t  (cost=1)"][..], &limited].concat();
    assert!(!sorts_what_it_walks(&plan(&search), 4));
}

/// Somebody whose rights on everything end at `level`, with a record of each kind shared with him besides.
async fn limited(test: &TestApp, level: Level) -> Actor {
    let name = level.name();
    let user = test.user(name, &format!("{name}@example.com"), engine::Role::User).await;
    let entities: Vec<String> = test.engine.registry().entities().map(|entity| entity.name.clone()).collect();
    let text = |pairs: &[(&str, &str)]| -> Values {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
    };
    let fields = move |pairs: &[(&str, &str)], ids: &[(&str, Id)]| {
        let mut values = text(pairs);
        values.extend(ids.iter().map(|(key, id)| ((*key).to_owned(), Value::Id(*id))));
        values
    };
    test.engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let team = tx.create("team", fields(&[("name", name)], &[])).await?;
                tx.update("user", user, None, fields(&[], &[("team", team)])).await?;
                // A team too large for its people to be named one by one.
                for number in 0..if level == Level::TeamAndBelow { 80 } else { 0 } {
                    let email = format!("many{number}@example.com");
                    let one = fields(&[("name", "One"), ("email", &email)], &[("team", team)]);
                    tx.create("user", one).await?;
                }
                let role = tx.create("role", fields(&[("name", name)], &[])).await?;
                tx.create("user_role", fields(&[], &[("user", user), ("role", role)])).await?;
                for entity in &entities {
                    let mut right = fields(&[("entity", entity)], &[("role", role)]);
                    right.extend(Action::ALL.map(|action| (action.name().to_owned(), name.into())));
                    tx.create("role_right", right).await?;
                    for number in [7, 8] {
                        let record = Id::from_u128(number).to_string();
                        let share = fields(&[("entity", entity), ("record", &record)], &[("user", user)]);
                        tx.create("record_share", share).await?;
                    }
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    test.engine.actor(user, Lang::En).await.unwrap()
}

#[test]
fn no_list_filter_or_sort_reads_a_whole_table() {
    on_both(modules, async |test| {
        let test = with_own_fields(&test).await;
        let system = Actor::system();
        assert!(look_at_plans(&test, &system, |_| true).await > 1_000);
    });
}

/// Every query with the rights of one of three levels: neighbours, of which each field has many, with different ones.
#[test]
fn no_list_of_somebody_with_limited_rights_reads_a_whole_table() {
    on_both(modules, async |test| {
        let levels = [Level::Own, Level::Team, Level::TeamAndBelow];
        for (place, level) in levels.into_iter().enumerate() {
            let actor = limited(&test, level).await;
            // One further with every three, or the same sort would meet the same level for every field.
            let is_asked = |number: usize| (number + number / levels.len()) % levels.len() == place;
            assert!(look_at_plans(&test, &actor, is_asked).await > 1_000);
        }
    });
}

/// Of the queries of each entity those whose number is asked.
async fn look_at_plans(test: &TestApp, actor: &Actor, is_asked: impl Fn(usize) -> bool) -> usize {
    let mut connection = postgres(test).await;
    let mut looked = 0;
    let mut troubles = vec![];
    let entities: Vec<_> = test.engine.registry().entities().cloned().collect();
    for entity in entities.iter().filter(|entity| !entity.internal) {
        if engine::allow(actor, entity, Action::Read).is_err() {
            continue;
        }
        let mut statements = vec![];
        let all = queries(entity, test.engine.registry()).into_iter().enumerate();
        let asked = all.filter(|(number, _)| is_asked(*number));
        for (_, query) in asked {
            statements.extend(test.engine.statements(actor, &query).unwrap());
        }
        // What finds or counts the rows is the same however they are sorted.
        let mut known = HashSet::new();
        statements.retain(|statement| known.insert((statement.sql.clone(), statement.way as u8)));
        if connection.as_ref().is_some_and(|postgres| postgres.small.is_some()) {
            // A company made elsewhere does not have these fields.
            statements.retain(|statement| !statement.sql.contains("x_own_"));
        }
        let plans = plans(test, &mut connection, &statements).await;
        assert_eq!(plans.len(), statements.len());
        for (statement, lines) in statements.iter().zip(plans) {
            assert!(!lines.is_empty(), "{}", statement.sql);
            troubles.extend(trouble(test.engine.dialect(), statement, &lines));
            looked += 1;
        }
    }
    assert!(
        troubles.is_empty(),
        "{} of {looked}:\n{}",
        troubles.len(),
        troubles[..troubles.len().min(8)].join("\n")
    );
    looked
}

#[test]
fn rights_cost_nothing_to_whom_they_keep_nothing_from() {
    on_both(crate::pages::modules, async |test| {
        let texts = |actor: &Actor, query: &Query| -> Vec<String> {
            test.engine.statements(actor, query).unwrap().into_iter().map(|statement| statement.sql).collect()
        };
        let user = test.user("One", "one@example.com", engine::Role::User).await;
        let free = test.engine.actor(user, Lang::En).await.unwrap();
        let administrator = Actor::user(user, engine::Role::Administrator, Lang::En);
        let entities: Vec<_> = test.engine.registry().entities().cloned().collect();
        for entity in entities.iter().filter(|entity| entity.personal.is_none() && !entity.secret) {
            for query in [Query::new(&entity.name), Query::new(&entity.name).sort("-id")] {
                let plain = texts(&Actor::system(), &query);
                assert_eq!(texts(&administrator, &query), plain, "{}", entity.name);
                assert_eq!(texts(&free, &query), plain, "{}", entity.name);
            }
        }
    });
}

/// A customer with ten thousand purchases is asked about like any other: by indexes, of his own lines, no more than a number of them.
#[test]
fn why_a_customer_may_buy_a_product_reads_no_whole_table() {
    on_both(modules, async |test| {
        let mut connection = postgres(&test).await;
        let (dialect, id) = (test.engine.dialect(), Id::from_u128(7));
        let day = "2026-04-12".parse().unwrap();
        let asked = explained::statements(&Settings::default(), (id, 1), day, id);
        let text = |select: &SelectStatement| match dialect {
            Dialect::Sqlite => select.to_string(SqliteQueryBuilder),
            Dialect::Postgres => select.to_string(PostgresQueryBuilder),
        };
        // Those of one row are walked to; his lines are found, and put in the order of their orders.
        let ways = [Way::Walks, Way::Finds, Way::Finds, Way::FindsAndSorts];
        let statements: Vec<Statement> =
            asked.iter().zip(ways).map(|(select, way)| Statement { sql: text(select), way }).collect();
        let plans = plans(&test, &mut connection, &statements).await;
        for (statement, lines) in statements.iter().zip(&plans) {
            assert!(!lines.is_empty(), "{}", statement.sql);
            assert_eq!(trouble(dialect, statement, lines), None);
        }
        if dialect == Dialect::Sqlite {
            // Nothing is gone through, not along an index either: all of them are found by what they are of.
            for lines in &plans {
                let found = lines.iter().filter(|line| line.starts_with("SEARCH ")).count();
                let sorts = lines.iter().filter(|line| line.starts_with("USE TEMP B-TREE")).count();
                assert!(found > 0 && found + sorts == lines.len(), "{lines:?}");
            }
            let own = &plans[3];
            for of in ["(account=?", "(order=?"] {
                assert!(own.iter().any(|line| line.contains(of)), "{of}: {own:?}");
            }
        }
        assert!(statements[3].sql.ends_with("LIMIT 200001"), "{}", statements[3].sql);
    });
}
