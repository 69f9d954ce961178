//! Files in and out: imports through the command line into an empty database, the export of a whole list.

use super::{
    process::{self, Memory},
    report::Figure,
    server::{Program, Server},
    visitor::Visitor,
};
use crate::data::{Chance, Names, database_of};
use anyhow::{Context, bail};
use engine::Database;
use serde_json::{Value as Json, json};
use sqlx::Connection;
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const LINES_PER_SECOND: f64 = 20_000.0;
const ACCOUNTS_PER_SECOND: f64 = 15_000.0;
const PEAK_MB: f64 = 400.0;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const IMPORT_LIMIT: Duration = Duration::from_secs(1_800);

/// Online Retail through the whole import, beside `sqlite3 .import` of the same file.
pub async fn import_orders(program: &Program, file: &Path) -> anyhow::Result<(Vec<Figure>, Json)> {
    let aside = tempfile::tempdir()?;
    let done =
        import(program, aside.path(), &["orders", &file.display().to_string(), "--currency", "GBP"]).await?;
    let plain = plain_import(file, aside.path())?;
    let figures = vec![
        Figure::new("import-orders", "lines", done.per_second(), "lines/s").at_least(LINES_PER_SECOND),
        Figure::new("import-orders", "RSS at most", done.memory.peak, "MB").at_most(PEAK_MB),
        Figure::new("import-orders", "whole command", done.seconds, "s"),
        Figure::new("import-orders", "sqlite3 .import into one indexed table", plain, "s"),
        Figure::new("import-orders", "import / sqlite3 .import", done.seconds / plain, "times"),
    ];
    Ok((figures, json!({ "counts": done.counts, "sqlite3_seconds": plain })))
}

/// As many customers as the company has.
pub async fn import_accounts(program: &Program, accounts: usize) -> anyhow::Result<(Vec<Figure>, Json)> {
    let aside = tempfile::tempdir()?;
    let file = aside.path().join("accounts.csv");
    write_accounts(&file, accounts)?;
    let done = import(program, aside.path(), &["accounts", &file.display().to_string()]).await?;
    let figures = vec![
        Figure::new("import-accounts", format!("{accounts} customers"), done.per_second(), "accounts/s")
            .at_least(ACCOUNTS_PER_SECOND),
        Figure::new("import-accounts", "RSS at most", done.memory.peak, "MB").at_most(PEAK_MB),
        Figure::new("import-accounts", "whole command", done.seconds, "s"),
    ];
    Ok((figures, json!({ "counts": done.counts })))
}

struct Imported {
    counts: Json,
    seconds: f64,
    memory: Memory,
}

impl Imported {
    fn per_second(&self) -> f64 {
        self.counts["rows"].as_f64().unwrap_or_default() / self.seconds
    }
}

/// Runs the command into an empty database; its time is the whole command's, opening the database included.
async fn import(program: &Program, aside: &Path, arguments: &[&str]) -> anyhow::Result<Imported> {
    let program = program.at(&aside.join("data"));
    let program = match &program.database {
        Database::Sqlite => program,
        Database::Postgres(url) => {
            Program { database: Database::Postgres(empty_database(url).await?), ..program }
        }
    };
    let began = Instant::now();
    let mut child = Command::new(&program.zhike)
        .arg("import")
        .args(arguments)
        .arg("--json")
        .args(program.arguments())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", program.zhike.display()))?;
    let mut memory = Memory::default();
    while child.try_wait()?.is_none() {
        // What it had just before it ended is the last that can be seen.
        memory = process::memory(child.id()).filter(|seen| seen.peak >= memory.peak).unwrap_or(memory);
        if began.elapsed() > IMPORT_LIMIT {
            child.kill()?;
            bail!("the import takes longer than {} s", IMPORT_LIMIT.as_secs());
        }
        sleep(LOOK_EVERY);
    }
    let seconds = began.elapsed().as_secs_f64();
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let counts = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
    Ok(Imported { counts: counts.context("the import did not say its counts")?, seconds, memory })
}

/// Beside the company's own database.
async fn empty_database(url: &str) -> anyhow::Result<String> {
    const NAME: &str = "zhike_bench_import";
    let mut server = sqlx::PgConnection::connect(url).await?;
    for sql in
        ["DROP DATABASE IF EXISTS zhike_bench_import WITH (FORCE)", "CREATE DATABASE zhike_bench_import"]
    {
        sqlx::query(sql).execute(&mut server).await?;
    }
    let (address, _) = database_of(url).context("--database-url has no database name")?;
    Ok(format!("{address}/{NAME}"))
}

/// Seconds that sqlite3 takes for the same file, unpacked, into one table with an index.
fn plain_import(file: &Path, aside: &Path) -> anyhow::Result<f64> {
    let unpacked = aside.join("lines.csv");
    let packed = file.extension().is_some_and(|ending| ending == "gz");
    if packed {
        let status = Command::new("gzip").arg("-dc").arg(file).stdout(File::create(&unpacked)?).status()?;
        if !status.success() {
            bail!("{} cannot be unpacked", file.display());
        }
    } else {
        fs::copy(file, &unpacked)?;
    }
    let head =
        fs::read_to_string(&unpacked).map(|text| text.lines().next().unwrap_or_default().to_owned())?;
    let columns: Vec<String> = head.split(',').map(|column| format!("\"{column}\" TEXT")).collect();
    let first = head.split(',').next().unwrap_or_default();
    let script = format!(
        "CREATE TABLE lines ({});\nCREATE INDEX by_first ON lines (\"{first}\");\n.import --csv --skip 1 {} lines\n",
        columns.join(", "),
        unpacked.display()
    );
    let began = Instant::now();
    let mut child = Command::new("sqlite3")
        .arg(aside.join("plain.db"))
        .stdin(Stdio::piped())
        .spawn()
        .context("sqlite3 is missing: apt-get install sqlite3")?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(script.as_bytes())?;
    }
    if !child.wait()?.success() {
        bail!("sqlite3 .import failed");
    }
    Ok(began.elapsed().as_secs_f64())
}

fn write_accounts(file: &Path, accounts: usize) -> anyhow::Result<()> {
    let (mut chance, names) = (Chance::new(11, 0), Names::new());
    let mut text = BufWriter::new(File::create(file)?);
    writeln!(text, "客户编号,客户名称,客户类型,电话,电子邮箱,行业,城市,地址,客户来源")?;
    for number in 1..=accounts {
        let city = names.city(&mut chance);
        let (name, industry) = names.chinese_company(city, &mut chance);
        let phone = format!("+8619{:09}", chance.below(1_000_000_000));
        writeln!(
            text,
            "K{number},{name},公司,{phone},k{number}@firma.example,{industry},{city},人民路{number}号,展会"
        )?;
    }
    Ok(text.flush()?)
}

/// The whole list as a stream.
pub async fn export(server: &Server, visitor: &Visitor) -> anyhow::Result<(Vec<Figure>, Json)> {
    let began = Instant::now();
    let mut answer = visitor.page("/account/export?sort=name").await?;
    let (mut rows, mut bytes) = (0, 0);
    while let Some(part) = answer.chunk().await? {
        rows += part.iter().filter(|byte| **byte == b'\n').count();
        bytes += part.len();
    }
    let seconds = began.elapsed().as_secs_f64();
    let figures = vec![
        Figure::new("export", format!("{} customers", rows - 1), (rows - 1) as f64 / seconds, "rows/s"),
        Figure::new("export", "RSS afterwards", server.memory().now, "MB"),
    ];
    Ok((figures, json!({ "rows": rows - 1, "bytes": bytes, "seconds": seconds })))
}
