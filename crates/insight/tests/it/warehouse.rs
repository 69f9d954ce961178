//! The property the warehouse rests on: whatever is written, in whatever order, files that followed the log hold the rows a
//! full refresh writes, and those are the rows of the operational store.

use crate::{
    archive::stir,
    company::{Company, decimal, on_databases, values},
    live_equals_refit::{World, step},
    mining::shop,
};
use engine::{
    Actor, name,
    sea_query::{Expr, ExprTrait, Func, Query as Sql},
};
use insight::{
    mining::{experiment, groups, refresh as mine},
    refit,
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use meta::{Clock, Decimal, MONEY_SCALE, Value, unscaled};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use warehouse::{Limits, Manner};

/// Few rows a file, so that small companies have many.
pub const SMALL: Manner = Manner { full: false, late_figures: true, segment_rows: 7 };
pub const FULL: Manner = Manner { full: true, ..SMALL };

pub async fn refresh(company: &Company, manner: Manner) -> warehouse::Refreshed {
    // On PostgreSQL an entry is settled only when no older transaction of the whole server is open.
    loop {
        let done = warehouse::refresh(&company.engine, manner, None).await.unwrap();
        if done.position >= company.engine.last_change().await.unwrap() {
            return done;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

pub async fn ask(company: &Company, sql: &str) -> Vec<Vec<Value>> {
    let answer = warehouse::query(&company.engine, &Actor::system(), sql, Limits::PAGE).await;
    answer.unwrap_or_else(|error| panic!("{sql}: {error}")).values().map(Result::unwrap).collect()
}

/// Every row of every table, keys replaced by what they stand for.
pub async fn everything(company: &Company) -> Vec<(String, Vec<String>)> {
    let mut found = vec![];
    for table in warehouse::tables(company.engine.registry()) {
        let columns: Vec<String> = table
            .columns
            .iter()
            .filter(|column| column.kind != warehouse::ColumnKind::Key)
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let mut rows: Vec<String> =
            ask(company, &format!("SELECT {} FROM \"{}\"", columns.join(", "), table.name))
                .await
                .into_iter()
                .map(|row| format!("{row:?}"))
                .collect();
        rows.sort();
        found.push((table.name.clone(), rows));
    }
    let keyed = "SELECT s.\"order\", s.net, s.account, a.id, u.id FROM sales s \
        LEFT JOIN account a ON a.key = s.account_key LEFT JOIN \"user\" u ON u.key = s.owner_key";
    let mut rows: Vec<String> = ask(company, keyed).await.into_iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    found.push(("keys".to_owned(), rows));
    found
}

async fn base_sum(
    company: &Company,
    entity: &str,
    column: &str,
    states: [&'static str; 2],
    third: Option<&'static str>,
) -> Decimal {
    let select = Sql::select()
        .expr(Func::sum(Expr::col(name(column))).cast_as(name("bigint")))
        .from(name(entity))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name("status")).is_in(states.into_iter().chain(third)))
        .to_owned();
    let rows = company.engine.fetch(&select).await.unwrap();
    unscaled(rows[0].opt_int(0).unwrap().unwrap_or(0), MONEY_SCALE)
}

async fn sums_equal_the_operational_store(company: &Company) {
    for column in ["net", "margin"] {
        let sold = ask(company, &format!("SELECT coalesce(sum({column}), 0) FROM sales")).await[0][0]
            .as_decimal()
            .unwrap();
        let [one, two, three] = COUNTING_ORDERS;
        assert_eq!(
            sold,
            base_sum(company, "order", &format!("{column}_base"), [one, two], Some(three)).await,
            "{column}"
        );
        let back = ask(company, &format!("SELECT coalesce(sum({column}), 0) FROM returns")).await[0][0]
            .as_decimal()
            .unwrap();
        assert_eq!(
            back,
            base_sum(company, "return", &format!("{column}_base"), COUNTING_RETURNS, None).await,
            "{column}"
        );
    }
}

#[test]
fn files_that_followed_the_log_are_those_of_a_full_refresh() {
    on_databases(async |company| {
        let mut world = World { accounts: company.regulars().await, ..World::default() };
        let letter = values([
            ("name", "Letter".into()),
            ("start_on", Value::Date("2026-11-10".parse().unwrap())),
            ("end_on", Value::Date("2026-12-31".parse().unwrap())),
        ]);
        let letter = company.create(experiment::ENTITY, letter).await;
        let letter = company.engine.get(&Actor::system(), experiment::ENTITY, letter).await.unwrap();
        experiment::members::draw(&company.engine, &letter).await.unwrap();
        refit::refit(&company.engine, None).await.unwrap();
        company.settle().await;
        // The refit, which asks the warehouse too, left large files.
        let first = refresh(&company, FULL).await;
        assert!(first.segments_written > 20, "{first:?}");
        let mut incremental = 0;
        for seed in 0..6 {
            let mut chance = ChaCha8Rng::seed_from_u64(seed);
            for _ in 0..chance.random_range(1..6) {
                let (mut own, mut own_chance) = (world.clone(), chance.clone());
                let system = Actor::system();
                let work = company.engine.write(&system, move |tx| {
                    Box::pin(async move {
                        for _ in 0..own_chance.random_range(1..5) {
                            if own_chance.random_bool(0.4) {
                                stir(tx, &mut own, &mut own_chance).await?;
                            } else {
                                step(tx, &mut own, &mut own_chance).await?;
                            }
                        }
                        Ok((own, own_chance))
                    })
                });
                match work.await {
                    Ok(after) => (world, chance) = after,
                    Err(engine::Error::Invalid(_)) => chance = ChaCha8Rng::seed_from_u64(chance.random()),
                    Err(error) => panic!("seed {seed}: {error}"),
                }
            }
            company.settle().await;
            if seed % 4 == 3 {
                refit::refit(&company.engine, None).await.unwrap();
            }
            incremental += refresh(&company, SMALL).await.segments_written;
            sums_equal_the_operational_store(&company).await;
            // Of two rounds followed in turn; by the fourth there was a refit.
            if seed % 2 == 0 {
                continue;
            }
            let followed = everything(&company).await;
            let full = refresh(&company, FULL).await;
            for ((table, followed), (_, full)) in followed.iter().zip(everything(&company).await) {
                assert_eq!(*followed, full, "seed {seed}, table {table}");
            }
            assert!(full.rows > 100, "{full:?}");
        }
        assert!(incremental > 6, "{incremental}");
    });
}

#[test]
fn a_refresh_writes_only_what_moved() {
    on_databases(async |company| {
        company.regulars().await;
        let first = refresh(&company, SMALL).await;
        let again = refresh(&company, SMALL).await;
        // Only figures, which may follow with a delay, are looked at again.
        assert!(again.segments_written < first.segments_written / 2, "{first:?} {again:?}");
        let third = refresh(&company, SMALL).await;
        assert_eq!((third.segments_written, third.rows), (0, first.rows));
        let order = company.order(None, "2026-10-01", "12.34", None).await;
        let more = refresh(&company, SMALL).await;
        // The file that holds the order: in the order, line and two fact tables, and perhaps cut in two.
        assert!(more.rows_written * 10 < more.rows && more.segments_written <= 8, "{more:?}");
        let found =
            ask(&company, &format!("SELECT net, margin, day FROM sales WHERE \"order\" = id('{order}')"))
                .await;
        assert_eq!(found, [vec![decimal("12.34"), Value::Null, Value::Date("2026-10-01".parse().unwrap())]]);
    });
}

#[test]
fn figures_that_followed_late_are_left_to_the_refresh_that_looks_for_them() {
    on_databases(async |company| {
        let account = company.customer("Late Ltd").await;
        let records = Manner { late_figures: false, ..SMALL };
        let asked = format!("SELECT customer_group FROM account_figures WHERE id = id('{account}')");
        for (manner, group) in [(records, Value::Null), (records, Value::Null), (SMALL, Value::Int(4))] {
            refresh(&company, manner).await;
            assert_eq!(ask(&company, &asked).await, [vec![group]], "{manner:?}");
            let system = Actor::system();
            let work = company.engine.write(&system, move |tx| {
                Box::pin(async move {
                    tx.set_figures("account", &[(account, values([("customer_group", Value::Int(4))]))]).await
                })
            });
            work.await.unwrap();
        }
    });
}

#[test]
fn groups_that_were_mined_are_in_the_files_after_the_next_refresh() {
    on_databases(async |company| {
        shop(&company).await;
        company.hold("2026-04-12").await;
        refit::refit(&company.engine, None).await.unwrap();
        refresh(&company, SMALL).await;
        // Mined after the fit: nothing of it is in the change log.
        mine::refresh(&company.engine, None).await.unwrap();
        refresh(&company, SMALL).await;
        let kept = groups::load(&company.engine).await.unwrap().unwrap();
        let found = &kept.body.as_ref().unwrap().groups;
        let mut expected: Vec<Vec<Value>> = found
            .iter()
            .map(|group| [i64::from(group.number), group.profile.customers as i64].map(Value::Int).to_vec())
            .collect();
        expected.sort_by_key(|row| row[0].as_int());
        let counted = "SELECT customer_group, count(*) FROM account_figures WHERE customer_group IS NOT NULL \
            GROUP BY 1 ORDER BY 1";
        assert_eq!(ask(&company, counted).await, expected);
    });
}

#[test]
fn a_line_of_tomorrow_in_utc_is_of_today_in_the_company() {
    on_databases(async |company| {
        let head = values([("ordered_at", Value::Instant("2026-10-01T17:30:00Z".parse().unwrap()))]);
        let line = values([("description", "goods".into()), ("unit_price", decimal("3"))]);
        company.document("order", "order_line", head, line).await;
        refresh(&company, SMALL).await;
        let sql = "SELECT s.day, d.month, d.weekday FROM sales s JOIN \"date\" d ON d.day = s.day";
        let day = Value::Date("2026-10-02".parse().unwrap());
        assert_eq!(ask(&company, sql).await, [vec![day, Value::Int(10), Value::Int(5)]]);
    });
}

#[test]
fn what_was_erased_is_in_no_file() {
    on_databases(async |company| {
        let person = company
            .create(
                "account",
                values([
                    ("name", "Zhang Yishan".into()),
                    ("kind", "person".into()),
                    ("phone", "13800138000".into()),
                ]),
            )
            .await;
        company.customer("Stays Ltd").await;
        refresh(&company, SMALL).await;
        assert_eq!(ask(&company, "SELECT name FROM account ORDER BY name").await.len(), 2);
        let names = files_that_hold(&company, "Zhang Yishan");
        assert!(names > 0, "the test looks in the wrong place");
        company.engine.erase(&Actor::system(), "account", person, "asked for it").await.unwrap();
        refresh(&company, SMALL).await;
        let left =
            ask(&company, "SELECT name, phone FROM account WHERE name LIKE 'Zhang%' OR phone LIKE '138%'")
                .await;
        assert_eq!(left, Vec::<Vec<Value>>::new());
        // The old file goes after its grace.
        company.clock.set(company.clock.now() + chrono::Duration::minutes(11));
        company.customer("Another").await;
        refresh(&company, SMALL).await;
        assert_eq!(files_that_hold(&company, "Zhang Yishan"), 0);
    });
}

#[test]
fn what_a_refresh_left_that_did_not_end_is_deleted_an_hour_later() {
    on_databases(async |company| {
        company.customer("A").await;
        refresh(&company, SMALL).await;
        let now = company.clock.now();
        let left = |folder: &str, minutes_ago: i64, kind: &str| {
            let folder = company.engine.data_dir().join("warehouse").join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            let id = Clock::fixed(now - chrono::Duration::minutes(minutes_ago)).new_id();
            let file = folder.join(format!("{id}.{kind}"));
            std::fs::write(&file, "left").unwrap();
            file
        };
        // The second was not even written to its end.
        let old = [
            left("tables/account", 61, "parquet"),
            left("tables/sales", 61, "parquet#1"),
            left("keys/account", 61, "ids"),
        ];
        let young = left("tables/account", 30, "parquet");
        company.customer("B").await;
        refresh(&company, SMALL).await;
        assert!(old.iter().all(|file| !file.exists()) && young.exists());
        company.clock.set(now + chrono::Duration::minutes(41));
        refresh(&company, SMALL).await;
        assert!(!young.exists());
        let names = ask(&company, "SELECT name FROM account ORDER BY name").await;
        assert_eq!(names, [vec![Value::from("A")], vec![Value::from("B")]]);
        // What is named is there, and a refresh can go on from it.
        let again = refresh(&company, FULL).await;
        assert!(again.rows > 0, "{again:?}");
    });
}

fn files_that_hold(company: &Company, words: &str) -> usize {
    let mut folders = vec![company.engine.data_dir().join("warehouse")];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let bytes = std::fs::read(entry.path()).unwrap();
                found += usize::from(bytes.windows(words.len()).any(|window| window == words.as_bytes()));
            }
        }
    }
    found
}
