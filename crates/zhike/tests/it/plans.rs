//! Every list, sort and filter that pages and API offer is asked of both databases: which way would you go? None may read a
//! whole table, and only what is limited may be sorted.

use crate::pages::modules;
use engine::{Action, Actor, Dialect, Level, Query, Statement, Way};
use meta::{Apart, Entity, Field, Id, Kind, Lang, Value, Values};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::collections::HashSet;
use testkit::{TestApp, on_both};

/// Conditions on a field as the filter builder writes them.
fn conditions(field: &Field) -> Vec<String> {
    let name = &field.name;
    let compared =
        |value: &str| ["==", "!=", "<", ">="].map(|operator| format!("{name} {operator} {value}")).to_vec();
    let mut all = match &field.kind {
        Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent => compared("5"),
        Kind::Date => compared("'2026-01-05'"),
        Kind::Instant => compared("'2026-01-05T08:00:00Z'"),
        Kind::Bool => vec![name.clone(), format!("!{name}")],
        Kind::Choice(choices) => {
            let value = &choices[0].value;
            vec![
                format!("{name} == '{value}'"),
                format!("{name} in ['{value}']"),
                format!("{name} != '{value}'"),
            ]
        }
        Kind::Reference { .. } => vec![format!("{name} == '01890000-0000-7000-8000-000000000000'")],
        Kind::Json => return vec![],
        _ => {
            vec![format!("{name} == 'x'"), format!("{name}.contains('x')"), format!("{name}.startsWith('x')")]
        }
    };
    all.extend([format!("{name} == null"), format!("{name} != null")]);
    all
}

fn queries(entity: &Entity) -> Vec<Query> {
    let base = || Query::new(&entity.name).limit(50);
    let mut sorts: Vec<String> =
        entity.fields.values().filter(|f| f.indexed).map(|f| f.name.clone()).collect();
    sorts.push("id".into());
    if entity.parent.is_none() {
        sorts.extend(["created_at".into(), "updated_at".into()]);
    }
    let mut all = vec![base()];
    let choice = |apart: Option<Apart>| {
        let is =
            |field: &&Field| field.indexed && field.apart == apart && matches!(field.kind, Kind::Choice(_));
        entity.fields.values().find(is)
    };
    for sort in &sorts {
        all.extend([base().sort(sort.clone()), base().sort(format!("-{sort}"))]);
        for told in [choice(None), choice(Some(Apart::Figures))].into_iter().flatten() {
            all.push(base().sort(sort.clone()).filter(format!("{} != null", told.name)));
            all.push(base().sort(sort.clone()).filter(conditions(told).remove(0)));
        }
    }
    // CEL keeps `return` and `import` for itself.
    let fields: Vec<Field> = entity.fields.values().cloned().collect();
    for field in fields.iter().filter(|field| !["return", "import"].contains(&field.name.as_str())) {
        for condition in conditions(field) {
            all.push(base().filter(condition.clone()));
            all.push(base().filter(condition).sort("-id"));
        }
        if field.target().is_some() {
            let id = meta::Id::from_u128(7);
            all.push(base().belongs_to(&field.name, id));
            all.push(base().belongs_to(&field.name, id).sort("id"));
        }
    }
    if fields.iter().any(|field| field.searched) {
        all.extend([base().search("华为"), base().search("acme")]);
    }
    if entity.parent.is_none() {
        let mut deleted = base();
        deleted.deleted = true;
        all.push(deleted);
    }
    all
}

/// A connection of our own to PostgreSQL, told never to read a table whole if it can help it: by itself it would in an
/// almost empty database.
async fn postgres(test: &TestApp) -> Option<PgConnection> {
    if test.engine.dialect() == Dialect::Sqlite {
        return None;
    }
    let named = test.engine.fetch_text("SELECT CAST(current_database() AS text)").await.unwrap();
    let server = std::env::var("ZHIKE_TEST_DATABASE_URL").unwrap();
    let url = format!("{}/{}", server.rsplit_once('/').unwrap().0, named[0].text(0).unwrap());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
    Some(connection)
}

/// The plan of each statement.
async fn plans(
    test: &TestApp,
    postgres: &mut Option<PgConnection>,
    statements: &[Statement],
) -> Vec<Vec<String>> {
    let Some(connection) = postgres else {
        let mut plans = vec![];
        for statement in statements {
            let plan = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let rows = test.engine.fetch_text(&plan).await.unwrap();
            plans.push(rows.iter().map(|row| row.text(3).unwrap()).collect());
        }
        return plans;
    };
    // There are tens of thousands: they are asked together, each followed by an empty line.
    let asked = statements.iter().map(|statement| format!("EXPLAIN {}; SELECT '';", statement.sql));
    let rows = sqlx::raw_sql(AssertSqlSafe(asked.collect::<String>())).fetch_all(connection).await;
    let lines: Vec<String> = rows.unwrap().iter().map(|row| row.get(0)).collect();
    lines.split(String::is_empty).take(statements.len()).map(<[String]>::to_vec).collect()
}

/// What is wrong with a plan.
fn trouble(dialect: Dialect, statement: &Statement, lines: &[String]) -> Option<String> {
    let sql = &statement.sql;
    // A table is its own index by id.
    let by_key = sql.contains(".\"id\" ASC LIMIT") || sql.contains(".\"id\" DESC LIMIT");
    let wrong = |line: &&String| match dialect {
        Dialect::Sqlite => {
            // The full-text index and what a subquery has found are no tables of ours.
            let scans = line.starts_with("SCAN ")
                && !line.contains("VIRTUAL TABLE")
                && !line.starts_with("SCAN some")
                && !line.starts_with("SCAN way");
            let along_index = line.contains("INDEX") || by_key;
            let sorts = line.contains("TEMP B-TREE FOR") && statement.way != Way::FindsAndSorts;
            let told = sql.contains(" AS \"record\"") && !line.contains("record");
            let reads_records = told && scans && !line.contains("COVERING INDEX");
            let looks_up_records = line.starts_with("SEARCH part") && !line.contains("COVERING INDEX");
            scans && !(statement.way == Way::Walks && along_index)
                || sorts
                || reads_records
                || looks_up_records
        }
        // Which of its indexes PostgreSQL takes depends on how many rows there are; here there are none.
        Dialect::Postgres => line.contains("Seq Scan"),
    };
    lines.iter().find(wrong).map(|line| format!("{line}\n  {sql}\n  {}", lines.join("\n  ")))
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
        let asked = queries(entity).into_iter().enumerate().filter(|(number, _)| is_asked(*number));
        for (_, query) in asked {
            statements.extend(test.engine.statements(actor, &query).unwrap());
        }
        // What finds or counts the rows is the same however they are sorted.
        let mut known = HashSet::new();
        statements.retain(|statement| known.insert((statement.sql.clone(), statement.way as u8)));
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
    on_both(modules, async |test| {
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
