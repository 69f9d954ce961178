//! The API as a program uses it: a write is done, or it is not, or nobody knows.

use serde_json::Value as Json;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub address: String,
    token: String,
    /// Whether the program may say that the database does not answer.
    loses_database: bool,
}

/// What became of a write.
pub enum Became {
    Done,
    /// The program says that nothing was saved.
    Refused,
    /// No answer came, or one that says that nobody knows.
    Unknown,
}

/// One write, to be sent again word for word.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub body: Json,
    /// Its `Idempotency-Key`.
    pub key: String,
}

impl Client {
    pub fn new(address: &str, token: &str) -> Client {
        let http = web::http_client().timeout(Duration::from_secs(120)).build().unwrap();
        Client { http, address: address.to_owned(), token: token.to_owned(), loses_database: false }
    }

    /// For a program that lives while its database dies: it owes an answer to every request.
    pub fn without_database(self) -> Client {
        Client { loses_database: true, ..self }
    }

    /// Nothing but a write that is done, or cannot be because of a death.
    pub async fn attempt(&self, request: &Request) -> Became {
        self.became(request, self.send(request).await)
    }

    pub fn became(&self, request: &Request, answer: Option<(u16, Json)>) -> Became {
        match answer {
            Some((200..300, _)) => Became::Done,
            None if !self.loses_database => Became::Unknown,
            Some((503, answer)) if self.loses_database => {
                assert_eq!(answer["type"], "urn:zhike:problem:unavailable", "{answer}");
                let reason = answer["detail"].as_str().unwrap();
                // In Chinese where not even the token's user could be read.
                if ["Nothing was saved", "未保存任何内容"].iter().any(|said| reason.contains(said)) {
                    return Became::Refused;
                }
                let unknown = ["whether it saved is not known", "无法确定是否已保存"];
                assert!(unknown.iter().any(|said| reason.contains(said)), "{answer}");
                Became::Unknown
            }
            other => panic!("{request:?}: {other:?}"),
        }
    }

    /// Status and body; `None` if the answer never came.
    pub async fn send(&self, request: &Request) -> Option<(u16, Json)> {
        let method = request.method.parse().unwrap();
        let mut sent = self
            .http
            .request(method, format!("{}/api/v1/{}", self.address, request.path))
            .bearer_auth(&self.token)
            .header("idempotency-key", &request.key);
        if !request.body.is_null() {
            sent = sent.json(&request.body);
        }
        let answer = sent.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Json::Null)))
    }

    /// Of a page outside the API.
    pub async fn status(&self, path: &str) -> u16 {
        self.http.get(format!("{}{path}", self.address)).send().await.unwrap().status().as_u16()
    }

    pub async fn get(&self, path: &str) -> Json {
        let address = format!("{}/api/v1/{path}", self.address);
        let answer = self.http.get(&address).bearer_auth(&self.token).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until the program lists the entity by a field the company has declared.
    pub async fn knows(&self, entity: &str, field: &str) {
        let filter = web::encode(&format!("{field} == ''"));
        let began = Instant::now();
        loop {
            let address = format!("{}/api/v1/{entity}?limit=1&filter={filter}", self.address);
            let answer = self.http.get(&address).bearer_auth(&self.token).send().await.unwrap();
            if answer.status().is_success() {
                return;
            }
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            assert_eq!(status, 422, "{entity}.{field}: {text}");
            assert!(began.elapsed() < PATIENCE, "{entity}.{field} is not taken up: {text}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every live record that meets the condition, page by page: a page may be short and still have a next one.
    pub async fn list(&self, entity: &str, filter: &str) -> Vec<Json> {
        self.pages(&format!("{entity}?limit=1000&filter={}", web::encode(filter))).await
    }

    /// The same for deleted ones.
    pub async fn deleted(&self, entity: &str, filter: &str) -> Vec<Json> {
        self.pages(&format!("{entity}?deleted=true&limit=1000&filter={}", web::encode(filter))).await
    }

    /// In an order that no figure moves: of who is scored between two steps of a list he might be in neither.
    async fn pages(&self, path: &str) -> Vec<Json> {
        let path = format!("{path}&sort=id");
        let mut page = self.get(&path).await;
        let mut records = page["data"].as_array().unwrap().clone();
        while let Some(next) = page["next"].as_str() {
            page = self.get(&format!("{path}&after={}", web::encode(next))).await;
            records.extend(page["data"].as_array().unwrap().iter().cloned());
        }
        records
    }
}
