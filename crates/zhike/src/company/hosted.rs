//! One process for many companies: each request goes to the program of one company, chosen by host name, else by the path
//! `/c/NAME`. Companies share nothing but the process: each has its own engine, caches, sessions and background tasks.

use super::{Company, all, check_host, closed::Closed};
use crate::{
    config::Config,
    modules::web_modules,
    open,
    running::{Running, again_after},
    serve,
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use engine::{Background, Engine};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tower::ServiceExt;
use web::{App, Pages};

/// What is changed on the disk (made, suspended, deleted) is seen after this long.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Companies opened at the same time.
const OPENING_LIMIT: usize = 4;
const PATH: &str = "/c/";
/// The company a browser has chosen by its path.
const CHOSEN: &str = "zhike_company";

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let listener = serve::listen(config.listen).await?;
    let companies = Arc::new(Companies {
        config: config.clone(),
        pages: Pages::read(web_modules())?,
        known: RwLock::default(),
    });
    companies.look().await?;
    let asked = serve::asked_to_end()?;
    println!(
        "Zhike listens on {} for {} companies",
        serve::address(listener.local_addr()?),
        companies.known().by_name.len()
    );
    if let Some(address) = config.metrics_listen {
        let routes = Router::new().fallback(metrics).with_state(companies.clone());
        tokio::spawn(axum::serve(serve::listen(address).await?, routes).into_future());
    }
    let looking = companies.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Err(error) = looking.look().await {
                tracing::warn!("companies cannot be read: {error:#}");
            }
        }
    });
    let router = Router::new().fallback(dispatch).with_state(companies.clone());
    let router = web::carried(router, config.secure_cookies);
    let ending = companies.clone();
    let ended = serve::until_asked_to_end(listener, router, asked, move || ending.end()).await;
    companies.end_all().await;
    ended
}

struct Companies {
    config: Config,
    /// The same for all.
    pages: Pages,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    by_name: BTreeMap<String, One>,
    by_host: HashMap<String, String>,
}

struct One {
    company: Company,
    state: Stage,
    /// What it declares could not be taken up; it is tried again then.
    not_before: Option<Instant>,
}

enum Stage {
    Open(Box<Running>),
    Suspended,
    /// Could not be opened: why.
    Broken(String),
}

async fn open(
    config: Config,
    pages: Pages,
    name: &str,
    company: &Company,
    instead_of: Option<Engine>,
) -> anyhow::Result<Running> {
    let engine = match instead_of {
        Some(other) => open::engine_instead_of(&config, other).await?,
        None => open::engine(&config).await?,
    };
    let mut options = serve::options(&config)?;
    if company.public_url.is_none() && company.hosts.is_empty() {
        // Links in letters lead to the company by its path.
        options.public_url = options.public_url.map(|url| format!("{url}{PATH}{name}"));
    }
    Running::start(engine, pages, options)
}

