//! The real program with many companies, and people who visit it.

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

pub const PASSWORD: &str = "a quiet orchard in spring";

pub struct House<'a> {
    pub folder: &'a Path,
    pub server: Option<String>,
}

impl House<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZHIKE_")) {
            command.env_remove(name);
        }
        command.arg("--data").arg(self.folder.join("data"));
        if let Some(url) = &self.server {
            command.arg("--database-url").arg(url);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Whether the company's data is there: its database on the server, or its file.
    pub async fn has_database(&self, name: &str) -> bool {
        let Some(server) = &self.server else {
            return self.folder.join("data/companies").join(name).join("zhike.db").exists();
        };
        let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(server).await.unwrap();
        let database = format!("zhike_{}", name.replace('-', "_"));
        let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(database);
        found.fetch_optional(&mut admin).await.unwrap().is_some()
    }

    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn refused(&self, arguments: &[&str], why: &str) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{arguments:?}: {said}");
    }

    pub fn create(&self, name: &str, host: Option<&str>) {
        let email = format!("admin@{name}.example");
        let mut arguments = vec!["company", "create", name, "--admin-name", name, "--admin-email", &email];
        arguments.extend(host.iter().flat_map(|host| ["--host", host]));
        arguments.push("--password-stdin");
        let mut child = self.command().args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
    pub metrics: SocketAddr,
}

impl Server {
    pub fn start(house: &House<'_>) -> Server {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let metrics = free.local_addr().unwrap();
        drop(free);
        let mut child = house
            .command()
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"])
            .args(["--metrics-listen", &metrics.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("companies"), "{line}");
        let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap();
        Server { child, address: address.parse().unwrap(), metrics }
    }

    /// Somebody with a browser of his own who calls the server by `host`.
    pub fn visitor(&self, host: &str) -> Visitor {
        let http = web::http_client()
            .resolve(host, self.address)
            .cookie_store(true)
            .redirect(Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Visitor { http, base: format!("http://{host}:{}", self.address.port()), token: String::new() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Visitor {
    pub http: Client,
    pub base: String,
    pub token: String,
}

impl Visitor {
    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    pub async fn api(&self, method: &str, path: &str, body: &Json) -> (StatusCode, String) {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token);
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        self.api("GET", path, &Json::Null).await
    }

    /// Sends a form with the token of the session.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let csrf = self.csrf("/profile").await;
        let fields = [fields, &[("csrf", csrf.as_str())]].concat();
        let answer = self.http.post(format!("{}{path}", self.base)).form(&fields).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    pub async fn create(&self, entity: &str, body: Json) -> String {
        let (status, text) = self.api("POST", &format!("/api/v1/{entity}"), &body).await;
        assert_eq!(status, StatusCode::CREATED, "{text}");
        serde_json::from_str::<Json>(&text).unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub async fn sign_in(&mut self, company: &str) {
        let csrf = self.csrf("/sign-in").await;
        let email = format!("admin@{company}.example");
        let form = [("email", email.as_str()), ("password", PASSWORD), ("csrf", csrf.as_str())];
        let answer = self.http.post(format!("{}/sign-in", self.base)).form(&form).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{}", answer.text().await.unwrap());
        let csrf = self.csrf("/profile").await;
        let form = [("name", "test"), ("days", "30"), ("access", "write"), ("csrf", csrf.as_str())];
        let made = self.http.post(format!("{}/profile/tokens", self.base)).form(&form).send().await.unwrap();
        let text = made.text().await.unwrap();
        let token = text.split("zk_").nth(1).unwrap_or_else(|| panic!("no token in {text}"));
        let end = token.find(|letter: char| !(letter.is_alphanumeric() || "-_".contains(letter))).unwrap();
        self.token = format!("zk_{}", &token[..end]);
    }

    pub async fn csrf(&self, path: &str) -> String {
        let (_, page) = self.page(path).await;
        let field = page.split("name=\"csrf\"").nth(1).unwrap_or_else(|| panic!("no form in {page}"));
        field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// The ids of everything the company has, by entity.
    pub async fn everything(&self) -> BTreeMap<String, Vec<String>> {
        let (_, meta) = self.get("/api/v1/meta").await;
        let meta: Json = serde_json::from_str(&meta).unwrap();
        let mut ids = BTreeMap::new();
        for entity in meta["entities"].as_array().unwrap() {
            let name = entity["name"].as_str().unwrap();
            let (status, page) = self.get(&format!("/api/v1/{name}?limit=1000")).await;
            if status == StatusCode::OK {
                let page: Json = serde_json::from_str(&page).unwrap();
                let of = page["data"].as_array().unwrap().iter();
                ids.insert(
                    name.to_owned(),
                    of.map(|record| record["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
                );
            }
        }
        ids
    }

    /// Until the answer is as expected: the server looks at its companies every two seconds.
    pub async fn waits_for(&self, path: &str, status: StatusCode) {
        let begun = Instant::now();
        while self.page(path).await.0 != status {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{path} is not {status}: {:?}",
                self.page(path).await
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
