//! What handlers share, and what a vertical module gives the web side.

use crate::{
    Answer, Failure, FiguresDayFn, FiguresFn, Messages, Provider, Proxies, Session, Visit,
    api::OperationsFn,
    assets::Assets,
    auth::Gate,
    figure::Meaning,
    live::Live,
    mail::{Letter, MailServer, Mailer, Recipient},
    messages::certainty_key,
    metrics::Metrics,
    sealed::Seal,
    session::RecentVisitors,
    shell, sign_in,
    templates::Templates,
    throttle::Throttle,
};
use axum::{
    Router,
    response::{Html, IntoResponse, Response},
};
use engine::{Actor, Background, BoxFuture, Engine};
use meta::{Field, Label, Lang, Record};
use minijinja::Value;
use std::{sync::Arc, time::Duration};

/// A panel on the page of a record: a fragment of HTML, or nothing to show for this record.
pub type PanelFn = fn(App, Session, Record) -> BoxFuture<'static, Answer<Option<String>>>;

pub struct RecordPanel {
    pub entity: &'static str,
    pub render: PanelFn,
}

pub struct NavItem {
    pub label: Label,
    pub href: &'static str,
    pub icon: &'static str,
    pub administrators_only: bool,
    /// Whose rights suffice for what is there.
    pub is_for: fn(&Actor) -> bool,
}

impl NavItem {
    pub fn is_offered_to(&self, actor: &Actor) -> bool {
        (!self.administrators_only || actor.is_administrator()) && (self.is_for)(actor)
    }
}

/// A task that lives as long as the server and needs what pages have: words, templates, the mail server.
pub type StartFn = fn(App) -> BoxFuture<'static, ()>;

/// What a module adds to the web: its pages, words, navigation and panels.
pub struct WebModule {
    /// The engine module whose navigation group these items join.
    pub name: &'static str,
    pub routes: fn() -> Router<App>,
    /// (name, source); the name begins with the module's.
    pub templates: &'static [(&'static str, &'static str)],
    /// The text of its `messages.toml`.
    pub messages: &'static str,
    pub nav: Vec<NavItem>,
    pub record_panels: Vec<RecordPanel>,
    pub starts: Vec<StartFn>,
    /// What its pages compute, for the data catalog.
    pub figures: Option<FiguresFn>,
    pub figures_day: Option<FiguresDayFn>,
    /// Its own part of the API's description; the routes are among the others.
    pub operations: Option<OperationsFn>,
}

impl WebModule {
    pub fn new(name: &'static str, routes: fn() -> Router<App>) -> Self {
        WebModule {
            name,
            routes,
            templates: &[],
            messages: "",
            nav: vec![],
            record_panels: vec![],
            starts: vec![],
            figures: None,
            figures_day: None,
            operations: None,
        }
    }
}

#[derive(Clone, Default)]
pub struct Options {
    /// Cookies only over https; true behind TLS.
    pub secure_cookies: bool,
    /// Shown on the sign-in page, e.g. the demo's login.
    pub sign_in_hint: Option<Label>,
    pub rates: Rates,
    /// Whose word for where a request comes from is taken.
    pub proxies: Proxies,
    /// Closes what is kept encrypted; without it a key is made in the data folder.
    pub secret_key: Option<String>,
    /// Where browsers reach the program; links in letters begin with it.
    pub public_url: Option<String>,
    /// Without one there are no letters.
    pub mail: Option<MailServer>,
    /// Single sign-on.
    pub provider: Option<Provider>,
    /// Until an answer begins, where it is not the usual time.
    pub time_limit: Option<Duration>,
}

/// Requests the API takes in a minute; 0 is no limit. As many may come at once after a minute's rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of one token or session.
    pub token_per_minute: u32,
    /// Of one address, signed in or not.
    pub address_per_minute: u32,
}

impl Rates {
    /// 10,000 a second: it stops a program run wild, not one that works.
    pub const DEFAULT_PER_MINUTE: u32 = 600_000;
}

impl Default for Rates {
    fn default() -> Self {
        Rates { token_per_minute: Self::DEFAULT_PER_MINUTE, address_per_minute: Self::DEFAULT_PER_MINUTE }
    }
}

/// What is the same for every company of one program: modules, words, templates, assets. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    modules: Arc<Vec<WebModule>>,
    messages: Arc<Messages>,
    templates: Arc<Templates>,
    assets: Arc<Assets>,
}

impl Pages {
    /// Fails if a module's messages or templates cannot be read.
    pub fn read(modules: Vec<WebModule>) -> engine::Result<Pages> {
        let texts = modules.iter().map(|module| (module.name, module.messages));
        let messages = Arc::new(Messages::read(texts)?);
        let assets = Arc::new(Assets::load());
        let own = modules.iter().flat_map(|module| module.templates.iter().copied());
        let templates = Arc::new(Templates::new(own.collect(), &messages, &assets));
        Ok(Pages { modules: Arc::new(modules), messages, templates, assets })
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    engine: Engine,
    pages: Pages,
    options: Options,
    gate: Gate,
    throttle: Throttle,
    live: Live,
    visitors: RecentVisitors,
    seal: Seal,
    mailer: Option<Mailer>,
    http: Option<reqwest::Client>,
    metrics: Metrics,
}

impl App {
    /// Fails if a module's messages or templates cannot be read.
    pub fn new(engine: Engine, modules: Vec<WebModule>, options: Options) -> engine::Result<App> {
        App::with(engine, Pages::read(modules)?, options)
    }

