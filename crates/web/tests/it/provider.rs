//! An OpenID Connect provider on this machine that says whatever a test wants it to say, true or not.

use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value as Json_, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

pub const CLIENT: &str = "zhike";

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    key: Arc<EcdsaKeyPair>,
    /// What the next ID token says, and the challenge its verifier must answer.
    next: Arc<Mutex<(Json_, String)>>,
}

fn key() -> Arc<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
    Arc::new(key.unwrap())
}

impl Provider {
    pub async fn start() -> Provider {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Provider { issuer, key: key(), next: Arc::default() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(about))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    /// The next ID token is made of these claims.
    pub fn say(&self, claims: Json_, challenge: &str) {
        *self.next.lock().unwrap() = (claims, challenge.to_owned());
    }

    fn sign(&self, claims: &Json_) -> String {
        let part = |json: &Json_| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": "one" })), part(claims));
        // A forged token: signed with a key that nobody has published.
        let key = if claims["forged"] == true { key() } else { self.key.clone() };
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn about(State(provider): State<Provider>) -> Json<Json_> {
    let at = |path: &str| format!("{}{path}", provider.issuer);
    Json(json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Json_> {
    let point = provider.key.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
    Json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "alg": "ES256", "x": x, "y": y },
    ] }))
}

async fn token(
    State(provider): State<Provider>,
    Form(asked): Form<BTreeMap<String, String>>,
) -> Result<Json<Json_>, StatusCode> {
    let (claims, challenge) = provider.next.lock().unwrap().clone();
    if URL_SAFE_NO_PAD.encode(Sha256::digest(&asked["code_verifier"])) != challenge {
        return Err(StatusCode::BAD_REQUEST);
    }
    let id_token = provider.sign(&claims);
    Ok(Json(json!({ "access_token": "opaque", "token_type": "Bearer", "id_token": id_token })))
}
