//! Scripts, styles and icons: part of the binary, addressed by their content so that browsers keep them for ever.

use crate::App;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::Embed;
use std::collections::HashMap;

/// Made by `script/assets`; empty in a fresh checkout.
#[derive(Embed)]
#[folder = "assets/dist"]
#[allow_missing = true]
struct Dist;

/// Name → hash of the content.
pub struct Assets(HashMap<String, String>);

const VERSION_LENGTH: usize = 12;

impl Assets {
    pub fn load() -> Self {
        let hash = |name: &str| {
            let file = Dist::get(name)?;
            let hex: String = file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).collect();
            Some(hex[..VERSION_LENGTH].to_owned())
        };
        let versions: HashMap<String, String> =
            Dist::iter().filter_map(|name| Some((name.to_string(), hash(&name)?))).collect();
        if !versions.contains_key("app.js") {
            tracing::warn!("scripts and styles are missing: run script/assets and build again");
        }
        Assets(versions)
    }

    pub fn address(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(version) => format!("/assets/{name}?v={version}"),
            None => format!("/assets/{name}"),
        }
    }
}

pub fn routes() -> Router<App> {
    Router::new().route("/assets/{*name}", get(asset)).route("/favicon.ico", get(favicon))
}

async fn favicon(app: State<App>, headers: HeaderMap) -> Response {
    asset(app, Path("favicon.svg".into()), headers).await
}

async fn asset(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let (Some(version), Some(file)) = (app.assets().0.get(&name), Dist::get(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{version}\"");
    // While developing, files change under the same address.
    let cache = if cfg!(debug_assertions) { "no-cache" } else { "public, max-age=31536000, immutable" };
    let common = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, cache.to_owned())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if !cfg!(debug_assertions) && known.is_some_and(|tags| tags.contains(&tag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = file.metadata.mimetype().to_owned();
    (common, [(header::CONTENT_TYPE, kind)], file.data).into_response()
}

/// Whether the front end was built into this program.
pub fn has_assets() -> bool {
    Dist::get("app.js").is_some()
}