    /// The same with pages that other companies show, too.
    pub fn with(engine: Engine, pages: Pages, options: Options) -> engine::Result<App> {
        let seal = Seal::open(options.secret_key.as_deref(), engine.data_dir())?;
        let mailer = options.mail.as_ref().map(Mailer::new).transpose()?;
        let http = options.provider.as_ref().map(|_| sign_in::provider::http()).transpose()?;
        Ok(App(Arc::new(Shared {
            engine,
            pages,
            options,
            gate: Gate::new(),
            throttle: Throttle::new(),
            live: Live::default(),
            visitors: RecentVisitors::default(),
            seal,
            mailer,
            http,
            metrics: Metrics::new()?,
        })))
    }

    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }
    pub fn modules(&self) -> &[WebModule] {
        &self.0.pages.modules
    }
    pub fn options(&self) -> &Options {
        &self.0.options
    }
    pub fn messages(&self) -> &Messages {
        &self.0.pages.messages
    }
    pub(crate) fn assets(&self) -> &Assets {
        &self.0.pages.assets
    }
    /// The address of a file of the front end.
    pub fn asset(&self, name: &str) -> String {
        self.assets().address(name)
    }
    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }
    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn visitors(&self) -> &RecentVisitors {
        &self.0.visitors
    }

    pub(crate) fn seal(&self) -> &Seal {
        &self.0.seal
    }

    pub(crate) fn mailer(&self) -> Option<&Mailer> {
        self.0.mailer.as_ref()
    }

    /// For asking the provider of single sign-on.
    pub(crate) fn http(&self) -> Option<&reqwest::Client> {
        self.0.http.as_ref()
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// A text of `messages.toml`.
    pub fn t(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> String {
        self.0.pages.messages.get(lang, key, args).unwrap_or_else(|| key.to_owned())
    }

    /// What a figure means, by the message that says it, and how sure it is.
    pub fn meaning(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Meaning {
        let certainty = self.0.pages.messages.certainty(lang, key);
        Meaning {
            definition: self.t(lang, key, args),
            certainty: certainty.unwrap_or_else(|| key.to_owned()),
        }
    }

    /// How sure a figure is that is a field of a record; what is no figure stands as it was recorded.
    pub fn certainty_of(&self, lang: Lang, field: &Field) -> String {
        self.t(lang, &certainty_key(field.sure.unwrap_or("recorded")), &[])
    }

    /// The panels of modules for one record, in the order of the modules.
    pub async fn panels(&self, session: &Session, record: &Record) -> Answer<Vec<String>> {
        let mut shown = vec![];
        for panel in self.modules().iter().flat_map(|module| &module.record_panels) {
            if panel.entity == record.entity {
                shown.extend((panel.render)(self.clone(), session.clone(), record.clone()).await?);
            }
        }
        Ok(shown)
    }

    /// The text of a template; `shell` is added to the context.
    pub fn render(&self, visit: &Visit, template: &str, context: Value) -> Answer<String> {
        let shell = shell::shell(self, visit);
        let context = minijinja::context! { shell, ..context };
        self.0.pages.templates.render(visit.lang, template, context).map_err(Failure::from)
    }

    /// Runs the modules' tasks beside those of the engine.
    pub fn start(&self, background: &mut Background) {
        for start in self.modules().iter().flat_map(|module| &module.starts) {
            background.also(start(self.clone()));
        }
    }

    /// Whether there is a mail server.
    pub fn mails(&self) -> bool {
        self.0.mailer.is_some()
    }

    pub async fn send(&self, to: &Recipient, letter: Letter) -> engine::Result<()> {
        crate::mail::send(self, to, letter).await
    }

    /// The text of a letter.
    pub fn letter(&self, lang: Lang, template: &str, context: Value) -> engine::Result<String> {
        let text = self.0.pages.templates.render(lang, template, context);
        text.map_err(|error| engine::Error::Internal(format!("letter: {error}")))
    }

    /// A page or fragment as the answer. A whole page shows the flashes left by the request before it.
    pub fn page(&self, visit: &Visit, template: &str, context: Value) -> Answer {
        let mut response = Html(self.render(visit, template, context)?).into_response();
        if !visit.htmx && !visit.flash.is_empty() {
            crate::flash::clear(&mut response);
        }
        Ok(response)
    }

    /// The same with another status, e.g. 422 for a form that was refused.
    pub fn page_with(&self, status: u16, visit: &Visit, template: &str, context: Value) -> Answer<Response> {
        let mut response = self.page(visit, template, context)?;
        *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
        Ok(response)
    }
}
