//! Scripts, styles and icons: part of the binary, addressed by their content so that browsers keep them for ever. They are kept as they are
//! sent, compressed in advance: to do so for each request would cost more and come out larger.

use crate::App;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::read::GzDecoder;
use rust_embed::Embed;
use std::{borrow::Cow, collections::HashMap, io::Read};

/// Made by `script/assets`, each file gzipped under its own name; empty in a fresh checkout.
#[derive(Embed)]
#[folder = "assets/dist/gzip"]
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
    answer(file.data, file.metadata.mimetype(), (version, exact), cfg!(debug_assertions), &headers)
}

fn answer(
    packed: Cow<'static, [u8]>,
    kind: &str,
    (version, exact): (&str, bool),
    developing: bool,
    asked: &HeaderMap,
) -> Response {
    let tag = format!("\"{version}\"");
    let common = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, kept(exact, developing).to_owned()),
        (header::VARY, header::ACCEPT_ENCODING.to_string()),
    ];
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if !developing && known.is_some_and(|tags| tags.contains(&tag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, kind.to_owned())];
    if takes_gzip(asked) {
        return (common, kind, [(header::CONTENT_ENCODING, "gzip")], packed).into_response();
    }
    let mut plain = vec![];
    match GzDecoder::new(&*packed).read_to_end(&mut plain) {
        Ok(_) => (common, kind, plain).into_response(),
        Err(error) => {
            tracing::error!("an asset cannot be unpacked: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Every browser does.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        coding.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// Whether the front end was built into this program.
pub fn has_assets() -> bool {
    Dist::get("app.js").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

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

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[tokio::test]
    async fn what_was_compressed_in_advance_is_sent_as_it_is_and_kept_for_ever() {
        let mut writer = GzEncoder::new(vec![], Compression::best());
        writer.write_all(b"let one = 1;").unwrap();
        let packed = writer.finish().unwrap();
        let answer = |asked: HeaderMap| {
            answer(packed.clone().into(), "text/javascript", ("0123456789ab", true), false, &asked)
        };
        let body = async |answer: Response| to_bytes(answer.into_body(), usize::MAX).await.unwrap();

        let sent = answer(headers(header::ACCEPT_ENCODING, "br, gzip;q=0.8"));
        assert_eq!(sent.headers()["content-encoding"], "gzip");
        assert_eq!(sent.headers()["content-type"], "text/javascript");
        assert_eq!(sent.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(sent.headers()["vary"], "accept-encoding");
        assert_eq!(body(sent).await, packed);

        for asked in [HeaderMap::new(), headers(header::ACCEPT_ENCODING, "br, gzip;q=0")] {
            let sent = answer(asked);
            assert!(!sent.headers().contains_key("content-encoding"));
            assert_eq!(sent.headers()["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(sent.headers()["vary"], "accept-encoding");
            assert_eq!(body(sent).await, "let one = 1;");
        }

        let sent = answer(headers(header::IF_NONE_MATCH, "\"0123456789ab\""));
        assert_eq!(sent.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(sent.headers()["cache-control"], "public, max-age=31536000, immutable");
    }
}
