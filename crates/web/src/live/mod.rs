//! Live pages: streams of server-sent events. `GET /events/{entity}/{id}` tells of one record: `changed` when its values
//! or figures did, `related` when something that belongs to it did (a new order, a call). `GET /events/{entity}` says
//! `changed` when somebody else has written any record of the entity.
//!
//! One reader of the change log (`news.rs`) serves all open pages (`watch.rs`); a page asks the database only when the news
//! concern it. A stream ends after some minutes, with its session and with the program; the browser opens the next, and
//! rights are checked anew.

mod news;
mod watch;

use crate::{App, Session};
use axum::{Router, routing::get};
use engine::Engine;
use meta::Id;
use news::News;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::sync::{broadcast, watch as signal};

/// Open streams of the whole program.
const STREAMS_LIMIT: usize = 2_000;
/// Browsers without HTTP/2 hold six connections to one host; some must stay free for pages.
const PER_SESSION_LIMIT: usize = 4;
/// News kept for a page that is slow to take them; after that it looks for itself.
const NEWS_KEPT: usize = 64;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/events/{entity}", get(watch::entity))
        .route("/events/{entity}/{id}", get(watch::record))
}

/// Who listens; the log is read only while somebody does.
#[derive(Default)]
pub struct Live {
    sender: Mutex<Option<broadcast::Sender<Arc<News>>>>,
    sessions: Mutex<HashMap<String, Streams>>,
    open: AtomicUsize,
    readers: AtomicUsize,
    ended: AtomicBool,
}

/// The streams of one session; they end when this is dropped.
struct Streams {
    user: Id,
    open: usize,
    ends: signal::Sender<()>,
}

impl Live {
    /// `None` if too many streams are open, or the program ends.
    fn enter(app: &App, session: &Session) -> Option<Ticket> {
        let live = app.live();
        let mut sessions = live.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let full = live.open.load(Ordering::Relaxed) >= STREAMS_LIMIT;
        if full || live.ended.load(Ordering::Relaxed) {
            return None;
        }
        let new = || Streams { user: session.user.id, open: 0, ends: signal::Sender::new(()) };
        let own = sessions.entry(session.csrf.clone()).or_insert_with(new);
        if own.open >= PER_SESSION_LIMIT {
            return None;
        }
        own.open += 1;
        live.open.fetch_add(1, Ordering::Relaxed);
        Some(Ticket { ends: own.ends.subscribe(), app: app.clone(), session: session.csrf.clone() })
    }

    /// News from now on; `position` is what the listener has seen of the change log.
    fn listen(app: &App, position: i64) -> broadcast::Receiver<Arc<News>> {
        let live = app.live();
        let mut sender = live.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = sender.as_ref() {
            return sender.subscribe();
        }
        let (new, receiver) = broadcast::channel(NEWS_KEPT);
        live.readers.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(news::read(Reading { app: app.clone() }, new.clone(), position));
        *sender = Some(new);
        receiver
    }

    /// Ends the streams of a session that is over.
    pub(crate) fn end_session(&self, csrf: &str) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(csrf);
    }

    /// Ends the streams of a user's sessions but the one kept.
    pub(crate) fn end_sessions_of(&self, user: Id, kept: Option<&str>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|csrf, streams| streams.user != user || kept == Some(csrf));
    }

    /// Ends every stream for good, so that the program can end.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Streams that are open now.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Tasks that read the change log for them.
    pub fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }
}

/// Gives the place back when the stream ends, however it ends.
struct Ticket {
    app: App,
    session: String,
    ends: signal::Receiver<()>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let live = self.app.live();
        live.open.fetch_sub(1, Ordering::Relaxed);
        let mut sessions = live.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = sessions.get_mut(&self.session) {
            own.open = own.open.saturating_sub(1);
            if own.open == 0 {
                sessions.remove(&self.session);
            }
        }
    }
}

/// A task that reads the log, counted while it lives.
struct Reading {
    app: App,
}

impl Reading {
    fn engine(&self) -> &Engine {
        self.app.engine()
    }

    /// Whether anybody listens. If not the reader is done; who comes later starts the next, for both hold the lock.
    fn wanted(&self) -> bool {
        let mut sender = self.app.live().sender.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = sender.as_ref().is_some_and(|sender| sender.receiver_count() > 0);
        if !wanted {
            *sender = None;
        }
        wanted
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let live = self.app.live();
        if std::thread::panicking() {
            *live.sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        live.readers.fetch_sub(1, Ordering::Relaxed);
    }
}
