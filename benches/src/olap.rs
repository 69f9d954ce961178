//! `bench olap`: questions over every order line of the company, answered in process from its warehouse. Times and answers are
//! written where `benches/beside_duckdb.py` finds them and asks others the same of the same files.

use crate::{
    data::{self, place},
    measure::Machine,
    modules,
};
use anyhow::{Context, bail};
use chrono::{Datelike, NaiveDate};
use clap::Args;
use engine::{Action, Actor, Engine, Query};
use meta::{Decimal, Lang, Value, Values};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};
use tokio::runtime::Runtime;
use warehouse::{
    Limits, Manner,
    semantic::{self, AnswerTable, Cut, Level, Period, Question, Sort},
};

/// What answers give money and numbers in.
const UNIT: i64 = 10_000;

#[derive(Args, Clone)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Arguments,
    /// Times each question is asked, after once for nothing
    #[arg(long, default_value_t = 7)]
    times: usize,
    /// Only questions whose name holds this: for a profiler
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// By a user who may see only his own records, or those of his team: own or team
    #[arg(long, value_name = "LEVEL", value_parser = ["own", "team"])]
    sees: Option<String>,
    /// Where times and answers are written
    #[arg(long, value_name = "DIR", default_value = "target/bench-results/olap")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    /// Folder of the warehouse's files.
    warehouse: PathBuf,
    lines: u64,
    customers: usize,
    /// The year that stands beside the one before.
    year: i32,
    refresh_seconds: f64,
    written_rows: u64,
    bytes: u64,
    questions: Vec<Measured>,
}

#[derive(Serialize)]
struct Measured {
    name: &'static str,
    milliseconds: Vec<f64>,
    rows: usize,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.times == 0 {
        bail!("--times 0 measures nothing: give at least 1");
    }
    let company = data::ready(&arguments.data)?;
    let place = place(&arguments.data);
    fs::create_dir_all(&arguments.out)
        .with_context(|| format!("cannot make the folder {}", arguments.out.display()))?;
    Runtime::new()?.block_on(async {
        let engine = modules::open(place.database.clone(), &place.folder).await?;
        let refreshed = warehouse::refresh(&engine, Manner::default(), None).await?;
        eprintln!("{:>6.1} s  for the warehouse's files", refreshed.seconds);
        let status = warehouse::status(&engine).await?;
        let sales = status.tables.iter().find(|table| table.name == "sales").context("no sales")?;
        let year = company.until.year() - 1;
        let mut report = Report {
            machine: Machine::look(),
            warehouse: engine.data_dir().join("warehouse"),
            lines: sales.rows,
            customers: company.size.accounts,
            year,
            refresh_seconds: refreshed.seconds,
            written_rows: refreshed.rows_written,
            bytes: sales.bytes,
            questions: vec![],
        };
        let actor = match &arguments.sees {
            Some(level) => limited(&engine, level).await?,
            None => Actor::system(),
        };
        let wanted = |name: &str| arguments.only.as_ref().is_none_or(|part| name.contains(part));
        for (name, question) in questions(year)?.into_iter().filter(|(name, _)| wanted(name)) {
            let measured = measure(arguments, name, async || {
                let answer = semantic::ask(&engine, &actor, &question).await?;
                if answer.more {
                    bail!("{name}: the answer is cut off");
                }
                Ok(answer)
            });
            let (measured, answer) = measured.await?;
            report.questions.push(Measured { rows: answer.rows.len(), ..measured });
            write(&arguments.out, name, lines(&answer))?;
        }
        if wanted(RFM_NAME) {
            let (measured, rows) = measure(arguments, RFM_NAME, async || rfm(&engine, &actor).await).await?;
            report.questions.push(Measured { rows: rows.rows(), ..measured });
            let rows = rows.values().map(|row| Ok(row?.iter().map(text).collect::<Vec<_>>().join("\t")));
            write(&arguments.out, RFM_NAME, rows.collect::<anyhow::Result<Vec<_>>>()?)?;
        }
        fs::write(arguments.out.join("zhike.json"), serde_json::to_string_pretty(&report)?)?;
        Ok(())
    })
}

fn questions(year: i32) -> anyhow::Result<Vec<(&'static str, Question)>> {
    let of = |measure: &str, cuts: &[(&str, Option<Level>)]| Question {
        measures: vec![measure.to_owned()],
        cuts: cuts.iter().map(|(dimension, level)| Cut::new(dimension, *level)).collect(),
        ..Question::default()
    };
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).context("no such day");
    let month = ("day", Some(Level::Month));
    let best = |measure: &str, of_what: &str| Question {
        top: Some(20),
        sort: Some(Sort { by: measure.into(), descending: true }),
        ..of(measure, &[(of_what, None)])
    };
    Ok(vec![
        ("sales by month", of("sales", &[month])),
        ("sales by month and category", of("sales", &[month, ("product.category", None)])),
        ("20 largest products and the rest", best("sales", "product")),
        ("20 best customers and the rest", best("sales", "account")),
        ("20 largest postcodes and the rest", best("sales", "account.postcode")),
        (
            "a year beside the year before, by city",
            Question {
                period: Some(Period::Between { from: day(1, 1)?, to: day(12, 31)? }),
                compare: Some(semantic::Compare::LastYear),
                ..of("sales", &[("account.city", None)])
            },
        ),
        ("different customers by month", of("customers", &[month])),
        ("orders by month", of("orders", &[month])),
        ("orders by category", of("orders", &[("product.category", None)])),
        ("20 products on most orders and the rest", best("orders", "product")),
        ("net sales by month", of("net_sales", &[month])),
        ("net profit by importance", of("net_profit", &[("account.importance", None)])),
        ("expected sales by city", of("clv_52w", &[("account.city", None)])),
        (
            "sales by month of customers in one city",
            Question { filter: "account.city == '北京'".into(), ..of("sales", &[month]) },
        ),
    ])
}

