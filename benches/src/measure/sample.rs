//! What is asked for in the measurements: real records of the company, drawn the same way each time.

use super::visitor::Visitor;
use crate::data::{Chance, Manifest};
use anyhow::Context;
use chrono::{Duration, NaiveTime};
use engine::search::document;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use web::encode;

const SEED: u64 = 7;
/// Moments looked at, and records taken from each.
const MOMENTS: usize = 60;
const PER_MOMENT: usize = 20;
/// Accounts came into being over these days before the end of the history.
const DAYS: usize = 5 * 365;
const WORDS: usize = 300;
/// A page of the API while walking to a depth.
const STRIDE: usize = 1_000;
/// How far down the lists are walked, in records.
const DEPTHS: [usize; 9] = [10, 50, 200, 1_000, 5_000, 20_000, 50_000, 80_000, 100_000];
pub const ORDERS: usize = 3_000;

pub struct Account {
    pub id: String,
    pub name: String,
}

pub struct Sample {
    pub accounts: Vec<Account>,
    pub products: Vec<String>,
    chance: Chance,
}

impl Sample {
    pub async fn draw(visitor: &Visitor, manifest: &Manifest) -> anyhow::Result<Sample> {
        let mut chance = Chance::new(SEED, 0);
        let until = manifest.until.and_time(NaiveTime::MIN).and_utc();
        let mut accounts = vec![];
        for _ in 0..MOMENTS {
            let at = until - Duration::minutes(1 + chance.below(DAYS * 24 * 60) as i64);
            let filter = encode(&format!("created_at >= '{}'", at.format("%Y-%m-%dT%H:%M:%SZ")));
            let path =
                format!("/api/v1/account?sort=created_at&fields=name&limit={PER_MOMENT}&filter={filter}");
            for record in records(&visitor.api(&path).await?)? {
                accounts.push(Account { id: text(record, "id"), name: text(record, "name") });
            }
        }
        let page = visitor.api("/api/v1/product?sort=code&fields=code&limit=200").await?;
        let products = records(&page)?.iter().map(|product| text(product, "id")).collect();
        Ok(Sample { accounts, products, chance })
    }

    /// Parts of names as people type them: one to three Chinese characters, a part of a Latin word, pinyin.
    pub fn words(&mut self) -> Vec<String> {
        let mut words = BTreeSet::new();
        for index in 0..WORDS {
            let account = &self.accounts[self.chance.below(self.accounts.len())];
            let chinese: Vec<char> = account.name.chars().filter(|letter| !letter.is_ascii()).collect();
            let latin: Vec<&str> =
                account.name.split(' ').filter(|word| word.len() > 3 && word.is_ascii()).collect();
            if let Some(word) = latin.first() {
                words.insert(word[1..].to_lowercase());
            } else if chinese.len() > 3 && index % 4 == 3 {
                let tokens = document([account.name.as_str()].into_iter());
                let pinyin = tokens.split(' ').filter(|token| token.is_ascii() && token.len() > 4);
                words.extend(
                    pinyin.max_by_key(|token| token.len()).map(|token| token.chars().take(9).collect()),
                );
            } else if !chinese.is_empty() {
                let length = (index % 4 + 1).min(3).min(chinese.len());
                let start = self.chance.below(chinese.len() - length + 1);
                words.insert(chinese[start..start + length].iter().collect());
            }
        }
        words.into_iter().collect()
    }

    /// New orders of three lines for customers at random.
    pub fn orders(&mut self) -> Vec<String> {
        let mut bodies = vec![];
        for _ in 0..ORDERS {
            let account = &self.accounts[self.chance.below(self.accounts.len())].id;
            let lines: Vec<Json> = (0..3)
                .map(|_| {
                    let product = &self.products[self.chance.below(self.products.len())];
                    json!({"product": product, "quantity": (1 + self.chance.below(20)).to_string()})
                })
                .collect();
            bodies.push(json!({"account": account, "currency": "CNY", "lines": lines}).to_string());
        }
        bodies
    }
}

pub fn records(page: &Json) -> anyhow::Result<&Vec<Json>> {
    page["data"].as_array().context("the API's page has no data")
}

fn text(record: &Json, field: &str) -> String {
    record[field].as_str().unwrap_or_default().to_owned()
}

/// The page markers of a list at growing depths; fewer if the list is shorter.
pub async fn markers(visitor: &Visitor, list: &str) -> anyhow::Result<Vec<String>> {
    let (mut markers, mut at, mut after) = (vec![], 0, String::new());
    for depth in DEPTHS {
        while at < depth {
            let limit = (depth - at).min(STRIDE);
            let marker = if after.is_empty() { String::new() } else { format!("&after={}", encode(&after)) };
            let page =
                visitor.api(&format!("/api/v1/account?fields=name&limit={limit}&{list}{marker}")).await?;
            let Some(next) = page["next"].as_str() else { return Ok(markers) };
            after = next.to_owned();
            at += limit;
        }
        markers.push(after.clone());
    }
    Ok(markers)
}
