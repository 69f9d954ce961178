//! What has just been written, put together once for all open pages.

use super::Reading;
use engine::{Actor, Engine, Figures, LogEntry};
use meta::{DateTime, Id, Utc};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::broadcast::{
        self,
        error::{RecvError, TryRecvError},
    },
    time::sleep,
};

/// Between two readings of the log when this process has written nothing: others write too, without telling us.
const LOOK: Duration = Duration::from_secs(1);
/// What comes close together is told together.
const GATHER: Duration = Duration::from_millis(200);
const BATCH_LIMIT: u64 = 500;
/// Batches told together, so that the reader keeps up with an import.
const BATCHES_LIMIT: usize = 20;
/// More changed records of one kind are not looked up one by one.
const LOOKED_UP_LIMIT: usize = 200;
/// Announcements of figures taken together.
const FIGURES_LIMIT: usize = 256;

#[derive(Default)]
pub struct News {
    /// Records that were written, by entity.
    pub written: HashMap<String, HashSet<Id>>,
    /// Entities of which more records got new figures than are named.
    pub figures_of_all: HashSet<String>,
    /// Records that written ones refer to.
    pub related: HashSet<Id>,
    /// Entities of which more was written than is looked up, and since when.
    pub bulk: Vec<(String, DateTime<Utc>)>,
    /// Who wrote records of an entity.
    pub authors: HashMap<String, HashSet<Option<Id>>>,
}

/// Reads the log from `position` on while anybody listens.
pub async fn read(reading: Reading, sender: broadcast::Sender<Arc<News>>, mut position: i64) {
    let engine = reading.engine();
    let (mut moved, mut figures) = (engine.subscribe(), engine.figures());
    while reading.wanted() {
        let first = tokio::select! {
            _ = moved.changed() => None,
            told = figures.recv() => Some(told),
            () = sleep(LOOK) => None,
        };
        sleep(GATHER).await;
        let mut news = News::default();
        if let Some(told) = first {
            news.add_figures(told);
        }
        for _ in 0..FIGURES_LIMIT {
            match figures.try_recv() {
                Ok(told) => news.add_figures(Ok(told)),
                Err(TryRecvError::Lagged(missed)) => {
                    news.add_figures(Err(RecvError::Lagged(missed)));
                }
                Err(_) => break,
            }
        }
        for _ in 0..BATCHES_LIMIT {
            match engine.changes(position, BATCH_LIMIT).await {
                Ok(entries) => {
                    position = entries.last().map_or(position, |last| last.seq);
                    news.add_entries(engine, &entries).await;
                    if (entries.len() as u64) < BATCH_LIMIT {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!("live pages cannot read the log: {error}");
                    break;
                }
            }
        }
        if !news.is_empty() {
            let _ = sender.send(Arc::new(news));
        }
    }
}

impl News {
    fn is_empty(&self) -> bool {
        self.written.is_empty() && self.figures_of_all.is_empty() && self.bulk.is_empty()
    }

    fn add_figures(&mut self, told: Result<Arc<Figures>, RecvError>) {
        match told {
            Ok(figures) if figures.ids.is_empty() => {
                self.figures_of_all.insert(figures.entity.clone());
            }
            Ok(figures) => {
                self.written.entry(figures.entity.clone()).or_default().extend(figures.ids.iter().copied());
            }
            // Too much was told to take all of it: every page looks for itself.
            Err(RecvError::Lagged(_)) => {
                self.figures_of_all.insert(String::new());
            }
            Err(RecvError::Closed) => {}
        }
    }

    async fn add_entries(&mut self, engine: &Engine, entries: &[LogEntry]) {
        let mut changed: HashMap<&str, (HashSet<Id>, DateTime<Utc>)> = HashMap::new();
        for entry in entries {
            let (ids, since) = changed.entry(&entry.entity).or_insert_with(|| (HashSet::new(), entry.at));
            ids.extend(&entry.ids);
            *since = (*since).min(entry.at);
            self.authors.entry(entry.entity.clone()).or_default().insert(entry.user);
        }
        for (entity, (ids, since)) in changed {
            if ids.len() > LOOKED_UP_LIMIT {
                self.bulk.push((entity.to_owned(), since));
            } else if let Err(error) = self.add_related(engine, entity, &ids).await {
                tracing::warn!("live pages cannot read what was written: {error}");
            }
            self.written.entry(entity.to_owned()).or_default().extend(ids);
        }
    }

    /// One look per kind of record, however many pages are open.
    async fn add_related(&mut self, engine: &Engine, entity: &str, ids: &HashSet<Id>) -> engine::Result<()> {
        let references: Vec<&str> = engine
            .entity(entity)?
            .fields
            .values()
            .filter(|field| field.target().is_some())
            .map(|field| field.name.as_str())
            .collect();
        if references.is_empty() {
            return Ok(());
        }
        let ids: Vec<Id> = ids.iter().copied().collect();
        for record in engine.get_many(&Actor::system(), entity, &ids).await? {
            self.related.extend(references.iter().filter_map(|field| record.reference(field)));
        }
        Ok(())
    }

    /// Whether the record may have other values or figures than before.
    pub fn concern(&self, entity: &str, id: Id) -> bool {
        self.written.get(entity).is_some_and(|ids| ids.contains(&id))
            || self.figures_of_all.contains(entity)
            || self.figures_of_all.contains("")
    }
}
