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
            Some(version) => format!("/assets/{}", versioned(name, version)),
            None => format!("/assets/{name}"),
        }
    }

    /// The file an address names, and whether it names this very content.
    fn find(&self, asked: &str) -> Option<(&str, &str, bool)> {
        if let Some((name, version)) = self.0.get_key_value(asked) {
            return Some((name, version, false));
        }
        let (rest, kind) = asked.rsplit_once('.')?;
        let (stem, given) = rest.rsplit_once('.')?;
        let (name, version) = self.0.get_key_value(&format!("{stem}.{kind}"))?;
        Some((name, version, given == version))
    }
}

/// `app.js` → `app.0123456789ab.js`
fn versioned(name: &str, version: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, kind)) => format!("{stem}.{version}.{kind}"),
        None => name.to_owned(),
    }
}

/// An address with the content's hash never means anything else; while developing, files change under it.
fn kept(exact: bool, developing: bool) -> &'static str {
    if exact && !developing { "public, max-age=31536000, immutable" } else { "no-cache" }
}

pub fn routes() -> Router<App> {
    Router::new().route("/assets/{*name}", get(asset)).route("/favicon.ico", get(favicon))
}

async fn favicon(app: State<App>, headers: HeaderMap) -> Response {
    asset(app, Path("favicon.svg".into()), headers).await
}

async fn asset(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((name, version, exact)) = app.assets().find(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(file) = Dist::get(name) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{version}\"");
    let cache = kept(exact, cfg!(debug_assertions));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_the_very_content_is_kept_for_ever() {
        let hash = "0123456789ab".to_owned();
        let assets = Assets(HashMap::from([("app.js".to_owned(), hash.clone())]));
        assert_eq!(assets.address("app.js"), "/assets/app.0123456789ab.js");
        assert_eq!(assets.find("app.0123456789ab.js"), Some(("app.js", hash.as_str(), true)));
        assert_eq!(assets.find("app.ffffffffffff.js"), Some(("app.js", hash.as_str(), false)), "an old page");
        assert_eq!(assets.find("app.js"), Some(("app.js", hash.as_str(), false)));
        assert_eq!(assets.find("other.0123456789ab.js"), None);
        assert!(kept(true, false).contains("immutable") && kept(false, false) == "no-cache");
        assert_eq!(kept(true, true), "no-cache");
    }
}