impl Companies {
    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        for one in self.known().by_name.values() {
            if let Stage::Open(open) = &one.state {
                open.app.live().end();
            }
        }
    }

    /// Ends what works for the companies, and keeps what it would have.
    async fn end_all(&self) {
        self.ending().join_all().await;
    }

    fn ending(&self) -> JoinSet<()> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let open = known.by_name.values_mut().filter_map(|one| match &mut one.state {
            Stage::Open(open) => open.take_background(),
            Stage::Suspended | Stage::Broken(_) => None,
        });
        open.map(Background::end).collect()
    }

    /// Opens and closes until it is as it stands on the disk.
    async fn look(&self) -> anyhow::Result<()> {
        let (mut on_disk, mut broken) = (BTreeMap::new(), BTreeMap::new());
        for (name, company) in all(&self.config)? {
            match company {
                Ok(company) => drop(on_disk.insert(name, company)),
                Err(error) => drop(broken.insert(name, format!("{error:#}"))),
            }
        }
        // One whose file cannot be read stays as broken as it is known to be, so that the log says so once.
        let closed =
            self.close(|name, company| !broken.contains_key(name) && on_disk.get(name) != Some(company));
        closed.iter().for_each(|name| tracing::info!("company {name} is closed"));
        let outdated = self.outdated().await;
        let missing = on_disk.into_iter().filter(|(name, _)| match self.known().by_name.get(name) {
            None => true,
            Some(one) => matches!(one.state, Stage::Broken(_)) || outdated.contains_key(name),
        });
        let (mut opening, mut waiting) = (JoinSet::new(), missing.collect::<Vec<_>>().into_iter());
        loop {
            while opening.len() < OPENING_LIMIT
                && let Some((name, company)) = waiting.next()
            {
                let config = self.config.of_company(&name, &company);
                let (pages, instead_of) = (self.pages.clone(), outdated.get(&name).cloned());
                opening.spawn(async move {
                    let state = match company.suspended {
                        true => Ok(Stage::Suspended),
                        false => open(config, pages, &name, &company, instead_of)
                            .await
                            .map(|open| Stage::Open(Box::new(open))),
                    };
                    (name, company, state)
                });
            }
            let Some(opened) = opening.join_next().await else { break };
            let (name, company, state) = opened?;
            if let Err(error) = &state
                && outdated.contains_key(&name)
            {
                tracing::error!("company {name}: what it declares cannot be taken up: {error:#}");
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                let again = Instant::now() + again_after(error);
                known.by_name.entry(name).and_modify(|one| one.not_before = Some(again));
                continue;
            }
            self.put(name, company, state.unwrap_or_else(|error| Stage::Broken(format!("{error:#}"))));
        }
        broken.into_iter().for_each(|(name, why)| self.put(name, Company::default(), Stage::Broken(why)));
        self.index();
        Ok(())
    }

    /// Open companies whose own fields have changed since they were opened; each is opened anew beside the old one.
    async fn outdated(&self) -> BTreeMap<String, Engine> {
        let mut asked = JoinSet::new();
        for (name, one) in &self.known().by_name {
            if let Stage::Open(open) = &one.state
                && one.not_before.is_none_or(|until| until <= Instant::now())
            {
                let (name, engine) = (name.clone(), open.app.engine().clone());
                asked.spawn(async move { (engine.is_outdated().await.unwrap_or(false), name, engine) });
            }
        }
        let asked = asked.join_all().await.into_iter();
        asked.filter_map(|(outdated, name, engine)| outdated.then_some((name, engine))).collect()
    }

    /// Takes out those that `changed`; dropped, they end what they do.
    fn close(&self, changed: impl Fn(&str, &Company) -> bool) -> Vec<String> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let names = known.by_name.iter().filter(|(name, one)| changed(name, &one.company));
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        let gone: Vec<One> = names.iter().filter_map(|name| known.by_name.remove(name)).collect();
        drop(known);
        drop(gone);
        names
    }

    fn put(&self, name: String, company: Company, state: Stage) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.by_name.get(&name).map(|one| &one.state);
        match (&state, before) {
            (Stage::Broken(why), Some(Stage::Broken(before))) if why == before => {}
            (Stage::Broken(why), _) => tracing::error!("company {name} cannot be opened: {why}"),
            (Stage::Suspended, _) => tracing::info!("company {name} is suspended"),
            (Stage::Open(_), _) => tracing::info!("company {name} is open"),
        }
        known.by_name.insert(name, One { company, state, not_before: None });
    }

    fn index(&self) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut by_host = HashMap::new();
        for (name, one) in &known.by_name {
            for host in one.company.hosts.iter().filter_map(|host| check_host(host).ok()) {
                // The first by name keeps a host that two claim.
                by_host.entry(host).or_insert_with(|| name.clone());
            }
        }
        known.by_host = by_host;
    }

    /// Ready is a server whose companies can all work but those that are suspended; its log names the others.
    async fn ready(&self) -> (StatusCode, &'static str) {
        let apps: Option<Vec<App>> = {
            let known = self.known();
            let apps = known.by_name.values().filter_map(|one| match &one.state {
                Stage::Open(open) => Some(Some(open.app.clone())),
                Stage::Suspended => None,
                Stage::Broken(_) => Some(None),
            });
            apps.collect()
        };
        let mut ready = apps.is_some();
        for app in apps.iter().flatten() {
            ready = ready && web::is_ready(app).await;
        }
        match ready {
            true => (StatusCode::OK, "ready\n"),
            false => (
                StatusCode::SERVICE_UNAVAILABLE,
                "a company cannot be opened or its database does not answer\n",
            ),
        }
    }

    fn at(&self, host: &str) -> Option<String> {
        self.known().by_host.get(host).cloned()
    }

    fn router(&self, name: &str) -> Result<Router, Closed> {
        match self.known().by_name.get(name).map(|one| &one.state) {
            None => Err(Closed::Unknown),
            Some(Stage::Suspended) => Err(Closed::Suspended),
            Some(Stage::Broken(_)) => Err(Closed::Broken),
            Some(Stage::Open(open)) => Ok(open.router.clone()),
        }
    }
}

