//! The web side: sign-in, the pages and the API of any entity, templates, assets, languages, live updates.
//!
//! A request passes `layers` (limits, headers), then `rate_limit` (only the API), then `guard` (who is it, may this
//! request write), then a handler in `pages`, `api` or a module; what fails is a [`Failure`] and is shown by `guard` as the caller wants it: a page, a
//! fragment or problem+json.

pub mod api;
mod app;
mod assets;
mod audit;
pub mod auth;
mod company;
mod cookies;
mod csv;
mod device;
mod failure;
pub mod figure;
mod flash;
mod format;
mod guard;
mod health;
mod layers;
mod listed;
mod live;
mod mail;
mod markup;
mod messages;
mod metrics;
mod paged;
pub mod pages;
mod password_rules;
mod preferences;
mod profile;
mod rate_limit;
mod scope;
mod sealed;
pub mod second_factor;
mod secret;
pub mod security;
mod session;
mod sessions;
mod shell;
mod sign_in;
mod templates;
mod throttle;
mod ticket;
pub mod tokens;

pub use app::{App, NavItem, Options, Pages, PanelFn, Rates, RecordPanel, StartFn, WebModule};
pub use assets::has_assets;
pub use failure::{Answer, Failure};
pub use flash::{Flash, toast};
pub use format::{Format, Zone};
pub use health::is_ready;
pub use layers::carried;
pub use listed::{FiguresDayFn, FiguresFn, ListedFigure};
pub use live::Live;
pub use mail::{Attached, Letter, MailServer, Recipient};
pub use messages::Messages;
pub use metrics::routes as metrics_routes;
pub use password_rules::PASSWORD_MINIMUM;
pub use scope::Scope;
pub use sealed::KEY_MINIMUM;
pub use session::{Session, User, Visit, encode};
pub use sign_in::{Provider, Proxies, http_client};

use axum::{Router, middleware::from_fn_with_state};
use rate_limit::RateLimits;

/// Everything the server answers.
pub fn router(app: App) -> Router {
    let mut signed = Router::new()
        .merge(sign_in::routes())
        .merge(preferences::routes())
        .merge(profile::routes())
        .merge(company::routes())
        .merge(security::routes())
        .merge(audit::routes())
        .merge(live::routes())
        .merge(pages::routes())
        .nest("/api", api::routes());
    for module in app.modules() {
        signed = signed.merge((module.routes)());
    }
    let limits = RateLimits::new(app.options().rates, app.options().proxies.clone());
    let signed = signed
        .fallback(guard::nothing_here)
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .layer(from_fn_with_state(limits, rate_limit::limit));
    let open = Router::new().merge(assets::routes()).merge(health::routes());
    layers::around(&app, open.merge(signed)).with_state(app)
}
