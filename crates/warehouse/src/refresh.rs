//! Brings the files up to the change log: of every table only the segments are written anew that hold a changed record,
//! each from the operational store as it is then. A full refresh writes all of them in the same way and gives the same rows.

use crate::{
    Manifest, changed,
    changed::{Changes, Touched},
    checks,
    keys::Keys,
    manifest::{self, Kept, Segment},
    serving::rates,
    session, storage,
    table::Table,
    tables, unused,
    write::{SEGMENT_ROWS, Writing},
};
use engine::{BoxFuture, Engine, Error, JobContext, Result};
use meta::Id;
use serde::Serialize;
use serde_json::json;
use std::{collections::BTreeSet, time::Instant};

pub const JOB: &str = "warehouse.refresh";
const LEASE: &str = "warehouse";
const LOOK_LEASE: &str = "warehouse.quality";
const TRIES: usize = 3;

/// What a refresh did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refreshed {
    /// The manifest now in force.
    pub manifest: u64,
    pub position: i64,
    pub tables: usize,
    pub segments_written: usize,
    pub rows_written: u64,
    pub rows: u64,
    pub bytes: u64,
    pub seconds: f64,
}

/// How a refresh goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Writes everything anew.
    pub full: bool,
    /// Writes figures anew that followed their records after the last refresh.
    pub late_figures: bool,
    pub segment_rows: usize,
}

impl Default for Manner {
    fn default() -> Self {
        Manner { full: false, late_figures: true, segment_rows: SEGMENT_ROWS }
    }
}

/// Brings the warehouse up to date and makes it the one readers see; one refresh at a time, for the next finds little left to do.
/// Its quality is looked at before this ends.
pub async fn refresh(engine: &Engine, manner: Manner, job: Option<&JobContext>) -> Result<Refreshed> {
    let done = refresh_only(engine, manner, job).await?;
    look(engine).await;
    Ok(done)
}

/// [`refresh`] for who computes from records at once: figures that followed them are left to the next, and a task of its own looks
/// at the quality meanwhile.
pub async fn bring_up_to_date(engine: &Engine) -> Result<()> {
    refresh_only(engine, Manner { late_figures: false, ..Manner::default() }, None).await?;
    // It may outlast the work that holds leases here.
    let engine = engine.without_leases();
    tokio::spawn(async move { look(&engine).await });
    Ok(())
}

/// The files are good without it.
async fn look(engine: &Engine) {
    let looked = engine.alone(LOOK_LEASE, |engine| Box::pin(async move { checks::look(&engine).await }));
    if let Err(error) = looked.await {
        tracing::warn!("the quality of the warehouse could not be checked: {error}");
    }
}

async fn refresh_only(engine: &Engine, manner: Manner, job: Option<&JobContext>) -> Result<Refreshed> {
    engine.alone(LEASE, |engine| Box::pin(async move { refresh_alone(&engine, manner, job).await })).await
}

async fn refresh_alone(engine: &Engine, manner: Manner, job: Option<&JobContext>) -> Result<Refreshed> {
    for _ in 0..TRIES {
        if let Some(done) = refresh_from_newest(engine, manner, job).await? {
            return Ok(done);
        }
    }
    Err(Error::Unavailable("another process refreshes the warehouse all the time and is faster: nothing is lost, look again with `zhike warehouse status`".into()))
}

