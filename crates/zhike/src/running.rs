//! A company's program while it runs. Where the company has declared fields of its own since, it is opened anew beside the old one,
//! which finishes what it was asked; nobody is turned away meanwhile.

use crate::{config::Config, open};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use engine::{Background, Engine};
use std::{
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};
use tower::ServiceExt;
use web::{App, Options, Pages};

/// When the database was away as it was to be opened anew.
const AFTER_OUTAGE: Duration = Duration::from_secs(2);
/// When the company has to change first what it declared.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// How long after it could not be opened anew it is tried again.
pub fn again_after(error: &anyhow::Error) -> Duration {
    let passes = error.downcast_ref::<engine::Error>().is_some_and(engine::Error::is_interruption);
    if passes { AFTER_OUTAGE } else { AFTER_REFUSAL }
}

pub struct Running {
    pub app: App,
    pub router: Router,
    /// Until it ends.
    background: Option<Background>,
}

impl Running {
    pub fn start(engine: Engine, pages: Pages, options: Options) -> anyhow::Result<Running> {
        let app = App::with(engine.clone(), pages, options)?;
        let mut background = engine.start();
        app.start(&mut background);
        Ok(Running { router: web::router(app.clone()), app, background: Some(background) })
    }

    /// What is to be ended when the whole program does.
    pub fn take_background(&mut self) -> Option<Background> {
        self.background.take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.app.live().end();
        // One that is closed while the server goes on; at the end of the server somebody waits for what was taken.
        if let Some(background) = self.background.take() {
            tokio::spawn(background.end());
        }
    }
}

/// The program of the only company of a server.
#[derive(Clone)]
pub struct Current(Arc<RwLock<Running>>);

impl Current {
    pub fn new(running: Running) -> Current {
        Current(Arc::new(RwLock::new(running)))
    }

    fn read(&self) -> RwLockReadGuard<'_, Running> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn app(&self) -> App {
        self.read().app.clone()
    }

    pub fn router(&self) -> Router {
        Router::new().fallback(dispatch).with_state(self.clone())
    }

    pub fn metrics_routes(&self) -> Router {
        Router::new().fallback(metrics).with_state(self.clone())
    }

    /// Follows what the company declares, until it is aborted.
    pub async fn follow(self, config: Config, pages: Pages, options: Options) {
        loop {
            let engine = self.app().engine().clone();
            engine.outdated().await;
            let opened = async {
                let engine = open::engine_instead_of(&config, engine).await?;
                Running::start(engine, pages.clone(), options.clone())
            };
            match opened.await {
                Ok(running) => {
                    tracing::info!("what the company declares has changed: opened anew");
                    let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
                    let old = std::mem::replace(&mut *current, running);
                    drop(current);
                    drop(old);
                }
                Err(error) => {
                    tracing::error!(
                        "what the company declares has changed and cannot be taken up: {error:#}"
                    );
                    tokio::time::sleep(again_after(&error)).await;
                }
            }
        }
    }

    pub async fn end(&self) {
        let background = self.0.write().unwrap_or_else(PoisonError::into_inner).take_background();
        if let Some(background) = background {
            background.end().await;
        }
    }
}

async fn dispatch(State(current): State<Current>, request: Request) -> Response {
    let router = current.read().router.clone();
    router.oneshot(request).await.into_response()
}

async fn metrics(State(current): State<Current>, request: Request<Body>) -> Response {
    web::metrics_routes(current.app()).oneshot(request).await.into_response()
}
