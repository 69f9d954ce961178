//! Live pages: `GET /events/{entity}/{id}` is a stream of server-sent events about one record: `changed` when its values
//! or figures did, `related` when something that belongs to it did (a new order, a call).
//!
//! One reader of the change log serves all open pages. Figures are written without a log entry, so each page also looks
//! at its record now and then. A stream ends after some minutes; the browser opens the next, and rights are checked anew.

use crate::{Answer, App, Session, secret::digest};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use engine::{Engine, LogEntry, Query};
use futures::stream;
use meta::{DateTime, Id, Record, Utc};
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep, timeout},
};

/// Open streams of the whole program.
const STREAMS_LIMIT: usize = 2_000;
/// Browsers without HTTP/2 hold six connections to one host; some must stay free for pages.
const PER_SESSION_LIMIT: usize = 4;
const AGE_LIMIT: Duration = Duration::from_secs(300);
/// Between two looks at a record, and between two readings of the log.
const LOOK: Duration = Duration::from_secs(1);
const GATHER: Duration = Duration::from_millis(200);
const BATCH_LIMIT: u64 = 500;
const BATCHES_KEPT: usize = 64;
/// More changed records of one kind are not looked up one by one.
const LOOKED_UP_LIMIT: usize = 200;

type Batch = Arc<Vec<LogEntry>>;

pub fn routes() -> Router<App> {
    Router::new().route("/events/{entity}/{id}", get(events))
}

/// Who listens; the log is read only while somebody does.
#[derive(Default)]
pub struct Live {
    sender: Mutex<Option<broadcast::Sender<Batch>>>,
    streams: Mutex<HashMap<String, usize>>,
}

impl Live {
    /// `None` if too many streams are open.
    fn enter(app: &App, session: &Session) -> Option<Ticket> {
        let mut streams = app.live().streams.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = streams.values().sum();
        let own = streams.entry(session.csrf.clone()).or_default();
        if all >= STREAMS_LIMIT || *own >= PER_SESSION_LIMIT {
            return None;
        }
        *own += 1;
        Some(Ticket { app: app.clone(), session: session.csrf.clone() })
    }

    fn listen(&self, engine: &Engine) -> broadcast::Receiver<Batch> {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = sender.as_ref().filter(|sender| sender.receiver_count() > 0) {
            return sender.subscribe();
        }
        let (new, receiver) = broadcast::channel(BATCHES_KEPT);
        tokio::spawn(read_log(engine.clone(), new.clone()));
        *sender = Some(new);
        receiver
    }
}

/// Gives the place back when the stream ends, however it ends.
struct Ticket {
    app: App,
    session: String,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut streams = self.app.live().streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = streams.get_mut(&self.session) {
            *own -= 1;
            if *own == 0 {
                streams.remove(&self.session);
            }
        }
    }
}

async fn read_log(engine: Engine, sender: broadcast::Sender<Batch>) {
    let mut moved = engine.subscribe();
    let mut position = engine.last_change().await.unwrap_or(i64::MAX);
    while sender.receiver_count() > 0 {
        // Other processes move the log too, without telling us.
        let _ = timeout(LOOK, moved.changed()).await;
        sleep(GATHER).await;
        match engine.changes(position, BATCH_LIMIT).await {
            Ok(entries) => {
                if let Some(last) = entries.last() {
                    position = last.seq;
                    let _ = sender.send(Arc::new(entries));
                }
            }
            Err(error) => tracing::warn!("live pages cannot read the log: {error}"),
        }
    }
}

struct Watched {
    app: App,
    session: Session,
    entity: String,
    id: Id,
    receiver: broadcast::Receiver<Batch>,
    seen: String,
    /// Something that belongs to the record changed, and nobody was told yet.
    related: bool,
    ends_at: Instant,
    _ticket: Ticket,
}

async fn events(State(app): State<App>, session: Session, Path((entity, id)): Path<(String, Id)>) -> Answer {
    let record = app.engine().get(&session.actor, &entity, id).await?;
    let Some(ticket) = Live::enter(&app, &session) else {
        // Tells the browser not to try again: the page works without.
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let receiver = app.live().listen(app.engine());
    let seen = fingerprint(&record);
    let ends_at = Instant::now() + AGE_LIMIT;
    let watched =
        Watched { app, session, entity, id, receiver, seen, related: false, ends_at, _ticket: ticket };
    let events = stream::unfold(watched, |mut watched| async move {
        let name = watched.next().await?;
        Some((Ok::<_, Infallible>(Event::default().event(name).data(watched.id.to_string())), watched))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

impl Watched {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<&'static str> {
        while Instant::now() < self.ends_at {
            if std::mem::take(&mut self.related) {
                return Some("related");
            }
            self.related = match timeout(LOOK, self.receiver.recv()).await {
                Ok(Ok(batch)) => self.is_related(&batch).await,
                Ok(Err(RecvError::Lagged(_))) => true,
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => false,
            };
            let record = self.app.engine().get(&self.session.actor, &self.entity, self.id).await.ok()?;
            let now = fingerprint(&record);
            if now != self.seen {
                self.seen = now;
                return Some("changed");
            }
        }
        None
    }

    /// Whether one of the changes was to a record that refers to ours: one look per kind of record, however many changes.
    async fn is_related(&self, batch: &[LogEntry]) -> bool {
        let mut changed: HashMap<&str, (Vec<Id>, DateTime<Utc>)> = HashMap::new();
        for entry in batch {
            let (ids, since) = changed.entry(&entry.entity).or_insert_with(|| (vec![], entry.at));
            ids.extend(&entry.ids);
            *since = (*since).min(entry.at);
        }
        for (entity, (ids, since)) in changed {
            let referring = self.app.engine().registry().referrers(&self.entity);
            let fields: Vec<&str> =
                referring.filter(|(other, _)| other.name == entity).map(|(_, field)| &*field.name).collect();
            for field in fields {
                let found = match ids.len() {
                    0..=LOOKED_UP_LIMIT => self.refers(entity, field, &ids).await,
                    _ => self.has_new(entity, field, since).await,
                };
                if found.unwrap_or(false) {
                    return true;
                }
            }
        }
        false
    }

    async fn refers(&self, entity: &str, field: &str, ids: &[Id]) -> engine::Result<bool> {
        let records = self.app.engine().get_many(&self.session.actor, entity, ids).await?;
        Ok(records.iter().any(|record| record.reference(field) == Some(self.id)))
    }

    /// After a bulk write (an import): whether our newest record of that kind is one of it.
    async fn has_new(&self, entity: &str, field: &str, since: DateTime<Utc>) -> engine::Result<bool> {
        let query = Query::new(entity).belongs_to(field, self.id).sort("-id").fields(&["id"]).limit(1);
        let page = self.app.engine().list(&self.session.actor, &query).await?;
        Ok(page.records.first().is_some_and(|record| record.created_at >= since))
    }
}

/// Changes with every value of the record, figures included.
fn fingerprint(record: &Record) -> String {
    digest(&format!("{} {:?} {:?}", record.version, record.deleted_at, record.values))
}
