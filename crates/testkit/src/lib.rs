//! The whole program for tests: an empty database of its own (SQLite in a temporary folder, PostgreSQL where
//! `ZHIKE_TEST_DATABASE_URL` says), a clock that stands still, and clients that sign in and speak to the router directly.
//!
//! ```no_run
//! testkit::on_both(testkit::Modules::default, async |test| {
//!     let client = test.administrator().await;
//!     assert_eq!(client.get("/profile").await.status, 200);
//! });
//! ```

mod answer;
mod client;
mod database;
mod events;
mod mail_server;
pub mod refusals;
#[cfg(feature = "s3")]
mod s3;

pub use answer::Answer;
pub use client::Client;
pub use database::{on_both, on_both_opened, on_sqlite};
pub use events::Events;
pub use mail_server::{Letter, MailServer};
#[cfg(feature = "s3")]
pub use s3::S3;

use axum::extract::ConnectInfo;
use engine::{Database, Engine, Module, Role};
use meta::{Clock, DateTime, Id, Lang, Utc};
use std::{net::SocketAddr, path::Path};
use web::{App, WebModule};

/// What the program under test consists of, besides the core.
#[derive(Default)]
pub struct Modules {
    pub engine: Vec<Module>,
    pub web: Vec<WebModule>,
}

pub struct TestApp {
    pub app: App,
    pub engine: Engine,
    pub clock: Clock,
    database: Database,
    router: axum::Router,
}

pub const PASSWORD: &str = "correct horse battery";

/// The moment every test begins at.
pub fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_255_200, 0).unwrap_or_default()
}

impl TestApp {
    /// The program over a database that exists, in `folder`; most tests use [`on_both`].
    pub async fn open(database: Database, folder: &Path, modules: Modules) -> TestApp {
        TestApp::open_at(database, folder, modules, Clock::fixed(start())).await
    }

    /// The same database opened once more, as by the next start of the program.
    pub async fn again(&self, modules: Modules) -> TestApp {
        TestApp::open_at(self.database.clone(), self.engine.data_dir(), modules, self.clock.clone()).await
    }

    async fn open_at(database: Database, folder: &Path, modules: Modules, clock: Clock) -> TestApp {
        let options = engine::Options::new(database.clone(), folder.to_owned());
        let engine = Engine::open(options, modules.engine, clock.clone()).await.expect("the engine opens");
        let app =
            App::new(engine.clone(), modules.web, web::Options::default()).expect("messages are complete");
        TestApp { router: web::router(app.clone()), app, engine, clock, database }
    }

    /// Somebody who is not signed in.
    pub fn visitor(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// The same database behind a router with other options, asked from this address.
    pub fn visitor_with(&self, options: web::Options, address: SocketAddr) -> Client {
        let app = App::new(self.engine.clone(), vec![], options).expect("messages are complete");
        Client::new(web::router(app).layer(axum::Extension(ConnectInfo(address))))
    }

    pub async fn user(&self, name: &str, email: &str, role: Role) -> Id {
        web::auth::create_user(&self.engine, name, email, PASSWORD, role, Lang::En).await.expect("a user")
    }

    /// An administrator in a browser, signed in.
    pub async fn administrator(&self) -> Client {
        self.signed_in("Ada Min", "ada@example.com", Role::Administrator).await
    }

    /// A user without special rights in a browser, signed in.
    pub async fn ordinary(&self) -> Client {
        self.signed_in("Olive Dinary", "olive@example.com", Role::User).await
    }

    async fn signed_in(&self, name: &str, email: &str, role: Role) -> Client {
        self.user(name, email, role).await;
        let mut client = self.visitor();
        client.sign_in(email, PASSWORD).await;
        client
    }

    /// A program with a token of an administrator.
    pub async fn api(&self) -> Client {
        self.api_of("Api Min", "api@example.com", Role::Administrator).await
    }

    pub async fn api_of(&self, name: &str, email: &str, role: Role) -> Client {
        let user = self.user(name, email, role).await;
        let token = web::tokens::create(&self.engine, user, "test", None).await.expect("a token");
        self.visitor().bearer(&token)
    }
}