async fn dispatch(State(companies): State<Arc<Companies>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let by_host = host(request.uri(), request.headers()).and_then(|host| companies.at(&host));
    let (name, request) = match by_host {
        Some(name) => (name, request),
        None if path == "/healthz" => return "ok\n".into_response(),
        None if path == "/readyz" => return companies.ready().await.into_response(),
        None => match by_path(&companies, request) {
            Ok(chosen) => chosen,
            Err(answer) => return *answer,
        },
    };
    match companies.router(&name) {
        Ok(router) => router.oneshot(request).await.into_response(),
        Err(closed) => closed.answer(&path),
    }
}

/// A browser at `/c/NAME/…` is sent on and keeps the name; a program is answered there. Elsewhere the name was kept.
fn by_path(companies: &Companies, mut request: Request) -> Result<(String, Request), Box<Response>> {
    let closed = |closed: Closed, path: &str| Box::new(closed.answer(path));
    let path = request.uri().path().to_owned();
    let Some(rest) = path.strip_prefix(PATH) else {
        let kept = CookieJar::from_headers(request.headers()).get(CHOSEN).map(|one| one.value().to_owned());
        return kept.map(|name| (name, request)).ok_or_else(|| closed(Closed::Unknown, &path));
    };
    let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let rest = format!("/{rest}");
    companies.router(name).map(drop).map_err(|why| closed(why, &rest))?;
    let name = name.to_owned();
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{rest}{query}");
    if !rest.starts_with("/api/") {
        // Two slashes would lead to another host.
        let target = format!("/{}", target.trim_start_matches('/'));
        let chosen = Cookie::build((CHOSEN, name)).path("/").http_only(true).same_site(SameSite::Lax);
        let chosen = chosen.secure(companies.config.secure_cookies).permanent();
        return Err(Box::new((CookieJar::new().add(chosen.build()), Redirect::to(&target)).into_response()));
    }
    match target.parse::<Uri>() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return Err(closed(Closed::Unknown, &rest)),
    }
    Ok((name, request))
}

/// Without port; HTTP/2 names it in the address, HTTP/1 in a header.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = uri.authority().map(|authority| authority.as_str()).or(named)?;
    let authority: axum::http::uri::Authority = authority.parse().ok()?;
    check_host(authority.host()).ok()
}

/// `/NAME/metrics`: each company's own.
async fn metrics(State(companies): State<Arc<Companies>>, request: Request) -> Response {
    let name = request.uri().path().trim_matches('/').split('/').next().unwrap_or_default().to_owned();
    let app = match companies.known().by_name.get(&name).map(|one| &one.state) {
        Some(Stage::Open(open)) => open.app.clone(),
        _ => return Closed::Unknown.answer("/"),
    };
    let request = Request::builder().uri("/metrics").body(Body::empty()).unwrap_or_default();
    web::metrics_routes(app).oneshot(request).await.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_in_any_spelling() {
        for given in ["CRM.example.com", "crm.example.com:8443", "crm.example.com."] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, given.parse().unwrap());
            assert_eq!(host(&"/".parse().unwrap(), &headers).as_deref(), Some("crm.example.com"), "{given}");
        }
    }
}
