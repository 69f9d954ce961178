//! The streams: one page each, told what of the news concerns it.

use super::{Live, Ticket, news::News};
use crate::{Answer, App, Session, secret::digest};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use engine::{Action, Query, allow};
use futures::stream;
use meta::{DateTime, Id, Record, Utc};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep_until},
};

const AGE_LIMIT: Duration = Duration::from_secs(300);
/// Figures written by another process are not announced, so a page looks at its record now and then.
const LOOK: Duration = Duration::from_secs(30);
/// A bulk write comes in many batches; a page looks for its part in them no more often.
const BULK_LOOK: Duration = Duration::from_secs(2);

/// What a page is about.
enum Subject {
    Record { entity: String, id: Id, seen: String },
    Entity(String),
}

struct Watched {
    app: App,
    session: Session,
    subject: Subject,
    news: broadcast::Receiver<Arc<News>>,
    /// Something that belongs to the record changed, and nobody was told yet.
    related: bool,
    ends_at: Instant,
    look_at: Instant,
    /// A bulk write since then was not looked into yet.
    bulk: Vec<(String, DateTime<Utc>)>,
    bulk_at: Instant,
    ticket: Ticket,
}

pub async fn record(
    State(app): State<App>,
    session: Session,
    Path((entity, id)): Path<(String, Id)>,
) -> Answer {
    // Listening begins before the record is read, so that nothing falls in between.
    let position = app.engine().last_change().await?;
    let Some(ticket) = Live::enter(&app, &session) else { return Ok(refused()) };
    let news = Live::listen(&app, position);
    let record = app.engine().get(&session.actor, &entity, id).await?;
    let subject = Subject::Record { entity, id, seen: fingerprint(&record) };
    Ok(stream(app, session, subject, news, ticket))
}

pub async fn entity(State(app): State<App>, session: Session, Path(entity): Path<String>) -> Answer {
    allow(&session.actor, app.engine().entity(&entity)?, Action::Read)?;
    let position = app.engine().last_change().await?;
    let Some(ticket) = Live::enter(&app, &session) else { return Ok(refused()) };
    let news = Live::listen(&app, position);
    Ok(stream(app, session, Subject::Entity(entity), news, ticket))
}

/// Tells the browser not to try again: the page works without.
fn refused() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn stream(
    app: App,
    session: Session,
    subject: Subject,
    news: broadcast::Receiver<Arc<News>>,
    ticket: Ticket,
) -> Response {
    let now = Instant::now();
    let watched = Watched {
        app,
        session,
        subject,
        news,
        related: false,
        ends_at: now + AGE_LIMIT,
        look_at: now + LOOK,
        bulk: vec![],
        bulk_at: now,
        ticket,
    };
    let events = stream::unfold(watched, |mut watched| async move {
        let name = watched.next().await?;
        Some((Ok::<_, Infallible>(Event::default().event(name).data(name)), watched))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// Why a stream wakes up.
enum Woken {
    Told(Result<Arc<News>, RecvError>),
    Look,
    End,
}

impl Watched {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<&'static str> {
        loop {
            if std::mem::take(&mut self.related) {
                return Some("related");
            }
            let bulk_at = if self.bulk.is_empty() { self.ends_at } else { self.bulk_at };
            let woken = tokio::select! {
                _ = self.ticket.ends.changed() => Woken::End,
                told = self.news.recv() => Woken::Told(told),
                () = sleep_until(self.ends_at) => Woken::End,
                () = sleep_until(self.look_at.min(bulk_at)) => Woken::Look,
            };
            let changed = match woken {
                Woken::End | Woken::Told(Err(RecvError::Closed)) => return None,
                Woken::Told(Ok(news)) => self.hear(&news).await?,
                Woken::Told(Err(RecvError::Lagged(_))) => {
                    self.related = matches!(self.subject, Subject::Record { .. });
                    self.look().await?
                }
                Woken::Look => self.look().await?,
            };
            if changed {
                return Some("changed");
            }
        }
    }

    /// Rights may have changed since the page was opened.
    async fn renew(&mut self) -> Option<()> {
        if self.session.actor.role == engine::Role::User {
            let (user, lang) = (self.session.user.id, self.session.lang);
            self.session.actor = self.app.engine().actor(user, lang).await.ok()?;
        }
        Some(())
    }

    /// Whether any of what was written may be seen; of a bulk write nobody says what it was.
    async fn may_see(&self, entity: &str, news: &News) -> bool {
        let engine = self.app.engine();
        let Ok(known) = engine.entity(entity) else { return false };
        if allow(&self.session.actor, known, Action::Read).is_err() {
            return false;
        }
        if self.session.actor.limits().is_none() || news.bulk.iter().any(|(bulk, _)| bulk == entity) {
            return true;
        }
        let Some(ids) = news.written.get(entity) else { return false };
        let ids: Vec<Id> = ids.iter().copied().collect();
        engine.get_many(&self.session.actor, entity, &ids).await.is_ok_and(|seen| !seen.is_empty())
    }

    async fn hear(&mut self, news: &News) -> Option<bool> {
        // The user himself was changed: his rights are read anew with the next stream.
        if news.written.get("user").is_some_and(|ids| ids.contains(&self.session.user.id)) {
            return None;
        }
        self.renew().await?;
        match &self.subject {
            Subject::Entity(entity) => {
                let own = self.session.actor.user;
                let others = news.authors.get(entity);
                let others = others.is_some_and(|authors| authors.iter().any(|author| *author != own));
                Some(others && self.may_see(entity, news).await)
            }
            Subject::Record { entity, id, .. } => {
                self.related |= news.related.contains(id);
                let ours = news.concern(entity, *id);
                self.bulk.extend(news.bulk.iter().cloned());
                if !self.bulk.is_empty() && Instant::now() >= self.bulk_at {
                    self.look_into_bulk().await;
                }
                if ours { self.read().await } else { Some(false) }
            }
        }
    }

    async fn look(&mut self) -> Option<bool> {
        self.look_at = Instant::now() + LOOK;
        self.renew().await?;
        self.look_into_bulk().await;
        self.read().await
    }

    /// Whether the record is another than was last told.
    async fn read(&mut self) -> Option<bool> {
        let Subject::Record { entity, id, seen } = &mut self.subject else { return Some(false) };
        let record = self.app.engine().get(&self.session.actor, entity, *id).await.ok()?;
        let now = fingerprint(&record);
        let changed = *seen != now;
        *seen = now;
        Some(changed)
    }

    /// After a bulk write (an import): whether our newest record of that kind is one of it.
    async fn look_into_bulk(&mut self) {
        self.bulk_at = Instant::now() + BULK_LOOK;
        let Subject::Record { entity, id, .. } = &self.subject else { return };
        for (written, since) in std::mem::take(&mut self.bulk) {
            let referring = self.app.engine().registry().referrers(entity);
            for (_, field) in referring.filter(|(other, _)| other.name == written) {
                let query =
                    Query::new(&written).belongs_to(&field.name, *id).sort("-id").fields(&["id"]).limit(1);
                let newest = self.app.engine().list(&self.session.actor, &query).await;
                self.related |= newest
                    .is_ok_and(|page| page.records.first().is_some_and(|record| record.created_at >= since));
            }
        }
    }
}

/// Changes with every value of the record, figures included.
fn fingerprint(record: &Record) -> String {
    digest(&format!("{} {:?} {:?}", record.version, record.deleted_at, record.values))
}
