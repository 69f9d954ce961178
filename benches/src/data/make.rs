//! The steps from an empty database to a company ready to be measured.

use super::{
    Arguments,
    company::{self, Size},
    loader::Loader,
    postgres::{Postgres, database_of},
    sink::Sink,
    sqlite::Sqlite,
};
use crate::modules;
use anyhow::{Context, bail};
use engine::{Database, Dialect, Engine, Registry, Role, schema::tables, search};
use meta::{Clock, Lang, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    thread::sleep,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const EMAIL: &str = "bench@zhike.example";
const PASSWORD: &str = "measure-how-fast";
/// Present as long as the company is not finished.
const UNFINISHED: &str = "bench.unfinished";
const FINISHED: &str = "bench.json";
const DATABASE_FILES: [&str; 3] = ["zhike.db", "zhike.db-wal", "zhike.db-shm"];
/// Only such a database of PostgreSQL is emptied.
const OURS: &str = "zhike_bench";
/// How long another connection may take to go away.
const TRIES: usize = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

pub struct Place {
    pub folder: PathBuf,
    pub database: Database,
}

/// What is in the database and how to get in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub folder: PathBuf,
    pub scale: f64,
    pub size: Size,
    pub contacts: usize,
    pub order_lines: usize,
    pub until: NaiveDate,
    /// Changes with the tables and with the generator's version.
    pub schema: String,
    pub figures: bool,
    pub seconds: f64,
    pub email: String,
    pub password: String,
    pub token: String,
}

impl Manifest {
    fn write(self, place: &Place) -> anyhow::Result<Self> {
        fs::write(place.folder.join(FINISHED), serde_json::to_string_pretty(&self)?)?;
        Ok(self)
    }
}

/// Raised when other records come out for the same size.
const VERSION: u32 = 1;

fn schema_of(registry: &Registry) -> anyhow::Result<String> {
    let text = format!("{VERSION} {}", serde_json::to_string(&tables(registry))?);
    Ok(Sha256::digest(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

pub fn ready(place: &Place, wanted: &Arguments) -> anyhow::Result<Manifest> {
    // The metadata needs an engine; this one has an empty database of its own.
    let aside = tempfile::tempdir()?;
    let runtime = Runtime::new()?;
    let sketch = runtime.block_on(modules::open(Database::Sqlite, aside.path()))?;
    let schema = schema_of(sketch.registry())?;
    let kept = fs::read_to_string(place.folder.join(FINISHED)).ok();
    let kept: Option<Manifest> = kept.and_then(|text| serde_json::from_str(&text).ok());
    let fits = |kept: &Manifest| {
        kept.size == Size::at(wanted.scale, wanted.orders)
            && kept.figures != wanted.without_figures
            && !wanted.again
    };
    match kept {
        Some(kept) if fits(&kept) && kept.schema == schema => Ok(kept),
        Some(kept) if fits(&kept) && wanted.upgrade => {
            with_engine(place, async |_| Ok(()))?;
            Manifest { schema, ..kept }.write(place)
        }
        Some(_) if !wanted.again => bail!(
            "{} has a company of another size or made for another schema: --upgrade brings an older one up to date, --again makes it anew",
            place.folder.display()
        ),
        kept => {
            clear(place, kept.is_some())?;
            make(place, wanted, sketch.registry(), schema)
        }
    }
}

/// Removes an older company; nobody else's data.
fn clear(place: &Place, finished: bool) -> anyhow::Result<()> {
    let ours = finished || place.folder.join(UNFINISHED).exists();
    match &place.database {
        Database::Sqlite => {
            let files = DATABASE_FILES.map(|file| place.folder.join(file));
            if files[0].exists() && !ours {
                bail!(
                    "{} was not made by `bench data`: choose another folder with --data",
                    files[0].display()
                );
            }
            for file in files.iter().filter(|file| file.exists()) {
                fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))?;
            }
        }
        Database::Postgres(url) => {
            let name = database_of(url).map(|(_, name)| name).unwrap_or_default();
            if !name.starts_with(OURS) {
                bail!(
                    "--database-url: a database named {OURS}… is wanted, because it is emptied; “{name}” is not one"
                );
            }
            Postgres::ensure(url)?;
            Postgres::open(url)?.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")?;
        }
    }
    let finished = place.folder.join(FINISHED);
    if finished.exists() {
        fs::remove_file(&finished)?;
    }
    Ok(())
}

fn make(place: &Place, wanted: &Arguments, registry: &Registry, schema: String) -> anyhow::Result<Manifest> {
    let started = Instant::now();
    let unfinished = place.folder.join(UNFINISHED);
    fs::write(&unfinished, "made by `bench data`; may be removed with all beside it\n")?;
    let (token, documents) = with_engine(place, async |engine| {
        let role = Role::Administrator;
        let user = web::auth::create_user(engine, "性能测试", EMAIL, PASSWORD, role, Lang::Zh).await?;
        let token = web::tokens::create(engine, user, "bench", None).await?;
        let mut documents = BTreeMap::new();
        for entity in engine.registry().entities().filter(|entity| search::is_searched(entity)) {
            let sql = format!("SELECT MAX(\"doc\") FROM \"{}\"", search::table_name(&entity.name));
            let highest = engine.fetch_text(&sql).await?.first().map(|row| row.opt_int(0)).transpose()?;
            documents.insert(entity.name.clone(), highest.flatten().unwrap_or(0));
        }
        Ok((token, documents))
    })?;
    let until = wanted.until.unwrap_or_else(|| Clock::system().today());
    let size = Size::at(wanted.scale, wanted.orders);
    let mut loader = loader(place, registry, documents)?;
    loader.indexes(false, |_, _| true)?;
    let made = company::load(&mut loader, registry, size, until)?;
    loader.indexes(true, |_, _| true)?;
    loader.settle()?;
    if !wanted.without_figures {
        with_engine(place, async |engine| {
            insight::refit::refit(engine, None).await?;
            while insight::live::follow(engine).await? > 0 {}
            Ok(())
        })?;
    }
    let manifest = Manifest {
        folder: place.folder.clone(),
        scale: wanted.scale,
        size,
        contacts: made.contacts,
        order_lines: made.order_lines,
        until,
        schema,
        figures: !wanted.without_figures,
        seconds: started.elapsed().as_secs_f64(),
        email: EMAIL.to_owned(),
        password: PASSWORD.to_owned(),
        token,
    };
    let manifest = manifest.write(place)?;
    fs::remove_file(&unfinished)?;
    eprintln!("{:>6.1} s  for everything", manifest.seconds);
    Ok(manifest)
}

/// Opens the engine, works, and closes it for certain: the loader wants the file for itself.
fn with_engine<T>(place: &Place, work: impl AsyncFnOnce(&Engine) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let engine = modules::open(place.database.clone(), &place.folder).await?;
        work(&engine).await
    })
}

fn loader(place: &Place, registry: &Registry, documents: BTreeMap<String, i64>) -> anyhow::Result<Loader> {
    let (sink, dialect): (Box<dyn Sink>, Dialect) = match &place.database {
        Database::Sqlite => (Box::new(alone(|| Sqlite::open(&place.folder))?), Dialect::Sqlite),
        Database::Postgres(url) => (Box::new(Postgres::open(url)?), Dialect::Postgres),
    };
    Ok(Loader::new(sink, registry, dialect, documents))
}

/// The engine's connections end in threads of their own, a moment after it.
fn alone<T>(open: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for _ in 0..TRIES {
        match open() {
            Ok(opened) => return Ok(opened),
            Err(_) => sleep(BETWEEN_TRIES),
        }
    }
    open()
}