/// `None` if another process was faster, and it is to be begun again from what that one wrote.
async fn refresh_from_newest(
    engine: &Engine,
    manner: Manner,
    job: Option<&JobContext>,
) -> Result<Option<Refreshed>> {
    let started = Instant::now();
    let store = storage::store(engine)?;
    let old = manifest::newest(&store).await?.unwrap_or_default();
    let tables = tables(engine.registry());
    // Figures follow orders with a delay: what moved before the last refresh may have moved them after it.
    let from = if manner.full { 0 } else { old.position };
    let recent = changed::since(engine, from, &tables).await?;
    let earlier = if manner.full || !manner.late_figures {
        None
    } else {
        Some(changed::since_until(engine, old.before, old.position, &tables).await?)
    };
    let zone = engine.time_zone().await?;
    let calendar = zone.name().to_owned();
    let mut next = Manifest {
        number: old.number + 1,
        position: recent.position,
        before: if manner.late_figures { old.position } else { old.before },
        refreshed_at: engine.clock().now(),
        keys: old.keys.clone(),
        rates: rates::load(engine).await?,
        retired: vec![],
        tables: Default::default(),
    };
    let mut writing = Writing {
        engine,
        store: &store,
        zone,
        rates: next.rates.clone(),
        keys: Keys::default(),
        segment_rows: manner.segment_rows,
    };
    let (mut segments_written, mut rows_written) = (0, 0);
    for (at, table) in tables.iter().enumerate() {
        if let Some(job) = job {
            job.progress(json!({ "step": table.name, "done": at, "total": tables.len() })).await?;
        }
        let fit = match &table.beside {
            Some(beside) => engine.position(&beside.reader).await?,
            None => 0,
        };
        let kept = old.tables.get(&table.name).filter(|kept| {
            !manner.full && kept.fingerprint == table.fingerprint(&calendar) && kept.fit == fit
        });
        let known = kept.map(|kept| kept.segments.clone()).unwrap_or_default();
        let mut touched = match kept {
            Some(_) => touched(engine, table, &recent, earlier.as_ref()).await?,
            None => Touched::All,
        };
        if let Some(effort) = table.effort.as_ref().filter(|_| kept.is_some()) {
            touched.join(&rates::recharged(engine, table, effort, &old.rates, &next.rates).await?);
        }
        let stale = stale(&known, &touched);
        for entity in table.keyed().filter(|_| !stale.is_empty()) {
            writing.keys.load(&store, &old, entity).await?;
        }
        let mut segments: Vec<Segment> = vec![];
        let mut at = 0;
        for stretch in stale {
            segments.extend(known[at..stretch.first].iter().cloned());
            let written = writing.stretch(table, stretch.from, stretch.until).await?;
            segments_written += written.len();
            rows_written += written.iter().map(|segment| segment.rows).sum::<u64>();
            segments.extend(written);
            at = stretch.end;
        }
        segments.extend(known[at..].iter().cloned());
        let unchanged = kept.filter(|kept| kept.segments == segments);
        let refreshed_at = unchanged.map_or(next.refreshed_at, |kept| kept.refreshed_at);
        let kept = Kept { fingerprint: table.fingerprint(&calendar), fit, refreshed_at, segments };
        next.tables.insert(table.name.clone(), kept);
    }
    writing.keys.keep(engine, &store, &mut next).await?;
    if !publish(engine, &store, &old, &mut next).await? {
        return Ok(None);
    }
    let done = Refreshed {
        manifest: next.number,
        position: next.position,
        tables: next.tables.len(),
        segments_written,
        rows_written,
        rows: next.tables.values().map(Kept::rows).sum(),
        bytes: next.tables.values().map(Kept::bytes).sum(),
        seconds: started.elapsed().as_secs_f64(),
    };
    session::publish(engine, next).await;
    tracing::info!(?done, "warehouse refreshed");
    Ok(Some(done))
}

async fn touched(
    engine: &Engine,
    table: &Table,
    recent: &Changes,
    earlier: Option<&Changes>,
) -> Result<Touched> {
    let mut touched = recent.touched(engine, table).await?;
    if let Some(earlier) = earlier.filter(|_| table.beside.is_some()) {
        touched.join(&earlier.touched(engine, table).await?);
    }
    Ok(touched)
}

/// Neighbouring segments that are written anew as one.
#[derive(Debug, PartialEq)]
struct Stretch {
    first: usize,
    end: usize,
    from: Id,
    until: Option<Id>,
}

