//! A signed-in user of the running program: pages by cookie, the API by token.

use crate::data::Manifest;
use anyhow::{Context, bail};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value as Json;
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(120);
const COOKIE: &str = "zhike_session";

#[derive(Clone)]
pub struct Visitor {
    client: Client,
    pub address: String,
    pub token: String,
    /// `zhike_session=…`
    pub cookie: String,
}

impl Visitor {
    /// Signs in as people do.
    pub async fn sign_in(address: &str, manifest: &Manifest) -> anyhow::Result<Visitor> {
        let client =
            web::http_client().redirect(Policy::none()).cookie_store(true).timeout(TIME_LIMIT).build()?;
        let page = client.get(format!("{address}/sign-in")).send().await?.text().await?;
        let csrf = csrf_of(&page)?;
        let form = [("csrf", csrf), ("email", &manifest.email), ("password", &manifest.password)];
        let answer = client.post(format!("{address}/sign-in")).form(&form).send().await?;
        let set = answer.cookies().find(|cookie| cookie.name() == COOKIE);
        let Some(set) = set else { bail!("{} could not sign in: {}", manifest.email, answer.status()) };
        let cookie = format!("{COOKIE}={}", set.value());
        let (address, token) = (address.to_owned(), manifest.token.clone());
        Ok(Visitor { client, address, token, cookie })
    }

    /// The same user on another server of the same database.
    pub fn moved(&self, address: &str) -> Visitor {
        Visitor { address: address.to_owned(), ..self.clone() }
    }

    pub async fn page(&self, path: &str) -> anyhow::Result<Response> {
        let request = self.client.get(format!("{}{path}", self.address)).header("cookie", &self.cookie);
        checked(request.send().await?, path).await
    }

    /// Sends a form of a page.
    pub async fn send(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let page = self.page(page).await?.text().await?;
        let mut form = vec![("csrf", csrf_of(&page)?)];
        form.extend_from_slice(fields);
        let request = self.client.post(format!("{}{path}", self.address)).header("cookie", &self.cookie);
        let answer = request.form(&form).send().await?;
        if answer.status().is_redirection() {
            return Ok(());
        }
        checked(answer, path).await.map(drop)
    }

    pub async fn api(&self, path: &str) -> anyhow::Result<Json> {
        let request = self.client.get(format!("{}{path}", self.address)).bearer_auth(&self.token);
        Ok(checked(request.send().await?, path).await?.json().await?)
    }
}

fn csrf_of(page: &str) -> anyhow::Result<&str> {
    let field = page.split_once("name=\"csrf\" value=\"").map(|(_, rest)| rest);
    field.and_then(|rest| rest.split('"').next()).context("the page has no csrf field")
}

async fn checked(answer: Response, path: &str) -> anyhow::Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let text: String = answer.text().await.unwrap_or_default().chars().take(300).collect();
    bail!("{path} answered {status}: {text}")
}
