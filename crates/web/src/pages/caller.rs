//! What every page handler needs: who asks, for whom it is written, and the engine.

use super::{Reader, access::entity_with_pages};
use crate::{Answer, App, Failure, Session};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use engine::{Action, Actor, Engine, Error};
use meta::{Entity, Id};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

pub struct Caller {
    pub app: App,
    pub session: Session,
    pub reader: Reader,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let session = Session::from_request_parts(parts, app).await?;
        Caller::new(app.clone(), session).await
    }
}

impl Caller {
    pub async fn new(app: App, session: Session) -> Answer<Caller> {
        let reader = Reader {
            lang: session.lang,
            zone: session.zone,
            now: app.engine().clock().now(),
            currency: app.engine().company_currency().await?,
        };
        Ok(Caller { app, session, reader })
    }

    pub fn engine(&self) -> &Engine {
        self.app.engine()
    }
    pub fn actor(&self) -> &Actor {
        &self.session.actor
    }

    /// The entity an address names, if the caller may do `action` with it.
    pub fn entity(&self, name: &str, action: Action) -> Answer<Arc<Entity>> {
        Ok(entity_with_pages(self.engine(), self.actor(), name, action)?.clone())
    }

    /// Refuses to begin what could not be saved: the record may be seen, but not changed.
    pub async fn may(&self, entity: &Entity, id: Id, action: Action) -> Answer<()> {
        if self.engine().may(self.actor(), &entity.name, id, action).await? {
            return Ok(());
        }
        let label = entity.label.get(self.reader.lang);
        Err(Error::Forbidden(format!("{label} ({})", action.label().get(self.reader.lang))).into())
    }

    pub fn page(&self, template: &str, context: impl Serialize) -> Answer {
        self.app.page(&self.session, template, minijinja::Value::from_serialize(context))
    }

    pub fn page_with(&self, status: u16, template: &str, context: impl Serialize) -> Answer {
        self.app.page_with(status, &self.session, template, minijinja::Value::from_serialize(context))
    }
}

/// The parts of an address; one that cannot be read names nothing that exists.
pub struct Place<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Place<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(parts)) => Ok(Place(parts)),
            Err(_) => Err(Error::NotFound(parts.uri.path().to_owned()).into()),
        }
    }
}