/// The stretches that hold what was touched; the first reaches down to the smallest id, the last up to the largest.
fn stale(known: &[Segment], touched: &Touched) -> Vec<Stretch> {
    let all = Stretch { first: 0, end: known.len(), from: Id::nil(), until: None };
    let ids = match touched {
        Touched::All => return vec![all],
        Touched::Some(ids) if ids.is_empty() => return vec![],
        Touched::Some(_) if known.is_empty() => return vec![all],
        Touched::Some(ids) => ids,
    };
    let holding: BTreeSet<usize> =
        ids.iter().map(|id| known.partition_point(|segment| segment.from <= *id).saturating_sub(1)).collect();
    let mut stretches: Vec<Stretch> = vec![];
    for at in holding {
        match stretches.last_mut().filter(|last| last.end == at) {
            Some(last) => last.end = at + 1,
            None => stretches.push(Stretch { first: at, end: at + 1, from: known[at].from, until: None }),
        }
    }
    for stretch in &mut stretches {
        stretch.until = known.get(stretch.end).map(|next| next.from);
        if stretch.first == 0 {
            stretch.from = Id::nil();
        }
    }
    stretches
}

/// Writes the manifest once what it names is on the disk, and removes what nobody can be reading any more; `false` if another
/// refresh was faster. What this one wrote stays then, as what a refresh that died wrote, until the next takes it up: a bucket that
/// says the name was taken may mean the first of two tries.
async fn publish(
    engine: &Engine,
    store: &storage::Store,
    old: &Manifest,
    next: &mut Manifest,
) -> Result<bool> {
    // After an hour others may have deleted files of a refresh that comes too late.
    if manifest::newest_number(store).await? >= Some(next.number) {
        return Ok(false);
    }
    let before: BTreeSet<&str> = old.files().collect();
    let new = next.files().filter(|file| !before.contains(file)).map(str::to_owned).collect();
    storage::sync(store, new).await?;
    engine.is_still_alone().await?;
    // Not earlier: until the manifest has its name, readers begin with the one before.
    let now = engine.clock().now();
    next.retired = unused::retired(store, old, next, now).await?;
    if !next.publish(store).await? {
        return Ok(false);
    }
    if let Err(error) = unused::delete(store, next, now).await {
        tracing::warn!("what the warehouse needs no more stays until the next refresh: {error}");
    }
    Ok(true)
}

pub(crate) fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        refresh(&context.engine, Manner::default(), Some(&context)).await?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(from: &[u128]) -> Vec<Segment> {
        let segment =
            |from: &u128| Segment { from: Id::from_u128(*from), file: String::new(), rows: 1, bytes: 1 };
        from.iter().map(segment).collect()
    }
    fn some(ids: &[u128]) -> Touched {
        Touched::Some(ids.iter().map(|id| Id::from_u128(*id)).collect())
    }
    fn found(known: &[u128], touched: &[u128]) -> Vec<(usize, usize, u128, Option<u128>)> {
        let stretches = stale(&segments(known), &some(touched));
        let plain = |s: Stretch| (s.first, s.end, s.from.as_u128(), s.until.map(|id| id.as_u128()));
        stretches.into_iter().map(plain).collect()
    }

    #[test]
    fn only_segments_that_hold_a_changed_record_are_stale() {
        assert_eq!(found(&[0, 10, 20], &[12, 19]), [(1, 2, 10, Some(20))]);
        assert_eq!(found(&[0, 10, 20], &[25]), [(2, 3, 20, None)]);
        assert_eq!(found(&[0, 10, 20], &[1, 11]), [(0, 2, 0, Some(20))]);
        assert_eq!(found(&[0, 10, 20], &[1, 99]), [(0, 1, 0, Some(10)), (2, 3, 20, None)]);
        assert_eq!(found(&[0, 10, 20], &[]), []);
        assert_eq!(found(&[], &[5]), [(0, 0, 0, None)]);
    }

    #[test]
    fn an_id_below_the_first_segment_belongs_to_it() {
        assert_eq!(found(&[10, 20], &[3]), [(0, 1, 0, Some(20))]);
    }
}