const RFM_NAME: &str = "recency, frequency, money of every customer";

/// What a limited user sees a part of.
const LIMITED: [&str; 6] = ["account", "order", "order_line", "return", "return_line", "activity"];

/// A row for each customer is more than a page shows: SQL, as an analysis asks.
const RFM: &str = "WITH bought AS (
    SELECT account_key, max(\"day\") AS last_day, count(DISTINCT \"order\") AS orders, sum(net) AS money
    FROM sales WHERE account_key IS NOT NULL GROUP BY account_key)
SELECT account_key, last_day, orders, money,
    ntile(5) OVER (ORDER BY last_day, account_key),
    ntile(5) OVER (ORDER BY orders, account_key),
    ntile(5) OVER (ORDER BY money, account_key)
FROM bought";

async fn rfm(engine: &Engine, actor: &Actor) -> anyhow::Result<warehouse::Answer> {
    Ok(warehouse::query(engine, actor, RFM, Limits::JOB).await?)
}

/// One of the company's users, with a role that is made the first time.
async fn limited(engine: &Engine, level: &str) -> anyhow::Result<Actor> {
    let system = Actor::system();
    let email = if level == "own" { "user0@zhike.example" } else { "user1@zhike.example" };
    let by = |entity: &str, filter: String| Query::new(entity).filter(filter).limit(1);
    let user = engine.list(&system, &by("user", format!("email == '{email}'"))).await?;
    let user = user.records.first().with_context(|| format!("the company has no {email}"))?.id;
    let role = format!("bench: {level}");
    if engine.list(&system, &by("role", format!("name == '{role}'"))).await?.records.is_empty() {
        let level = level.to_owned();
        let made = engine.write(&system, move |tx| {
            Box::pin(async move {
                let role =
                    tx.create("role", Values::from([("name".to_owned(), role.as_str().into())])).await?;
                for entity in LIMITED {
                    let mut right = Values::from([
                        ("role".to_owned(), role.into()),
                        ("entity".to_owned(), entity.into()),
                    ]);
                    right.extend(Action::ALL.map(|action| (action.name().to_owned(), level.as_str().into())));
                    tx.create("role_right", right).await?;
                }
                let has = Values::from([("user".to_owned(), user.into()), ("role".to_owned(), role.into())]);
                tx.create("user_role", has).await.map(drop)
            })
        });
        made.await?;
    }
    Ok(engine.actor(user, Lang::Zh).await?)
}

async fn measure<T>(
    arguments: &Arguments,
    name: &'static str,
    ask: impl AsyncFn() -> anyhow::Result<T>,
) -> anyhow::Result<(Measured, T)> {
    let mut answer = ask().await.with_context(|| name)?;
    let mut milliseconds = vec![];
    for _ in 0..arguments.times {
        let started = Instant::now();
        answer = ask().await.with_context(|| name)?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1e3);
    }
    milliseconds.sort_by(f64::total_cmp);
    eprintln!("{:>6.0} ms  {name}", milliseconds[milliseconds.len() / 2]);
    Ok((Measured { name, milliseconds, rows: 0 }, answer))
}

/// Members, then values in ten-thousandths, now and before.
fn lines(answer: &AnswerTable) -> Vec<String> {
    let numbers = |cells: &[semantic::Cell]| {
        let all = cells.iter().flat_map(|cell| [cell.value, cell.compared]);
        all.map(|value| value.map(whole).unwrap_or_default()).collect::<Vec<String>>()
    };
    let row = |line: &semantic::Line| {
        let member = |member: &semantic::Member| match (&member.value, member.rest) {
            (_, true) => "rest".to_owned(),
            (serde_json::Value::String(text), _) => text.clone(),
            (serde_json::Value::Null, _) => String::new(),
            (other, _) => other.to_string(),
        };
        line.members.iter().map(member).chain(numbers(&line.cells)).collect::<Vec<_>>().join("\t")
    };
    let total = ["total".to_owned()].into_iter().chain(numbers(&answer.total)).collect::<Vec<_>>().join("\t");
    answer.rows.iter().map(row).chain([total]).collect()
}

fn whole(number: Decimal) -> String {
    (number * Decimal::from(UNIT)).normalize().to_string()
}

fn text(value: &Value) -> String {
    match value {
        Value::Decimal(number) => whole(*number),
        Value::Date(day) => day.to_string(),
        Value::Int(number) => number.to_string(),
        other => other.to_json().to_string(),
    }
}

fn write(out: &Path, name: &str, mut lines: Vec<String>) -> anyhow::Result<()> {
    lines.sort_unstable();
    Ok(fs::write(out.join(format!("{name}.tsv")), lines.join("\n") + "\n")?)
}
